// The handshake's messages with real cryptography. Whatever bytes come, mac1 made right so that the
// inner parts are reached: what was changed is refused, what is taken says what was sealed.
//
// Input: a byte that chooses, then what it needs.
#include <vector>

#include "netft/session/handshake.hpp"
#include "tests/fuzz/roundtrip.hpp"
#include "tests/sim/seeded_libcrypto.hpp"

using namespace netft;
using namespace netft::session;

namespace {

constexpr std::uint64_t kTimestamp = 1'700'000'000'000'000'000;
constexpr SessionIndex kAsked(77);
constexpr SessionIndex kAnswered(88);

// Made once: a initiates, b answers.
struct Pair {
    sim::SeededLibcrypto crypto{1};
    HandshakeIdentity a = identity(1);
    HandshakeIdentity b = identity(2);
    PendingInitiation pending = *PendingInitiation::make(crypto, a, b.own.open, kAsked, kTimestamp);
    std::array<std::uint8_t, kInitiationSize> initiation = pending.datagram(crypto, {});
    std::array<std::uint8_t, kResponseSize> response = answer();
    CookieJar jar{b.own.open};
    Endpoint sender{IpAddress::v4(0x0a000001), kNetftPort};
    TimePoint now{1h};
    std::array<std::uint8_t, kCookieSize> cookie = jar.answer(crypto, now, sender, initiation);

