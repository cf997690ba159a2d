// Published test vectors of Noise_IKpsk2_25519_AESGCM_SHA256 (cacophony's, Noise revision 34).
#pragma once

#include <array>
#include <string_view>

namespace netft::session::vectors {

constexpr std::string_view kPrologue = "4a6f686e2047616c74";
constexpr std::string_view kPsk =
    "54686973206973206d7920417573747269616e20706572737065637469766521";
constexpr std::string_view kInitiatorStatic =
    "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1";
constexpr std::string_view kInitiatorEphemeral =
    "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a";
constexpr std::string_view kResponderStatic =
    "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893";
constexpr std::string_view kResponderEphemeral =
    "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b";
constexpr std::string_view kResponderPublic =
    "31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62";
constexpr std::string_view kHandshakeHash =
    "48c3f1eb397c797af6b139032c6074cb41282ff033ee25d5aee4a4badd3a2c3f";

struct Message {
    std::string_view payload;
    std::string_view sealed;
};
// The first is the initiator's, then they take turns.
constexpr std::array<Message, 6> kMessages{{
    {"4c756477696720766f6e204d69736573",
     "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79445a1baf339186d786"
     "7062b0dd31f5de322d370165d217939b2b7ed9e2bae7840458ea65c2ce1554e0e8077fe7334c4bd5"
     "14c658fd04d97b86d216f58f59714a7e24144155045c8f36bed85a2cb0fd9af7"},
    {"4d757272617920526f746862617264",
     "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448088432fe8d675e949799d"
     "2a968211a66cc7ba2b0f4cad8eda3c2bd37eae737bbf88"},
    {"462e20412e20486179656b", "38cbf3835c78b7802df0dd0d9640ff8575debd0cb61cfb52590da1"},
    {"4361726c204d656e676572", "ffc365ff6955fc66c5d809b31ac995f812c5770bd29f0df12f0ffd"},
    {"4a65616e2d426170746973746520536179",
     "a7f2828174c4ead2491ffeb77c41c890fd1229ee36f23ccb9066a795daff1cad6b"},
    {"457567656e2042f6686d20766f6e2042617765726b",
     "3b86963d5c0e6e3b4153d77153836606393eefc4e5e6dae97796552d1265839ee3825cb80c"},
}};

}  // namespace netft::session::vectors
