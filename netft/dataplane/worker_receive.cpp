// From the ports to the adapter.
#include <algorithm>
#include <utility>

#include "netft/dataplane/worker_impl.hpp"

namespace netft::dataplane {
namespace {

// What tap::check_virtio wants to see in one piece.
constexpr std::size_t kHeadBytes = 256;

}  // namespace

void Worker::Impl::receive_from_ports() {
    bool traffic = false;
    for (std::size_t i = 0; i < transmitter.size(); ++i) {
        bool polled = transmitter.port(i).must_be_polled();
        std::uint32_t ready_fds = poller.ready(i) | (polled ? Port::kPolled : 0);
        if (ready_fds == 0) continue;
        bool received = receive_from(i, ready_fds);
        traffic |= polled && received;
    }
    poll_interval = traffic ? kPollIntervalMin : std::min(kPollIntervalMax, poll_interval * 2);
}

bool Worker::Impl::receive_from(std::size_t port, std::uint32_t ready_fds) {
    std::array<Received, Port::kBurstMax> room;
    std::size_t count = transmitter.port(port).receive(room, ready_fds, drops);
    transmitter.look(port);
    std::span<Received> burst = std::span(room).first(count);
    core::Path path;
    for (const Received& received : burst) {
        // Looked up once for all that one sender sends.
        bool is_same = path.route != core::Path::kNoRoute && path.remote == received.remote;
        if (!is_same) {
            open_gathered(path);
            path = engine.path_of(transmitter.endpoint(port), received.remote);
        }
        handle_received(path, received);
    }
    open_gathered(path);
    flush_relay_run();
    spill_run();  // the rest of it may come with the next burst
    deliver_joined();
    std::array<rte_mbuf*, Port::kBurstMax> done;
    for (std::size_t i = 0; i < count; ++i) done[i] = burst[i].mbuf;
    rte_pktmbuf_free_bulk(done.data(), static_cast<unsigned>(count));
    return count > 0;
}

void Worker::Impl::handle_received(const core::Path& path, const Received& received) {
    MutableBytes rest = room_of(received.mbuf).first(received.mbuf->data_len);
    while (!rest.empty()) {
        MutableBytes datagram = rest.first(std::min<std::size_t>(received.segment, rest.size()));
        rest = rest.subspan(datagram.size());
        if (layout.tag != 0)
            gather(datagram, path);
        else
            handle_datagram(datagram, path);
    }
}

void Worker::Impl::handle_datagram(Bytes datagram, const core::Path& path) {
    ++counters.datagrams_received;
    core::Verdict verdict = engine.handle_datagram(now, path, datagram);
    switch (verdict.kind) {
        case core::Verdict::Kind::data: handle_data(verdict); break;
        case core::Verdict::Kind::control: pass_to_control(verdict, path, datagram); break;
        case core::Verdict::Kind::forward: forward(verdict); break;
        case core::Verdict::Kind::relayed: handle_relayed(verdict); break;
        case core::Verdict::Kind::consumed:
        case core::Verdict::Kind::dropped: break;  // the engine has counted it
    }
}

// What one session's key opens waits, from buffer to buffer, until it can be opened in one call;
// what is not sealed is handled at once, behind it.
void Worker::Impl::gather(MutableBytes datagram, const core::Path& path) {
    DropReason why{};
    std::optional<Header> header = decode_header(datagram, why);
    bool is_sealed = header && header->type >= MessageType::heartbeat;
    bool joins = is_sealed && header->receiver == sealed_session && sealed_count < kOpenMax;
    if (!joins) open_gathered(path);
    if (!is_sealed) {
        handle_datagram(datagram, path);
        return;
    }
    sealed_session = header->receiver;
    sealed[sealed_count++] = datagram;
}

void Worker::Impl::open_gathered(const core::Path& path) {
    if (sealed_count == 0) return;
    open_all(sealed_session, std::span(sealed).first(std::exchange(sealed_count, 0)), path);
}

void Worker::Impl::open_all(SessionIndex session, std::span<const MutableBytes> datagrams,
                            const core::Path& path) {
    const CryptoKey* key = keys.opening(session);
    if (key == nullptr) {
        counters.datagrams_received += datagrams.size();
        drops.count(DropReason::rx_no_session, datagrams.size());
        return;
    }
    std::array<bool, kOpenMax> good;
    std::size_t opened = crypto->open(*key, datagrams, std::span(good).first(datagrams.size()));
    for (std::size_t i = 0; i < datagrams.size(); ++i)
        if (good[i]) handle_datagram(datagrams[i].first(datagrams[i].size() - kTagSize), path);
    open_inner_run();
    counters.datagrams_received += datagrams.size() - opened;
    drops.count(DropReason::rx_bad_seal, datagrams.size() - opened);
}

void Worker::Impl::handle_data(const core::Verdict& data) {
    spin.handle_traffic(now);
    if (!run.add(data)) {
        spill_run();
        if (!run.add(data)) {
            assemble({.peer = data.peer,
                      .session = data.session,
                      .space = data.space,
                      .train_id = data.train_id,
                      .train = data.train,
                      .body = data.body});
            return;
        }
    }
    if (run.is_complete()) deliver_run();
}

void Worker::Impl::deliver_run() {
    // Pieces too small to see the headers in the first, or too many bytes: the assembler's case.
    bool head_is_whole = run.pieces()[0].iov_len >= std::min(run.bytes(), kHeadBytes);
    if (!head_is_whole || run.bytes() > kTrainBytesMax) {
        spill_run();
        return;
    }
    deliver(run.peer(), run.pieces(), run.bytes(), true);
    run.clear();
}

void Worker::Impl::spill_run() {
    auto count = static_cast<std::uint16_t>(run.pieces().size());
    for (std::uint16_t i = 0; i < count; ++i) assemble(run.piece(i));
    run.clear();
}

void Worker::Impl::assemble(const core::TrainAssembler::Piece& piece) {
    Bytes train = assembler.handle_piece(now, piece, drops);
    if (train.empty()) return;
    iovec whole{const_cast<std::uint8_t*>(train.data()), train.size()};
    deliver(piece.peer, {&whole, 1}, train.size(), false);
}

// `may_wait`: it stays where it is until the burst is over.
void Worker::Impl::deliver(PeerId peer, std::span<const iovec> train, std::size_t bytes,
                           bool may_wait) {
    Bytes head(static_cast<const std::uint8_t*>(train[0].iov_base), train[0].iov_len);
    if (std::optional<DropReason> reason = tap::check_virtio(head, bytes)) {
        drops.count(*reason);
        return;
    }
    // check_virtio() has seen an Ethernet header.
    Bytes frame = head.subspan(kVirtioHeaderSize);
    std::uint64_t destination = tap::destination_word(frame);
    const core::PlanPeer* sender = engine.find_peer(peer);
    if (sender == nullptr || tap::source_word(frame) != tap::word_of(sender->mac)) {
        drops.count(DropReason::frame_bad_source);
    } else if (destination != tap::word_of(snapshot->plan.adapter.mac) &&
               !tap::is_multicast(destination)) {
        drops.count(DropReason::frame_bad_destination);
    } else if (!is_welcome(*sender, frame)) {
        return;
    } else if (!may_wait || !wait_for_more(train)) {
        deliver_joined();
        if (!write_adapter(train)) return;
        ++counters.frames_to_adapter;
        counters.bytes_to_adapter += bytes - kVirtioHeaderSize;
    }
}

// Whether a peer's packet is of a kind and from an address that its key gives it a right to.
bool Worker::Impl::is_welcome(const core::PlanPeer& sender, Bytes frame) {
    if (std::optional<DropReason> reason = tap::refuse_packet(frame)) {
        drops.count(*reason);
        return false;
    }
    if (tap::is_source(frame, sender.ipv4, sender.ipv6)) return true;
    IpAddress source = tap::source_of(frame);
    bool is_own = source == (source.is_v4() ? sender.ipv4 : sender.ipv6) ||
                  source.is_unspecified() ||  // where refuse_packet() lets it
                  std::find(sender.others->extra.begin(), sender.others->extra.end(), source) !=
                      sender.others->extra.end() ||
                  snapshot->plan.inner->is_allowed(source, sender.others->allowed);
    if (is_own) return true;
    drops.count(DropReason::frame_bad_source_address);
    if (refused_limit.take(now) && link->events.push(core::SourceRefused{sender.id, source}))
        told_control = true;
    return false;
}

// True: it goes with others of its flow, those before it or those that come.
bool Worker::Impl::wait_for_more(std::span<const iovec> train) {
    if (train.size() != 1 || !joins_datagrams) return false;
    Bytes whole(static_cast<const std::uint8_t*>(train[0].iov_base), train[0].iov_len);
    if (joined.add(whole)) return true;
    deliver_joined();
    return joined.add(whole);
}

void Worker::Impl::deliver_joined() {
    if (joined.count() == 0) return;
    if (write_adapter(joined.frame())) {
        counters.frames_to_adapter += joined.count();
        counters.bytes_to_adapter += joined.bytes();
    } else if (joined.count() > 1) {
        drops.count(DropReason::tap_write_failed, joined.count() - 1);  // one is counted
    }
    joined.clear();
}

// What anybody can send: each type within its rate, from strangers only while half of the ring is
// free, from the peers' addresses (which anybody can name) while a quarter is; so a flood leaves
// control its time and the peers' own messages their place.
bool Worker::Impl::is_above_limit(MessageType type, const core::Path& path) {
    if (type >= MessageType::heartbeat) return false;
    bool is_stranger = path.route == core::Path::kNoRoute;
    std::size_t kept_free = ControlLink::kDatagramsMax / (is_stranger ? 2 : 4);
    if (link->datagrams.write_available() < kept_free) return true;
    return !handshake_limits[static_cast<std::size_t>(type) - 1].take(now);
}

void Worker::Impl::pass_to_control(const core::Verdict& verdict, const core::Path& path,
                                   Bytes datagram) {
    if (datagram.size() > ControlDatagram::kBytesMax) {
        drops.count(DropReason::rx_malformed);
        return;
    }
    auto type = static_cast<MessageType>(datagram[0] & 0x0f);
    if (is_above_limit(type, path)) {
        drops.count(DropReason::rx_rate_limited);
        return;
    }
    datagram_out.at = now;
    datagram_out.local = path.local;
    datagram_out.remote = engine.far_end(path);
    datagram_out.peer = type == MessageType::control ? std::optional(verdict.peer) : std::nullopt;
    datagram_out.size = static_cast<std::uint16_t>(datagram.size());
    std::copy(datagram.begin(), datagram.end(), datagram_out.bytes.begin());
    if (link->datagrams.push(datagram_out)) {
        ++counters.control_to;
        told_control = true;
    } else {
        drops.count(DropReason::control_queue_full);
    }
}

}  // namespace netft::dataplane
