#include "netft/session/noise.hpp"

#include <string_view>

#include "netft/base/assert.hpp"

namespace netft::session {

namespace {

constexpr std::string_view kName = "Noise_IKpsk2_25519_AESGCM_SHA256";
static_assert(kName.size() == sizeof(Digest));  // §5.2: taken as it is, neither padded nor hashed

// The token "e" of a pattern with a psk (§9.2): the key is mixed, too.
void mix_ephemeral(SymmetricState& state, const PublicKey& key) {
    state.mix_hash(key);
    state.mix_key(key);
}

bool mix_dh(Primitives& primitives, SymmetricState& state, const Secret32& own,
            const PublicKey& other) {
    auto shared = primitives.dh(own, other);
    if (!shared) return false;
    state.mix_key(shared->bytes());
    return true;
}

}  // namespace

SymmetricState::SymmetricState(Primitives& primitives, Bytes prologue, const PublicKey& responder)
    : primitives_(&primitives) {
    std::copy(kName.begin(), kName.end(), hash_.begin());
    chaining_key_ = Secret32(hash_);
    mix_hash(prologue);
    mix_hash(responder);
}

void SymmetricState::mix_hash(Bytes data) { hash_ = primitives_->hash({hash_, data}); }

// HKDF (§4.3) of the chaining key; its first output is the next chaining key.
Secret32 SymmetricState::next_key(Bytes material, Secret32* second, Secret32* third) {
    Digest temporary = primitives_->hmac(chaining_key_.bytes(), {material});
    constexpr std::array<std::uint8_t, 3> kNumbers{1, 2, 3};
    Digest out = primitives_->hmac(temporary, {Bytes(kNumbers).subspan(0, 1)});
    Secret32 first{Bytes(out)};
    out = primitives_->hmac(temporary, {out, Bytes(kNumbers).subspan(1, 1)});
    *second = Secret32(Bytes(out));
    if (third != nullptr) {
        out = primitives_->hmac(temporary, {out, Bytes(kNumbers).subspan(2, 1)});
        *third = Secret32(Bytes(out));
    }
    wipe(out);
    wipe(temporary);
    return first;
}

void SymmetricState::mix_key(Bytes material) {
    Secret32 key;
    chaining_key_ = next_key(material, &key, nullptr);
    key_ = std::move(key);
    nonce_ = 0;
}

void SymmetricState::mix_key_and_hash(Bytes material) {
    Secret32 for_hash;
    Secret32 key;
    chaining_key_ = next_key(material, &for_hash, &key);
    mix_hash(for_hash.bytes());
    key_ = std::move(key);
    nonce_ = 0;
}

// §12.3: 32 zero bits and the counter, big-endian.
AeadNonce SymmetricState::next_nonce() {
    AeadNonce nonce{};
    ByteWriter out(MutableBytes(nonce).subspan(4));
    out.u64(nonce_++);
    return nonce;
}

void SymmetricState::encrypt(Bytes plain, MutableBytes out) {
    NETFT_ASSERT(out.size() == plain.size() + kAeadTagSize);
    primitives_->seal(key_, next_nonce(), hash_, plain, out);
    mix_hash(out);
}

bool SymmetricState::decrypt(Bytes sealed, MutableBytes out) {
    NETFT_ASSERT(sealed.size() == out.size() + kAeadTagSize);
    if (!primitives_->open(key_, next_nonce(), hash_, sealed, out)) return false;
    mix_hash(sealed);
    return true;
}

std::pair<Secret32, Secret32> SymmetricState::split() const {
    SymmetricState last = *this;
    Secret32 second;
    Secret32 first = last.next_key({}, &second, nullptr);
    return {std::move(first), std::move(second)};
}

std::optional<NoiseInitiator> NoiseInitiator::write(Primitives& primitives, const NoiseInput& input,
                                                    const PublicKey& responder,
                                                    const NoiseKeyPair& ephemeral, Bytes payload,
                                                    MutableBytes out) {
    NETFT_ASSERT(out.size() == 32 + 48 + payload.size() + kAeadTagSize);
    SymmetricState state(primitives, input.prologue, responder);
    std::copy(ephemeral.open.begin(), ephemeral.open.end(), out.begin());
    mix_ephemeral(state, ephemeral.open);
    if (!mix_dh(primitives, state, ephemeral.secret, responder)) return {};
    state.encrypt(input.own_static->open, out.subspan(32, 48));
    if (!mix_dh(primitives, state, input.own_static->secret, responder)) return {};
    state.encrypt(payload, out.subspan(80));
    return NoiseInitiator(primitives, std::move(state), ephemeral, input.own_static->secret);
}

std::optional<SessionKeys> NoiseInitiator::read(Bytes message, const Secret32& psk,
                                                MutableBytes payload, Digest* hash) const {
    if (message.size() != 32 + payload.size() + kAeadTagSize) return {};
    PublicKey remote = ByteReader(message).array<32>();
    SymmetricState state = state_;
    mix_ephemeral(state, remote);
    if (!mix_dh(*primitives_, state, ephemeral_.secret, remote)) return {};
    if (!mix_dh(*primitives_, state, own_, remote)) return {};
    state.mix_key_and_hash(psk.bytes());
    if (!state.decrypt(message.subspan(32), payload)) return {};
    if (hash != nullptr) *hash = state.handshake_hash();
    auto [ours, theirs] = state.split();
    return SessionKeys{std::move(ours), std::move(theirs)};
}

std::optional<NoiseResponder> NoiseResponder::read(Primitives& primitives, const NoiseInput& input,
                                                   Bytes message, MutableBytes payload) {
    if (message.size() != 32 + 48 + payload.size() + kAeadTagSize) return {};
    NoiseResponder responder(primitives,
                             SymmetricState(primitives, input.prologue, input.own_static->open));
    SymmetricState& state = responder.state_;
    responder.remote_ephemeral_ = ByteReader(message).array<32>();
    mix_ephemeral(state, responder.remote_ephemeral_);
    if (!mix_dh(primitives, state, input.own_static->secret, responder.remote_ephemeral_))
        return {};
    if (!state.decrypt(message.subspan(32, 48), responder.initiator_)) return {};
    if (!mix_dh(primitives, state, input.own_static->secret, responder.initiator_)) return {};
    if (!state.decrypt(message.subspan(80), payload)) return {};
    return responder;
}

std::optional<SessionKeys> NoiseResponder::write(const NoiseKeyPair& ephemeral, const Secret32& psk,
                                                 Bytes payload, MutableBytes out, Digest* hash) {
    NETFT_ASSERT(out.size() == 32 + payload.size() + kAeadTagSize);
    std::copy(ephemeral.open.begin(), ephemeral.open.end(), out.begin());
    mix_ephemeral(state_, ephemeral.open);
    if (!mix_dh(*primitives_, state_, ephemeral.secret, remote_ephemeral_)) return {};
    if (!mix_dh(*primitives_, state_, ephemeral.secret, initiator_)) return {};
    state_.mix_key_and_hash(psk.bytes());
    state_.encrypt(payload, out.subspan(32));
    if (hash != nullptr) *hash = state_.handshake_hash();
    auto [theirs, ours] = state_.split();
    return SessionKeys{std::move(ours), std::move(theirs)};
}

}  // namespace netft::session
