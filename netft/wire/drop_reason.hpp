// The one list of ways to lose a datagram or a frame. Every drop is named here and counted in a
// DropCounters; nothing is dropped in silence and nothing is logged per packet.
//
// NETFT_DROP_REASONS(X): X(enumerator, where it is counted, help). The names are what tools and
// metrics print.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace netft {

// clang-format off
#define NETFT_DROP_REASONS(X)                                                                      \
    X(rx_truncated,            "received datagram shorter than its header or payload")             \
    X(rx_bad_version,          "received datagram of another protocol version")                    \
    X(rx_bad_type,             "received datagram of an unknown type")                             \
    X(rx_malformed,            "received message whose fields contradict each other")              \
    X(rx_no_session,           "received datagram for a session index we do not have")             \
    X(rx_foreign_cluster,      "session opening that carries another cluster's id")                \
    X(rx_unknown_node,         "session opening from a key that is not in the configuration")      \
    X(rx_not_for_us,           "session opening meant for another node's key")                     \
    X(rx_own_key,              "session opening that carries our own key: reflected or cloned")    \
    X(rx_security_mismatch,    "session opening whose security mode is not ours")                  \
    X(rx_stale_opening,        "answer to a session opening that we no longer wait for")           \
    X(rx_bad_mac,              "handshake message whose mac1 is wrong: not made for us")           \
    X(rx_bad_seal,             "message or datagram that does not authenticate")                   \
    X(rx_wrong_cluster_key,    "handshake answer that opens with none of our cluster keys")        \
    X(rx_replayed_opening,     "handshake initiation that is not newer than its predecessor")      \
    X(rx_needs_cookie,         "handshake message under load, answered with a cookie")             \
    X(rx_bad_cookie,           "cookie that answers nothing we sent or does not open")             \
    X(rx_cloned_node,          "handshake of a second machine that uses a node's key")             \
    X(rx_unknown_path,         "heartbeat between endpoints that are no route of ours")            \
    X(rx_wrong_route,          "heartbeat that names a route of ours with other endpoints")        \
    X(rx_duplicate,            "datagram whose counter was seen before")                           \
    X(rx_too_old,              "datagram whose counter is below the replay window")                \
    X(rx_wrong_worker,         "datagram that came to a worker which does not deal with such")      \
    X(worker_queue_full,       "datagram lost between two workers because their ring was full")     \
    X(rx_rate_limited,         "session opening or control datagram above the rate limit")         \
    X(rx_no_buffer,            "received datagram for which no buffer was free")                   \
    X(rx_port_error,           "datagram the port or its kernel socket lost (overflow, checksum)") \
    X(relay_refused,           "relayed datagram that we do not pass on, or not take from its relay")  \
    X(relay_no_route,          "datagram to relay to a node that we have no direct route to")          \
    X(relay_loop,              "relayed datagram with another one inside")                             \
    X(train_malformed,         "datagram whose place in its train is impossible")                  \
    X(train_incomplete,        "train given up because a datagram of it never came")               \
    X(train_too_long,          "train longer than a frame can be")                                 \
    X(frame_bad_virtio,        "frame whose virtio header contradicts it")                         \
    X(frame_bad_source,        "frame whose source MAC is not its sender's")                       \
    X(frame_bad_destination,   "frame whose destination MAC is neither ours nor multicast")        \
    X(frame_bad_ethertype,     "frame that is neither IPv4 nor IPv6: tagged, or of a link's own protocol")  \
    X(frame_bad_packet,        "packet whose headers are cut, contradict each other or never end")     \
    X(frame_bad_neighbour_discovery, "neighbour discovery, router advertisement or redirect of a peer") \
    X(frame_bad_dhcp,          "packet of a peer that a DHCP server would send")                        \
    X(frame_bad_source_address, "packet of a peer from an address that is not its own or allowed to it") \
    X(frame_neighbour_discovery, "ARP or neighbour discovery of this node's kernel: ends at the adapter") \
    X(frame_too_short,         "frame shorter than an Ethernet header")                            \
    X(frame_unknown_peer,      "frame from the adapter to a MAC that is no node's")                \
    X(frame_peer_unreachable,  "frame from the adapter to a peer with no route up")                \
    X(frame_too_long,          "frame from the adapter longer than a train may be")                \
    X(tap_write_failed,        "frame the kernel refused at the adapter")                          \
    X(tap_no_buffer,           "frame left unread because no buffer was free")                     \
    X(tx_no_session,           "datagram to a peer without a session")                             \
    X(tx_not_sealed,           "datagram that could not be sealed")                                \
    X(tx_no_port,              "datagram for an endpoint whose port is closed")                    \
    X(tx_no_neighbour,         "datagram whose next hop has no known MAC address")                 \
    X(tx_too_big,              "datagram larger than the path takes (EMSGSIZE)")                   \
    X(tx_unreachable,          "datagram the kernel had no route for (ENETUNREACH and kin)")       \
    X(tx_forbidden,            "datagram that this host's firewall refused (EPERM, EACCES)")           \
    X(tx_refused,              "datagram the port could not take for want of room")                \
    X(tx_error,                "datagram the port failed to send for another cause")               \
    X(exception_to_kernel,     "frame of a captured NIC that its exception TAP did not take")         \
    X(exception_to_nic,        "frame from an exception TAP that its NIC did not take")               \
    X(control_bad_message,     "control message that does not decode")                             \
    X(control_refused_card,    "card that contradicts the configuration or another node")          \
    X(control_card_limited,    "card beyond those that a peer may send in a second")                  \
    X(control_refused_claim,   "claim of a card to an address that its node may not have")            \
    X(control_queue_full,      "message between worker and control lost because its ring was full")
// clang-format on

enum class DropReason : std::uint8_t {
#define NETFT_ENUMERATOR(name, help) name,
    NETFT_DROP_REASONS(NETFT_ENUMERATOR)
#undef NETFT_ENUMERATOR
};

#define NETFT_ONE(name, help) +1
constexpr std::size_t kDropReasons = 0 NETFT_DROP_REASONS(NETFT_ONE);
#undef NETFT_ONE

std::string_view to_string(DropReason reason);
std::string_view help(DropReason reason);

// One counter a reason; owned by one thread.
class DropCounters {
 public:
    void count(DropReason reason, std::uint64_t n = 1) {
        counts_[static_cast<std::size_t>(reason)] += n;
    }
    std::uint64_t of(DropReason reason) const { return counts_[static_cast<std::size_t>(reason)]; }
    std::uint64_t total() const;
    void add(const DropCounters& other);

 private:
    std::array<std::uint64_t, kDropReasons> counts_{};
};

}  // namespace netft
