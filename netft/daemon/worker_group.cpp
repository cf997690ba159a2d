#include "netft/daemon/worker_group.hpp"

#include <poll.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "netft/daemon/memory.hpp"
#include "netft/daemon/stack.hpp"
#include "netft/dataplane/clock.hpp"

namespace netft::daemon {

namespace {

constexpr std::size_t kAutoMax = 4;

Status pin(pthread_t thread, unsigned core) {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(core, &only);
    int error = pthread_setaffinity_np(thread, sizeof(only), &only);
    if (error == 0) return {};
    if (error == EINVAL) return fail("this machine has no such processor for us", error);
    return fail(std::strerror(error), error);
}

// "0 to 3, 8"
std::string text_of(const cpu_set_t& set) {
    std::string out;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
        bool begins = CPU_ISSET(core, &set) && (core == 0 || !CPU_ISSET(core - 1, &set));
        if (!begins) continue;
        int last = core;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, &set)) ++last;
        out += (out.empty() ? "" : ", ") + std::to_string(core);
        if (last > core) out += " to " + std::to_string(last);
    }
    return out;
}

}  // namespace

std::size_t worker_count(const core::WorkerCount& wanted) {
    if (wanted.count != 0) return wanted.count;
    if (!wanted.cores.empty()) return std::min(wanted.cores.size(), core::kWorkersMax);
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return 1;
    return std::clamp<std::size_t>(static_cast<std::size_t>(CPU_COUNT(&allowed)) / 2, 1, kAutoMax);
}

Status check_cores(const core::WorkerCount& wanted) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return {};
    for (std::size_t i = 0; i < wanted.cores.size(); ++i) {
        if (CPU_ISSET(wanted.cores[i], &allowed)) continue;
        return fail("worker " + std::to_string(i) + " cannot have processor " +
                    std::to_string(wanted.cores[i]) + ": netftd may use " + text_of(allowed) +
                    " here; change cores in [worker] or [node.worker]");
    }
    return {};
}

Status check_port_range(const core::Settings& settings, std::size_t workers) {
    constexpr std::size_t kPortMax = 65'535;
    unsigned highest = settings.port;
    for (const auto& configured : settings.self_node().endpoints)
        highest = std::max<unsigned>(highest, configured.endpoint.port);
    if (highest + workers - 1 <= kPortMax) return {};
    return fail("the " + std::to_string(workers) + " workers of this node send from the ports " +
                std::to_string(highest) + " and up; allowed: a port of " +
                std::to_string(kPortMax + 1 - workers) +
                " at most, or fewer workers (count in [worker] or [node.worker])");
}

Result<std::unique_ptr<WorkerGroup>> WorkerGroup::create(
    const dataplane::WorkerSettings& settings, const std::vector<const tap::Device*>& queues) {
    std::unique_ptr<WorkerGroup> group(new WorkerGroup);
    if (queues.size() > 1) group->board_ = std::make_unique<core::WorkerBoard>(queues.size());
    for (std::size_t i = 0; i < queues.size(); ++i) {
        auto unit = std::make_unique<Unit>();
        auto pools = dataplane::Pools::create();
        if (!pools) return with_context("DPDK", pools.error());
        unit->pools.emplace(std::move(*pools));
        dataplane::WorkerSettings own = settings;
        own.seed += i;
        own.pools = &*unit->pools;
        own.role = {i, queues.size(), group->board_.get()};
        auto worker = dataplane::Worker::create(own, *queues[i]);
        if (!worker) return tl::unexpected(worker.error());
        unit->worker = std::move(*worker);
        group->units_.push_back(std::move(unit));
    }
    return group;
}

std::vector<const dataplane::Pools*> WorkerGroup::pools() const {
    std::vector<const dataplane::Pools*> out;
    for (const auto& unit : units_) out.push_back(&*unit->pools);
    return out;
}

