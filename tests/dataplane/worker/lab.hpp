// Two nodes, each a worker or several in a namespace of its own, with plans made by hand.
//
//   node 1  adapter 169.254.77.1  ── net0 10.0.0.0/24, net1 10.1.0.0/24 ──  adapter 169.254.77.2  2
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "netft/dataplane/worker.hpp"
#include "tap/adapter.hpp"
#include "tap/device.hpp"
#include "tests/dataplane/ports/environment.hpp"
#include "tests/dataplane/ports/namespace.hpp"

namespace netft::dataplane::test {

class Node {
 public:
    explicit Node(std::uint16_t number) : number_(number) {}
    ~Node();

    const Namespace& space() const { return space_; }
    Worker& worker(std::size_t i = 0) { return *units_[i]->worker; }
    static std::string adapter_address(int number);

    // After the networks are there: adapter, a socket port a network, workers, plan; runs them.
    void start(std::size_t networks, SecurityMode security, std::size_t workers = 1);
    // Before start(): only the first worker has a port to the network, as over a device with one
    // queue.
    void share_one_port() { shares_one_port_ = true; }
    void stop();
    void leave();  // to be restarted
    // The plan and the ports it names; to be changed and published.
    std::unique_ptr<Snapshot> snapshot(std::size_t worker = 0) const;
    // To all workers: the plan, changed by `change`.
    void publish(const std::function<void(core::Plan&)>& change);
    void close_port(std::size_t network) {
        for (auto& unit : units_) unit->ports[network].reset();
    }
    void close_all();

    // A report made now.
    WorkerReport report(std::size_t worker = 0);
    // Waits for the event; those before it are thrown away.
    core::RouteTransition wait_for_transition(BfdState to);
    // Until traffic goes by that route.
    void wait_for_selection(RouteId route);
    std::optional<ControlDatagram> poll_datagram();
    // Whether the kernel takes several datagrams as one frame (6.2 or newer).
    bool has_uso() const { return units_[0]->queue->has_uso(); }

 private:
    struct Unit {
        Pools pools = make_pools();
        std::unique_ptr<tap::Device> queue;
        std::vector<std::unique_ptr<Port>> ports;  // by network
        std::unique_ptr<Worker> worker;
        std::thread thread;
    };
    void open_adapter();
    void open_port(std::size_t network);
    void open_worker(std::size_t i);

    std::uint16_t number_;
    SecurityMode security_ = SecurityMode::encrypt;
    bool shares_one_port_ = false;
    Namespace space_;
    std::optional<tap::Adapter> adapter_;
    std::unique_ptr<core::WorkerBoard> board_;
    std::vector<std::unique_ptr<Unit>> units_;  // the first worker's first
};

struct TwoNodes {
    Node n1{1};
    Node n2{2};

    // Joined and running; returns when every route is up at both ends.
    void start(std::size_t networks, SecurityMode security = SecurityMode::encrypt,
               std::size_t workers1 = 1, std::size_t workers2 = 1);
    ~TwoNodes();
};

}  // namespace netft::dataplane::test
