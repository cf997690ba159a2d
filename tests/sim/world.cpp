#include "tests/sim/world.hpp"

#include <algorithm>
#include <utility>

namespace netft::sim {

namespace {

constexpr std::size_t kIpAndUdp = 28;

IpAddress address_of(std::size_t node, std::size_t network) {
    return IpAddress::v4({10, static_cast<std::uint8_t>(network),
                          static_cast<std::uint8_t>((node + 1) >> 8),
                          static_cast<std::uint8_t>(node + 1)});
}

MacAddress mac_of(std::size_t node) {
    return {{2, 0, 0, 0, static_cast<std::uint8_t>(node >> 8), static_cast<std::uint8_t>(node)}};
}

}  // namespace

World::World(const WorldSettings& settings, Observer& observer)
    : settings_(settings),
      observer_(observer),
      random_(settings.seed),
      primitives_(settings.has_real_handshakes ? real_primitives(settings.seed)
                                               : cheap_primitives(settings.seed)),
      now_(1h),
      nodes_(settings.nodes),
      traits_(settings.traits),
      timings_(settings.nodes, settings.timing),
      wall_offsets_(settings.nodes),
      cluster_keys_(settings.nodes, {1}),
      removed_(settings.nodes, settings.nodes),
      links_(settings.nodes * settings.nodes * settings.networks) {
    traits_.resize(settings.nodes);
    for (std::size_t i = 0; i < settings.nodes; ++i) {
        session::NoiseKeyPair pair;
        primitives_->random(pair.secret.room());
        pair.open = primitives_->public_of(pair.secret);
        node_keys_.push_back(pair);
    }
    if (settings.last_is_clone) node_keys_.back() = node_keys_.front();
    for (std::size_t i = 0; i < settings.nodes; ++i)
        wall_offsets_[i] = Duration(1000s) * static_cast<std::int64_t>(i);
    for (SimNode& node : nodes_) {
        node.carrier.assign(settings.networks, true);
        node.has_address.assign(settings.networks, true);
    }
    for (std::size_t i = 0; i < settings.nodes; ++i)
        if (!is_clone(i) && !settings.starts_later) start(i);
}

World::~World() = default;

core::Settings World::settings_of(std::size_t self) const {
    core::Settings s;
    s.cluster = "sim";
    s.security = settings_.security;
    s.rekey_after = settings_.rekey_after;
    s.rekey_datagrams = settings_.rekey_datagrams;
    for (std::uint8_t key : cluster_keys_[self]) {
        s.cluster_keys.emplace_back();
        s.cluster_keys.back().room()[0] = key;
    }
    s.traffic = settings_.traffic;
    s.relay = settings_.relay;
    s.topology.same_subnet = timings_[self];
    bool is_leaf = settings_.is_star && self != 0;
    std::size_t place = is_leaf ? 1 : is_clone(self) ? 0 : self;
    if (removed_[self] < place) --place;
    s.self = core::NodeIndex(static_cast<std::uint16_t>(place));
    for (std::size_t i = 0; i < settings_.nodes; ++i) {
        if (is_clone(i) || i == removed_[self]) continue;
        if (is_leaf && i != 0 && i != self) continue;
        core::NodeSettings node;
        node.name = "n" + std::to_string(i + 1);
        node.public_key = node_keys_[i].open;
        // One reachable endpoint is enough: the rest comes with the card.
        for (std::size_t net = 0; net < (settings_.lists_all_endpoints ? settings_.networks : 1);
             ++net)
            node.endpoints.push_back({Endpoint{address_of(i, net), kNetftPort}, ""});
        auto high = static_cast<std::uint8_t>(9 + ((i + 1) >> 8));
        auto low = static_cast<std::uint8_t>(i + 1);
        node.ipv4 = IpAddress::v4({169, 254, high, low});
        node.ipv6 = IpAddress::v6({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, high, low});
        s.nodes.push_back(std::move(node));
    }
    return s;
}

std::vector<routing::InterfaceFact> World::facts_of(std::size_t self) const {
    std::vector<routing::InterfaceFact> facts;
    for (std::size_t net = 0; net < settings_.networks; ++net) {
        routing::InterfaceFact fact;
        fact.index = static_cast<std::uint32_t>(net + 2);
        fact.name = "eth" + std::to_string(net);
        fact.mac = mac_of(self + 1000 * (net + 1));
        fact.mtu = 1500;
        fact.admin_up = true;
        fact.carrier = nodes_[self].carrier[net];
        if (nodes_[self].has_address[net]) fact.addresses = {{address_of(self, net), 16}};
        facts.push_back(std::move(fact));
    }
    return facts;
}

LinkState& World::link(std::size_t from, std::size_t to, std::size_t network) {
    return links_[(from * settings_.nodes + to) * settings_.networks + network];
}

void World::start(std::size_t i) {
    SimNode& node = nodes_[i];
    if (node.running) return;
    node.running = true;
    ++node.epoch;
    node.frames_sent = 0;
    node.received = 0;
    node.consumed = 0;
    node.stalled_until.reset();
    node.missed_interfaces = node.missed_settings = false;
    core::CoordinatorIdentity identity{random_.next(), mac_of(i), node_keys_[i].secret,
                                       wall_offsets_[i].count(), primitives_.get()};
    node.coordinator =
        std::make_unique<core::Coordinator>(settings_of(i), identity, random_.next());
    node.engine = std::make_unique<core::Engine>(random_.next());
    node.assembler = std::make_unique<core::TrainAssembler>(1);
    touch(node).handle_interfaces(local_now(i), facts_of(i));
    (void)touch(node).handle_memory(local_now(i), std::exchange(node.memory, {}));
    touch(node).handle_timers(local_now(i));
    pump(i);
}

void World::announce_restart(std::size_t i, bool restarts) {
    if (!nodes_[i].running || nodes_[i].stalled_until) return;
    nodes_[i].is_restarting = restarts;
    nodes_[i].engine->announce_restart(local_now(i), restarts);
    pump(i);
}

void World::stop(std::size_t i) {
    SimNode& node = nodes_[i];
    if (std::exchange(node.is_restarting, false)) node.memory = node.coordinator->memory();
    node.running = false;
    node.stalled_until.reset();
    node.asleep_at.reset();
    for (std::size_t packet : node.waiting) free_packets_.push_back(packet);
    node.waiting.clear();
    node.coordinator.reset();
    node.engine.reset();
    node.assembler.reset();
    node.keys.clear();
    ++node.wake_version;
    node.wakes_at.reset();
}

void World::stall(std::size_t i, Duration how_long) {
    SimNode& node = nodes_[i];
    if (!node.running || node.asleep_at) return;
    if (!node.stalled_until) node.stalled_since = now_;
    node.stalled_until = now_ + how_long;
    push(now_ + how_long, Kind::resume, i, 0);
}

void World::suspend(std::size_t i, Duration how_long) {
    SimNode& node = nodes_[i];
    if (!node.running || node.stalled_until) return;
    stall(i, how_long);
    node.asleep_at = local_now(i);
}

void World::step_wall_clock(std::size_t i, Duration by) {
    wall_offsets_[i] += by;
    if (!nodes_[i].running || nodes_[i].stalled_until) return;
    nodes_[i].engine->handle_stall(local_now(i), {core::StallKind::clock_stepped, by});
    pump(i);
}

void World::restore_machine(std::size_t i) {
    if (!nodes_[i].running || nodes_[i].stalled_until) return;
    touch(nodes_[i]).handle_machine_restored(local_now(i), wall_offsets_[i].count());
    pump(i);
}

void World::set_carrier(std::size_t i, std::size_t network, bool on) {
    nodes_[i].carrier[network] = on;
    tell_interfaces(i);
}

void World::set_address(std::size_t i, std::size_t network, bool present) {
    nodes_[i].has_address[network] = present;
    tell_interfaces(i);
}

// A node that does not run now hears of it when it goes on: its clock may not have moved till then.
void World::tell_interfaces(std::size_t i) {
    SimNode& node = nodes_[i];
    if (!node.running) return;
    node.missed_interfaces = node.stalled_until.has_value();
    if (node.missed_interfaces) return;
    touch(node).handle_interfaces(local_now(i), facts_of(i));
    pump(i);
}

void World::reload_timing(std::size_t i, Timing timing) {
    timings_[i] = timing;
    reload(i);
}

void World::reload_cluster_keys(std::size_t i, const std::vector<std::uint8_t>& keys) {
    cluster_keys_[i] = keys;
    reload(i);
}

void World::reload_without(std::size_t i, std::size_t other) {
    removed_[i] = other;
    reload(i);
}

void World::reload(std::size_t i) {
    SimNode& node = nodes_[i];
    if (!node.running) return;
    node.missed_settings = node.stalled_until.has_value();
    if (node.missed_settings) return;
    auto refusals = touch(node).handle_settings(local_now(i), settings_of(i));
    if (!refusals.empty()) observer_.on_violation("reload refused: " + refusals.front());
    pump(i);
}

void World::heal_everything() {
    for (LinkState& link : links_) link = LinkState{};
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        start(i);
        for (std::size_t net = 0; net < settings_.networks; ++net) {
            if (!nodes_[i].carrier[net]) set_carrier(i, net, true);
            if (!nodes_[i].has_address[net]) set_address(i, net, true);
        }
    }
}

