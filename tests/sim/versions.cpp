#include "tests/sim/versions.hpp"

#include <algorithm>

#include "netft/wire/control.hpp"
#include "netft/wire/header.hpp"
#include "netft/wire/heartbeat.hpp"
#include "netft/wire/relay.hpp"

namespace netft::sim {

namespace {

constexpr std::uint8_t kNewHeartbeatFlags = 0x08 | 0x04;  // R, S
constexpr std::uint8_t kNewHeaderFlags = 0xf0;
constexpr std::uint8_t kKindsKnown = 2;  // control: card, acknowledgement
constexpr std::size_t kWordsAdded = 12;

bool is_type(Bytes plain, MessageType type) {
    return plain.size() > kHeaderSize && (plain[0] & 15) == static_cast<std::uint8_t>(type);
}

// Features stand behind the last endpoint.
void forget_features(std::vector<std::uint8_t>& plain) {
    auto message = decode_control(Bytes(plain).subspan(kHeaderSize));
    if (!message || !message->card) return;
    message->card->features = 0;
    ByteWriter out(MutableBytes(plain).subspan(kHeaderSize));
    encode(*message, out);
    plain.resize(kHeaderSize + out.size());
}

void make_older(std::vector<std::uint8_t>& plain) {
    if (is_type(plain, MessageType::control)) forget_features(plain);
    if (!is_type(plain, MessageType::heartbeat)) return;
    plain[1] &= static_cast<std::uint8_t>(~kFlagRelays);
    plain[kHeaderSize] &= static_cast<std::uint8_t>(~kNewHeartbeatFlags);
    plain.resize(std::min(plain.size(), kHeaderSize + kHeartbeatSizeMin));
}

void make_newer(std::vector<std::uint8_t>& plain) {
    bool is_card = is_type(plain, MessageType::control) && plain[kHeaderSize] == 1;
    if (!is_card && !is_type(plain, MessageType::heartbeat)) return;
    plain[1] |= kNewHeaderFlags;
    plain.resize(plain.size() + kWordsAdded, 0xa5);
}

bool is_unknown_to_older(Bytes plain) {
    if (is_type(plain, MessageType::relay)) return true;
    return is_type(plain, MessageType::control) && plain[kHeaderSize] > kKindsKnown;
}

}  // namespace

void make_as_sent_by(Version version, std::vector<std::uint8_t>& plain) {
    bool is_unknown = version == Version::older && is_unknown_to_older(plain);
    if (version == Version::newer) make_newer(plain);
    if (version == Version::older) make_older(plain);
    if (is_unknown) plain[kHeaderSize] = 255;
}

Bytes as_read_by(Version version, Bytes plain, std::vector<std::uint8_t>& room) {
    if (version != Version::older) return plain;
    if (is_unknown_to_older(plain)) return {};
    room.assign(plain.begin(), plain.end());
    make_older(room);
    return room;
}

}  // namespace netft::sim
