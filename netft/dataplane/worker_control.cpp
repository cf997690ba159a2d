// Between the worker and control, and the heartbeats.
#include <algorithm>

#include "netft/dataplane/worker_impl.hpp"

namespace netft::dataplane {

void Worker::Impl::handle_snapshot() {
    const Snapshot* next = snapshots.poll();
    if (next == nullptr) return;
    snapshot = next;
    engine.handle_plan(now, next->plan);
    layout = TrainLayout::of(next->plan.datagram_bytes_max);
    transmitter.set_ports(next->ports, drops);
    poller.watch(transmitter.ports());
    polls_ports = false;
    for (Port* port : transmitter.ports()) polls_ports |= port->wake_fds().empty();
    // The quiescent state: plan, ports and descriptors of the older ones are all let go.
    snapshots.release_older();
}

void Worker::Impl::handle_commands() {
    engine.set_tracing(link->tracing.load(std::memory_order_relaxed));
    link->commands.consume_all([this](const SendCommand& command) {
        rte_mbuf* mbuf = settings.pools->small();
        if (mbuf == nullptr) {
            drops.count(DropReason::tx_refused);
            return;
        }
        std::copy_n(command.bytes.begin(), command.size, room_of(mbuf).begin());
        set_length(mbuf, command.size);
        ++counters.datagrams_sent;
        transmitter.add(
            command.local,
            {.mbuf = mbuf, .remote = command.remote, .segment = command.size, .is_heartbeat = true},
            drops);
    });
}

// Out before the adapter is read, so that they never wait behind data.
void Worker::Impl::send_heartbeats() {
    bool any = false;
    while (std::optional<core::Transmit> heartbeat = engine.poll_transmit(now)) {
        rte_mbuf* mbuf = settings.pools->small();
        if (mbuf == nullptr) {
            drops.count(DropReason::tx_refused);
            continue;
        }
        Bytes bytes = heartbeat->datagram;
        std::copy(bytes.begin(), bytes.end(), room_of(mbuf).begin());
        set_length(mbuf, bytes.size());
        Outgoing outgoing{.mbuf = mbuf,
                          .remote = heartbeat->remote,
                          .segment = static_cast<std::uint16_t>(bytes.size()),
                          .is_heartbeat = true};
        any = true;
        if (!transmitter.add(heartbeat->local, outgoing, drops)) continue;
        ++counters.heartbeats_sent;
        ++counters.datagrams_sent;
    }
    if (any) transmitter.flush(drops);
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
    report->counters = counters;
    report->drops = drops;
    report->drops.add(engine.drops());
    link->report_ready.store(report);
    told_control = true;
}

}  // namespace netft::dataplane
