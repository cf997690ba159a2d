#include "netft/core/coordinator.hpp"

#include <algorithm>
#include <utility>

#include "netft/base/assert.hpp"
#include "netft/core/config_digest.hpp"
#include "netft/core/fixed_settings.hpp"
#include "netft/core/frame_limits.hpp"

namespace netft::core {

namespace {

// 06:4e:46:54 ("NFT") and the peer's id: locally administered, unicast, only ever seen on this
// node.
MacAddress alias_of(PeerId id) {
    return {{0x06, 0x4e, 0x46, 0x54, static_cast<std::uint8_t>(id.value >> 8),
             static_cast<std::uint8_t>(id.value)}};
}

}  // namespace

Coordinator::Coordinator(const Settings& settings, const CoordinatorIdentity& identity,
                         std::uint64_t seed)
    : settings_(settings),
      identity_(identity),
      random_(seed),
      im_(interface_settings()),
      tm_(settings.topology),
      digests_(config_digests(settings_)) {
    for (const NodeSettings& node : settings_.nodes) id_of(node.public_key);
    if (settings_.security != SecurityMode::none) begin_secure();
    sync_peers(TimePoint{});
}

routing::InterfaceSettings Coordinator::interface_settings() const {
    routing::InterfaceSettings out;
    out.adapter_name = settings_.adapter_name;
    out.exclude = settings_.exclude_interfaces;
    out.configured = settings_.self_node().endpoints;
    for (const PortDevice& device : settings_.self_node().port_devices)
        out.captured.push_back(device.interface);
    out.port = settings_.port;
    return out;
}

// Ids stay with the key over reloads, wherever the node stands in the file.
PeerId Coordinator::id_of(const PublicKey& key) {
    auto [entry, is_new] = ids_.try_emplace(key, PeerId(static_cast<std::uint16_t>(ids_.size())));
    (void)is_new;
    return entry->second;
}

void Coordinator::sync_peers(TimePoint now) {
    inner_ = std::make_shared<const InnerAddresses>(inner_addresses(settings_));
    const PublicKey& own = settings_.self_node().public_key;
    std::set<PeerId> wanted;
    for (const NodeSettings& node : settings_.nodes) {
        if (node.public_key == own) continue;
        PeerId id = id_of(node.public_key);
        wanted.insert(id);
        if (auto known = peers_.find(id); known != peers_.end()) {
            known->second.node = node;
            known->second.opening.set_renew_after(renew_after());
            for (Life& life : known->second.lives) life.is_refused = false;
            continue;
        }
        add_peer(now, id, node);
    }
    std::erase_if(peers_, [this, &wanted](const auto& entry) {
        bool stays = wanted.contains(entry.first);
        if (!stays) park(entry.second);
        return !stays;
    });
    judge_cards(now);
    touch_view(now);
    forget_sends();
    if (secure_)
        std::erase_if(secure_->answered,
                      [&wanted](const auto& entry) { return !wanted.contains(entry.second); });
    plan_dirty_ = true;
}

// Counters go on over sessions and over a time out of the configuration: the far end's windows
// belong to our life and its key.
void Coordinator::add_peer(TimePoint now, PeerId id, const NodeSettings& node) {
    bool is_lower = settings_.self_node().public_key < node.public_key;
    Peer peer{.id = id, .node = node, .opening = {is_lower, renew_after()}};
    peer.control_counter = std::uint64_t{++generation_} << 32;
    peer.unreachable_since = now;
    peer.opening.start(now, fresh_index());
    auto parked =
        std::find_if(parked_.begin(), parked_.end(), [id](const Parked& p) { return p.id == id; });
    if (parked != parked_.end()) {
        peer.incarnation = parked->incarnation;
        peer.former_incarnation = parked->former_incarnation;
        peer.lives = std::move(parked->lives);
        peer.said = std::move(parked->said);
        peer.said_order = parked->said_order;
        peer.card_serial = parked->card_serial;
        for (Life& life : peer.lives) life.is_refused = false;
        parked_.erase(parked);
    }
    peers_.emplace(id, std::move(peer));
}

// What is known of a node that is taken out: it may come back, and if it never noticed, it does not
// introduce itself again. No keys are among it.
void Coordinator::park(const Peer& peer) {
    if (parked_.size() == kParkedMax) parked_.pop_front();
    parked_.push_back({peer.id, peer.incarnation, peer.former_incarnation, peer.lives, peer.said,
                       peer.said_order, peer.card_serial});
}

void Coordinator::handle_interfaces(TimePoint now, std::span<const routing::InterfaceFact> facts) {
    bool changed = im_.handle_facts(now, facts);
    drain_interface_events();
    if (changed) update_topology(now);
}

std::vector<std::string> Coordinator::handle_settings(TimePoint now, const Settings& next) {
    std::vector<std::string> refusals = find_fixed_changes(settings_, next);
    if (!refusals.empty()) return refusals;
    note_moved_addresses(next);
    settings_ = next;
    digests_ = config_digests(settings_);
    if (secure_) begin_secure();
    sync_peers(now);
    im_.handle_settings(now, interface_settings());
    drain_interface_events();
    tm_.handle_settings(settings_.topology);
    plan_dirty_ = true;
    update_topology(now);
    for (auto& [id, peer] : peers_)
        if (peer.card) handle_claims(peer);
    handle_adapter_addresses(now, adapter_addresses_);
    return {};
}

bool Coordinator::undamp(std::string_view name) {
    bool is_known = name.empty();
    for (auto& [id, peer] : peers_) {
        if (!name.empty() && peer.node.name != name) continue;
        ++peer.undamped;
        is_known = plan_dirty_ = true;
    }
    return is_known;
}

void Coordinator::handle_port(TimePoint now, EndpointId endpoint, const std::string& reason) {
    bool changed = reason.empty() ? closed_ports_.erase(endpoint) > 0
                                  : closed_ports_.insert_or_assign(endpoint, reason).second;
    if (!changed) return;
    plan_dirty_ = true;
    touch_view(now);
}

std::vector<routing::PeerEndpoints> Coordinator::peer_endpoints() const {
    std::vector<routing::PeerEndpoints> out;
    for (const auto& [id, peer] : peers_) {
        routing::PeerEndpoints entry{id, peer.node.name, peer.card.has_value(), {}};
        if (peer.card) {
            entry.endpoints = peer.card->endpoints;
        } else {
            for (const routing::ConfiguredEndpoint& configured : peer.node.endpoints) {
                CardEndpoint endpoint;
                endpoint.endpoint = configured.endpoint;
                endpoint.configured = true;
                endpoint.mtu = 0xffff;
                entry.endpoints.push_back(endpoint);
            }
        }
        out.push_back(std::move(entry));
    }
    return out;
}

void Coordinator::update_topology(TimePoint now) {
    auto peers = peer_endpoints();
    if (tm_.update(im_.endpoints(), peers)) plan_dirty_ = true;
    for (const std::string& warning : tm_.warnings()) {
        bool is_new = std::find(last_warnings_.begin(), last_warnings_.end(), warning) ==
                      last_warnings_.end();
        if (is_new) note(Notice::Severity::warning, Notice::Fault::config, "TM", warning);
    }
    last_warnings_ = tm_.warnings();
    forget_routes(now);
    touch_view(now);
    update_card(now);
}

std::uint16_t Coordinator::adapter_mtu() const {
    if (settings_.adapter_mtu) return *settings_.adapter_mtu;
    return core::adapter_mtu(datagram_bytes_max());
}

void Coordinator::handle_event(TimePoint now, const Event& event) {
    if (const auto* change = std::get_if<SelectionChange>(&event)) {
        if (Peer* peer = find_peer(change->peer)) {
            bool was_reachable = peer->reachable;
            bool was_in_reach = is_in_reach(*peer);
            peer->reachable = change->to.has_value();
            peer->in_use = change->to;
            peer->relay = change->relay;
            if (is_in_reach(*peer))
                peer->fruitless = 0;
            else
                peer->unreachable_since = change->at;
            if (peer->reachable != was_reachable || is_in_reach(*peer) != was_in_reach)
                handle_reach(now, *peer);
            if (!is_in_reach(*peer)) judge_clock_jump(now);
            service_peer(now, *peer);
        }
    } else if (const auto* shown = std::get_if<SessionShown>(&event)) {
        if (Peer* peer = find_peer(shown->peer)) {
            peer->opening.handle_shown(now, shown->local);
            begin_session(now, *peer);
            service_peer(now, *peer);
        }
    } else if (const auto* worn = std::get_if<SessionWorn>(&event)) {
        Peer* peer = find_peer(worn->peer);
        const session::Session* current = peer == nullptr ? nullptr : peer->opening.current();
        if (current == nullptr || current->local != worn->local) return;
        if (worn->is_spent) end_spent(now, *peer, worn->local);
        peer->opening.start(now, fresh_index());
        service_peer(now, *peer);
    } else if (const auto* transition = std::get_if<RouteTransition>(&event)) {
        note_transition(now, *transition);
    } else if (const auto* lost = std::get_if<DataLost>(&event)) {
        renew_after_loss(now, lost->peer);
    } else if (const auto* silent = std::get_if<RelaySilent>(&event)) {
        ask_by_relay(silent->peer);
    } else if (const auto* rewritten = std::get_if<SourceRewritten>(&event)) {
        handle_rewritten(now, *rewritten);
    } else if (const auto* segmentation = std::get_if<SegmentationRecord>(&event)) {
        handle_segmentation(*segmentation);
    } else if (const auto* refused = std::get_if<SourceRefused>(&event)) {
        handle_refused_source(now, *refused);
    } else if (const auto* record = std::get_if<StallRecord>(&event)) {
        if (record->stall.kind == StallKind::clock_stepped) note_clock_jump(now, record->stall.gap);
        stalled_ = now;
        touch_view(now);
    }
}

// Whatever it is that the two ends do not agree about, new keys and indices are without it.
void Coordinator::renew_after_loss(TimePoint now, PeerId id) {
    Peer* peer = find_peer(id);
    if (peer == nullptr) return;
    note(Notice::Severity::warning, Notice::Fault::peer, "session",
         peer->node.name +
             ": routes to it are up, and nothing of the data sent to it arrives there: opening "
             "another session");
    if (!peer->opening.is_initiating()) peer->opening.start(now, fresh_index());
    service_peer(now, *peer);
}

void Coordinator::handle_timers(TimePoint now) {
    service_mtu(now);
    service_digests(now);
    forget_path_errors(now);
    service_view(now);
    service_states(now);
    forget_knocks(now);
    for (auto& [id, peer] : peers_) {
        if (peer.refused_source && now - peer.refused_at >= kRefusalShown)
            peer.refused_source.reset();
        keep_sessions(now, peer);
    }
    initiate_where_due(now);
}

// Who has waited longest is first, so that tries to peers that never answer hold up nobody.
void Coordinator::initiate_where_due(TimePoint now) {
    std::vector<Peer*> due;
    for (auto& [id, peer] : peers_)
        if (peer.opening.wants_transmit(now)) due.push_back(&peer);
    std::stable_sort(due.begin(), due.end(), [](const Peer* a, const Peer* b) {
        return a->opening.next_try() < b->opening.next_try();
    });
    for (Peer* peer : due) {
        if (!pacer_.take(now)) return;
        send_initiation(now, *peer);
    }
}

std::optional<TimePoint> Coordinator::next_deadline() const {
    std::optional<TimePoint> soonest;
    auto take = [&soonest](std::optional<TimePoint> t) {
        if (t && (!soonest || *t < *soonest)) soonest = t;
    };
    for (const auto& [id, peer] : peers_) {
        auto opening = peer.opening.next_deadline();
        if (opening && peer.opening.wants_transmit(*opening))
            opening = std::max(*opening, pacer_.next());
        take(opening);
        take(peer.next_card);
        take(peer.next_view);
        if (!peer.opening.is_initiating()) take(reopens_at(peer));
        if (is_in_reach(peer) && !peer.is_overdue) take(peer.opening.overdue_at());
    }
    take(view_due_);
    take(states_due_);
    take(tracker_.next_deadline());
    take(view_refresh_);
    take(mtu_due_);
    take(digests_due_);
    take(path_errors_.next_deadline());
    if (stalled_) take(*stalled_ + kStallRemembered);
    return soonest;
}

// Everything that time may ask of a peer.
void Coordinator::service_peer(TimePoint now, Peer& peer) {
    keep_sessions(now, peer);
    if (peer.opening.wants_transmit(now) && pacer_.take(now)) send_initiation(now, peer);
}

OtherAddresses Coordinator::other_addresses(const Peer& peer) const {
    OtherAddresses out{.extra = {}, .claimed = {}, .allowed = peer.node.allowed};
    for (const auto& extra : {peer.node.extra_ipv4, peer.node.extra_ipv6})
        if (extra) out.extra.push_back(extra->address);
    // Its own as well: the kernel takes one for what is sent to many from a link-local adapter.
    for (const routing::ConfiguredEndpoint& configured : peer.node.endpoints) {
        const IpAddress address = configured.endpoint.address.with_scope(0);
        out.allowed.push_back({address, static_cast<std::uint8_t>(address.is_v4() ? 32 : 128)});
    }
    if (auto claimed = claimed_.find(peer.id); claimed != claimed_.end())
        out.claimed = claimed->second;
    return out;
}

std::optional<Plan> Coordinator::poll_plan() {
    if (!plan_dirty_) return {};
    plan_dirty_ = false;
    const NodeSettings& self = settings_.self_node();
    Plan plan;
    plan.version = ++plan_version_;
    plan.adapter = {identity_.adapter_mac, self.ipv4, self.ipv6};
    plan.inner = inner_;
    plan.datagram_bytes_max = datagram_bytes_max();
    plan.hold_down = settings_.hold_down;
    plan.damping = settings_.damping;
    plan.classes = settings_.classes;
    plan.relay = settings_.relay;
    plan.security = settings_.security;
    plan.rekey_datagrams = settings_.rekey_datagrams;
    for (const auto& [id, peer] : peers_) {
        PlanPeer out;
        out.id = id;
        out.name = peer.node.name;
        if (peer.card) out.mac = peer.card->mac;
        out.alias = alias_of(id);
        out.traffic = settings_.traffic_to(peer.node);
        out.undamped = peer.undamped;
        out.ipv4 = peer.node.ipv4;
        out.ipv6 = peer.node.ipv6;
        out.others = other_addresses(peer);
        for (const session::Session& s : peer.opening.sessions())
            out.sessions.push_back(
                {s.local, s.remote, s.incarnation, s.confirmed, s.serial, s.keys});
        plan.peers.push_back(std::move(out));
    }
    for (const routing::Route& route : tm_.routes()) {
        auto peer = peers_.find(route.peer);
        if (peer == peers_.end() || !peer->second.card) continue;
        PlanRoute out;
        out.id = route.id;
        out.peer = route.peer;
        out.local = route.local_id;
        out.local_endpoint = route.local;
        out.remote = route.remote;
        out.timing = route.timing;
        out.priority = route.priority;
        out.mtu = route.mtu;
        out.usable = route.usable;
        out.reason = route.reason;
        if (out.usable && closed_ports_.contains(route.local_id)) {
            out.usable = false;
            out.reason = Diagnostic::port_failed;
        }
        plan.routes.push_back(out);
    }
    return plan;
}

std::optional<ControlSend> Coordinator::poll_send() {
    if (sends_.empty()) return {};
    ControlSend send = std::move(sends_.front());
    sends_.pop_front();
    return send;
}

std::optional<Notice> Coordinator::poll_notice() {
    if (notices_.empty()) return {};
    Notice notice = std::move(notices_.front());
    notices_.pop_front();
    return notice;
}

void Coordinator::note(Notice::Severity severity, Notice::Fault fault, const char* module,
                       std::string text) {
    constexpr std::size_t kNoticesMax = 1024;
    if (notices_.size() == kNoticesMax) notices_.pop_front();
    notices_.push_back({severity, fault, module, std::move(text)});
}

void Coordinator::drain_interface_events() {
    while (auto event = im_.poll_event())
        note(Notice::Severity::info, Notice::Fault::none, "IM",
             event->interface + ": " + event->what);
}

std::vector<std::string> Coordinator::warnings() const {
    std::vector<std::string> out = tm_.warnings();
    for (const auto& [endpoint, reason] : closed_ports_) out.push_back(reason);
    for (const auto& [id, peer] : peers_)
        for (const std::string& warning : card_warnings(peer)) out.push_back(warning);
    for (std::string& text : knocks_.texts()) out.push_back(std::move(text));
    if (!unclaimed_.empty())
        out.push_back(settings_.adapter_name + " has " + unclaimed_ +
                      ", which no other node reaches: not in [adapter] floating or in allowed");
    for (const auto& [id, peer] : peers_) {
        if (peer.refused_source)
            out.push_back(peer.node.name + ": frames from " + peer.refused_source->to_string() +
                          " refused: not in its allowed");
        if (!peer.refused_claims.empty())
            out.push_back(peer.node.name + ": its claim to " + peer.refused_claims +
                          " refused: not in [adapter] floating or in its allowed");
    }
    for (const auto& [id, peer] : peers_)
        if (peer.is_overdue) out.push_back(overdue_text(peer));
    for (const auto& [id, peer] : peers_)
        for (const Life& life : peer.lives)
            if (life.is_refused)
                out.push_back(peer.node.name + ": a second machine, " + life.remote.to_string() +
                              ", uses its key: refused until the next reload");
    add_path_warnings(out);
    return out;
}

std::vector<PeerView> Coordinator::peers() const {
    std::vector<PeerView> out;
    for (const auto& [id, peer] : peers_) {
        PeerView view{id,
                      peer.node.name,
                      peer.opening.current() != nullptr,
                      peer.card.has_value(),
                      peer.reachable,
                      {},
                      {},
                      peer.node.ipv4,
                      peer.node.ipv6,
                      {},
                      peer.sessions_opened,
                      settings_.traffic_to(peer.node)};
        if (auto claimed = claimed_.find(id); claimed != claimed_.end())
            view.claimed = claimed->second;
        view.doubts = peer.doubts;
        auto relay = peer.relay ? peers_.find(*peer.relay) : peers_.end();
        if (relay != peers_.end() && view.has_session) view.relay = relay->second.node.name;
        if (const session::Session* session = peer.opening.current())
            view.session_since = session->created;
        if (!peer.refusal.empty())
            view.note = "card refused: " + peer.refusal;
        else if (!view.has_session)
            view.note = "no answer yet";
        else if (!view.has_card)
            view.note = "waiting for its card";
        out.push_back(std::move(view));
    }
    return out;
}

Coordinator::Peer* Coordinator::find_peer(PeerId id) {
    auto found = peers_.find(id);
    return found == peers_.end() ? nullptr : &found->second;
}

Coordinator::Peer* Coordinator::find_peer(const PublicKey& key) {
    auto id = ids_.find(key);
    return id == ids_.end() ? nullptr : find_peer(id->second);
}

SessionIndex Coordinator::fresh_index() {
    for (;;) {
        SessionIndex index(static_cast<std::uint32_t>(random_.next()));
        bool taken = index.value == 0;
        for (const auto& [id, peer] : peers_) {
            taken |= peer.opening.initiating() == index;
            for (const session::Session& s : peer.opening.sessions()) taken |= s.local == index;
        }
        if (!taken) return index;
    }
}

}  // namespace netft::core
