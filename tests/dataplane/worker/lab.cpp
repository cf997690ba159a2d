#include "lab.hpp"

#include <boost/test/unit_test.hpp>

#include "netft/core/frame_limits.hpp"
#include "netft/dataplane/shared_port.hpp"
#include "netft/dataplane/socket_port.hpp"

namespace netft::dataplane::test {
namespace {

constexpr std::uint16_t kMtu = 1500;

MacAddress mac_of(std::uint16_t number) {
    return MacAddress{{2, 0, 0, 0, 0x77, static_cast<std::uint8_t>(number)}};
}
IpAddress ipv6_of(std::uint16_t number) {
    return *IpAddress::parse("fe80::77:" + std::to_string(number));
}
std::string network_address(std::size_t network, std::uint16_t number) {
    return "10." + std::to_string(network) + ".0." + std::to_string(number);
}
Endpoint endpoint_of(std::size_t network, std::uint16_t number) {
    return {*IpAddress::parse(network_address(network, number))};
}
EndpointId endpoint_id(std::size_t network) {
    return EndpointId(static_cast<std::uint16_t>(network + 1));
}

// What `sender` seals with.
Secret32 key_of(std::uint16_t sender) {
    Secret32 key;
    key.room()[0] = static_cast<std::uint8_t>(sender);
    return key;
}

session::SessionKeysPtr keys_of(std::uint16_t self, std::uint16_t other, SecurityMode security) {
    if (security == SecurityMode::none) return nullptr;
    return std::make_shared<const session::SessionKeys>(
        session::SessionKeys{key_of(self), key_of(other)});
}

core::PlanPeer peer_of(std::uint16_t self, std::uint16_t other, SecurityMode security) {
    core::PlanPeer peer;
    peer.id = PeerId(other);
    peer.name = "n" + std::to_string(other);
    peer.mac = mac_of(other);
    peer.ipv4 = *IpAddress::parse(Node::adapter_address(other));
    peer.ipv6 = ipv6_of(other);
    peer.sessions.push_back({.local = SessionIndex(100u + self),
                             .remote = SessionIndex(100u + other),
                             .incarnation = 1,
                             .confirmed = true,
                             .serial = 1,
                             .keys = keys_of(self, other, security)});
    return peer;
}

core::PlanRoute route_of(std::size_t network, std::uint16_t self, std::uint16_t other) {
    core::PlanRoute route;
    route.id = RouteId(static_cast<std::uint16_t>(network + 1));
    route.peer = PeerId(other);
    route.local = endpoint_id(network);
    route.local_endpoint = endpoint_of(network, self);
    route.remote = endpoint_of(network, other);
    route.timing = {.delay = 50ms, .threshold = 10};
    route.priority = 100 + static_cast<std::uint32_t>(network);
    route.mtu = kMtu;
    return route;
}

template <class T>
T must(Result<T> result) {
    BOOST_REQUIRE_MESSAGE(result.has_value(), (result ? "" : result.error().what));
    return std::move(*result);
}

}  // namespace

std::string Node::adapter_address(int number) { return "169.254.77." + std::to_string(number); }

Node::~Node() { close_all(); }

void Node::close_all() {
    stop();
    for (auto& unit : units_) unit->worker.reset();
    for (auto& unit : units_) unit->ports.clear();
    for (auto& unit : units_) BOOST_TEST(unit->pools.in_use() == 0u);
}

void Node::open_adapter() {
    auto other = static_cast<std::uint16_t>(3 - number_);
    std::uint16_t datagram = core::datagram_bytes(kMtu, Family::ipv4);
    for (auto& unit : units_)
        unit->queue = std::make_unique<tap::Device>(
            unit == units_.front() ? must(tap::Device::open("netft0", units_.size() > 1))
                                   : must(units_.front()->queue->add_queue()));
    adapter_ = must(tap::Adapter::open("netft0", units_.front()->queue->interface_index()));
    tap::AdapterState state{.mac = mac_of(number_),
                            .mtu = core::adapter_mtu(datagram),
                            .gso_max_size = core::gso_max_size(datagram),
                            .ipv4 = *IpAddress::parse(adapter_address(number_)),
                            .ipv6 = ipv6_of(number_)};
    state.peers_ipv4 = {*IpAddress::parse(adapter_address(other))};
    std::vector<std::string> repaired;
    Status applied = adapter_->apply(state, repaired);
    BOOST_REQUIRE_MESSAGE(applied.has_value(), (applied ? "" : applied.error().what));
}

void Node::open_port(std::size_t network) {
    std::string interface = "net" + std::to_string(network);
    std::vector<const Pools*> pools;
    for (auto& unit : units_) pools.push_back(&unit->pools);
    std::span<const Pools* const> with_port(pools.data(), shares_one_port_ ? 1 : pools.size());
    auto ports = must(open_socket_ports(
        {.local = endpoint_of(network, number_), .interface = interface}, with_port));
    ports = must(share_port(std::move(ports), pools));
    for (std::size_t i = 0; i < ports.size(); ++i) units_[i]->ports.push_back(std::move(ports[i]));
}

void Node::open_worker(std::size_t i) {
    WorkerSettings settings{.seed = number_, .pools = &units_[i]->pools, .security = security_};
    settings.role = {i, units_.size(), board_.get()};
    units_[i]->worker = must(Worker::create(settings, *units_[i]->queue));
    units_[i]->worker->publish(snapshot(i));
}

void Node::start(std::size_t networks, SecurityMode security, std::size_t workers) {
    security_ = security;
    while (units_.size() < workers) units_.push_back(std::make_unique<Unit>());
    if (workers > 1) board_ = std::make_unique<core::WorkerBoard>(workers);
    space_.inside([&] {
        open_adapter();
        for (std::size_t network = 0; network < networks; ++network) open_port(network);
    });
    for (std::size_t i = 0; i < workers; ++i) open_worker(i);
    for (auto& unit : units_) unit->thread = std::thread([&unit] { unit->worker->run(); });
    for (std::size_t i = 1; i < workers; ++i)
        BOOST_REQUIRE(units_[i]->queue->attach_queue().has_value());
}

void Node::stop() {
    for (auto unit = units_.rbegin(); unit != units_.rend(); ++unit) {
        if (!(*unit)->thread.joinable()) continue;
        (*unit)->worker->stop();
        (*unit)->thread.join();
    }
}

void Node::leave() {
    for (std::size_t i = units_.size(); i-- > 1;) {
        units_[i]->worker->stop();
        units_[i]->thread.join();
    }
    units_.front()->worker->leave();
    units_.front()->thread.join();
}

void Node::publish(const std::function<void(core::Plan&)>& change) {
    for (std::size_t i = 0; i < units_.size(); ++i) {
        std::unique_ptr<Snapshot> next = snapshot(i);
        change(next->plan);
        units_[i]->worker->publish(std::move(next));
    }
}

std::unique_ptr<Snapshot> Node::snapshot(std::size_t worker) const {
    const auto& ports = units_[worker]->ports;
    auto other = static_cast<std::uint16_t>(3 - number_);
    auto snapshot = std::make_unique<Snapshot>();
    snapshot->plan.version = 1;
    snapshot->plan.adapter = {.mac = mac_of(number_),
                              .ipv4 = *IpAddress::parse(adapter_address(number_)),
                              .ipv6 = ipv6_of(number_)};
    snapshot->plan.peers = {peer_of(number_, other, security_)};
    snapshot->plan.security = security_;
    snapshot->plan.datagram_bytes_max = core::datagram_bytes(kMtu, Family::ipv4);
    for (std::size_t network = 0; network < ports.size(); ++network) {
        snapshot->plan.routes.push_back(route_of(network, number_, other));
        snapshot->ports.push_back({endpoint_id(network), ports[network].get()});
    }
    return snapshot;
}

WorkerReport Node::report(std::size_t worker) {
    WorkerReport report;
    report.core.routes.reserve(8);
    report.core.peers.reserve(8);
    Worker& asked = *units_[worker]->worker;
    BOOST_REQUIRE(asked.request_report(&report));
    wait_until("a report", [&] { return asked.poll_report() == &report; });
    return report;
}

core::RouteTransition Node::wait_for_transition(BfdState to) {
    core::RouteTransition found;
    wait_until("a route's transition", [&] {
        std::optional<core::Event> event = worker().poll_event();
        if (!event) return false;
        auto* transition = std::get_if<core::RouteTransition>(&*event);
        if (transition == nullptr || transition->to != to) return false;
        found = *transition;
        return true;
    });
    return found;
}

void Node::wait_for_selection(RouteId route) {
    wait_until("traffic on another route", [&] {
        WorkerReport now = report();
        return !now.core.peers.empty() && now.core.peers[0].in_use == route;
    });
}

std::optional<ControlDatagram> Node::poll_datagram() {
    ControlDatagram datagram;
    return worker().poll_datagram(datagram) ? std::optional(datagram) : std::nullopt;
}

void TwoNodes::start(std::size_t networks, SecurityMode security, std::size_t workers1,
                     std::size_t workers2) {
    for (std::size_t network = 0; network < networks; ++network)
        join(n1.space(), n2.space(), "net" + std::to_string(network),
             network_address(network, 1) + "/24", network_address(network, 2) + "/24");
    n1.start(networks, security, workers1);
    n2.start(networks, security, workers2);
    auto all_up = [&](Node& node) {
        WorkerReport report = node.report();
        std::size_t up = 0;
        for (const core::RouteReport& route : report.core.routes) up += route.state == BfdState::up;
        return up == networks;
    };
    wait_until("routes up", [&] { return all_up(n1) && all_up(n2); });
    while (n1.worker().poll_event() || n2.worker().poll_event()) {
    }
}

TwoNodes::~TwoNodes() {
    n1.stop();
    n2.stop();
}

}  // namespace netft::dataplane::test
