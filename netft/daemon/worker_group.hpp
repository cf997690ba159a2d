// The node's workers: all that there is one of for each, and their threads.
//
// The first has heartbeats, route states and what crosses to control; all have a queue of the
// adapter, pools, ports, a crypto device, a watch. netftd does not start where a worker cannot have
// the processor that the configuration names (check_cores()); one that is lost between that and the
// start of the thread floats, and says so.
// Threads: control only.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "netft/base/result.hpp"
#include "netft/control/log.hpp"
#include "netft/control/status.hpp"
#include "netft/core/settings.hpp"
#include "netft/core/worker_board.hpp"
#include "netft/daemon/port_keeper.hpp"
#include "netft/daemon/worker_watch.hpp"
#include "netft/dataplane/worker.hpp"
#include "tap/device.hpp"

namespace netft::daemon {

// How many workers; "auto" is half of the processors that we may use, at most 4.
std::size_t worker_count(const core::WorkerCount& wanted);

// Whether this machine has the processors, for us.
Status check_cores(const core::WorkerCount& wanted);

// Whether so many workers have a source port each, the endpoint's + their number. Where the count
// is "auto", the configuration alone does not say.
Status check_port_range(const core::Settings& settings, std::size_t workers);

class WorkerGroup {
 public:
    // `settings.role` is filled in here and `settings.pools`, too. A worker for each of `queues`,
    // which outlive the group.
    static Result<std::unique_ptr<WorkerGroup>> create(
        const dataplane::WorkerSettings& settings, const std::vector<const tap::Device*>& queues);
    ~WorkerGroup() { stop(); }

    std::size_t size() const { return units_.size(); }
    dataplane::Worker& first() { return *units_.front()->worker; }
    dataplane::Worker& worker(std::size_t i) { return *units_[i]->worker; }
    std::vector<const dataplane::Pools*> pools() const;

    // Runs the threads. `cores`: of the first workers. In `refused`: who floats, and why.
    void start(const std::vector<std::uint16_t>& cores, std::vector<std::string>& refused);
    // Returns when the threads have ended. The first one last: it tells the peers.
    void stop();
    // As stop(), but somebody takes our place.
    void leave();
    // After stop() or leave(), before the ports are closed; the pools stay until the group goes.
    void destroy_workers();
    bool is_running() const { return units_.front()->thread.joinable(); }

    void publish(const core::Plan& plan, const PortKeeper& ports);
    void reclaim();
    bool all_retired() const;

    // Asks all and waits until they have answered, at most kReportWait. A worker that does not
    // leaves us with its last.
    static constexpr Duration kReportWait = 500ms;
    void refresh_reports(std::size_t routes, std::size_t peers);
    const core::Report& core_report() const { return units_.front()->report.core; }
    std::vector<control::WorkerStatus> status() const;

    // Once a tick: logs who stands still, and aborts the process when that lasts.
    void watch(TimePoint now, control::Log& log);

 private:
    struct Unit {
        std::optional<dataplane::Pools> pools;
        std::unique_ptr<dataplane::Worker> worker;
        dataplane::WorkerReport report;
        bool report_lent = false;
        WorkerWatch watch;
        std::optional<unsigned> core;
        std::string note;
        std::thread thread;
    };
    WorkerGroup() = default;
    void end(void (dataplane::Worker::*first)());
    void watch(std::size_t i, TimePoint now, control::Log& log);
    bool take_report(Unit& unit);

    std::unique_ptr<core::WorkerBoard> board_;  // null: one worker
    std::vector<std::unique_ptr<Unit>> units_;
};

}  // namespace netft::daemon
