// How netftd comes up: in the order of what can fail most likely and costs least to undo.
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "netft/control/status_records.hpp"
#include "netft/daemon/daemon.hpp"
#include "netft/daemon/fd_store.hpp"
#include "netft/daemon/memory.hpp"
#include "netft/dataplane/clock.hpp"

namespace netft::daemon {

namespace {

constexpr unsigned kDeviceMegabytes = 256;  // ports with pools of their own: 10 MB each
constexpr unsigned kWorkerMegabytes = 24;   // pools, keys and operations of one more worker

std::uint64_t random_u64() {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
}

// An adapter that a predecessor hands over keeps its MAC: older versions derived it from a NIC's,
// and peers' kernels have it in their caches. Zero: there is none.
MacAddress mac_of_adapter(const std::vector<routing::InterfaceFact>& facts,
                          const std::string& adapter) {
    for (const routing::InterfaceFact& fact : facts)
        if (fact.name == adapter) return fact.mac;
    return {};
}

dataplane::CryptoChoice crypto_of(core::CryptoKind kind) {
    switch (kind) {
        case core::CryptoKind::automatic: break;
        case core::CryptoKind::aesni_gcm: return dataplane::CryptoChoice::aesni_gcm;
        case core::CryptoKind::openssl: return dataplane::CryptoChoice::openssl;
    }
    return dataplane::CryptoChoice::automatic;
}

// A netftd that was killed holds its socket, adapter and ports until its last thread is gone: that
// takes milliseconds. One that lives holds them longer than we wait.
template <class Open>
auto wait_for_the_dying(Open open) -> decltype(open()) {
    constexpr Duration kPatience = 1s;
    constexpr useconds_t kPauseUs = 20'000;
    TimePoint end = dataplane::monotonic_now() + kPatience;
    for (;;) {
        auto opened = open();
        bool is_taken = !opened && (opened.error().errno_value == EADDRINUSE ||
                                    opened.error().errno_value == EBUSY);
        if (!is_taken || dataplane::monotonic_now() >= end) return opened;
        usleep(kPauseUs);
    }
}

const core::NodeSettings& self_of(const core::Settings& settings) { return settings.self_node(); }

bool wants_xdp(const core::Settings& settings) {
    const core::NodeSettings& self = self_of(settings);
    return self.port == core::PortKind::af_xdp ||
           std::any_of(self.port_devices.begin(), self.port_devices.end(),
                       [](const auto& d) { return d.device.driver() == "net_af_xdp"; });
}

std::vector<std::string> pci_devices(const core::Settings& settings) {
    std::vector<std::string> out;
    for (const core::PortDevice& device : self_of(settings).port_devices)
        if (device.device.bus == core::DeviceString::Bus::pci) out.push_back(device.device.name);
    return out;
}

Status watch(int epoll_fd, int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) return fail_errno("epoll_ctl", errno);
    return {};
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::start(const Options& options,
                                              const core::Settings& settings, const Secret32& key,
                                              control::Log& log) {
    std::unique_ptr<Daemon> daemon(new Daemon(options, log));
    if (auto opened = daemon->open_all(settings, key); !opened)
        return tl::unexpected(opened.error());
    return daemon;
}

Status Daemon::open_all(const core::Settings& settings, const Secret32& key) {
    if (auto done = open_signals(); !done) return done;
    auto first = options_.take_over ? meet_predecessor(settings) : open_server(-1);
    if (!first) return first;  // first: it finds a netftd that runs
    if (!options_.take_over)
        if (auto done = claim_run_directory(); !done) return done;
    if (auto done = lock_memory(); !done)
        log_.warn("daemon", control::Fault::local,
                  done.error().what + ": routes may go down when the machine swaps");
    if (auto done = open_kernel(settings); !done) return done;
    open_coordinator(settings, key);
    if (auto done = give_up_privileges(settings); !done) return done;  // before the first thread
    if (auto done = open_worker(settings); !done) return done;
    if (auto done = watch_all(); !done) return done;
    if (auto done = replace_predecessor(); !done) return done;  // from here on in a hurry
    if (auto done = watch(epoll_fd_, server_->fd()); !done) return done;
    if (auto done = settle_devices(); !done) return done;
    open_first_ports();
    coordinator_->handle_timers(dataplane::monotonic_now());  // initiations go first
    if (auto done = settle(); !done) return done;
    if (auto done = start_workers(settings); !done) return done;
    write_hosts();
    store_adapter(queues_[0]->fd());
    return {};
}

Status Daemon::watch_all() {
    std::vector<int> fds{monitor_->fd(), devices_->fd(), signal_fd_};
    for (std::size_t i = 0; i < workers_->size(); ++i)
        fds.push_back(workers_->worker(i).event_fd());
    if (machine_.fd() >= 0) fds.push_back(machine_.fd());
    for (int fd : fds)
        if (auto done = watch(epoll_fd_, fd); !done) return done;
    return {};
}

Status Daemon::claim_run_directory() {
    auto claimed = wait_for_the_dying([this] { return RunDirectory::claim(options_.run_dir); });
    if (!claimed) return tl::unexpected(claimed.error());
    run_directory_.emplace(std::move(*claimed));
    return {};
}

Status Daemon::start_workers(const core::Settings& settings) {
    std::vector<std::string> refused;
    workers_->start(settings.own_workers().cores, refused);
    for (std::size_t i = 1; i < queues_.size(); ++i)
        if (auto done = queues_[i]->attach_queue(); !done) return done;
    for (const std::string& why : refused) log_.warn("worker", control::Fault::config, why);
    if (workers_->size() > 1) log_.info("worker", std::to_string(workers_->size()) + " workers");
    return {};
}

Status Daemon::open_signals() {
    auto audit = control::Audit::open(options_.audit_log, log_);
    if (!audit) return tl::unexpected(audit.error());
    audit_.emplace(std::move(*audit));
    epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd_ < 0) return fail_errno("epoll_create", errno);
    sigset_t signals;
    sigemptyset(&signals);
    for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
    signal_fd_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd_ < 0) return fail_errno("signalfd", errno);
    machine_.open();  // a kernel without has nothing to tell
    return {};
}

