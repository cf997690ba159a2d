#include "routing/interfaces/interface_manager.hpp"

#include <algorithm>
#include <utility>

#include "routing/interfaces/choose.hpp"
#include "routing/interfaces/describe.hpp"
#include "routing/interfaces/nic.hpp"

namespace netft::routing {

namespace {

Diagnostic reason_of(const InterfaceFact* home, bool has_address) {
    if (home == nullptr) return Diagnostic::interface_gone;
    if (!home->admin_up) return Diagnostic::interface_admin_down;
    if (!home->carrier) return Diagnostic::carrier_lost;
    return has_address ? Diagnostic::none : Diagnostic::address_gone;
}

void set_reason(LocalEndpoint& e, Diagnostic reason) {
    e.reason = reason;
    e.usable = reason == Diagnostic::none;
}

// What the interface says of itself. Speed and default route are believed only while it works.
void update_from(LocalEndpoint& e, const InterfaceFact& home) {
    bool live = home.admin_up && home.carrier;
    bool same =
        e.interface_index == home.index || (e.interface_index != 0 && e.interface == home.name);
    e.interface = home.name;
    e.interface_index = home.index;
    e.mtu = home.mtu;
    if (live || !same) {
        e.speed_mbps = home.speed_mbps;
        e.default_route = home.default_route;
    }
    if (e.endpoint.address.is_v6() && e.endpoint.address.is_link_local())
        e.endpoint.address = e.endpoint.address.with_scope(home.index);
}

// Which NIC it uses, and how strict that is, is said by the interface that has the address.
void set_ground(LocalEndpoint& e, const InterfaceFact& home, std::span<const InterfaceFact> facts) {
    const InterfaceFact& nic = nic_of(facts, home);
    e.nic = &nic == &home ? std::string() : nic.name;
    e.strict_filter = home.strict_filter;
}

LocalEndpoint make_endpoint(const Candidate& c, EndpointId id,
                            std::span<const InterfaceFact> facts) {
    LocalEndpoint e;
    if (c.known != nullptr) e = *c.known;
    e.id = id;
    e.configured = c.configured;
    if (c.known == nullptr) e.endpoint = c.endpoint;
    if (!c.interface.empty()) e.interface = c.interface;
    if (c.prefix_length) e.prefix_length = *c.prefix_length;
    if (c.home != nullptr) update_from(e, *c.home);
    if (c.home != nullptr) set_ground(e, *c.home, facts);
    bool was_nowhere = c.home == nullptr && e.interface.empty();
    set_reason(
        e, was_nowhere ? Diagnostic::address_gone : reason_of(c.home, c.prefix_length.has_value()));
    return e;
}

// What an endpoint that is no candidate any more becomes; nullopt: it leaves.
std::optional<LocalEndpoint> keep_missing(LocalEndpoint e, const InterfaceSettings& settings,
                                          std::span<const InterfaceFact> facts,
                                          std::span<const Candidate> candidates) {
    if (e.configured || e.endpoint.port != settings.port) return {};
    const InterfaceFact* home = find_home(facts, e.interface_index, e.interface);
    if (!is_eligible(settings, home != nullptr ? home->name : e.interface,
                     home != nullptr ? home->kind : ""))
        return {};
    // A VLAN or macvlan does not break: somebody took it away, and that is no loss to be shown.
    if (home == nullptr && !e.nic.empty()) return {};
    if (home != nullptr) {
        if (find_address(*home, e.endpoint.address) != nullptr) return {};
        Prefix subnet = Prefix{e.endpoint.address, e.prefix_length}.network();
        bool was_lent = e.prefix_length == e.endpoint.address.bytes().size() * 8;
        for (const Candidate& c : candidates) {
            if (c.home != home) continue;
            if (c.configured || was_lent ||
                Prefix{c.endpoint.address, *c.prefix_length}.network() == subnet)
                return {};
        }
        update_from(e, *home);
    }
    set_reason(e, reason_of(home, false));
    return e;
}

bool is_missing(const LocalEndpoint& e) {
    return !e.configured &&
           (e.reason == Diagnostic::address_gone || e.reason == Diagnostic::interface_gone);
}

// Interfaces that come and go for ever (containers) must not fill the list.
void forget_oldest(std::vector<LocalEndpoint>& endpoints, std::size_t missing_max) {
    auto missing =
        static_cast<std::size_t>(std::count_if(endpoints.begin(), endpoints.end(), is_missing));
    std::erase_if(endpoints, [&](const LocalEndpoint& e) {
        if (missing <= missing_max || !is_missing(e)) return false;
        --missing;
        return true;
    });
}

}  // namespace

InterfaceManager::InterfaceManager(InterfaceSettings settings) : settings_(std::move(settings)) {
    refresh();
    events_.clear();  // nothing has happened yet
}

bool InterfaceManager::handle_facts(TimePoint, std::span<const InterfaceFact> facts) {
    facts_.assign(facts.begin(), facts.end());
    return refresh();
}

bool InterfaceManager::handle_settings(TimePoint, InterfaceSettings settings) {
    settings_ = std::move(settings);
    return refresh();
}

bool InterfaceManager::may_use(const InterfaceFact& fact) const {
    if (is_eligible(settings_, fact.name, fact.kind)) return true;
    return std::any_of(settings_.configured.begin(), settings_.configured.end(),
                       [&](const ConfiguredEndpoint& configured) {
                           return find_address(fact, configured.endpoint.address) != nullptr;
                       });
}

std::optional<InterfaceEvent> InterfaceManager::poll_event() {
    if (events_.empty()) return {};
    InterfaceEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

bool InterfaceManager::refresh() {
    std::vector<LocalEndpoint> next = work_out();
    if (next == endpoints_) return false;
    keep_events(describe(endpoints_, next));
    endpoints_ = std::move(next);
    return true;
}

std::vector<LocalEndpoint> InterfaceManager::work_out() {
    std::vector<Candidate> candidates = find_candidates(settings_, facts_, endpoints_);
    std::vector<LocalEndpoint> next;
    for (const Candidate& c : candidates) {
        if (c.known == nullptr && next_id_ == 0) continue;
        EndpointId id = c.known != nullptr ? c.known->id : EndpointId(next_id_++);
        next.push_back(make_endpoint(c, id, facts_));
    }
    for (const LocalEndpoint& e : endpoints_) {
        bool is_candidate = std::any_of(candidates.begin(), candidates.end(),
                                        [&](const Candidate& c) { return c.known == &e; });
        if (is_candidate) continue;
        if (auto kept = keep_missing(e, settings_, facts_, candidates))
            next.push_back(*std::move(kept));
    }
    std::sort(next.begin(), next.end(),
              [](const LocalEndpoint& a, const LocalEndpoint& b) { return a.id < b.id; });
    forget_oldest(next, kMissingMax);
    return next;
}

void InterfaceManager::keep_events(std::vector<InterfaceEvent> events) {
    for (InterfaceEvent& event : events) {
        if (events_.size() == kEventsMax) events_.pop_front();
        events_.push_back(std::move(event));
    }
}

}  // namespace netft::routing
