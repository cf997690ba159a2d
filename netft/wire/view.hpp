// A node's view: how it gets on with every peer, by route, and how its interfaces are. A body of a
// control message (kind 3), in as many parts as it takes; each part is acknowledged (kind 4).
//
//   0               1               2               3
//  +---------------+---------------+---------------+---------------+
//  |  part (0..)   |  parts        |  flags        | n interfaces  |
//  +---------------+---------------+---------------+---------------+
//  |  n times: tag of the address (32 bits) · diagnostic (8)       |
//  +---------------+-----------------------------------------------+
//  | m peers       |  m times:                                     |
//  |   virtual IPv4 (32) · standing (8) · r routes (8), r times:   |
//  |     interface (8) · tag of the remote address (32) ·          |
//  |     state (8) · diagnostic (8)                                |
//
// flags: 1 this node was stalled a short time ago. Interface: the place in the list above, which is
// the same in all parts. State: 2 bits of BFD state · 4 suspect · 8 the peer said so · 16 damped.
// The tag of an address stands for it: receivers know the addresses from the cards. A peer with
// many routes may be in several parts. Bytes behind the last peer are left to later minor versions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/bytes.hpp"
#include "netft/wire/heartbeat.hpp"

namespace netft {

constexpr std::size_t kViewPartsMax = 96;        // over 10,000 routes
constexpr std::size_t kViewInterfacesMax = 16;   // as many as a card has endpoints
constexpr std::size_t kViewPeersInPartMax = 96;  // what fits
constexpr std::size_t kViewRoutesInBlockMax = 150;

// How a node stands with a peer, the routes apart.
enum class Standing : std::uint8_t {
    known = 0,        // a session and its card
    no_session = 1,   // never an answer in this life
    no_card = 2,      // a session, and no card yet
    bad_card = 3,     // its card contradicts the configuration or another node
    other_key = 4,    // its answers do not open: another cluster key, or a wrong public key
    other_mode = 5,   // another security mode
    cloned = 6,       // two machines use one key
    unshown = 7,      // it asks for sessions and shows none: another cluster key, or it is deaf
    unrenewed = 8,    // handshakes stay without answer, and the keys in use are too old
    unknown_key = 9,  // from its address somebody opens with a key that we do not have
    knows_other_key = 10,  // what comes from its address was made for another key than ours
    other_cluster = 11,    // what comes from its address does not open: another cluster name
};

// 32 bits that stand for an address among those of one node (FNV-1a over its bytes).
std::uint32_t tag_of(const IpAddress& address);

struct ViewInterface {
    std::uint32_t tag = 0;
    Diagnostic reason = Diagnostic::none;  // why it cannot be used; none: it can

    bool operator==(const ViewInterface&) const = default;
};

struct ViewRoute {
    std::uint8_t interface = 0;  // place in the view's list
    std::uint32_t remote = 0;    // tag
    BfdState state = BfdState::down;
    bool suspect = false;
    bool peer_said_so = false;
    bool damped = false;
    Diagnostic reason = Diagnostic::none;

    bool operator==(const ViewRoute&) const = default;
};

struct ViewPeer {
    IpAddress ipv4;  // virtual: its name in the cluster
    Standing standing = Standing::known;
    std::vector<ViewRoute> routes;

    bool operator==(const ViewPeer&) const = default;
};

struct NodeView {
    bool is_stalled = false;  // it was, a short time ago
    std::vector<ViewInterface> interfaces;
    std::vector<ViewPeer> peers;

    bool operator==(const NodeView&) const = default;
};

struct ViewPart {
    std::uint8_t part = 0;
    std::uint8_t parts = 1;
    NodeView view;  // what of it is in this part

    bool operator==(const ViewPart&) const = default;
};

// nullopt: truncated, or a field out of its range. An unknown standing or diagnostic is kept.
std::optional<ViewPart> read_view_part(ByteReader& in);
void write_view_part(const ViewPart& part, ByteWriter& out);

// In parts that each fit `bytes`; what would take more than kViewPartsMax is left out.
std::vector<ViewPart> split(const NodeView& view, std::size_t bytes);
// All parts of one view, in order.
NodeView join(std::span<const ViewPart> parts);

}  // namespace netft
