// The node at the other end of the worker under measurement: a pure engine and a crypto device of
// its own. It answers heartbeats, makes the datagrams that the worker receives and checks those
// that it sends; what its own steps take is measured by the way: the same code as the worker's,
// alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "netft/core/engine.hpp"
#include "netft/dataplane/crypto_device.hpp"
#include "netft/dataplane/pool.hpp"

namespace netft::bench {

inline std::uint64_t cycles_now() { return __builtin_ia32_rdtsc(); }

// Cycles a datagram of bursts; the median says more than the mean on a machine with others on it.
class Samples {
 public:
    void add(std::uint64_t cycles, std::size_t datagrams) {
        values_.push_back(static_cast<double>(cycles) / static_cast<double>(datagrams));
    }
    double median() const;
    std::size_t size() const { return values_.size(); }
    void clear() { values_.clear(); }

 private:
    std::vector<double> values_;
};

// node 1 is the worker, 2 the far end.
core::Plan plan_of(int node, SecurityMode security);
IpAddress inner_address_of(int node);
Endpoint endpoint_of(int node);
MacAddress mac_of(int node);

class Far {
 public:
    static constexpr std::size_t kBurst = 64;

    struct Parts {
        Samples select;  // begin_train of a frame of one datagram
        Samples seal;
        Samples open;
        Samples check;  // engine: path, session, window
    };

    Far(SecurityMode security, const dataplane::Pools& pools);

    // Heartbeats due now, sealed, into `out`; how many.
    std::size_t heartbeats(TimePoint now, std::span<rte_mbuf*> out);
    // True: the far end may send data.
    bool is_up() const;
    // `out.size()` datagrams (at most kBurst), each a frame, sealed. False: no mbufs.
    bool make_data(TimePoint now, Bytes frame, std::span<rte_mbuf*> out);
    // What the worker has sent; opened in place. Throws where it is not what a peer would take.
    void take(TimePoint now, std::span<const MutableBytes> datagrams);

    Parts parts;
    std::uint64_t data_taken = 0;

 private:
    rte_mbuf* sealed_room(std::size_t bytes);
    void seal(std::span<const MutableBytes> datagrams);

    const dataplane::Pools& pools_;
    std::size_t tag_;
    std::unique_ptr<dataplane::CryptoDevice> crypto_;
    std::optional<dataplane::CryptoKey> seal_;
    std::optional<dataplane::CryptoKey> open_;
    core::Engine engine_{2};
};

}  // namespace netft::bench
