#include "routing/topology/state_tracker.hpp"

#include <algorithm>
#include <utility>

namespace netft::routing {

namespace {

std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
}

std::string detail_of(const NetworkStatus& network) {
    return network.apart.empty() ? "" : joined(network.apart) + " cannot talk";
}

std::string detail_of(const InterfaceStatus& interface) {
    std::string reason;
    if (interface.reason != Diagnostic::none) reason = to_string(interface.reason);
    if (interface.misses.empty() || interface.state == InterfaceState::up) return reason;
    return (reason.empty() ? "" : reason + ", ") + "misses " + joined(interface.misses);
}

}  // namespace

void StateTracker::handle_states(TimePoint now, ClusterStates states) {
    states_ = std::move(states);
    for (auto& [key, entry] : entries_) entry.is_here = false;
    for (const NetworkStatus& n : states_.networks)
        note(now,
             {.network = n.name, .to = std::string(to_string(n.state)), .detail = detail_of(n)});
    for (const InterfaceStatus& i : states_.interfaces)
        note(now, {.network = i.network,
                   .node = i.node,
                   .interface = i.name,
                   .address = i.address,
                   .to = std::string(to_string(i.state)),
                   .detail = detail_of(i)});
    std::erase_if(entries_, [](const auto& entry) { return !entry.second.is_here; });
    settle(now);
}

void StateTracker::note(TimePoint now, StateChange change) {
    Entry& entry = entries_[change.network + '\n' + change.node + '\n' + change.address];
    if (entry.latest.to != change.to) entry.since = now;
    entry.latest = std::move(change);
    entry.is_here = true;
}

void StateTracker::handle_timers(TimePoint now) {
    if (next_ && *next_ <= now) settle(now);
}

void StateTracker::settle(TimePoint now) {
    next_.reset();
    for (auto& [key, entry] : entries_) {
        if (entry.settled == entry.latest.to) continue;
        TimePoint end = entry.since + kSettle;
        if (end > now) {
            next_ = std::min(next_.value_or(end), end);
            continue;
        }
        StateChange change = entry.latest;
        change.at = now;
        change.from = entry.settled.empty() ? "unknown" : entry.settled;
        entry.settled = change.to;
        if (change.from == change.to) continue;
        if (changes_.size() == kChangesMax) changes_.pop_front();
        changes_.push_back(std::move(change));
    }
}

std::optional<StateChange> StateTracker::poll_change() {
    if (changes_.empty()) return {};
    StateChange change = std::move(changes_.front());
    changes_.pop_front();
    return change;
}

}  // namespace netft::routing
