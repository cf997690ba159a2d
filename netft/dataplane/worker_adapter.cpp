// From the adapter to the ports.
#include <algorithm>
#include <cerrno>

#include "netft/dataplane/worker_impl.hpp"

namespace netft::dataplane {

namespace {

// Somebody deleted the interface, now (EFAULT) or before (EBADFD).
bool is_gone(std::ptrdiff_t result) { return result == -EBADFD || result == -EFAULT; }

bool contains(const std::vector<IpAddress>& list, const IpAddress& address) {
    return std::find(list.begin(), list.end(), address) != list.end();
}

bool has_address(const core::PlanPeer& peer, const IpAddress& address) {
    return peer.ipv4 == address || peer.ipv6.with_scope(0) == address ||
           contains(peer.others->extra, address) || contains(peer.others->claimed, address);
}

template <typename Visitor>
void for_each_address(const core::PlanPeer& peer, Visitor&& visit) {
    visit(peer.ipv4);
    visit(peer.ipv6);
    for (const IpAddress& address : peer.others->extra) visit(address);
    for (const IpAddress& address : peer.others->claimed) visit(address);
}

}  // namespace

void Worker::Impl::read_adapter() {
    std::uint64_t start = counters.bytes_from_adapter;
    for (unsigned i = 0; i < kFramesMax && !adapter_gone && !transmitter.is_blocked(); ++i) {
        if (counters.bytes_from_adapter - start >= kFrameBytesMax || !read_frame()) break;
    }
    send_run();
}

bool Worker::Impl::read_frame() {
    if (snapshot == nullptr) return false;
    if (!frame_out.prepare(layout, *settings.pools)) {
        drops.count(DropReason::tap_no_buffer);
        return false;
    }
    std::ptrdiff_t bytes = adapter.read(frame_out.room());
    if (is_gone(bytes)) {
        // Its descriptor is of no more use, and would be readable for ever.
        poller.drop_adapter();
        adapter_gone = true;
    }
    if (bytes <= 0) return false;
    spin.handle_traffic(now);
    frame_out.handle_read(static_cast<std::size_t>(bytes));
    handle_frame(static_cast<std::size_t>(bytes));
    return true;
}

void Worker::Impl::handle_frame(std::size_t train_bytes) {
    ++counters.frames_from_adapter;
    counters.bytes_from_adapter += train_bytes - std::min(train_bytes, kVirtioHeaderSize);
    if (train_bytes < kVirtioHeaderSize + tap::kEthernetHeaderSize) {
        drops.count(DropReason::frame_too_short);
        return;
    }
    if (train_bytes > layout.train_bytes_max) {
        drops.count(DropReason::frame_too_long);
        return;
    }
    Bytes frame = frame_out.head(train_bytes).subspan(kVirtioHeaderSize);
    std::uint64_t destination = tap::destination_word(frame);
    if (join_run(frame, destination, train_bytes)) return;
    send_run();
    switch (tap::kind_of(frame)) {
        case tap::FrameKind::packet: break;
        case tap::FrameKind::neighbour_discovery: return handle_neighbour_discovery(frame);
        case tap::FrameKind::other: return drops.count(DropReason::frame_bad_ethertype);
    }
    if (tap::is_multicast(destination))
        replicate(train_bytes);
    else
        handle_unicast(frame, tap::mac_pair(frame)->destination, train_bytes);
}

// The usual way of a short frame: behind others to the same peer, no further question asked.
bool Worker::Impl::join_run(Bytes frame, std::uint64_t destination, std::size_t train_bytes) {
    if (!run_out.takes(destination) || run_out.is_full()) return false;
    if (tap::kind_of(frame) != tap::FrameKind::packet) return false;
    rte_mbuf* mbuf = frame_out.take_small(train_bytes);
    if (mbuf == nullptr) return false;
    run_out.add(mbuf);
    return true;
}

// True: the frame waits for others to the same peer.
bool Worker::Impl::begin_run(PeerId peer, const MacAddress& mac, std::size_t train_bytes) {
    if (engine.bursts_to(now, peer) != core::Bursts::together) return false;
    if (engine.datagram_bytes_max(peer) < layout.stride) return false;  // each must be looked at
    rte_mbuf* mbuf = frame_out.take_small(train_bytes);
    if (mbuf == nullptr) return false;
    run_out.begin(peer, tap::word_of(mac), mbuf);
    return true;
}

void Worker::Impl::send_run() {
    if (run_out.is_empty()) return;
    std::optional<core::TrainTicket> ticket =
        engine.begin_train(now, run_out.peer(), run_out.count(), {});
    if (!ticket) return send_run_singly();
    counters.trains_sent += run_out.count();
    counters.datagrams_sent += run_out.count() * ticket->destinations.size();
    bool sealed = seal(ticket->session, run_out.frame(ticket->header));
    for (rte_mbuf* mbuf : run_out.take()) {
        if (sealed)
            send_to_all(*ticket, MbufPtr(mbuf), layout.stride);
        else
            rte_pktmbuf_free(mbuf);
    }
}

// What bursts_to() said when the run began, the first worker may have taken back since: each frame
// goes as one that never waited.
void Worker::Impl::send_run_singly() {
    PeerId peer = run_out.peer();
    for (rte_mbuf* mbuf : run_out.take()) {
        MbufPtr waiting(mbuf);
        Bytes whole = room_of(mbuf).first(mbuf->data_len - layout.tag);
        Bytes train = whole.subspan(kSlotHead);
        Bytes frame = train.subspan(kVirtioHeaderSize);
        if (!replica.prepare(layout, *settings.pools)) {
            drops.count(DropReason::tap_no_buffer);
            continue;
        }
        replica.copy_from(train);
        if (!send_train(replica, peer, train.size()))
            handle_unreachable(frame, tap::mac_pair(frame)->destination);
    }
}

// Questions for a node's address are answered here, all else of ARP and ND ends here.
void Worker::Impl::handle_neighbour_discovery(Bytes frame) {
    std::optional<IpAddress> wanted = tap::solicited_address(frame);
    if (!wanted) return drops.count(DropReason::frame_neighbour_discovery);
    for (const core::PlanPeer& peer : engine.peers()) {
        if (!has_address(peer, wanted->with_scope(0))) continue;
        const MacAddress& mac = peer.mac.is_zero() ? peer.alias : peer.mac;
        write_answer(tap::answer_solicitation(frame, mac, answer));
        return;
    }
    drops.count(DropReason::frame_unknown_peer);
}

// A peer that comes back with another NIC has another MAC, and a floating address goes to another
// peer: our kernel would send to the old one until its entry is probed, half a minute and more.
void Worker::Impl::announce_macs(const core::Plan& next) {
    if (!settings.role.is_first()) return;
    for (const core::PlanPeer& peer : next.peers) {
        if (peer.mac.is_zero()) continue;
        const core::PlanPeer* known = engine.find_peer(peer.id);
        const bool is_same = known != nullptr && known->mac == peer.mac;
        for_each_address(peer, [&](const IpAddress& address) {
            if (is_same && has_address(*known, address)) return;
            const IpAddress& own = address.is_v4() ? next.adapter.ipv4 : next.adapter.ipv6;
            write_answer(tap::announce({peer.mac, address}, {next.adapter.mac, own}, answer));
        });
    }
}

void Worker::Impl::handle_unicast(Bytes frame, const MacAddress& destination,
                                  std::size_t train_bytes) {
    std::optional<PeerId> peer = engine.peer_of(destination);
    if (!peer) {
        drops.count(DropReason::frame_unknown_peer);
        return;
    }
    // Learned before the peer's card came: the far end knows only its own address.
    const core::PlanPeer* known = engine.find_peer(*peer);
    if (destination != known->mac && !known->mac.is_zero()) frame_out.set_destination(known->mac);
    TrainBuffer* train = fitted(*peer, train_bytes);
    if (train == &frame_out && begin_run(*peer, known->mac, train_bytes)) return;
    if (train == nullptr)
        drops.count(DropReason::tap_no_buffer);
    else if (!send_train(*train, *peer, train_bytes))
        handle_unreachable(frame, destination);
}

void Worker::Impl::handle_unreachable(Bytes frame, const MacAddress& peer_mac) {
    drops.count(DropReason::frame_peer_unreachable);
    if (!unreachable_limit.take(now)) return;
    write_answer(tap::answer_unreachable(frame, peer_mac, answer));
}

TrainLayout Worker::Impl::layout_to(PeerId peer) const {
    std::uint16_t most = engine.datagram_bytes_max(peer);
    if (most >= layout.stride) return layout;
    return TrainLayout::of(most, static_cast<std::uint16_t>(layout.tag));
}

// The frame just read, cut anew where the paths to the peer take less than the plan says: rare, and
// worth a copy. nullptr: no mbufs.
TrainBuffer* Worker::Impl::fitted(PeerId peer, std::size_t train_bytes) {
    std::uint16_t most = engine.datagram_bytes_max(peer);
    if (most >= layout.stride || train_bytes + kSlotHead + layout.tag <= most) return &frame_out;
    if (!replica.prepare(layout_to(peer), *settings.pools)) return nullptr;
    if (train_bytes > replica.layout().train_bytes_max) return &frame_out;
    frame_out.copy_to(replica, train_bytes);
    return &replica;
}

// A copy for each peer. Multicast is rare and small: nothing is saved by sparing the last copy.
void Worker::Impl::replicate(std::size_t train_bytes) {
    for (const core::PlanPeer& peer : engine.peers()) {
        if (!engine.is_reachable(peer.id)) continue;
        if (frame_out.fits_small(train_bytes)) {
            (void)send_train(frame_out, peer.id, train_bytes);
        } else if (replica.prepare(layout_to(peer.id), *settings.pools)) {
            frame_out.copy_to(replica, train_bytes);
            (void)send_train(replica, peer.id, train_bytes);
        } else {
            drops.count(DropReason::tap_no_buffer);
        }
    }
}

// Seals with the key of a session; in security mode none there is nothing to do.
bool Worker::Impl::seal(SessionIndex session, std::span<const MutableBytes> datagrams) {
    if (layout.tag == 0) return true;
    const CryptoKey* key = keys.sealing(session);
    if (key != nullptr && crypto->seal(*key, datagrams)) return true;
    drops.count(DropReason::tx_not_sealed, datagrams.size());
    return false;
}

// False: no route up or no session; nothing was sent or counted.
bool Worker::Impl::send_train(TrainBuffer& train, PeerId peer, std::size_t train_bytes) {
    auto datagrams = static_cast<std::uint16_t>(train.datagrams(train_bytes));
    core::FrameView frame{train.head(train_bytes).subspan(kVirtioHeaderSize),
                          train_bytes - kVirtioHeaderSize};
    std::optional<core::TrainTicket> ticket = engine.begin_train(now, peer, datagrams, frame);
    if (!ticket) {
        auto way = engine.relay_to(peer);
        return way && send_relayed(train, peer, *way, train_bytes);
    }
    ++counters.trains_sent;
    counters.datagrams_sent += datagrams * ticket->destinations.size();
    if (train.fits_small(train_bytes)) {
        MbufPtr small(train.copy_small(ticket->header, train_bytes, *settings.pools));
        if (small == nullptr) {
            drops.count(DropReason::tx_refused);
            return true;
        }
        MutableBytes whole = room_of(small.get()).first(small->data_len);
        if (seal(ticket->session, {&whole, 1}))
            send_to_all(*ticket, std::move(small), train.layout().stride);
        return true;
    }
    if (!seal(ticket->session, train.frame(ticket->header, train_bytes))) return true;
    for (rte_mbuf* mbuf : train.release(train_bytes))
        send_to_all(*ticket, MbufPtr(mbuf), train.layout().stride);
    return true;
}

// Each port owns one reference to the same sealed bytes.
void Worker::Impl::send_to_all(const core::TrainTicket& ticket, MbufPtr sealed,
                               std::uint16_t stride) {
    rte_mbuf* mbuf = sealed.release();
    if (ticket.destinations.size() > 1)
        rte_mbuf_refcnt_update(mbuf, static_cast<std::int16_t>(ticket.destinations.size() - 1));
    // A single datagram's own length, so that a port can join such of one length.
    std::uint16_t segment = std::min(stride, mbuf->data_len);
    for (const core::Destination& to : ticket.destinations)
        transmitter.add(to.local,
                        {.mbuf = mbuf,
                         .remote = to.remote,
                         .segment = segment,
                         .source = to.source,
                         .is_single = to.is_single},
                        drops);
}

// One datagram with room for its tag, in an mbuf that may be null: no mbuf was free.
bool Worker::Impl::send_sealed(EndpointId local, SessionIndex session, const Outgoing& outgoing) {
    if (outgoing.mbuf == nullptr) {
        drops.count(DropReason::tx_refused);
        return false;
    }
    MutableBytes whole = room_of(outgoing.mbuf).first(outgoing.mbuf->data_len);
    if (!seal(session, {&whole, 1})) {
        rte_pktmbuf_free(outgoing.mbuf);
        return false;
    }
    return transmitter.add(local, outgoing, drops);
}

void Worker::Impl::write_answer(Bytes bytes) {
    if (bytes.empty()) return;
    iovec whole{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    if (write_adapter({&whole, 1})) ++counters.answers_to_adapter;
}

bool Worker::Impl::write_adapter(std::span<const iovec> frame) {
    if (adapter.write(frame) >= 0) return true;
    drops.count(DropReason::tap_write_failed);
    return false;
}

}  // namespace netft::dataplane
