// The coordinator's part in views: what this node tells of its routes, and what it hears.
//
// A view goes to every peer that takes views when it changed, and now and then: at most every
// kViewInterval, and the rarer the more there is to send, which is paced. Parts are repeated until
// acknowledged, by the route in use first, then by all that are up. To a peer that cannot be
// reached nothing is sent; it gets the view as it then is when it can.
#include <algorithm>

#include "netft/core/coordinator.hpp"
#include "routing/topology/reach.hpp"

namespace netft::core {

void Coordinator::touch_view(TimePoint now) {
    touch_states(now);
    if (view_due_) return;
    std::size_t messages = view_parts_.size() * peers_.size();
    Duration interval = std::max<Duration>(kViewInterval, messages * kViewMessageInterval);
    view_due_ = std::max(now + kViewGathering, view_made_ + interval);
}

NodeView Coordinator::make_view(TimePoint now) const {
    NodeView view;
    view.is_stalled = stalled_ && now - *stalled_ < kStallRemembered;
    std::map<EndpointId, std::uint8_t> places;
    for (const routing::LocalEndpoint& endpoint : im_.endpoints()) {
        if (view.interfaces.size() == kViewInterfacesMax) break;
        places[endpoint.id] = static_cast<std::uint8_t>(view.interfaces.size());
        Diagnostic reason = endpoint.usable ? Diagnostic::none : endpoint.reason;
        if (endpoint.usable && closed_ports_.contains(endpoint.id))
            reason = Diagnostic::port_failed;
        view.interfaces.push_back({tag_of(endpoint.endpoint.address), reason});
    }
    std::map<PeerId, std::size_t> rows;
    for (const auto& [id, peer] : peers_) {
        rows[id] = view.peers.size();
        view.peers.push_back({peer.node.ipv4, standing_of(peer), {}});
    }
    for (const routing::Route& route : tm_.routes()) {
        auto place = places.find(route.local_id);
        auto row = rows.find(route.peer);
        if (place == places.end() || row == rows.end()) continue;
        view.peers[row->second].routes.push_back(view_of(route, place->second));
    }
    return view;
}

ViewRoute Coordinator::view_of(const routing::Route& route, std::uint8_t interface) const {
    ViewRoute out{.interface = interface, .remote = tag_of(route.remote.address)};
    if (auto known = route_states_.find(route.id); known != route_states_.end()) {
        out.state = known->second.state;
        out.suspect = known->second.suspect;
        out.peer_said_so = known->second.peer_said_so;
        out.reason = known->second.reason;
        out.damped = known->second.damped;
    }
    // Silence explains nothing; what the peer said of itself does.
    if (auto outside = outside_reason(route); outside && is_silence(out.reason)) {
        out.peer_said_so = false;
        out.reason = *outside;
    }
    if (!route.usable) {
        out.peer_said_so = false;
        out.reason = route.reason;
    }
    return out;
}

Standing Coordinator::standing_of(const Peer& peer) const {
    bool has_session = peer.opening.current() != nullptr;
    if (peer.contradicts) return Standing::bad_card;
    if (peer.is_overdue) return Standing::unrenewed;
    if (has_session && peer.card && peer.reachable) return Standing::known;
    if (peer.trouble != Standing::known) return peer.trouble;
    if (!has_session) return Standing::no_session;
    return peer.card ? Standing::known : Standing::no_card;
}

// What hinders a handshake is known until one is done.
void Coordinator::note_trouble(TimePoint now, Peer& peer, Standing trouble) {
    bool is_same = peer.trouble == trouble;
    peer.trouble = trouble;
    peer.trouble_ends.reset();
    if (is_same) return;
    touch_view(now);
}

void Coordinator::service_view(TimePoint now) {
    if (!view_refresh_ || *view_refresh_ <= now) {
        touch_view(now);
        view_refresh_ = now + kViewRefresh;
        for (auto& [id, peer] : peers_) owe_view(now, peer);
    }
    if (stalled_ && now - *stalled_ >= kStallRemembered) {
        stalled_.reset();
        touch_view(now);
    }
    if (!view_due_ || *view_due_ > now) return;
    view_due_.reset();
    NodeView view = make_view(now);
    if (view_serial_ != 0 && view == view_) return;
    view_made_ = now;
    view_ = std::move(view);
    view_parts_ = split(view_, kViewPartBytesMax);
    ++view_serial_;
    for (auto& [id, peer] : peers_) owe_view(now, peer);
}

void Coordinator::owe_view(TimePoint now, Peer& peer) {
    peer.view_parts_owed.clear();
    peer.view_cursor = 0;
    peer.next_view.reset();
    bool takes = peer.card && (peer.card->features & kFeatureViews) != 0;
    if (!takes || !is_in_reach(peer) || view_parts_.empty()) return;
    for (std::size_t i = 0; i < view_parts_.size(); ++i)
        peer.view_parts_owed.insert(static_cast<std::uint8_t>(i));
    peer.next_view = now;
    peer.view_interval = kCardFirstRetry;
}

void Coordinator::send_view(TimePoint now, Peer& peer) {
    if (view_pacer_.next() > now) {
        peer.next_view = now + kViewPause;
        return;
    }
    bool is_first = peer.view_interval == kCardFirstRetry;
    auto paths = up_paths_to(peer);
    if (is_first && paths.size() > 1) paths.resize(1);
    for (std::uint8_t part : peer.view_parts_owed) {
        if (part < peer.view_cursor) continue;
        if (!view_pacer_.take(now)) {
            peer.next_view = now + kViewPause;
            return;
        }
        ControlMessage message{.serial = view_serial_};
        message.view = view_parts_[part];
        send_control(peer, message, paths);
        peer.view_cursor = part + std::size_t{1};
    }
    peer.view_cursor = 0;
    peer.next_view = now + random_.between(peer.view_interval * 3 / 4, peer.view_interval);
    peer.view_interval = std::min(peer.view_interval * 2, kCardLastRetry);
}

// The route in use first.
std::vector<std::pair<EndpointId, Endpoint>> Coordinator::up_paths_to(const Peer& peer) const {
    std::vector<std::pair<EndpointId, Endpoint>> paths;
    const std::vector<routing::Route>& routes = tm_.routes();  // by peer
    auto first =
        std::lower_bound(routes.begin(), routes.end(), peer.id,
                         [](const routing::Route& route, PeerId id) { return route.peer < id; });
    for (; first != routes.end() && first->peer == peer.id; ++first) {
        const routing::Route& route = *first;
        auto known = route_states_.find(route.id);
        bool is_up = known != route_states_.end() && known->second.state == BfdState::up;
        if (!is_up || !route.usable) continue;
        bool in_use = peer.in_use == route.id;
        paths.insert(in_use ? paths.begin() : paths.end(), {route.local_id, route.remote});
    }
    if (paths.empty() && peer.relay)
        paths.emplace_back(kRelayedEndpoint, relayed_endpoint(peer.node.ipv6));
    return paths;
}

void Coordinator::handle_view(TimePoint now, Peer& peer, std::uint64_t serial,
                              const ViewPart& part) {
    if (peer.views.handle_part(serial, part)) touch_states(now);
}

void Coordinator::handle_view_ack(Peer& peer, std::uint64_t serial, std::uint8_t part) {
    if (serial != view_serial_) return;
    peer.view_parts_owed.erase(part);
    if (peer.view_parts_owed.empty()) peer.next_view.reset();
}

// A peer came into reach: it may not know how we see things. Or went: nobody is to wait for it.
void Coordinator::handle_reach(TimePoint now, Peer& peer) {
    owe_view(now, peer);
    touch_view(now);
}

// Routes that are no more.
void Coordinator::forget_routes(TimePoint now) {
    std::set<RouteId> known;
    for (const routing::Route& route : tm_.routes()) known.insert(route.id);
    std::erase_if(singles_, [&known](RouteId id) { return !known.contains(id); });
    std::erase_if(route_states_, [&known](const auto& e) { return !known.contains(e.first); });
    service_mtu(now);
}

void Coordinator::note_transition(TimePoint now, const RouteTransition& transition) {
    bool is_well = transition.to == BfdState::up && !transition.to_suspect && !transition.to_damped;
    RouteWord& word = route_states_[transition.route];
    bool was_up = word.state == BfdState::up;
    word.state = transition.to;
    word.suspect = transition.to_suspect;
    word.damped = transition.to_damped;
    word.peer_said_so = transition.remote_said_so && !is_well;
    word.reason = is_well ? Diagnostic::none : transition.reason;
    if (bool is_up = transition.to == BfdState::up; is_up != was_up) {
        count_for_mtu(now, transition.route, is_up);
        note_proof(now, transition.route);
    }
    touch_view(now);
}

std::optional<bool> Coordinator::says_it_reaches(PeerId who, PeerId whom) const {
    auto from = peers_.find(who);
    auto to = peers_.find(whom);
    if (from == peers_.end() || to == peers_.end()) return {};
    if (!from->second.reachable || !from->second.views.view()) return {};
    return routing::says_it_reaches(*from->second.views.view(), to->second.node.ipv4);
}

}  // namespace netft::core
