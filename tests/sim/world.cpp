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
      primitives_(settings.seed),
      now_(1h),
      nodes_(settings.nodes),
      timings_(settings.nodes, settings.timing),
      wall_offsets_(settings.nodes),
      cluster_keys_(settings.nodes, {1}),
      removed_(settings.nodes, settings.nodes),
      links_(settings.nodes * settings.nodes * settings.networks) {
    for (std::size_t i = 0; i < settings.nodes; ++i) {
        session::NoiseKeyPair pair;
        primitives_.random(pair.secret.room());
        pair.open = primitives_.public_of(pair.secret);
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
    s.self = is_leaf ? PeerId(1) : peer_id(is_clone(self) ? 0 : self);
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

const NodeTraits& World::traits_of(std::size_t i) const {
    static const NodeTraits kPlain;
    return i < settings_.traits.size() ? settings_.traits[i] : kPlain;
}

TimePoint World::local_time(std::size_t i, TimePoint at) const {
    const NodeTraits& traits = traits_of(i);
    // Whole milliseconds and the rest apart: nanoseconds times ppm may be more than 64 bits hold.
    Duration elapsed = at.time_since_epoch();
    Duration ahead =
        elapsed / 1'000'000 * traits.clock_ppm + elapsed % 1'000'000 * traits.clock_ppm / 1'000'000;
    return at + ahead + traits.clock_offset;
}

TimePoint World::local_now(std::size_t i) const { return local_time(i, now_); }

TimePoint World::when(std::size_t i, TimePoint local) const {
    const NodeTraits& traits = traits_of(i);
    double elapsed = static_cast<double>((local - traits.clock_offset).time_since_epoch().count());
    double rate = 1 + static_cast<double>(traits.clock_ppm) / 1e6;
    TimePoint at(Duration(static_cast<Duration::rep>(elapsed / rate)));
    while (local_time(i, at) < local) at += std::max(local - local_time(i, at), Duration(1));
    return at;
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
    core::CoordinatorIdentity identity{random_.next(), mac_of(i), node_keys_[i].secret,
                                       wall_offsets_[i].count(), &primitives_};
    node.coordinator =
        std::make_unique<core::Coordinator>(settings_of(i), identity, random_.next());
    node.engine = std::make_unique<core::Engine>(random_.next());
    node.assembler = std::make_unique<core::TrainAssembler>();
    node.coordinator->handle_interfaces(local_now(i), facts_of(i));
    (void)node.coordinator->handle_memory(local_now(i), std::exchange(node.memory, {}));
    node.coordinator->handle_timers(local_now(i));
    pump(i);
}

void World::announce_restart(std::size_t i, bool restarts) {
    if (!nodes_[i].running) return;
    nodes_[i].is_restarting = restarts;
    nodes_[i].engine->announce_restart(local_now(i), restarts);
    pump(i);
}

void World::stop(std::size_t i) {
    SimNode& node = nodes_[i];
    if (std::exchange(node.is_restarting, false)) node.memory = node.coordinator->memory();
    node.running = false;
    node.stalled_until.reset();
    for (std::size_t packet : node.waiting) free_packets_.push_back(packet);
    node.waiting.clear();
    node.coordinator.reset();
    node.engine.reset();
    node.assembler.reset();
    node.keys.clear();
    ++node.wake_version;
}

void World::stall(std::size_t i, Duration how_long) {
    SimNode& node = nodes_[i];
    if (!node.running) return;
    if (!node.stalled_until) node.stalled_since = now_;
    node.stalled_until = now_ + how_long;
    push({now_ + how_long, 0, Step::Kind::resume, i, 0, 0});
}

void World::set_carrier(std::size_t i, std::size_t network, bool on) {
    nodes_[i].carrier[network] = on;
    if (!nodes_[i].running) return;
    nodes_[i].coordinator->handle_interfaces(local_now(i), facts_of(i));
    pump(i);
}

void World::set_address(std::size_t i, std::size_t network, bool present) {
    nodes_[i].has_address[network] = present;
    if (!nodes_[i].running) return;
    nodes_[i].coordinator->handle_interfaces(local_now(i), facts_of(i));
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
    if (!nodes_[i].running) return;
    auto refusals = nodes_[i].coordinator->handle_settings(local_now(i), settings_of(i));
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

void World::push(Step step) {
    step.order = ++order_;
    queue_.push(step);
}

std::size_t World::store(Packet packet) {
    if (free_packets_.empty()) {
        packets_.push_back(std::move(packet));
        return packets_.size() - 1;
    }
    std::size_t at = free_packets_.back();
    free_packets_.pop_back();
    packets_[at] = std::move(packet);
    return at;
}

void World::transmit(std::size_t from, EndpointId local, const Endpoint& remote, Bytes bytes) {
    const SimNode& node = nodes_[from];
    std::optional<std::size_t> network;
    for (const routing::LocalEndpoint& endpoint : node.coordinator->endpoints())
        if (endpoint.id == local && endpoint.usable) network = endpoint.interface_index - 2;
    if (!network || !node.carrier[*network] || !node.has_address[*network]) return;
    for (std::size_t to = 0; to < nodes_.size(); ++to) {
        if (remote.address != address_of(to, *network)) continue;
        if (on_wire) on_wire(from, to, *network, bytes);
        chatter_ += (bytes[0] & 15) != static_cast<std::uint8_t>(MessageType::data);
        if (!nodes_[to].carrier[*network] || !nodes_[to].has_address[*network]) return;
        LinkState& state = link(from, to, *network);
        bool is_data = (bytes[0] & 15) == static_cast<std::uint8_t>(MessageType::data);
        if (state.is_cut || random_.chance(state.loss)) return;
        if (is_data && state.data_loss > 0 && random_.chance(state.data_loss)) return;
        if (bytes.size() + kIpAndUdp > state.mtu) return;
        Packet packet{from, to, *network, {bytes.begin(), bytes.end()}};
        launch(packet, state);
        if (random_.chance(state.duplication)) launch(packet, state);
    }
}

void World::inject(std::size_t from, std::size_t to, std::size_t network, Bytes bytes) {
    launch({from, to, network, {bytes.begin(), bytes.end()}}, link(from, to, network));
}

std::vector<std::uint8_t> World::seal(std::size_t i, SessionIndex session, Bytes bytes) {
    std::vector<std::uint8_t> plain = as_sent_by(traits_of(i).version, bytes);
    if (settings_.security == SecurityMode::none || session.value == 0) return plain;
    auto keys = nodes_[i].keys.find(session);
    if (keys == nodes_[i].keys.end()) {
        observer_.on_violation("a datagram to seal with no key");
        return plain;
    }
    return sim::seal(keys->second->send, plain);
}

// header ‖ payload of a heartbeat, data or control datagram that authenticates.
std::optional<Bytes> World::open(SimNode& node, Bytes datagram) {
    DropReason why{};
    auto header = decode_header(datagram, why);
    bool is_sealed = header && header->type >= MessageType::heartbeat;
    if (!is_sealed || settings_.security == SecurityMode::none) return datagram;
    auto keys = node.keys.find(header->receiver);
    if (keys == node.keys.end()) return {};
    auto opened = sim::open(keys->second->receive, datagram);
    if (!opened) ++node.bad_seals;
    return opened;
}

void World::launch(const Packet& packet, LinkState& state) {
    TimePoint at = now_ + state.delay + random_.between(0ns, state.jitter);
    if (state.stragglers > 0 && random_.chance(state.stragglers)) at += state.straggle;
    if (state.rate > 0) {
        auto time_of = [&state](std::size_t bytes) { return Duration(1s) * bytes / state.rate; };
        state.busy_until = std::max(state.busy_until, now_);
        if (state.busy_until - now_ > time_of(state.queue)) return;
        state.busy_until += time_of(packet.bytes.size() + kIpAndUdp);
        at += state.busy_until - now_;
    }
    std::size_t to = packet.to;
    push({at, 0, Step::Kind::packet, to, store(packet), 0});
}

void World::run_until(TimePoint end) {
    while (!queue_.empty() && queue_.top().at <= end) {
        Step step = queue_.top();
        queue_.pop();
        now_ = step.at;
        ++steps_;
        SimNode& node = nodes_[step.node];
        if (step.kind == Step::Kind::packet) {
            if (node.stalled_until && node.running && node.waiting.size() < 4096) {
                node.waiting.push_back(step.packet);
                continue;
            }
            if (node.running && !node.stalled_until) {
                receive(step.node, packets_[step.packet]);
                pump(step.node);
            }
            free_packets_.push_back(step.packet);
        } else if (step.kind == Step::Kind::wake) {
            if (step.version != node.wake_version || !node.running || node.stalled_until) continue;
            node.engine->handle_timers(local_now(step.node));
            node.assembler->handle_timers(local_now(step.node), node.assembler_drops);
            node.coordinator->handle_timers(local_now(step.node));
            pump(step.node);
        } else if (node.running && node.stalled_until && *node.stalled_until <= now_) {
            node.stalled_until.reset();
            node.engine->handle_stall(now_, {core::StallKind::stopped, now_ - node.stalled_since});
            // What is already waiting is read before anybody is declared dead.
            for (std::size_t packet : node.waiting) {
                receive(step.node, packets_[packet]);
                free_packets_.push_back(packet);
            }
            node.waiting.clear();
            node.engine->handle_timers(local_now(step.node));
            node.coordinator->handle_timers(local_now(step.node));
            pump(step.node);
        }
    }
    now_ = end;
}

void World::receive(std::size_t i, const Packet& packet) {
    SimNode& node = nodes_[i];
    if (!node.carrier[packet.network] || !node.has_address[packet.network]) return;
    std::optional<EndpointId> local;
    for (const routing::LocalEndpoint& endpoint : node.coordinator->endpoints())
        if (endpoint.endpoint.address == address_of(i, packet.network)) local = endpoint.id;
    if (!local) return;
    Endpoint remote{address_of(packet.from, packet.network), kNetftPort};
    auto opened = open(node, packet.bytes);
    if (!opened) return;
    std::vector<std::uint8_t> read = as_read_by(traits_of(i).version, *opened);
    if (read.empty()) return;
    opened = read;
    ++node.received;
    core::Path path = node.engine->path_of(*local, remote);
    core::Verdict verdict = node.engine->handle_datagram(local_now(i), path, *opened);
    if (verdict.kind != core::Verdict::Kind::dropped) ++node.consumed;
    handle(i, verdict, *local, remote, *opened);
}

void World::pump(std::size_t i) {
    SimNode& node = nodes_[i];
    for (int rounds = 0;; ++rounds) {
        if (rounds == 10'000) return observer_.on_violation("livelock: a node never settles");
        bool progress = false;
        if (auto plan = node.coordinator->poll_plan()) {
            node.engine->handle_plan(local_now(i), *plan);
            node.keys.clear();
            for (const core::PlanPeer& peer : plan->peers)
                for (const core::PlanSession& session : peer.sessions)
                    node.keys[session.local] = session.keys;
            progress = true;
        }
        while (auto transmit_request = node.engine->poll_transmit(local_now(i))) {
            std::vector<std::uint8_t> bytes(transmit_request->datagram.begin(),
                                            transmit_request->datagram.end());
            bytes.resize(bytes.size() + transmit_request->padding);
            transmit(i, transmit_request->local, transmit_request->remote,
                     seal(i, transmit_request->session, bytes));
            progress = true;
        }
        while (auto reach = node.engine->poll_reach()) {
            transmit(i, reach->local, reach->remote,
                     seal(i, reach->session, Bytes(reach->datagram).first(reach->size)));
            progress = true;
        }
        while (auto event = node.engine->poll_event()) {
            if (const auto* t = std::get_if<core::RouteTransition>(&*event))
                observer_.on_transition(i, *t);
            node.coordinator->handle_event(local_now(i), *event);
            progress = true;
        }
        if (progress) continue;  // the plan first, then what the coordinator sends
        while (auto send = node.coordinator->poll_send()) {
            this->send(i, *send);
            progress = true;
        }
        while (node.coordinator->poll_notice()) {
        }
        if (!progress) break;
    }
    wake_later(i);
}

void World::wake_later(std::size_t i) {
    SimNode& node = nodes_[i];
    std::optional<TimePoint> soonest;
    for (auto deadline : {node.engine->next_deadline(), node.coordinator->next_deadline(),
                          node.assembler->next_deadline()})
        if (deadline && (!soonest || *deadline < *soonest)) soonest = deadline;
    ++node.wake_version;
    if (soonest)
        push({std::max(when(i, *soonest), now_), 0, Step::Kind::wake, i, 0, node.wake_version});
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
        if (route.id == id)
            return RoutePlace{route.peer.value,
                              static_cast<std::size_t>(route.interface.back() - '0')};
    return {};
}

}  // namespace netft::sim
