#include "netft/wire/view.hpp"

#include <algorithm>

namespace netft {

namespace {

constexpr std::size_t kPartHead = 5;  // with the number of peers
constexpr std::size_t kInterfaceBytes = 5;
constexpr std::size_t kPeerBytes = 6;
constexpr std::size_t kRouteBytes = 7;
constexpr std::uint8_t kFlagStalled = 1;
constexpr std::uint8_t kStateBits = 3;
constexpr std::uint8_t kSuspect = 4;
constexpr std::uint8_t kPeerSaidSo = 8;
constexpr std::uint8_t kDamped = 16;

ViewRoute read_route(ByteReader& in) {
    ViewRoute route;
    route.interface = in.u8();
    route.remote = in.u32();
    std::uint8_t state = in.u8();
    route.state = static_cast<BfdState>(state & kStateBits);
    route.suspect = state & kSuspect;
    route.peer_said_so = state & kPeerSaidSo;
    route.damped = state & kDamped;
    route.reason = static_cast<Diagnostic>(in.u8());
    return route;
}

void write_route(const ViewRoute& route, ByteWriter& out) {
    out.u8(route.interface);
    out.u32(route.remote);
    out.u8(static_cast<std::uint8_t>(
        static_cast<std::uint8_t>(route.state) | (route.suspect ? kSuspect : 0) |
        (route.peer_said_so ? kPeerSaidSo : 0) | (route.damped ? kDamped : 0)));
    out.u8(static_cast<std::uint8_t>(route.reason));
}

std::optional<ViewPeer> read_peer(ByteReader& in, std::size_t interfaces) {
    ViewPeer peer;
    peer.ipv4 = IpAddress::v4(in.array<4>());
    peer.standing = static_cast<Standing>(in.u8());
    std::size_t routes = in.u8();
    if (!in.ok() || routes > kViewRoutesInBlockMax) return {};
    for (std::size_t i = 0; i < routes; ++i) {
        peer.routes.push_back(read_route(in));
        if (!in.ok() || peer.routes.back().interface >= interfaces) return {};
    }
    return peer;
}

void write_peer(const ViewPeer& peer, ByteWriter& out) {
    out.bytes(peer.ipv4.bytes());
    out.u8(static_cast<std::uint8_t>(peer.standing));
    out.u8(static_cast<std::uint8_t>(peer.routes.size()));
    for (const ViewRoute& route : peer.routes) write_route(route, out);
}

// Fills parts with blocks of peers, each as full as it goes.
class Splitter {
 public:
    Splitter(const NodeView& view, std::size_t bytes)
        : view_(view),
          room_(bytes - kPartHead -
                std::min(view.interfaces.size(), kViewInterfacesMax) * kInterfaceBytes) {
        begin_part();
    }

    void add(const ViewPeer& peer) {
        std::size_t done = 0;
        do {
            if (left_ < kPeerBytes + kRouteBytes ||
                parts_.back().view.peers.size() == kViewPeersInPartMax)
                begin_part();
            std::size_t fit = std::min((left_ - kPeerBytes) / kRouteBytes, kViewRoutesInBlockMax);
            std::size_t count = std::min(fit, peer.routes.size() - done);
            auto first = peer.routes.begin() + static_cast<std::ptrdiff_t>(done);
            parts_.back().view.peers.push_back(
                {peer.ipv4, peer.standing, {first, first + static_cast<std::ptrdiff_t>(count)}});
            left_ -= kPeerBytes + count * kRouteBytes;
            done += count;
        } while (done < peer.routes.size());
    }

    std::vector<ViewPart> take() {
        if (parts_.size() > kViewPartsMax) parts_.resize(kViewPartsMax);
        for (ViewPart& part : parts_) part.parts = static_cast<std::uint8_t>(parts_.size());
        return std::move(parts_);
    }

 private:
    void begin_part() {
        ViewPart part{static_cast<std::uint8_t>(parts_.size()), 1, {view_.is_stalled, {}, {}}};
        part.view.interfaces = view_.interfaces;
        if (part.view.interfaces.size() > kViewInterfacesMax)
            part.view.interfaces.resize(kViewInterfacesMax);
        parts_.push_back(std::move(part));
        left_ = room_;
    }

    const NodeView& view_;
    std::size_t room_;
    std::size_t left_ = 0;
    std::vector<ViewPart> parts_;
};

}  // namespace

std::uint32_t tag_of(const IpAddress& address) {
    std::uint32_t tag = 0x811c9dc5;
    for (std::uint8_t byte : address.bytes()) tag = (tag ^ byte) * 0x01000193;
    return tag;
}

std::optional<ViewPart> read_view_part(ByteReader& in) {
    ViewPart part;
    part.part = in.u8();
    part.parts = in.u8();
    part.view.is_stalled = in.u8() & kFlagStalled;
    std::size_t interfaces = in.u8();
    bool sensible =
        part.part < part.parts && part.parts <= kViewPartsMax && interfaces <= kViewInterfacesMax;
    if (!in.ok() || !sensible) return {};
    for (std::size_t i = 0; i < interfaces; ++i) {
        std::uint32_t tag = in.u32();
        part.view.interfaces.push_back({tag, static_cast<Diagnostic>(in.u8())});
    }
    std::size_t peers = in.u8();
    if (!in.ok() || peers > kViewPeersInPartMax) return {};
    for (std::size_t i = 0; i < peers; ++i) {
        auto peer = read_peer(in, interfaces);
        if (!peer) return {};
        part.view.peers.push_back(*std::move(peer));
    }
    return part;
}

void write_view_part(const ViewPart& part, ByteWriter& out) {
    out.u8(part.part);
    out.u8(part.parts);
    out.u8(part.view.is_stalled ? kFlagStalled : 0);
    out.u8(static_cast<std::uint8_t>(part.view.interfaces.size()));
    for (const ViewInterface& interface : part.view.interfaces) {
        out.u32(interface.tag);
        out.u8(static_cast<std::uint8_t>(interface.reason));
    }
    out.u8(static_cast<std::uint8_t>(part.view.peers.size()));
    for (const ViewPeer& peer : part.view.peers) write_peer(peer, out);
}

std::vector<ViewPart> split(const NodeView& view, std::size_t bytes) {
    Splitter splitter(view, bytes);
    for (const ViewPeer& peer : view.peers) splitter.add(peer);
    return splitter.take();
}

NodeView join(std::span<const ViewPart> parts) {
    NodeView view;
    for (const ViewPart& part : parts) {
        view.is_stalled = part.view.is_stalled;
        view.interfaces = part.view.interfaces;
        for (const ViewPeer& peer : part.view.peers) {
            if (view.peers.empty() || view.peers.back().ipv4 != peer.ipv4) {
                view.peers.push_back(peer);
                continue;
            }
            std::vector<ViewRoute>& routes = view.peers.back().routes;
            routes.insert(routes.end(), peer.routes.begin(), peer.routes.end());
        }
    }
    return view;
}

}  // namespace netft