// `listening`: a socket that listens there already, −1: none.
Status Daemon::open_server(int listening) {
    auto user = find_user(options_.user);
    if (!user) return tl::unexpected(user.error());
    control::Handlers handlers;
    handlers.on_request = [this](const nlohmann::json& request, const control::Caller& caller) {
        return handle_request(request, caller);
    };
    handlers.on_subscribe = [this](control::Stream) {
        if (has_left_) return std::vector<nlohmann::json>{};
        return control::snapshot_records(status(), wall_clock());
    };
    handlers.on_subscribers_changed = [this] {
        if (workers_ && !has_left_)
            workers_->first().set_tracing(server_->has_subscribers(control::Stream::trace));
    };
    handlers.on_audit = [this](const control::AuditRecord& record) { audit_->record(record); };
    handlers.attachments = [this] { return std::exchange(attachments_, {}); };
    control::ServerOptions server_options{.readers = control::find_group(options_.group),
                                          .owner = options_.no_sandbox ? ::geteuid() : user->uid,
                                          .listening = listening};
    auto server = wait_for_the_dying(
        [&] { return control::ControlServer::open(options_.socket, handlers, server_options); });
    if (!server) return tl::unexpected(server.error());
    server_.emplace(std::move(*server));
    return {};
}

Status Daemon::open_kernel(const core::Settings& settings) {
    auto monitor = routing::Monitor::open(settings.adapter_name);
    if (!monitor) return with_context("netlink", monitor.error());
    monitor_ = std::make_unique<routing::Monitor>(std::move(*monitor));
    auto facts = monitor_->read_facts();
    if (!facts) return with_context("netlink", facts.error());
    facts_ = std::move(*facts);
    adapter_ = std::make_unique<AdapterKeeper>(log_, *monitor_);
    adapter_->guard_first(settings);
    if (auto done = open_queues(settings); !done) return with_context("adapter", done.error());
    return adapter_->open(queues_[0]->name(), queues_[0]->interface_index());
}

