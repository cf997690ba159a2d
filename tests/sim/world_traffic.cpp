// The worker's part of a simulated node: trains, relays, what is delivered.
#include <algorithm>
#include <cstring>

#include "tests/sim/world.hpp"

namespace netft::sim {

namespace {

constexpr std::size_t kFrameHead = 32;  // what send_frame() writes: who, when, how long

// Each byte is as the one before it.
bool is_all(Bytes bytes, std::uint8_t fill) {
    return bytes.empty() ||
           (bytes[0] == fill && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace

void World::handle(std::size_t i, const core::Verdict& verdict, EndpointId local,
                   const Endpoint& remote, Bytes datagram) {
    SimNode& node = nodes_[i];
    switch (verdict.kind) {
        case core::Verdict::Kind::control: {
            std::optional<PeerId> peer;
            if ((datagram[0] & 15) == 6) peer = verdict.peer;
            return touch(node).handle_datagram(local_now(i), local, remote, peer, datagram);
        }
        case core::Verdict::Kind::data: {
            core::TrainAssembler::Piece piece{verdict.peer,     verdict.session, verdict.space,
                                              verdict.train_id, verdict.train,   verdict.body};
            Bytes train = node.assembler->handle_piece(local_now(i), piece, node.assembler_drops);
            if (!train.empty()) deliver(i, verdict.peer, train);
            return;
        }
        case core::Verdict::Kind::forward: return forward(i, verdict);
        case core::Verdict::Kind::relayed: return receive_inner(i, verdict);
        case core::Verdict::Kind::consumed:
        case core::Verdict::Kind::dropped: return;
    }
}

void World::forward(std::size_t i, const core::Verdict& verdict) {
    ++nodes_[i].forwarded;
    if (nodes_[i].swallows) return;
    hop(i, verdict.peer, {RelayKind::forwarded, verdict.origin}, verdict.body);
}

void World::receive_inner(std::size_t i, const core::Verdict& verdict) {
    SimNode& node = nodes_[i];
    auto opened = open(node, verdict.body);
    if (!opened) return;
    std::vector<std::uint8_t> room;
    Bytes read = as_read_by(traits_[i].version, *opened, room);
    if (read.empty()) return;
    ++node.received;
    core::Verdict inner = node.engine->handle_relayed(local_now(i), verdict.peer, read);
    if (inner.kind != core::Verdict::Kind::dropped) ++node.consumed;
    const core::PlanPeer* peer = node.engine->find_peer(verdict.peer);
    handle(i, inner, core::kRelayedEndpoint, core::relayed_endpoint(peer->ipv6), read);
}

bool World::hop(std::size_t i, PeerId next, const RelayPrefix& prefix, Bytes inner) {
    auto ticket = nodes_[i].engine->begin_hop(local_now(i), next, 1);
    if (!ticket) return false;
    hop_plain_.resize(kHeaderSize + kRelayPrefixSize + inner.size());
    ByteWriter out(hop_plain_);
    encode(ticket->header, out);
    encode(prefix, out);
    out.bytes(inner);
    Bytes sealed = seal(i, ticket->session, hop_plain_, hop_sealed_);
    for (const core::Destination& destination : ticket->destinations)
        transmit(i, destination.local, destination.remote, sealed);
    return true;
}

void World::deliver(std::size_t to, PeerId peer, Bytes train) {
    ByteReader in(train);
    Delivery delivery;
    delivery.at = now_;
    delivery.to = to;
    delivery.from = in.u64();
    delivery.epoch = in.u64();
    delivery.number = in.u64();
    std::uint64_t length = in.u64();
    auto fill = static_cast<std::uint8_t>(delivery.number * 7 + 1);
    delivery.intact = in.ok() && length == train.size() && peer_id(delivery.from) == peer &&
                      is_all(in.rest(), fill);
    observer_.on_delivery(delivery);
}

bool World::send_frame(std::size_t from, std::size_t to, std::size_t bytes) {
    SimNode& node = nodes_[from];
    if (!node.running || node.stalled_until) return false;
    bytes = std::max(bytes, kFrameHead);
    std::vector<std::uint8_t> frame(bytes,
                                    static_cast<std::uint8_t>((node.frames_sent + 1) * 7 + 1));
    ByteWriter head(MutableBytes(frame).first(kFrameHead));
    head.u64(from);
    head.u64(node.epoch);
    head.u64(node.frames_sent + 1);
    head.u64(bytes);
    if (!send_train(from, to, frame)) return false;
    ++node.frames_sent;
    observer_.on_sent(from, to);
    return true;
}

bool World::send_train(std::size_t from, std::size_t to, Bytes frame) {
    SimNode& node = nodes_[from];
    constexpr std::size_t kBody = 1400;
    auto count = static_cast<std::uint16_t>((frame.size() + kBody - 1) / kBody);
    auto ticket =
        node.engine->begin_train(local_now(from), peer_id(to), count, {frame, frame.size()});
    std::optional<core::RelayWay> way;
    if (!ticket) way = node.engine->relay_to(peer_id(to));
    if (way) ticket = node.engine->begin_relayed_train(peer_id(to), count);
    if (!ticket) return false;
    node.relayed += way.has_value();
    for (std::uint16_t k = 0; k < count; ++k) {
        Bytes body = frame.subspan(k * kBody, std::min(kBody, frame.size() - k * kBody));
        plain_.resize(kHeaderSize + kTrainPrefixSize + body.size());
        ByteWriter out(plain_);
        Header header = ticket->header;
        header.counter += k;
        encode(header, out);
        encode(TrainPrefix{k, count}, out);
        out.bytes(body);
        Bytes sealed = seal(from, ticket->session, plain_, sealed_);
        if (way) hop(from, way->relay, {RelayKind::forward, way->target}, sealed);
        for (const core::Destination& destination : ticket->destinations)
            transmit(from, destination.local, destination.remote, sealed);
    }
    return true;
}

void World::send(std::size_t i, const core::ControlSend& send) {
    if (on_plain) on_plain(i, send.local, send.remote, send.seal, send.bytes);
    Bytes sealed = seal(i, send.seal, send.bytes, sealed_);
    if (send.local != core::kRelayedEndpoint) return transmit(i, send.local, send.remote, sealed);
    for (const core::PlanPeer& peer : nodes_[i].engine->peers()) {
        if (core::relayed_endpoint(peer.ipv6) != send.remote) continue;
        auto way = nodes_[i].engine->relay_to(peer.id);
        if (way) hop(i, way->relay, {RelayKind::forward, way->target}, sealed);
    }
}

}  // namespace netft::sim
