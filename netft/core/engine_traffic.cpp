// Which routes carry a peer's traffic: selection, policies, trains.
#include <algorithm>
#include <array>
#include <tuple>

#include "netft/base/assert.hpp"
#include "netft/core/engine_state.hpp"
#include "netft/core/frame_limits.hpp"

namespace netft::core {

std::optional<TrainTicket> Engine::begin_train(TimePoint now, PeerId peer, std::uint16_t datagrams,
                                               const FrameView& frame) {
    NETFT_ASSERT(datagrams > 0 && datagrams <= kTrainDatagramsMax);
    State& s = *state_;
    std::uint32_t slot = s.peer_slot(peer);
    if (slot == Path::kNoRoute) return {};
    EnginePeer& p = s.peers[slot];
    if (!s.role.is_first()) s.follow(slot);
    if (p.target_count == 0 || !p.sending) return {};
    auto [first, count] = s.choose_targets(now, slot, datagrams, frame);
    for (std::size_t i = 0; i < count; ++i) s.take_destination(p, first + i, i, datagrams);
    return s.take_counters(slot, datagrams, std::span(s.destinations).first(count));
}

void Engine::State::take_destination(EnginePeer& peer, std::size_t target, std::size_t place,
                                     std::uint16_t datagrams) {
    const Route& route = *routes[peer.targets[target]];
    destinations[place] = {route.plan().local, route.plan().remote, route.plan().id,
                           role.workers == 1 ? std::uint8_t{0} : source_for(peer, target),
                           route.is_single()};
    count_data_sent(peer.targets[target], datagrams);
}

TrainTicket Engine::State::take_counters(std::uint32_t peer_slot, std::uint16_t datagrams,
                                         std::span<const Destination> to) {
    EnginePeer& peer = peers[peer_slot];
    const PlanSession& session = peer.sessions[*peer.sending].plan;
    TrainTicket ticket{to, session.local, {}};
    ticket.header.type = MessageType::data;
    ticket.header.space = static_cast<std::uint16_t>(role.worker);
    ticket.header.receiver = session.remote;
    ticket.header.counter = peer.data_counter + 1;
    peer.data_counter += datagrams;
    peer.data_sent += datagrams;
    if (peer.tally != nullptr) RouteTally::add(peer.tally->sent, datagrams);
    count_sealed(peer_slot, datagrams);
    return ticket;
}

// What choose_targets() says without a look at the frame.
Bursts Engine::bursts_to(TimePoint now, PeerId peer) const {
    std::uint32_t slot = state_->peer_slot(peer);
    if (slot == Path::kNoRoute) return Bursts::none;
    if (!state_->role.is_first()) state_->follow(slot);
    const EnginePeer& p = state_->peers[slot];
    if (p.target_count == 0 || !p.sending) return Bursts::none;
    return p.is_alike(now) ? Bursts::together : Bursts::single;
}

Engine::State::Targets Engine::State::choose_targets(TimePoint now, std::uint32_t peer_slot,
                                                     std::uint16_t datagrams,
                                                     const FrameView& frame) {
    EnginePeer& peer = peers[peer_slot];
    std::size_t all = peer.target_count;
    if (peer.is_alike(now)) return {0, 1};
    Flow flow;
    Policy policy = Policy::failover;
    if (!peer.is_plain) {
        flow = flow_of(frame);
        policy = policy_of(flow, plan_peers[peer_slot].traffic, plan.classes);
    }
    switch (policy) {
        case Policy::duplicate: return {0, all};
        case Policy::spread: return {spread_target(now, peer_slot, flow.hash), 1};
        case Policy::failover: break;
    }
    // Sickness may last for ever, and bulk is not copied for ever.
    bool wants_copies = !peer.is_calm(now) || (peer.is_sick && datagrams == 1);
    bool has_copies = wants_copies && peer.copies.take(now, copy_cost(datagrams));
    return {0, has_copies ? peer.copied_count : 1u};
}

std::size_t Engine::State::spread_target(TimePoint now, std::uint32_t peer_slot,
                                         std::uint64_t hash) {
    refresh_spread(now, peer_slot);
    EnginePeer& peer = peers[peer_slot];
    Spread& spread = *peer.spread;
    if (spread.shares.empty()) return 0;  // not heard of yet by a worker that is not the first
    RouteId route = spread.flows.take(now, hash, spread.shares);
    for (std::size_t i = 0; i < peer.target_count; ++i)
        if (routes[peer.targets[i]]->plan().id == route) return i;
    return 0;
}

// By its traffic, or where that is other workers' by its heartbeats.
void Engine::State::refresh_spread(TimePoint now, std::uint32_t peer_slot) {
    EnginePeer& peer = peers[peer_slot];
    if (!peer.spread || !role.is_first() || now - peer.spread->shares_at < Spread::kRefresh) return;
    refresh_shares(now, peer);
    publish_selection(peer_slot);
}

void Engine::State::refresh_shares(TimePoint now, EnginePeer& peer) {
    std::array<Candidate, kDestinationsMax> up;
    std::array<Quality, kDestinationsMax> qualities;
    std::size_t count = peer.target_count;
    for (std::size_t i = 0; i < count; ++i) {
        up[i] = routes[peer.targets[i]]->candidate();
        qualities[i] = routes[peer.targets[i]]->quality();
    }
    peer.spread->shares_at = now;
    share(now, std::span(up).first(count), std::span(qualities).first(count), plan.hold_down,
          peer.spread->shares);
}

void Engine::State::select_route(TimePoint now, std::uint32_t peer_slot) {
    EnginePeer& peer = peers[peer_slot];
    candidates.clear();
    for (std::uint32_t slot : peer.routes) candidates.push_back(routes[slot]->candidate());
    Selection selection = select(now, candidates, peer.selected, plan.hold_down);
    peer_timers.set(peer_slot, selection.recheck);
    peer.is_suspect = selection.is_suspect && !selection.is_sick;
    peer.is_sick = selection.is_sick;
    if (selection.is_unsettled) peer.copied_until = now + EnginePeer::kCopied;
    retarget(now, peer, selection.route);
    if (peer.target_count == 0) peer.pulse.reset();
    publish_selection(peer_slot);
    mark_relays(now);
    apply_selection(now, peer_slot, selection.route, find_relay(now, peer_slot));
}

void Engine::State::apply_selection(TimePoint now, std::uint32_t peer_slot,
                                    std::optional<RouteId> route, std::optional<PeerId> relay) {
    EnginePeer& peer = peers[peer_slot];
    if (route == peer.selected && relay == peer.relay) return;
    bool was_reachable = peer.selected || peer.relay;
    if ((route || relay) != was_reachable) peer.since = now;
    emit(SelectionChange{now, plan_peers[peer_slot].id, peer.selected, route, relay});
    if (route != peer.selected) peer.pulse.begin(counts_of(peer_slot).sent);
    if (relay != peer.relay && peer.relaying) peer.relaying->watch.begin(counts_of(peer_slot).sent);
    peer.selected = route;
    peer.relay = relay;
    publish_selection(peer_slot);
}

// Lists the routes of `candidates` that are up, the selected one first, then the best.
void Engine::State::retarget(TimePoint now, EnginePeer& peer, std::optional<RouteId> selected) {
    auto place = [selected](const Candidate& c) {
        return std::tuple(!c.is_up, c.id != selected, c.is_suspect, c.is_damped, c.priority, c.id);
    };
    std::sort(candidates.begin(), candidates.end(),
              [place](const Candidate& a, const Candidate& b) { return place(a) < place(b); });
    peer.target_count = peer.copied_count = 0;
    peer.datagram_bytes = 0;
    for (const Candidate& c : candidates) {
        if (!c.is_up || peer.target_count == kDestinationsMax) break;
        peer.targets[peer.target_count++] = route_slot(c.id);
        // What is sick gets no copies while there is better: it may be sick of too much.
        if (!peer.is_sick && c.is_sick) continue;
        peer.copied_count = peer.target_count;
        fit(peer, *routes[peer.targets[peer.target_count - 1u]]);
    }
    if (peer.spread) refresh_shares(now, peer);
}

// Trains are cut so that they fit all routes that may carry them.
void Engine::State::fit(EnginePeer& peer, const Route& route) {
    std::uint16_t limit = route.mtu_limit();
    if (limit == 0) return;
    std::uint16_t bytes = datagram_bytes(limit, route.plan().remote.address.family());
    if (peer.datagram_bytes == 0 || bytes < peer.datagram_bytes) peer.datagram_bytes = bytes;
}

// What a new plan says of the peer's traffic.
void Engine::State::apply_policies(std::uint32_t peer_slot) {
    EnginePeer& peer = peers[peer_slot];
    const TrafficRule& rule = plan_peers[peer_slot].traffic;
    auto has = [this, &rule](Policy policy) {
        return rule.policy == policy ||
               std::any_of(plan.classes.begin(), plan.classes.end(),
                           [policy](const TrafficClass& c) { return c.policy == policy; });
    };
    peer.is_plain =
        rule.policy == Policy::failover && rule.duplicate_small == 0 && plan.classes.empty();
    peer.may_copy = has(Policy::duplicate) || rule.duplicate_small > 0;
    if (!has(Policy::spread)) {
        peer.spread.reset();
    } else if (!peer.spread) {
        peer.spread = std::make_unique<Spread>();
        peer.spread->shares.reserve(kDestinationsMax);
    }
}

// What a route carries by the policy and the classes of its peer.
RouteUse Engine::State::use_of(TimePoint now, std::uint32_t peer_slot, RouteId route) const {
    const EnginePeer& peer = peers[peer_slot];
    Policy policy = plan_peers[peer_slot].traffic.policy;
    auto up = std::span(peer.targets).first(peer.target_count);
    bool is_target = std::find(up.begin(), up.end(), route_slot(route)) != up.end();
    if (!is_target) return RouteUse::none;
    bool shares = peer.spread && std::any_of(peer.spread->shares.begin(), peer.spread->shares.end(),
                                             [route](const Share& s) { return s.route == route; });
    if (policy == Policy::spread && shares) return RouteUse::share;
    if (route == peer.selected) return RouteUse::main;
    if (peer.may_copy || peer.is_sick || !peer.is_calm(now)) return RouteUse::copy;
    return shares ? RouteUse::share : RouteUse::none;
}

void Engine::State::report_use(TimePoint now, RouteReport& report) const {
    std::uint32_t slot = peer_slot(report.peer);
    if (slot == Path::kNoRoute) return;
    report.use = use_of(now, slot, report.id);
    switch (plan_peers[slot].traffic.policy) {
        case Policy::failover: report.in_use = report.use == RouteUse::main; break;
        case Policy::spread: report.in_use = report.use == RouteUse::share; break;
        case Policy::duplicate: report.in_use = report.use != RouteUse::none; break;
    }
}

}  // namespace netft::core
