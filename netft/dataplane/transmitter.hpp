// The ports of the current snapshot and what waits to be sent on them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "netft/base/ids.hpp"
#include "netft/dataplane/port.hpp"
#include "netft/dataplane/worker.hpp"

namespace netft::dataplane {

class Transmitter {
 public:
    // Replaces the ports; what waited for the old ones is sent before. Allocates.
    void set_ports(std::span<const PortBinding> ports, DropCounters& drops);

    // The very same, in the same order: nothing to replace.
    bool has_ports(std::span<const PortBinding> ports) const;

    std::size_t size() const { return ports_.size(); }
    Port& port(std::size_t i) { return *ports_[i]; }
    EndpointId endpoint(std::size_t i) const { return queues_[i].endpoint; }
    std::span<Port* const> ports() const { return ports_; }

    // Takes the mbuf. A full train's worth goes out at once, less waits for flush(). False: the
    // endpoint has no port (counted).
    bool add(EndpointId local, const Outgoing& outgoing, DropCounters& drops);
    void flush(DropCounters& drops);

    // Some port keeps data that it has no room for (Port::is_blocked); retry() tries them all.
    bool is_blocked() const { return is_blocked_; }
    // After receive() of port i: one that sends for other workers may be blocked by that.
    void look(std::size_t i) { is_blocked_ |= ports_[i]->is_blocked(); }
    void retry(TimePoint now, DropCounters& drops);

 private:
    // As much as one system call of a socket port takes: waiting for more gains nothing, and the
    // receiver's processor can start on it.
    static constexpr std::size_t kBytesMax = 32'768;

    struct Queue {
        EndpointId endpoint;
        std::array<Outgoing, Port::kBurstMax> waiting;
        std::size_t count = 0;
        std::size_t bytes = 0;
    };
    void flush(std::size_t i, DropCounters& drops);

    bool is_blocked_ = false;
    std::vector<Port*> ports_;
    std::vector<Queue> queues_;  // one a port
    // Place in queues_ by endpoint, which control numbers from 1; kNone: no port.
    static constexpr std::uint16_t kNone = 0xffff;
    std::vector<std::uint16_t> place_of_;
};

}  // namespace netft::dataplane
