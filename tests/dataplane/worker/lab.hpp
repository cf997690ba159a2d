// Two nodes, each a worker in a namespace of its own, with plans made by hand.
//
//   node 1  adapter 169.254.77.1  ── net0 10.0.0.0/24, net1 10.1.0.0/24 ──  adapter 169.254.77.2  2
#pragma once

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
    Worker& worker() { return *worker_; }
    Pools& pools() { return pools_; }
    static std::string adapter_address(int number);

    // After the networks are there: adapter, a socket port a network, worker, plan; runs it.
    void start(std::size_t networks, SecurityMode security);
    void stop();
    void leave();  // to be restarted
    // The plan and the ports it names; to be changed and published.
    std::unique_ptr<Snapshot> snapshot() const;
    void close_port(std::size_t network) { ports_[network].reset(); }
    void close_all();

    // A report made now.
    WorkerReport report();
    // Waits for the event; those before it are thrown away.
    core::RouteTransition wait_for_transition(BfdState to);
    // Until traffic goes by that route.
    void wait_for_selection(RouteId route);
    std::optional<ControlDatagram> poll_datagram();

 private:
    void open_adapter();
    void open_port(std::size_t network);

    std::uint16_t number_;
    SecurityMode security_ = SecurityMode::encrypt;
    Namespace space_;
    Pools pools_ = make_pools();
    std::optional<tap::Device> device_;
    std::optional<tap::Adapter> adapter_;
    std::vector<std::unique_ptr<Port>> ports_;
    std::unique_ptr<Worker> worker_;
    std::thread thread_;
};

struct TwoNodes {
    Node n1{1};
    Node n2{2};

    // Joined and running; returns when every route is up at both ends.
    void start(std::size_t networks, SecurityMode security = SecurityMode::encrypt);
    ~TwoNodes();
};

}  // namespace netft::dataplane::test