// Ours already, in one of two ways, or new.
Result<tap::Device> Daemon::open_device(const std::string& name, bool several_queues) {
    if (predecessor_) return tap::Device::adopt(predecessor_->take_adapter(), name, several_queues);
    int stored = take_stored_adapter();
    if (stored < 0) return tap::Device::open(name, several_queues);
    auto adopted = tap::Device::adopt(stored, name, several_queues);
    if (adopted) return adopted;
    log_.info("adapter", "what systemd kept for us is of no use: " + adopted.error().what);
    forget_stored_adapter();
    return tap::Device::open(name, several_queues);
}

Status Daemon::meet_predecessor(const core::Settings& settings) {
    const std::string& self = settings.self_node().name;
    auto met = Predecessor::meet(options_.socket);
    if (!met) return with_context("--take-over", met.error());
    if (met->node() != self || met->adapter_name() != settings.adapter_name)
        return fail("--take-over: the netftd that runs is node " + met->node() + " with adapter " +
                    met->adapter_name() + ", not " + self + " with " + settings.adapter_name +
                    ": stop it and start anew");
    predecessor_.emplace(std::move(*met));
    return {};
}

Status Daemon::replace_predecessor() {
    if (!predecessor_) return {};
    auto memory = predecessor_->send_away();
    if (!memory) return with_context("--take-over", memory.error());
    if (!predecessor_->notify_socket().empty())
        ::setenv("NOTIFY_SOCKET", predecessor_->notify_socket().c_str(), 1);
    TimePoint now = dataplane::monotonic_now();
    std::vector<PeerId> remembered = coordinator_->handle_memory(now, *memory);
    for (std::size_t i = 0; i < workers_->size(); ++i)
        workers_->worker(i).hold_adapter_for(remembered);
    auto opened = open_server(predecessor_->take_listening());
    predecessor_.reset();
    // The one before has this node's place already: a directory that is another's is no reason to
    // have none.
    if (auto done = claim_run_directory(); !done)
        log_.warn("hosts", control::Fault::config, done.error().what);
    return opened;
}

Status Daemon::open_queues(const core::Settings& settings) {
    std::size_t count = worker_count(settings.own_workers());
    auto device = wait_for_the_dying([&] { return open_device(settings.adapter_name, count > 1); });
    if (!device) return tl::unexpected(device.error());
    queues_.push_back(std::make_unique<tap::Device>(std::move(*device)));
    while (queues_.size() < count) {
        auto queue = queues_[0]->add_queue();
        if (!queue) return tl::unexpected(queue.error());
        queues_.push_back(std::make_unique<tap::Device>(std::move(*queue)));
    }
    return {};
}

std::int64_t Daemon::wall_offset_ns() {
    auto wall = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    return wall.count() - static_cast<std::int64_t>(to_ns(dataplane::monotonic_now()));
}

void Daemon::open_coordinator(const core::Settings& settings, const Secret32& key) {
    const core::NodeSettings& self = settings.self_node();
    mac_ = options_.take_over ? mac_of_adapter(facts_, settings.adapter_name) : MacAddress{};
    if (mac_.is_zero()) mac_ = self.mac;
    core::CoordinatorIdentity identity{random_u64() | 1, mac_, key, wall_offset_ns(), &libcrypto_};
    coordinator_ = std::make_unique<core::Coordinator>(settings, identity, random_u64());
    monitor_->set_wanted(
        [this](const routing::InterfaceFact& fact) { return coordinator_->may_use(fact); });
    facts_ = monitor_->facts();
    coordinator_->handle_interfaces(dataplane::monotonic_now(), facts_);
    const auto& endpoints = coordinator_->endpoints();
    bool any_here = std::any_of(endpoints.begin(), endpoints.end(), [](const auto& endpoint) {
        return endpoint.reason != Diagnostic::address_gone;
    });
    if (!any_here && self.port_devices.empty())  // not the end: addresses may come later
        log_.error("IM", control::Fault::config,
                   "no local endpoint: none of the addresses of node " + self.name +
                       " is on this machine and no other interface has a usable one; is --node "
                       "right?");
}

