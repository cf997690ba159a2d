// The messages of the handshake, made and read: Noise's bytes, our payloads, mac1 and mac2.
//
// PURE over session::Primitives. Nothing here remembers or decides: retries, tie-break, timestamps
// and sessions are OpeningMachine's and the coordinator's. Threads: control only.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "netft/session/cookie.hpp"
#include "netft/session/noise.hpp"
#include "netft/wire/drop_reason.hpp"
#include "netft/wire/handshake.hpp"

namespace netft::session {

// Who we are, for all handshakes.
struct HandshakeIdentity {
    NoiseKeyPair own;
    std::vector<std::uint8_t> prologue;  // "netft1" ‖ cluster name
    SecurityMode mode = SecurityMode::encrypt;
    std::vector<Secret32> cluster_keys;  // at least one; the first is answered with
    std::uint64_t incarnation = 0;
};

struct HandshakeAnswer {
    ResponsePayload payload;
    SessionKeysPtr keys;
};

// An initiation that is out and may be answered.
class PendingInitiation {
 public:
    // nullopt: the peer's key is of low order.
    static std::optional<PendingInitiation> make(Primitives& primitives,
                                                 const HandshakeIdentity& identity,
                                                 const PublicKey& peer, SessionIndex index,
                                                 std::uint64_t timestamp);
    // To send; with mac2 where the peer gave us a cookie.
    std::array<std::uint8_t, kInitiationSize> datagram(Primitives& primitives,
                                                       const std::optional<Mac>& cookie) const;
    SessionIndex index() const { return index_; }
    Mac mac1() const { return mac1_of(datagram_); }
    // A false answer does no harm: the right one may still come.
    std::optional<HandshakeAnswer> read_response(const HandshakeIdentity& identity, Bytes datagram,
                                                 DropReason& why) const;

 private:
    PendingInitiation(NoiseInitiator noise, SessionIndex index)
        : noise_(std::move(noise)), index_(index) {}

    NoiseInitiator noise_;
    SessionIndex index_;
    std::array<std::uint8_t, kInitiationSize> datagram_{};
};

// Size and mac1 of an initiation or a response: it was made for us. Else the reason.
std::optional<DropReason> check_handshake(Primitives& primitives, const PublicKey& own,
                                          MessageType type, Bytes datagram);

// An initiation that authenticates.
struct ReceivedInitiation {
    NoiseResponder noise;
    InitiationPayload payload;
};
std::optional<ReceivedInitiation> read_initiation(Primitives& primitives,
                                                  const HandshakeIdentity& identity, Bytes datagram,
                                                  DropReason& why);

struct HandshakeResponse {
    std::array<std::uint8_t, kResponseSize> datagram{};
    SessionKeysPtr keys;
};
// nullopt: the initiator's keys are of low order. `index`: ours.
std::optional<HandshakeResponse> write_response(Primitives& primitives,
                                                const HandshakeIdentity& identity,
                                                ReceivedInitiation& initiation, SessionIndex index,
                                                HandshakeStatus status);

}  // namespace netft::session
