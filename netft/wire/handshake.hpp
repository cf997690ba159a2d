// The handshake's messages (types 1, 2 and 3 in modes encrypt and sign): sizes, places of their
// fields and their sealed payloads. What is between is Noise's (netft/session/noise).
//
//   initiation: header ‖ index (4) ‖ e (32) ‖ sealed s (48) ‖ sealed payload (40) ‖ mac1 ‖ mac2
//   response:   header ‖ index (4) ‖ e (32) ‖ sealed payload (32) ‖ mac1 ‖ mac2
//   cookie:     header ‖ nonce (12) ‖ sealed cookie (32)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "netft/base/bytes.hpp"
#include "netft/base/ids.hpp"
#include "netft/wire/header.hpp"
#include "netft/wire/opening.hpp"

namespace netft {

constexpr std::size_t kMacSize = 16;
using Mac = std::array<std::uint8_t, kMacSize>;

constexpr std::size_t kHandshakeIndexAt = kHeaderSize;
constexpr std::size_t kHandshakeNoiseAt = kHeaderSize + 4;
constexpr std::size_t kInitiationPayloadSize = 24;
constexpr std::size_t kResponsePayloadSize = 16;
constexpr std::size_t kInitiationNoiseSize = 32 + 48 + kInitiationPayloadSize + 16;
constexpr std::size_t kResponseNoiseSize = 32 + kResponsePayloadSize + 16;
constexpr std::size_t kInitiationSize = kHandshakeNoiseAt + kInitiationNoiseSize + 2 * kMacSize;
constexpr std::size_t kResponseSize = kHandshakeNoiseAt + kResponseNoiseSize + 2 * kMacSize;
constexpr std::size_t kCookieNonceSize = 12;
constexpr std::size_t kCookieSize = kHeaderSize + kCookieNonceSize + kMacSize + 16;
static_assert(kInitiationSize == 172 && kResponseSize == 116 && kCookieSize == 60);

// What an initiation seals.
struct InitiationPayload {
    SessionIndex index;
    SecurityMode mode = SecurityMode::encrypt;
    std::uint64_t timestamp = 0;  // ns since 1970, rising
    std::uint64_t incarnation = 0;

    bool operator==(const InitiationPayload&) const = default;
};

enum class HandshakeStatus : std::uint8_t {
    done = 0,
    cloned = 1,  // refused: another machine uses your key
};

// What a response seals.
struct ResponsePayload {
    SessionIndex index;
    SecurityMode mode = SecurityMode::encrypt;
    HandshakeStatus status = HandshakeStatus::done;
    std::uint64_t incarnation = 0;

    bool operator==(const ResponsePayload&) const = default;
};

// nullopt: truncated, an unknown mode or status, or an index of 0.
std::optional<InitiationPayload> decode_initiation_payload(Bytes payload);
std::optional<ResponsePayload> decode_response_payload(Bytes payload);
void encode(const InitiationPayload& payload, ByteWriter& out);
void encode(const ResponsePayload& payload, ByteWriter& out);

// The bytes that mac1 and mac2 cover, and the macs themselves, of an initiation or a response.
// `message` must have at least 2 × kMacSize bytes.
inline Bytes before_mac1(Bytes message) { return message.first(message.size() - 2 * kMacSize); }
inline Bytes before_mac2(Bytes message) { return message.first(message.size() - kMacSize); }
inline Mac mac1_of(Bytes message) {
    return ByteReader(message.last(2 * kMacSize)).array<kMacSize>();
}
inline Mac mac2_of(Bytes message) { return ByteReader(message.last(kMacSize)).array<kMacSize>(); }

// The sender's index in the clear. `message` must be longer than kHandshakeNoiseAt.
inline SessionIndex handshake_index(Bytes message) {
    return SessionIndex(ByteReader(message.subspan(kHandshakeIndexAt)).u32());
}

}  // namespace netft