void WorkerGroup::start(const std::vector<std::uint16_t>& cores,
                        std::vector<std::string>& refused) {
    for (std::size_t i = 0; i < units_.size(); ++i) {
        Unit& unit = *units_[i];
        unit.thread = std::thread([&unit] {
            touch_stack();
            unit.worker->run();
        });
        if (i >= cores.size()) continue;
        unit.core = cores[i];
        Status pinned = pin(unit.thread.native_handle(), cores[i]);
        if (pinned) continue;
        unit.core.reset();
        unit.note = "worker " + std::to_string(i) + " cannot have processor " +
                    std::to_string(cores[i]) + ": " + pinned.error().what + "; it floats";
        refused.push_back(unit.note);
    }
}

void WorkerGroup::end(void (dataplane::Worker::*first)()) {
    for (auto unit = units_.rbegin(); unit != units_.rend(); ++unit) {
        if (!(*unit)->thread.joinable()) continue;
        if (*unit == units_.front())
            ((*unit)->worker.get()->*first)();
        else
            (*unit)->worker->stop();
        (*unit)->thread.join();
    }
}

void WorkerGroup::stop() { end(&dataplane::Worker::stop); }
void WorkerGroup::leave() { end(&dataplane::Worker::leave); }

void WorkerGroup::destroy_workers() {
    for (auto& unit : units_) unit->worker.reset();
}

void WorkerGroup::publish(const core::Plan& plan, const PortKeeper& ports) {
    for (std::size_t i = 0; i < units_.size(); ++i) {
        auto snapshot = std::make_unique<dataplane::Snapshot>();
        snapshot->plan = plan;
        snapshot->ports = ports.bindings(i);
        units_[i]->worker->publish(std::move(snapshot));
    }
}

void WorkerGroup::reclaim() {
    for (auto& unit : units_) unit->worker->reclaim();
}

bool WorkerGroup::all_retired() const {
    return std::all_of(units_.begin(), units_.end(),
                       [](const auto& unit) { return unit->worker->all_retired(); });
}

bool WorkerGroup::take_report(Unit& unit) {
    if (unit.report_lent && unit.worker->poll_report() != nullptr) unit.report_lent = false;
    return !unit.report_lent;
}

void WorkerGroup::refresh_reports(std::size_t routes, std::size_t peers) {
    if (!is_running()) return;
    for (auto& unit : units_) {
        if (!take_report(*unit)) continue;
        bool is_first = unit == units_.front();
        unit->report.core.routes.reserve(is_first ? routes + 16 : 0);
        unit->report.core.peers.reserve(is_first ? peers + 16 : 0);
        unit->report_lent = unit->worker->request_report(&unit->report);
    }
    TimePoint end = dataplane::monotonic_now() + kReportWait;
    for (auto& unit : units_)
        while (!take_report(*unit) && dataplane::monotonic_now() < end) {
            pollfd event{unit->worker->event_fd(), POLLIN, 0};
            poll(&event, 1, 1);
        }
}

std::vector<control::WorkerStatus> WorkerGroup::status() const {
    std::vector<control::WorkerStatus> out;
    for (const auto& unit : units_)
        out.push_back({unit->core, unit->note, unit->report.counters, unit->report.drops});
    return out;
}

void WorkerGroup::watch(TimePoint now, control::Log& log) {
    for (std::size_t i = 0; i < units_.size(); ++i) watch(i, now, log);
}

void WorkerGroup::watch(std::size_t i, TimePoint now, control::Log& log) {
    Unit& unit = *units_[i];
    auto verdict = unit.watch.handle_tick(now, unit.worker->cycles());
    // An idle one has nothing else to show that it lives.
    if (unit.watch.silent_for() > Duration{}) unit.worker->wake();
    if (verdict == WorkerWatch::Verdict::well || verdict == WorkerWatch::Verdict::is_silent_still)
        return;
    std::string who = size() == 1 ? "the worker" : "worker " + std::to_string(i);
    std::string time = std::to_string(to_ms(unit.watch.silent_for())) + " ms";
    std::vector<std::string> stack = stack_of(unit.thread.native_handle());
    log.error("watchdog", control::Fault::bug,
              who + " has not moved for " + time +
                  (stack.empty() ? ", and does not say where it is" : "; it is at:"));
    for (const std::string& line : stack) log.error("watchdog", control::Fault::bug, "  " + line);
    if (verdict != WorkerWatch::Verdict::dead) return;
    log.error("watchdog", control::Fault::bug, "aborting, to be started again");
    std::abort();
}

}  // namespace netft::daemon