std::size_t World::store(std::size_t from, std::size_t network, Bytes bytes) {
    if (free_packets_.empty()) {
        packets_.emplace_back();
        free_packets_.push_back(packets_.size() - 1);
    }
    std::size_t at = free_packets_.back();
    free_packets_.pop_back();
    packets_[at].from = from;
    packets_[at].network = network;
    packets_[at].bytes.assign(bytes.begin(), bytes.end());
    return at;
}

std::optional<std::size_t> World::node_at(const Endpoint& remote, std::size_t network) const {
    Bytes bytes = remote.address.bytes();
    if (bytes.size() != 4) return {};
    std::size_t node = (std::size_t{bytes[2]} << 8 | bytes[3]) - 1;
    if (node >= nodes_.size() || remote.address != address_of(node, network)) return {};
    return node;
}

void World::transmit(std::size_t from, EndpointId local, const Endpoint& remote, Bytes bytes) {
    const SimNode& node = nodes_[from];
    std::optional<std::size_t> network;
    for (const routing::LocalEndpoint& endpoint : node.coordinator->endpoints())
        if (endpoint.id == local && endpoint.usable) network = endpoint.interface_index - 2;
    if (!network || !is_there(from, *network)) return;
    auto to = node_at(remote, *network);
    if (!to) return;
    if (on_wire) on_wire(from, *to, *network, bytes);
    bool is_data = (bytes[0] & 15) == static_cast<std::uint8_t>(MessageType::data);
    ++(is_data ? activity_.datagrams : activity_.messages);
    if (!is_there(*to, *network)) return;
    LinkState& state = link(from, *to, *network);
    if (state.is_cut || random_.chance(state.loss)) return;
    if (swallows && swallows(from, *to, *network, bytes)) return;
    if (is_data && state.data_loss > 0 && random_.chance(state.data_loss)) return;
    if (bytes.size() + kIpAndUdp > state.mtu) return;
    launch(from, *to, *network, bytes);
    if (random_.chance(state.duplication)) launch(from, *to, *network, bytes);
}