Status Daemon::give_up_privileges(const core::Settings& settings) {
    if (options_.no_sandbox) {
        log_.warn("daemon", control::Fault::config,
                  "--no-sandbox: runs with all privileges and system calls it was started with");
        return {};
    }
    auto user = find_user(options_.user);
    if (!user) return tl::unexpected(user.error());
    user_ = *user;
    if (auto done = give_run_directories(options_.socket, options_.run_dir, user_); !done)
        return done;
    if (auto done = audit_->give_to(user_.uid, user_.gid); !done && user_.is_other) return done;
    auto left = drop_privileges(user_, {.lowest_port = settings.port,
                                        .xdp = wants_xdp(settings),
                                        .pci = !pci_devices(settings).empty()});
    if (!left) return tl::unexpected(left.error());
    log_.info("daemon", to_text(*left));
    return {};
}

Status Daemon::open_worker(const core::Settings& settings) {
    dataplane::EalSettings eal_settings;
    eal_settings.log = [this](std::string_view line) { log_.info("dpdk", line); };
    eal_settings.pci_devices = pci_devices(settings);
    if (wants_xdp(settings) || !self_of(settings).port_devices.empty())
        eal_settings.memory_megabytes = kDeviceMegabytes;
    eal_settings.memory_megabytes += kWorkerMegabytes * static_cast<unsigned>(queues_.size() - 1);
    auto eal = dataplane::Eal::start(eal_settings);
    if (!eal) return with_context("DPDK", eal.error());
    eal_ = std::make_unique<dataplane::Eal>(std::move(*eal));
    if (!eal_settings.pci_devices.empty())
        log_.info("device", eal_->has_hugepages() ? "memory in hugepages"
                                                  : "no hugepages free: memory in small pages");
    auto devices = DeviceKeeper::create();
    if (!devices) return with_context("devices", devices.error());
    devices_.emplace(std::move(*devices));
    std::vector<const tap::Device*> queues;
    for (const auto& queue : queues_) queues.push_back(queue.get());
    dataplane::WorkerSettings worker_settings{
        settings.spin, random_u64(), nullptr, settings.security, crypto_of(settings.crypto), {},
        random_u64()};
    auto workers = WorkerGroup::create(worker_settings, queues);
    if (!workers) return with_context("worker", workers.error());
    workers_ = std::move(*workers);
    ports_ = std::make_unique<PortKeeper>(self_of(settings).port, *devices_, workers_->pools());
    if (auto done = ports_->open_relayed(); !done) return with_context("worker", done.error());
    if (settings.security != SecurityMode::none)
        log_.info("security", control::security_summary(settings) + ", by " +
                                  std::string(workers_->first().crypto()));
    return {};
}

// A netftd that was killed holds its ports for a moment yet. What is not free then is tried again
// while we run, as a port that is lost later is.
void Daemon::open_first_ports() {
    std::vector<PortKeeper::Failure> failures;
    std::vector<EndpointId> opened;
    auto open = [&]() -> Status {
        failures.clear();
        ports_->retry_now();
        ports_->sync(dataplane::monotonic_now(), coordinator_->endpoints(), failures, opened);
        for (const PortKeeper::Failure& failure : failures)
            if (failure.error.errno_value == EADDRINUSE) return tl::unexpected(failure.error);
        return {};
    };
    (void)wait_for_the_dying(open);
    for (const PortKeeper::Failure& failure : failures) {
        coordinator_->handle_port(dataplane::monotonic_now(), failure.endpoint, failure.error.what);
        log_.warn("port", control::Fault::local, failure.error.what);
    }
    log_port_notes(opened);
}

Daemon::~Daemon() {
    if (workers_) workers_->stop();
    if (adapter_) adapter_->undo_guard_first();
    server_.reset();
    if (workers_) workers_->destroy_workers();
    if (epoll_fd_ >= 0) close(epoll_fd_);
    if (signal_fd_ >= 0) close(signal_fd_);
}

}  // namespace netft::daemon
