// netftd: the parts, wired.
//
// Control (this class) sleeps in one epoll_wait on: the control socket, rtnetlink, the workers'
// event descriptors, signals. Whatever wakes it is handed to the coordinator (pure), and what the
// coordinator then asks for is done in settle(): ports, adapter, plan, datagrams, log. The workers
// run in threads of their own and never wait for control.
//
// Destruction order is member order, backwards: the server goes first, the adapter's device last.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "netft/base/result.hpp"
#include "netft/control/audit.hpp"
#include "netft/control/history.hpp"
#include "netft/control/libcrypto.hpp"
#include "netft/control/log.hpp"
#include "netft/control/server.hpp"
#include "netft/control/status.hpp"
#include "netft/core/coordinator.hpp"
#include "netft/daemon/adapter_keeper.hpp"
#include "netft/daemon/device_keeper.hpp"
#include "netft/daemon/expectations.hpp"
#include "netft/daemon/machine_watch.hpp"
#include "netft/daemon/options.hpp"
#include "netft/daemon/port_keeper.hpp"
#include "netft/daemon/privileges.hpp"
#include "netft/daemon/reload.hpp"
#include "netft/daemon/run_directory.hpp"
#include "netft/daemon/take_over.hpp"
#include "netft/daemon/worker_group.hpp"
#include "netft/dataplane/eal.hpp"
#include "netft/dataplane/worker.hpp"
#include "routing/netlink/monitor.hpp"
#include "tap/device.hpp"

namespace netft::daemon {

class Daemon {
 public:
    // Everything that can fail at start fails here, with nothing left behind.
    static Result<std::unique_ptr<Daemon>> start(const Options& options,
                                                 const core::Settings& settings,
                                                 const Secret32& key, control::Log& log);
    ~Daemon();

    // Returns when SIGTERM, SIGINT or a stop request came (empty), or when going on makes no sense.
    Status run();
    // Another netftd has our place: nothing is to be cleared away.
    bool has_left() const { return has_left_; }

 private:
    Daemon(const Options& options, control::Log& log) : options_(options), log_(log) {}

    // start.cpp
    Status open_all(const core::Settings& settings, const Secret32& key);
    Status open_kernel(const core::Settings& settings);
    Result<tap::Device> open_device(const std::string& name, bool several_queues);
    Status meet_predecessor(const core::Settings& settings);
    Status replace_predecessor();
    void open_coordinator(const core::Settings& settings, const Secret32& key);
    Status claim_run_directory();
    Status give_up_privileges(const core::Settings& settings);
    Status open_queues(const core::Settings& settings);
    Status open_worker(const core::Settings& settings);
    Status start_workers(const core::Settings& settings);
    void open_first_ports();
    Status watch_all();
    Status open_signals();
    Status open_server(int listening);

    // daemon.cpp
    Status wait_and_handle();
    void handle_poll_failure(int error);
    Status handle_signal();
    void handle_machine_restored();
    static std::int64_t wall_offset_ns();
    void note_changes(const routing::Changes& changes);
    void handle_netlink();
    void read_facts();
    void take_facts(std::vector<routing::InterfaceFact> facts);
    void note_sync(const Status& done);
    void handle_worker();
    void handle_worker(dataplane::Worker& worker);
    void handle_tick();
    void handle_event(const core::Event& event);
    Status settle();
    Status settle_devices();
    void handle_device_links();
    MacAddress mac_of(std::uint32_t interface_index) const;
    void settle_ports();
    void close_ports();
    void settle_port_health();
    void log_port_notes(const std::vector<EndpointId>& opened);
    Status settle_adapter();
    void settle_next_hops();
    void log_notices();
    void tell_changes();
    int timeout_ms() const;

    // requests.cpp
    nlohmann::json handle_request(const nlohmann::json& request, const control::Caller& caller);
    nlohmann::json reload(const std::string& who);
    nlohmann::json undamp(const std::string& peer, const std::string& who);
    nlohmann::json hand_over(const nlohmann::json& request, const control::Caller& caller);
    void handle_signal_of(int signal, const control::Caller& sender);
    // `fresh`: the workers are asked, and waited for.
    control::NodeStatus status(bool fresh = true);
    void add_expectations(PeerId id, control::PeerStatus& entry) const;
    void write_hosts();
    const routing::Route* find_route(RouteId id) const;
    std::string peer_name(PeerId id) const;
    control::WallClock wall_clock();
    void publish_new_routes();
    void publish(control::Stream least, const nlohmann::json& record);

    Options options_;
    std::string program_ = program_id();  // before an upgrade replaces it
    control::Log& log_;
    User user_;
    std::optional<control::Audit> audit_;
    std::optional<RunDirectory> run_directory_;  // goes when nothing is written there any more
    std::vector<std::unique_ptr<tap::Device>> queues_;  // of the adapter, one a worker
    std::unique_ptr<routing::Monitor> monitor_;
    std::unique_ptr<AdapterKeeper> adapter_;
    std::unique_ptr<dataplane::Eal> eal_;
    control::Libcrypto libcrypto_;
    std::unique_ptr<core::Coordinator> coordinator_;
    std::optional<DeviceKeeper> devices_;
    std::unique_ptr<WorkerGroup> workers_;
    std::unique_ptr<PortKeeper> ports_;  // goes before the pools of the workers
    control::History history_;
    Expectations expectations_;
    std::optional<control::ControlServer> server_;
    std::optional<Predecessor> predecessor_;  // while we start
    std::vector<int> attachments_;            // of the answer being made; borrowed
    MacAddress mac_;
    std::vector<routing::InterfaceFact> facts_;
    std::optional<core::Plan> plan_;
    bool next_hops_touched_ = false;
    std::optional<control::WallClock> wall_clock_;
    std::set<RouteId> known_routes_;
    int poll_error_ = 0;                 // said in the log
    bool facts_due_ = false;             // at once
    std::optional<TimePoint> facts_at_;  // with what else changes until then
    Duration facts_retry_{};
    bool facts_failed_ = false;  // and that was said
    TimePoint next_refresh_;
    unsigned ticks_ = 0;
    bool probe_due_ = false;  // a route was lost: are its next hops still who they were?
    bool stop_ = false;
    bool has_left_ = false;
    TimePoint next_tick_;
    TimePoint next_solicit_;
    std::uint64_t control_queue_full_ = 0;
    MachineWatch machine_;
    int signal_fd_ = -1;
    int epoll_fd_ = -1;
};

}  // namespace netft::daemon
