// Control's side of the worker.
#include "netft/dataplane/worker.hpp"

#include <algorithm>
#include <utility>

#include "netft/base/assert.hpp"
#include "netft/dataplane/worker_impl.hpp"

namespace netft::dataplane {

Result<std::unique_ptr<Worker>> Worker::create(const WorkerSettings& settings,
                                               const tap::DeviceInterface& adapter) {
    NETFT_ASSERT(settings.pools != nullptr);
    Result<std::unique_ptr<ControlLink>> link = ControlLink::create();
    if (!link) return with_context("worker", link.error());
    Result<Poller> poller = Poller::create(adapter.fd(), (*link)->worker_event.get());
    if (!poller) return with_context("worker", poller.error());
    std::unique_ptr<CryptoDevice> crypto;
    if (settings.security != SecurityMode::none) {
        auto device = CryptoDevice::create(settings.crypto);
        if (!device) return with_context("worker", device.error());
        crypto = std::move(*device);
    }
    return std::unique_ptr<Worker>(new Worker(std::make_unique<Impl>(
        settings, adapter, std::move(*link), std::move(*poller), std::move(crypto))));
}

std::string_view Worker::crypto() const {
    return impl_->crypto ? impl_->crypto->name() : std::string_view();
}

Worker::Worker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Worker::~Worker() = default;

void Worker::publish(std::unique_ptr<const Snapshot> snapshot) {
    impl_->snapshots.publish(std::move(snapshot));
    impl_->link->wake_worker();
}

void Worker::reclaim() { impl_->snapshots.reclaim(); }
bool Worker::all_retired() const { return impl_->snapshots.all_retired(); }

bool Worker::send(EndpointId local, const Endpoint& remote, Bytes datagram, SessionIndex seal) {
    if (datagram.size() > ControlDatagram::kBytesMax) return false;
    SendCommand command{.local = local,
                        .remote = remote,
                        .seal = seal,
                        .size = static_cast<std::uint16_t>(datagram.size())};
    std::copy(datagram.begin(), datagram.end(), command.bytes.begin());
    if (!impl_->link->commands.push(command)) return false;
    impl_->link->wake_worker();
    return true;
}

void Worker::set_tracing(bool on) {
    impl_->link->tracing.store(on);
    impl_->link->wake_worker();
}

bool Worker::request_report(WorkerReport* report) {
    ControlLink& link = *impl_->link;
    if (link.report_wanted.load() != nullptr || link.report_ready.load() != nullptr) return false;
    link.report_wanted.store(report);
    link.wake_worker();
    return true;
}

WorkerReport* Worker::poll_report() { return impl_->link->report_ready.exchange(nullptr); }

std::optional<core::Event> Worker::poll_event() {
    core::Event event;
    return impl_->link->events.pop(event) ? std::optional(event) : std::nullopt;
}

std::optional<core::HeartbeatRecord> Worker::poll_trace() {
    core::HeartbeatRecord record;
    return impl_->link->trace.pop(record) ? std::optional(record) : std::nullopt;
}

bool Worker::poll_datagram(ControlDatagram& out) { return impl_->link->datagrams.pop(out); }

int Worker::event_fd() const { return impl_->link->control_event.get(); }

std::uint64_t Worker::cycles() const { return impl_->link->cycles.load(std::memory_order_relaxed); }

void Worker::wake() { impl_->link->wake_worker(); }

void Worker::leave() {
    impl_->link->leaves.store(true);
    stop();
}

void Worker::hold_adapter_for(std::vector<PeerId> peers) {
    if (peers.empty()) return;
    impl_->awaited = std::move(peers);
    impl_->poller.watch_adapter(false);
}

void Worker::stop() {
    impl_->link->stop.store(true);
    impl_->link->wake_worker();
}

}  // namespace netft::dataplane