    NoiseKeyPair key_pair(std::uint8_t first) {
        NoiseKeyPair pair;
        for (std::uint8_t& byte : pair.secret.room()) byte = first++;
        pair.open = crypto.public_of(pair.secret);
        return pair;
    }
    HandshakeIdentity identity(std::uint8_t number) {
        HandshakeIdentity out;
        out.own = key_pair(number);
        out.prologue = {'n', 'e', 't', 'f', 't', '1', 'x'};
        out.cluster_keys.resize(2);
        out.cluster_keys[number % 2].room()[0] = 5;
        out.incarnation = number;
        return out;
    }
    std::array<std::uint8_t, kResponseSize> answer() {
        DropReason why{};
        auto read = read_initiation(crypto, b, initiation, why);
        return write_response(crypto, b, *read, kAnswered, HandshakeStatus::done)->datagram;
    }
};

void make_mac1_right(Pair& pair, const PublicKey& receiver, MutableBytes datagram) {
    Mac mac1 = make_mac1(pair.crypto, receiver, before_mac1(datagram));
    std::copy(mac1.begin(), mac1.end(), datagram.last(2 * kMacSize).begin());
}

// Changes bytes as the input says: place, what to add by XOR. True: a byte that a seal covers.
bool change(ByteReader& in, MutableBytes datagram) {
    std::vector<std::uint8_t> before(datagram.begin(), datagram.end());
    while (in.remaining() >= 2) {
        std::size_t at = in.u8() % datagram.size();
        datagram[at] ^= in.u8();
    }
    Bytes covered = before_mac1(datagram).subspan(kHandshakeIndexAt);
    return !std::equal(covered.begin(), covered.end(), before.begin() + kHandshakeIndexAt);
}

void try_initiation(Pair& pair, ByteReader& in) {
    auto bytes = pair.initiation;
    bool changed = change(in, bytes);
    make_mac1_right(pair, pair.b.own.open, bytes);
    NETFT_ASSERT(!check_handshake(pair.crypto, pair.b.own.open, MessageType::initiation, bytes));
    NETFT_ASSERT(check_handshake(pair.crypto, pair.a.own.open, MessageType::initiation, bytes) ==
                 DropReason::rx_bad_mac);
    DropReason why{};
    auto read = read_initiation(pair.crypto, pair.b, bytes, why);
    NETFT_ASSERT(read.has_value() != changed);
    if (!read) return;
    NETFT_ASSERT(read->noise.initiator() == pair.a.own.open);
    NETFT_ASSERT(
        (read->payload == InitiationPayload{kAsked, SecurityMode::encrypt, kTimestamp, 1}));
}

void try_response(Pair& pair, ByteReader& in) {
    auto bytes = pair.response;
    bool changed = change(in, bytes);
    make_mac1_right(pair, pair.a.own.open, bytes);
    NETFT_ASSERT(!check_handshake(pair.crypto, pair.a.own.open, MessageType::response, bytes));
    DropReason why{};
    auto answer = pair.pending.read_response(pair.a, bytes, why);
    NETFT_ASSERT(answer.has_value() != changed);
    if (answer) NETFT_ASSERT(answer->payload.index == kAnswered && answer->keys != nullptr);
}

void try_cookie(Pair& pair, ByteReader& in) {
    auto bytes = pair.cookie;
    bool changed = false;
    while (in.remaining() >= 2) {
        std::size_t at = in.u8() % bytes.size();
        bytes[at] ^= in.u8();
    }
    for (std::size_t i = kHeaderSize; i < bytes.size(); ++i) changed |= bytes[i] != pair.cookie[i];
    CookieStore store;
    NETFT_ASSERT(store.take(pair.crypto, pair.now, pair.b.own.open, pair.pending.mac1(), bytes) !=
                 changed);
    if (changed) return;
    auto again = pair.pending.datagram(pair.crypto, store.current(pair.now));
    NETFT_ASSERT(pair.jar.is_valid(pair.crypto, pair.now, pair.sender, again));
}

// Any bytes at all, as any message.
void try_raw(Pair& pair, Bytes bytes) {
    DropReason why{};
    CookieStore store;
    NETFT_ASSERT(!store.take(pair.crypto, pair.now, pair.b.own.open, pair.pending.mac1(), bytes));
    for (MessageType type : {MessageType::initiation, MessageType::response})
        NETFT_ASSERT(check_handshake(pair.crypto, pair.b.own.open, type, bytes));
    std::vector<std::uint8_t> sized(bytes.begin(), bytes.end());
    sized.resize(kInitiationSize);
    make_mac1_right(pair, pair.b.own.open, sized);
    NETFT_ASSERT(!read_initiation(pair.crypto, pair.b, sized, why).has_value());
    sized.resize(kResponseSize);
    NETFT_ASSERT(!pair.pending.read_response(pair.a, sized, why).has_value());
}

// What is sealed is the fuzzer's: both ends are honest about all but the payload.
void try_payloads(Pair& pair, ByteReader& in) {
    fuzz::check_roundtrip(in.rest(), decode_initiation_payload);
    fuzz::check_roundtrip(in.rest(), decode_response_payload);
    std::array<std::uint8_t, kInitiationSize> bytes{};
    auto payload = in.array<kInitiationPayloadSize>();
    ByteWriter out(MutableBytes(bytes).subspan(kHandshakeIndexAt));
    out.u32(ByteReader(payload).u32());
    auto noise = NoiseInitiator::write(
        pair.crypto, {pair.a.prologue, &pair.a.own}, pair.b.own.open, pair.key_pair(100), payload,
        MutableBytes(bytes).subspan(kHandshakeNoiseAt, kInitiationNoiseSize));
    DropReason why{};
    auto read = read_initiation(pair.crypto, pair.b, bytes, why);
    NETFT_ASSERT(read.has_value() == decode_initiation_payload(payload).has_value());
    if (!read) return;
    std::array<std::uint8_t, kResponsePayloadSize> said{}, heard{};
    said = in.array<kResponsePayloadSize>();
    std::array<std::uint8_t, kResponseNoiseSize> message{};
    auto theirs = read->noise.write(pair.key_pair(101), pair.b.cluster_keys[0], said, message);
    NETFT_ASSERT(!noise->read(message, pair.a.cluster_keys[0], heard));
    auto ours = noise->read(message, pair.a.cluster_keys[1], heard);
    NETFT_ASSERT(ours && theirs && said == heard);
    NETFT_ASSERT(ours->send == theirs->receive && ours->receive == theirs->send);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Pair pair;
    ByteReader in(Bytes(data, size));
    switch (in.u8() % 5) {
        case 0: try_initiation(pair, in); break;
        case 1: try_response(pair, in); break;
        case 2: try_cookie(pair, in); break;
        case 3: try_raw(pair, in.rest()); break;
        case 4: try_payloads(pair, in); break;
    }
    return 0;
}
