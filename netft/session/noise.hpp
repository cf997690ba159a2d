// Noise_IKpsk2_25519_AESGCM_SHA256, the cryptographic core (Noise Protocol Framework, revision 34).
//
// PURE over session::Primitives. The names are the specification's. Pattern, the responder's static
// key being known beforehand:
//
//   -> e, es, s, ss
//   <- e, ee, se, psk
//
// Threads: control only.
#pragma once

#include <optional>

#include "netft/session/keys.hpp"
#include "netft/session/primitives.hpp"

namespace netft::session {

// §5.2, with the CipherState of §5.1 inside. Copies are independent; all are wiped.
class SymmetricState {
 public:
    // Initialised with the protocol's name, the prologue and the pre-message "<- s".
    SymmetricState(Primitives& primitives, Bytes prologue, const PublicKey& responder);

    void mix_hash(Bytes data);
    void mix_key(Bytes material);
    void mix_key_and_hash(Bytes material);
    // EncryptAndHash: `out` has room for plain ‖ tag.
    void encrypt(Bytes plain, MutableBytes out);
    // DecryptAndHash. False: it does not authenticate; the state is of no more use.
    bool decrypt(Bytes sealed, MutableBytes out);
    // The two keys; the initiator's first.
    std::pair<Secret32, Secret32> split() const;
    const Digest& handshake_hash() const { return hash_; }

 private:
    Secret32 next_key(Bytes material, Secret32* second, Secret32* third);
    AeadNonce next_nonce();

    Primitives* primitives_;
    Digest hash_{};
    Secret32 chaining_key_;
    Secret32 key_;
    std::uint64_t nonce_ = 0;
};

struct NoiseKeyPair {
    Secret32 secret;
    PublicKey open{};
};

// What a side of a handshake knows beforehand.
struct NoiseInput {
    Bytes prologue;
    const NoiseKeyPair* own_static = nullptr;
};

// The initiator between the two messages.
class NoiseInitiator {
 public:
    // Writes the first message (32 + 48 + payload + 16 bytes) into `out`. nullopt: the responder's
    // key is of low order.
    static std::optional<NoiseInitiator> write(Primitives& primitives, const NoiseInput& input,
                                               const PublicKey& responder,
                                               const NoiseKeyPair& ephemeral, Bytes payload,
                                               MutableBytes out);
    // Reads the second message. It may be tried again with another `psk` or message: a false answer
    // does no harm. The first key is ours to send with. `hash`: the handshake hash, for tests.
    std::optional<SessionKeys> read(Bytes message, const Secret32& psk, MutableBytes payload,
                                    Digest* hash = nullptr) const;

 private:
    NoiseInitiator(Primitives& primitives, SymmetricState state, NoiseKeyPair ephemeral,
                   Secret32 own)
        : primitives_(&primitives),
          state_(std::move(state)),
          ephemeral_(std::move(ephemeral)),
          own_(std::move(own)) {}

    Primitives* primitives_;
    SymmetricState state_;
    NoiseKeyPair ephemeral_;
    Secret32 own_;
};

// The responder between the two messages.
class NoiseResponder {
 public:
    // Reads the first message. nullopt: it is not for us, or tampered with.
    static std::optional<NoiseResponder> read(Primitives& primitives, const NoiseInput& input,
                                              Bytes message, MutableBytes payload);
    const PublicKey& initiator() const { return initiator_; }
    // Writes the second message (32 + payload + 16 bytes). nullopt: keys of low order.
    std::optional<SessionKeys> write(const NoiseKeyPair& ephemeral, const Secret32& psk,
                                     Bytes payload, MutableBytes out, Digest* hash = nullptr);

 private:
    NoiseResponder(Primitives& primitives, SymmetricState state)
        : primitives_(&primitives), state_(std::move(state)) {}

    Primitives* primitives_;
    SymmetricState state_;
    PublicKey initiator_{};
    PublicKey remote_ephemeral_{};
};

}  // namespace netft::session
