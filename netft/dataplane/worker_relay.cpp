// What goes through a third node: ours by way of it, its by way of us.
#include <algorithm>

#include "netft/dataplane/worker_impl.hpp"

namespace netft::dataplane {

// False: no session with the peer; nothing was sent or counted.
bool Worker::Impl::send_relayed(const TrainBuffer& train, PeerId peer, const core::RelayWay& way,
                                std::size_t train_bytes) {
    if (!relay_out.fits(way.datagram_bytes_max, layout.tag, train_bytes)) {
        drops.count(DropReason::frame_too_long);
        return true;
    }
    std::uint16_t datagrams = relay_out.datagrams();
    auto inner = engine.begin_relayed_train(peer, datagrams);
    if (!inner) return false;
    if (!relay_out.fill(train, *settings.pools)) {
        drops.count(DropReason::tap_no_buffer);
        return true;
    }
    if (!seal(inner->session, relay_out.frame(inner->header))) return true;
    auto hop = begin_hop(way.relay, datagrams);
    if (!hop) return true;
    ++counters.trains_sent;
    ++counters.trains_relayed;
    counters.datagrams_sent += datagrams * hop->destinations.size();
    if (!seal(hop->session, relay_out.wrap(hop->header, {RelayKind::forward, way.target})))
        return true;
    for (rte_mbuf* mbuf : relay_out.release()) send_to_all(*hop, MbufPtr(mbuf), relay_out.stride());
    return true;
}

std::optional<core::TrainTicket> Worker::Impl::begin_hop(PeerId next, std::uint16_t datagrams) {
    auto hop = engine.begin_hop(now, next, datagrams);
    if (!hop) drops.count(DropReason::relay_no_route, datagrams);
    return hop;
}

// A handshake message or a card to a peer that only a relay reaches.
bool Worker::Impl::send_command_relayed(const SendCommand& command) {
    auto peers = engine.peers();
    auto peer = std::find_if(peers.begin(), peers.end(), [&command](const core::PlanPeer& p) {
        return core::relayed_endpoint(p.ipv6) == command.remote;
    });
    auto way = peer == peers.end() ? std::nullopt : engine.relay_to(peer->id);
    auto hop = way ? engine.begin_hop(now, way->relay, 1) : std::nullopt;
    MbufPtr mbuf(hop ? settings.pools->small() : nullptr);
    if (mbuf == nullptr) {
        drops.count(hop ? DropReason::tx_refused : DropReason::relay_no_route);
        return false;
    }
    std::size_t inner_tag = command.seal.value != 0 ? layout.tag : 0;
    std::size_t inner_size = command.size + inner_tag;
    MutableBytes whole = room_of(mbuf.get()).first(kRelayHead + inner_size + layout.tag);
    MutableBytes inner = whole.subspan(kRelayHead, inner_size);
    std::copy_n(command.bytes.begin(), command.size, inner.begin());
    ByteWriter head(whole.first(kRelayHead));
    encode(hop->header, head);
    encode(RelayPrefix{RelayKind::forward, way->target}, head);
    set_length(mbuf.get(), whole.size());
    if (inner_tag != 0 && !seal(command.seal, {&inner, 1})) return false;
    if (!seal(hop->session, {&whole, 1})) return false;
    send_to_all(*hop, std::move(mbuf), static_cast<std::uint16_t>(whole.size()));
    return true;
}

void Worker::Impl::send_reach() {
    while (std::optional<core::ReachTransmit> reach = engine.poll_reach()) {
        Bytes bytes = Bytes(reach->datagram).first(reach->size);
        Outgoing outgoing = small_datagram(bytes, layout.tag, reach->remote);
        if (send_sealed(reach->local, reach->session, outgoing)) ++counters.datagrams_sent;
    }
}

// Somebody's, for somebody else.
void Worker::Impl::forward(const core::Verdict& verdict) {
    spin.handle_traffic(now);
    if (!relay_run.is_empty() && !relay_run.takes(verdict, layout.tag)) flush_relay_run();
    if (relay_run.is_empty() && !relay_run.begin(verdict, layout.tag, *settings.pools)) {
        drops.count(DropReason::tx_refused);
        return;
    }
    relay_run.add(verdict, layout.tag);
}

void Worker::Impl::flush_relay_run() {
    if (relay_run.is_empty()) return;
    auto hop = begin_hop(relay_run.target(), relay_run.count());
    if (!hop || !seal(hop->session, relay_run.frame(hop->header))) return relay_run.clear();
    counters.datagrams_forwarded += relay_run.count();
    counters.datagrams_sent += relay_run.count() * hop->destinations.size();
    std::uint16_t segment = relay_run.segment();
    send_to_all(*hop, relay_run.release(), segment);
}

// For us, from a node that a relay stands between: what is sealed is opened with others of its
// kind.
void Worker::Impl::handle_relayed(const core::Verdict& verdict) {
    ++counters.datagrams_relayed_in;
    DropReason why{};
    auto header = decode_header(verdict.body, why);
    bool is_ours =
        !header || header->type != MessageType::data || settings.role.owns(header->space);
    if (!is_ours) return hand_over(verdict);
    bool is_sealed = layout.tag != 0 && header && header->type >= MessageType::heartbeat;
    if (!is_sealed) return handle_inner(verdict.peer, verdict.body);
    bool joins = inner_count < inner_run.size() && verdict.peer == inner_origin &&
                 header->receiver == inner_session;
    if (inner_count > 0 && !joins) open_inner_run();
    inner_origin = verdict.peer;
    inner_session = header->receiver;
    inner_run[inner_count++] =
        MutableBytes(const_cast<std::uint8_t*>(verdict.body.data()), verdict.body.size());
}

// Another worker's: it opens it and looks at its window.
void Worker::Impl::hand_over(const core::Verdict& verdict) {
    const core::PlanPeer* peer = engine.find_peer(verdict.peer);
    if (peer == nullptr) return;
    Outgoing outgoing = small_datagram(verdict.body, 0, core::relayed_endpoint(peer->ipv6));
    (void)send_plain(core::kRelayedEndpoint, outgoing);
}

void Worker::Impl::open_inner_run() {
    auto sealed = std::span(inner_run).first(std::exchange(inner_count, 0));
    if (sealed.empty()) return;
    const CryptoKey* key = keys.opening(inner_session);
    if (key == nullptr) return drops.count(DropReason::rx_no_session, sealed.size());
    std::array<bool, kOpenMax> good;
    std::size_t opened = crypto->open(*key, sealed, std::span(good).first(sealed.size()));
    for (std::size_t i = 0; i < sealed.size(); ++i)
        if (good[i]) handle_inner(inner_origin, sealed[i].first(sealed[i].size() - kTagSize));
    drops.count(DropReason::rx_bad_seal, sealed.size() - opened);
}

void Worker::Impl::handle_inner(PeerId origin, Bytes datagram) {
    core::Verdict verdict = engine.handle_relayed(now, origin, datagram);
    const core::PlanPeer* peer = engine.find_peer(origin);
    if (verdict.kind == core::Verdict::Kind::data) return handle_data(verdict);
    if (verdict.kind != core::Verdict::Kind::control || peer == nullptr) return;
    pass_to_control(verdict, {core::kRelayedEndpoint, core::relayed_endpoint(peer->ipv6)},
                    datagram);
}

}  // namespace netft::dataplane