void World::say(std::size_t i, EndpointId local, const Endpoint& remote, SessionIndex session,
                Bytes plain) {
    if (!nodes_[i].running || nodes_[i].stalled_until || !nodes_[i].keys.contains(session.value))
        return;
    transmit(i, local, remote, seal(i, session, plain, sealed_));
}

void World::inject(std::size_t from, std::size_t to, std::size_t network, Bytes bytes) {
    launch(from, to, network, bytes);
}

Bytes World::seal(std::size_t i, SessionIndex session, Bytes plain,
                  std::vector<std::uint8_t>& room) {
    room.assign(plain.begin(), plain.end());
    make_as_sent_by(traits_[i].version, room);
    if (settings_.security == SecurityMode::none || session.value == 0) return room;
    auto keys = nodes_[i].keys.find(session.value);
    if (keys == nodes_[i].keys.end())
        observer_.on_violation("a datagram to seal with no key");
    else
        sim::seal(keys->second->send, room);
    return room;
}

// header ‖ payload of a heartbeat, data or control datagram that authenticates.
std::optional<Bytes> World::open(SimNode& node, Bytes datagram) {
    DropReason why{};
    auto header = decode_header(datagram, why);
    bool is_sealed = header && header->type >= MessageType::heartbeat;
    if (!is_sealed || settings_.security == SecurityMode::none) return datagram;
    auto keys = node.keys.find(header->receiver.value);
    if (keys == node.keys.end()) return {};
    auto opened = sim::open(keys->second->receive, datagram);
    if (!opened) ++node.bad_seals;
    return opened;
}

