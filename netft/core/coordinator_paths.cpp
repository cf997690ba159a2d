// The coordinator's part in what hinders a single route and is said from outside: ICMP errors, the
// host's own firewall, NAT; and datagrams that must go one by one.
#include <algorithm>

#include "netft/core/coordinator.hpp"

namespace netft::core {

bool Coordinator::is_route_up(RouteId route) const {
    auto known = route_states_.find(route);
    return known != route_states_.end() && known->second.state == BfdState::up;
}

std::string Coordinator::name_of(PeerId peer) const {
    auto known = peers_.find(peer);
    return known == peers_.end() ? std::string() : known->second.node.name;
}

void Coordinator::handle_path_error(TimePoint now, EndpointId local, const PathError& error) {
    for (const routing::Route& route : tm_.routes()) {
        bool is_its = route.local_id == local && route.remote.address == error.remote.address;
        if (!is_its || !route.usable || is_route_up(route.id)) continue;
        PathError known = error;
        known.remote = route.remote;
        if (!path_errors_.handle(now, local, known)) return;
        bool is_ours = error.kind == PathError::Kind::refused_here;
        note(Notice::Severity::warning, is_ours ? Notice::Fault::local : Notice::Fault::peer,
             "route", name_of(route.peer) + ": " + text_of(known, route.local));
        touch_view(now);
        return;
    }
}

void Coordinator::handle_rewritten(TimePoint now, const SourceRewritten& rewritten) {
    for (const routing::Route& route : tm_.routes())
        if (route.id == rewritten.route)
            return handle_path_error(now, route.local_id,
                                     {PathError::Kind::rewritten, route.remote, rewritten.seen});
}

void Coordinator::handle_segmentation(const SegmentationRecord& record) {
    bool is_new =
        record.is_avoided ? singles_.insert(record.route).second : singles_.erase(record.route) > 0;
    if (!is_new) return;
    for (const routing::Route& route : tm_.routes()) {
        if (route.id != record.route) continue;
        std::string where = route.local.to_string() + " -> " + route.remote.to_string();
        if (record.is_avoided)
            note(Notice::Severity::warning, Notice::Fault::local, "port",
                 name_of(route.peer) + ": " + where +
                     ": UDP segmentation does not work (what is sent together is lost, single "
                     "datagrams arrive): sent one by one from now on");
        else
            note(Notice::Severity::info, Notice::Fault::none, "port",
                 name_of(route.peer) + ": " + where + ": UDP segmentation is tried again");
    }
}

std::optional<Diagnostic> Coordinator::outside_reason(const routing::Route& route) const {
    if (!route.usable || is_route_up(route.id)) return {};
    const PathError* error = path_errors_.find(route.local_id, route.remote);
    return error == nullptr ? std::nullopt : std::optional(reason_of(error->kind));
}

void Coordinator::forget_path_errors(TimePoint now) {
    if (path_errors_.handle_timers(now)) touch_view(now);
}

void Coordinator::add_path_warnings(std::vector<std::string>& out) const {
    for (const routing::Route& route : tm_.routes()) {
        const PathError* error = path_errors_.find(route.local_id, route.remote);
        if (error != nullptr && !is_route_up(route.id))
            out.push_back(name_of(route.peer) + ": " + text_of(*error, route.local));
        if (singles_.contains(route.id))
            out.push_back(name_of(route.peer) + ": UDP segmentation does not work from " +
                          route.local.to_string() + " to " + route.remote.to_string() +
                          ": data goes one by one");
    }
}

}  // namespace netft::core
