#include "netft/session/handshake.hpp"

#include "netft/base/assert.hpp"

namespace netft::session {

namespace {

NoiseKeyPair make_key_pair(Primitives& primitives) {
    NoiseKeyPair pair;
    primitives.random(pair.secret.room());
    pair.open = primitives.public_of(pair.secret);
    return pair;
}

NoiseInput input_of(const HandshakeIdentity& identity) {
    return {identity.prologue, &identity.own};
}

// Header, index and Noise's part are written: mac1 behind them, mac2 zero.
void finish(Primitives& primitives, const PublicKey& receiver, MutableBytes datagram) {
    Mac mac1 = make_mac1(primitives, receiver, before_mac1(datagram));
    std::copy(mac1.begin(), mac1.end(), datagram.last(2 * kMacSize).begin());
}

void begin(MessageType type, SessionIndex receiver, SessionIndex sender, MutableBytes datagram) {
    ByteWriter out(datagram);
    encode(Header{type, 0, 0, receiver, 0}, out);
    out.u32(sender.value);
}

Bytes noise_part(Bytes datagram) { return before_mac1(datagram).subspan(kHandshakeNoiseAt); }

}  // namespace

std::optional<PendingInitiation> PendingInitiation::make(Primitives& primitives,
                                                         const HandshakeIdentity& identity,
                                                         const PublicKey& peer, SessionIndex index,
                                                         std::uint64_t timestamp) {
    std::array<std::uint8_t, kInitiationSize> datagram{};
    begin(MessageType::initiation, SessionIndex(0), index, datagram);
    std::array<std::uint8_t, kInitiationPayloadSize> payload{};
    ByteWriter out(payload);
    encode(InitiationPayload{index, identity.mode, timestamp, identity.incarnation}, out);
    auto noise = NoiseInitiator::write(
        primitives, input_of(identity), peer, make_key_pair(primitives), payload,
        MutableBytes(datagram).subspan(kHandshakeNoiseAt, kInitiationNoiseSize));
    if (!noise) return {};
    finish(primitives, peer, datagram);
    PendingInitiation pending(std::move(*noise), index);
    pending.datagram_ = datagram;
    return pending;
}

std::array<std::uint8_t, kInitiationSize> PendingInitiation::datagram(
    Primitives& primitives, const std::optional<Mac>& cookie) const {
    auto bytes = datagram_;
    if (cookie) put_mac2(primitives, *cookie, bytes);
    return bytes;
}

std::optional<HandshakeAnswer> PendingInitiation::read_response(const HandshakeIdentity& identity,
                                                                Bytes datagram,
                                                                DropReason& why) const {
    std::array<std::uint8_t, kResponsePayloadSize> payload{};
    why = DropReason::rx_wrong_cluster_key;
    for (const Secret32& psk : identity.cluster_keys) {
        auto keys = noise_.read(noise_part(datagram), psk, payload);
        if (!keys) continue;
        auto decoded = decode_response_payload(payload);
        why = DropReason::rx_malformed;
        if (!decoded || decoded->index != handshake_index(datagram)) return {};
        return HandshakeAnswer{*decoded, std::make_shared<const SessionKeys>(std::move(*keys))};
    }
    return {};
}

std::optional<DropReason> check_handshake(Primitives& primitives, const PublicKey& own,
                                          MessageType type, Bytes datagram) {
    std::size_t size = type == MessageType::initiation ? kInitiationSize : kResponseSize;
    if (datagram.size() < size) return DropReason::rx_truncated;
    if (datagram.size() > size) return DropReason::rx_malformed;
    Mac right = make_mac1(primitives, own, before_mac1(datagram));
    if (!is_same(right, mac1_of(datagram))) return DropReason::rx_bad_mac;
    return {};
}

std::optional<ReceivedInitiation> read_initiation(Primitives& primitives,
                                                  const HandshakeIdentity& identity, Bytes datagram,
                                                  DropReason& why) {
    NETFT_ASSERT(datagram.size() == kInitiationSize);
    std::array<std::uint8_t, kInitiationPayloadSize> payload{};
    why = DropReason::rx_bad_seal;
    auto noise =
        NoiseResponder::read(primitives, input_of(identity), noise_part(datagram), payload);
    if (!noise) return {};
    why = DropReason::rx_malformed;
    auto decoded = decode_initiation_payload(payload);
    if (!decoded || decoded->index != handshake_index(datagram)) return {};
    return ReceivedInitiation{std::move(*noise), *decoded};
}

std::optional<HandshakeResponse> write_response(Primitives& primitives,
                                                const HandshakeIdentity& identity,
                                                ReceivedInitiation& initiation, SessionIndex index,
                                                HandshakeStatus status) {
    HandshakeResponse response;
    MutableBytes datagram = response.datagram;
    begin(MessageType::response, initiation.payload.index, index, datagram);
    std::array<std::uint8_t, kResponsePayloadSize> payload{};
    ByteWriter out(payload);
    encode(ResponsePayload{index, identity.mode, status, identity.incarnation}, out);
    auto keys =
        initiation.noise.write(make_key_pair(primitives), identity.cluster_keys.front(), payload,
                               datagram.subspan(kHandshakeNoiseAt, kResponseNoiseSize));
    if (!keys) return {};
    finish(primitives, initiation.noise.initiator(), datagram);
    response.keys = std::make_shared<const SessionKeys>(std::move(*keys));
    return response;
}

}  // namespace netft::session