void World::launch(std::size_t from, std::size_t to, std::size_t network, Bytes bytes) {
    LinkState& state = link(from, to, network);
    TimePoint at = now_ + state.delay + random_.between(0ns, state.jitter);
    if (state.stragglers > 0 && random_.chance(state.stragglers)) at += state.straggle;
    if (state.rate > 0) {
        auto time_of = [&state](std::size_t size) { return Duration(1s) * size / state.rate; };
        state.busy_until = std::max(state.busy_until, now_);
        if (state.busy_until - now_ > time_of(state.queue)) return;
        state.busy_until += time_of(bytes.size() + kIpAndUdp);
        at += state.busy_until - now_;
    }
    push(at, Kind::packet, to, store(from, network, bytes));
}

void World::receive(std::size_t i, const Packet& packet) {
    SimNode& node = nodes_[i];
    if (!is_there(i, packet.network)) return;
    std::optional<EndpointId> local;
    IpAddress own = address_of(i, packet.network);
    for (const routing::LocalEndpoint& endpoint : node.coordinator->endpoints())
        if (endpoint.endpoint.address == own) local = endpoint.id;
    if (!local) return;
    Endpoint remote{address_of(packet.from, packet.network), kNetftPort};
    auto opened = open(node, packet.bytes);
    if (!opened) return;
    std::vector<std::uint8_t> room;
    Bytes read = as_read_by(traits_[i].version, *opened, room);
    if (read.empty()) return;
    ++node.received;
    core::Path path = node.engine->path_of(*local, remote);
    core::Verdict verdict = node.engine->handle_datagram(local_now(i), path, read);
    if (verdict.kind != core::Verdict::Kind::dropped) ++node.consumed;
    handle(i, verdict, *local, remote, read);
}

void World::pump(std::size_t i) {
    SimNode& node = nodes_[i];
    TimePoint local = local_now(i);
    for (int rounds = 0;; ++rounds) {
        if (rounds == 10'000) return observer_.on_violation("livelock: a node never settles");
        bool progress = false;
        if (auto plan = node.coordinator->poll_plan()) {
            node.engine->handle_plan(local, *plan);
            node.keys.clear();
            for (const core::PlanPeer& peer : plan->peers)
                for (const core::PlanSession& session : peer.sessions)
                    node.keys[session.local.value] = session.keys;
            progress = true;
        }
        while (auto due = node.engine->poll_transmit(local)) {
            plain_.assign(due->datagram.begin(), due->datagram.end());
            plain_.resize(plain_.size() + due->padding);
            if (on_plain) on_plain(i, due->local, due->remote, due->session, plain_);
            transmit(i, due->local, due->remote, seal(i, due->session, plain_, sealed_));
            progress = true;
        }
        while (auto reach = node.engine->poll_reach()) {
            Bytes plain = Bytes(reach->datagram).first(reach->size);
            if (on_plain) on_plain(i, reach->local, reach->remote, reach->session, plain);
            transmit(i, reach->local, reach->remote, seal(i, reach->session, plain, sealed_));
            progress = true;
        }
        while (auto event = node.engine->poll_event()) {
            if (const auto* t = std::get_if<core::RouteTransition>(&*event))
                observer_.on_transition(i, *t);
            touch(node).handle_event(local, *event);
            progress = true;
        }
        if (progress) continue;  // the plan first, then what the coordinator sends
        while (auto send = node.coordinator->poll_send()) {
            node.is_touched = true;
            this->send(i, *send);
            progress = true;
        }
        while (node.coordinator->poll_notice()) {
        }
        if (!progress) break;
    }
    wake_later(i);
}

std::vector<core::RouteReport> World::routes(std::size_t i) const {
    core::Report report;
    report.routes.reserve(4096);
    if (nodes_[i].running) nodes_[i].engine->report(local_now(i), report);
    return report.routes;
}

std::optional<World::RoutePlace> World::place_of(std::size_t i, RouteId id) const {
    if (!nodes_[i].running) return {};
    for (const routing::Route& route : nodes_[i].coordinator->routes())
        if (route.id == id && !route.interface.empty())  // its address may never have been seen
            return RoutePlace{route.peer.value,
                              static_cast<std::size_t>(route.interface.back() - '0')};
    return {};
}

}  // namespace netft::sim
