// From the ports to the adapter.
#include <algorithm>

#include "netft/dataplane/worker_impl.hpp"

namespace netft::dataplane {
namespace {

// What tap::check_virtio wants to see in one piece.
constexpr std::size_t kHeadBytes = 256;

}  // namespace

void Worker::Impl::receive_from_ports() {
    bool traffic = false;
    for (std::size_t i = 0; i < transmitter.size(); ++i) {
        bool polled = transmitter.port(i).wake_fds().empty();
        std::uint32_t ready_fds = polled ? Port::kAllReady : poller.ready(i);
        if (ready_fds == 0) continue;
        bool received = receive_from(i, ready_fds);
        traffic |= polled && received;
    }
    poll_interval = traffic ? kPollIntervalMin : std::min(kPollIntervalMax, poll_interval * 2);
}

bool Worker::Impl::receive_from(std::size_t port, std::uint32_t ready_fds) {
    std::array<Received, Port::kBurstMax> room;
    std::size_t count = transmitter.port(port).receive(room, ready_fds, drops);
    std::span<Received> burst = std::span(room).first(count);
    for (const Received& received : burst) handle_received(transmitter.endpoint(port), received);
    spill_run();  // the rest of it may come with the next burst
    for (const Received& received : burst) rte_pktmbuf_free(received.mbuf);
    return count > 0;
}

void Worker::Impl::handle_received(EndpointId local, const Received& received) {
    core::Path path = engine.path_of(local, received.remote);
    for (Bytes rest = bytes_of(received.mbuf); !rest.empty();) {
        Bytes datagram = rest.first(std::min<std::size_t>(received.segment, rest.size()));
        rest = rest.subspan(datagram.size());
        ++counters.datagrams_received;
        core::Verdict verdict = engine.handle_datagram(now, path, datagram);
        switch (verdict.kind) {
            case core::Verdict::Kind::data: handle_data(verdict); break;
            case core::Verdict::Kind::control: pass_to_control(verdict, path, datagram); break;
            case core::Verdict::Kind::consumed:
            case core::Verdict::Kind::dropped: break;  // the engine has counted it
        }
    }
}

void Worker::Impl::handle_data(const core::Verdict& data) {
    last_traffic = now;
    if (!run.add(data)) {
        spill_run();
        if (!run.add(data)) {
            assemble({.peer = data.peer,
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
    deliver(run.peer(), run.pieces(), run.bytes());
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
    deliver(piece.peer, {&whole, 1}, train.size());
}

void Worker::Impl::deliver(PeerId peer, std::span<const iovec> train, std::size_t bytes) {
    Bytes head(static_cast<const std::uint8_t*>(train[0].iov_base), train[0].iov_len);
    if (std::optional<DropReason> reason = tap::check_virtio(head, bytes)) {
        drops.count(*reason);
        return;
    }
    std::optional<tap::MacPair> macs = tap::mac_pair(head.subspan(kVirtioHeaderSize));
    const core::PlanPeer* sender = engine.find_peer(peer);
    if (!macs) {
        drops.count(DropReason::frame_too_short);
    } else if (sender == nullptr || macs->source != sender->mac) {
        drops.count(DropReason::frame_bad_source);
    } else if (macs->destination != snapshot->plan.adapter.mac &&
               !macs->destination.is_multicast()) {
        drops.count(DropReason::frame_bad_destination);
    } else if (write_adapter(train)) {
        ++counters.frames_to_adapter;
        counters.bytes_to_adapter += bytes - kVirtioHeaderSize;
    }
}

void Worker::Impl::pass_to_control(const core::Verdict& verdict, const core::Path& path,
                                   Bytes datagram) {
    if (datagram.size() > ControlDatagram::kBytesMax) {
        drops.count(DropReason::rx_malformed);
        return;
    }
    datagram_out.at = now;
    datagram_out.local = path.local;
    datagram_out.remote = path.remote;
    auto type = static_cast<MessageType>(datagram[0] & 0x0f);
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
