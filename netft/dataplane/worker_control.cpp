// Between the worker and control, and the heartbeats.
#include <algorithm>
#include <utility>

#include "netft/dataplane/worker_impl.hpp"

namespace netft::dataplane {

void Worker::Impl::handle_snapshot() {
    const Snapshot* next = snapshots.poll();
    if (next == nullptr) return;
    snapshot = next;
    announce_macs(next->plan);
    engine.handle_plan(now, next->plan);
    layout = TrainLayout::of(next->plan.datagram_bytes_max, next->plan.tag_bytes());
    keys.follow(next->plan);
    if (!transmitter.has_ports(next->ports)) take_ports(next->ports);
    // The quiescent state: plan, ports and descriptors of the older ones are all let go.
    snapshots.release_older();
}

void Worker::Impl::take_ports(std::span<const PortBinding> ports) {
    transmitter.set_ports(ports, drops);
    poller.watch(transmitter.ports());
    polls_ports = false;
    for (Port* port : transmitter.ports()) polls_ports |= port->must_be_polled();
}

void Worker::Impl::handle_commands() {
    engine.set_tracing(link->tracing.load(std::memory_order_relaxed));
    link->commands.consume_all([this](const SendCommand& command) {
        if (command.local == core::kRelayedEndpoint) {
            if (send_command_relayed(command)) ++counters.datagrams_sent;
            return;
        }
        bool is_sealed = command.seal.value != 0;
        Bytes bytes = Bytes(command.bytes).first(command.size);
        Outgoing outgoing = small_datagram(bytes, is_sealed ? kTagSize : 0, command.remote);
        outgoing.source = engine.sound_source(engine.path_of(command.local, command.remote));
        bool sent = is_sealed ? send_sealed(command.local, command.seal, outgoing)
                              : send_plain(command.local, outgoing);
        if (sent) ++counters.datagrams_sent;
    });
}

// In a small mbuf if it fits, with room for the tag; its mbuf is null when none was free.
Outgoing Worker::Impl::small_datagram(Bytes bytes, std::size_t tag, const Endpoint& remote) {
    std::size_t size = bytes.size() + tag;
    rte_mbuf* mbuf = size <= Pools::kSmallRoom ? settings.pools->small() : settings.pools->big();
    if (mbuf != nullptr) {
        std::copy(bytes.begin(), bytes.end(), room_of(mbuf).begin());
        set_length(mbuf, size);
    }
    return {.mbuf = mbuf,
            .remote = remote,
            .segment = static_cast<std::uint16_t>(size),
            .is_heartbeat = true};
}

// A probe's zeros.
void Worker::Impl::pad(rte_mbuf* mbuf, std::size_t at, std::size_t count) {
    if (mbuf == nullptr || count == 0) return;
    MutableBytes zeros = room_of(mbuf).subspan(at, count);
    std::fill(zeros.begin(), zeros.end(), std::uint8_t{0});
}

bool Worker::Impl::send_plain(EndpointId local, const Outgoing& outgoing) {
    if (outgoing.mbuf != nullptr) return transmitter.add(local, outgoing, drops);
    drops.count(DropReason::tx_refused);
    return false;
}

// Out before the adapter is read, so that they never wait behind data. What one session's key seals
// (the heartbeats to one peer come together) is sealed in one call.
void Worker::Impl::send_heartbeats() {
    std::size_t count = 0;
    bool any = false;
    while (std::optional<core::Transmit> heartbeat = engine.poll_transmit(now)) {
        Outgoing outgoing =
            small_datagram(heartbeat->datagram, heartbeat->padding + layout.tag, heartbeat->remote);
        outgoing.source = heartbeat->source;
        pad(outgoing.mbuf, heartbeat->datagram.size(), heartbeat->padding);
        if (outgoing.mbuf == nullptr) {
            drops.count(DropReason::tx_refused);
            continue;
        }
        bool is_full = count == heartbeat_run.size();
        if (is_full || (count > 0 && heartbeat_session != heartbeat->session))
            send_heartbeat_run(std::exchange(count, 0));
        heartbeat_session = heartbeat->session;
        heartbeat_run[count++] = {heartbeat->local, outgoing};
        any = true;
    }
    send_heartbeat_run(count);
    send_reach();
    if (any) transmitter.flush(drops);
}

void Worker::Impl::send_heartbeat_run(std::size_t count) {
    if (count == 0) return;
    std::array<MutableBytes, kHeartbeatRunMax> datagrams;
    for (std::size_t i = 0; i < count; ++i) {
        rte_mbuf* mbuf = heartbeat_run[i].outgoing.mbuf;
        datagrams[i] = room_of(mbuf).first(mbuf->data_len);
    }
    bool sealed = seal(heartbeat_session, std::span(datagrams).first(count));
    for (const WaitingHeartbeat& waiting : std::span(heartbeat_run).first(count)) {
        if (!sealed) {
            rte_pktmbuf_free(waiting.outgoing.mbuf);
        } else if (transmitter.add(waiting.local, waiting.outgoing, drops)) {
            ++counters.heartbeats_sent;
            ++counters.datagrams_sent;
        }
    }
}

void Worker::Impl::report_to_control() {
    // An event is worth keeping: it stays with the engine while the ring is full.
    while (link->events.write_available() > 0) {
        std::optional<core::Event> event = engine.poll_event();
        if (!event) break;
        link->events.push(*event);
        told_control = true;
    }
    while (std::optional<core::HeartbeatRecord> record = engine.poll_trace()) {
        if (link->trace.push(*record))
            told_control = true;
        else
            drops.count(DropReason::control_queue_full);
    }
    fill_report();
    if (told_control) link->wake_control();
    told_control = false;
}

void Worker::Impl::fill_report() {
    if (link->report_wanted.load(std::memory_order_relaxed) == nullptr) return;
    WorkerReport* report = link->report_wanted.exchange(nullptr);
    engine.report(now, report->core);
    for (Port* port : transmitter.ports()) port->count_losses(drops);
    report->counters = counters;
    report->drops = drops;
    report->drops.add(engine.drops());
    link->report_ready.store(report);
    told_control = true;
}

}  // namespace netft::dataplane
