#include "netft/dataplane/socket_port.hpp"

#include <algorithm>
#include <array>

#include "netft/base/assert.hpp"
#include "netft/dataplane/backlog.hpp"
#include "netft/dataplane/port_health.hpp"
#include "netft/dataplane/socket_errors.hpp"
#include "netft/dataplane/socket_open.hpp"
#include "netft/dataplane/socket_receive.hpp"
#include "netft/dataplane/socket_send.hpp"

namespace netft::dataplane {
namespace {

class SocketPort final : public Port {
 public:
    // The lane for heartbeats may be closed: another worker has it. `sources`: the further source
    // ports, which all of the node's workers may send from.
    SocketPort(std::array<Fd, kLanes> lanes, std::shared_ptr<const SourceLanes> sources,
               const Pools& pools, bool is_v4)
        : pools_(pools),
          is_v4_(is_v4),
          lanes_(std::move(lanes)),
          sources_(std::move(sources)),
          fds_{lanes_[0].get(), lanes_[1].get()},
          first_(lanes_[kHeartbeatLane].is_open() ? kHeartbeatLane : kDataLane) {}

    std::size_t receive(std::span<Received> room, std::uint32_t ready,
                        DropCounters& drops) override {
        std::size_t used = 0;
        for (std::size_t lane = first_; lane < kLanes; ++lane) {
            if ((ready >> (lane - first_) & 1) == 0) continue;
            used +=
                receivers_[lane].receive(fds_[lane], pools_, room.subspan(used), counters_, drops);
            if (receivers_[lane].is_empty()) read_errors(fds_[lane], is_v4_, health_);
        }
        return used;
    }

    ~SocketPort() override { free(backlog_.waiting()); }

    // By runs of one socket; heartbeats have their own, which data never fills.
    void send(std::span<Outgoing> burst, DropCounters& drops) override {
        while (!burst.empty()) {
            auto run = first_run(burst);
            burst = burst.subspan(run.size());
            if (run.front().is_heartbeat)
                refuse(run.subspan(send_run(first_, run, drops)), drops);
            else
                send_data(run, drops);
        }
    }

    bool is_blocked() const override { return !backlog_.is_empty(); }
    void retry(TimePoint, DropCounters& drops) override {
        while (is_blocked()) {
            auto run = first_run(backlog_.waiting());
            std::size_t done = send_run(kDataLane, run, drops);
            backlog_.drop_front(done);
            if (done < run.size()) return;
        }
    }

    std::span<const int> wake_fds() const override { return std::span(fds_).subspan(first_); }
    PortHealth* health() override { return &health_; }
    void hear_errors() override {
        for (std::size_t lane = first_; lane < kLanes; ++lane)
            (void)dataplane::hear_errors(fds_[lane], is_v4_, true);
    }
    const PortCounters& counters() const override { return counters_; }
    const char* kind() const override { return "socket"; }

 private:
    static void free(std::span<Outgoing> burst) {
        for (Outgoing& outgoing : burst) rte_pktmbuf_free(std::exchange(outgoing.mbuf, nullptr));
    }
    static void refuse(std::span<Outgoing> burst, DropCounters& drops) {
        for (const Outgoing& outgoing : burst)
            drops.count(DropReason::tx_refused,
                        (outgoing.mbuf->data_len + outgoing.segment - 1u) / outgoing.segment);
        free(burst);
    }
    static std::span<Outgoing> first_run(std::span<Outgoing> burst) {
        const Outgoing& first = burst.front();
        auto end = std::find_if(burst.begin(), burst.end(), [&first](const Outgoing& o) {
            return o.is_heartbeat != first.is_heartbeat || o.source != first.source;
        });
        return burst.first(static_cast<std::size_t>(end - burst.begin()));
    }
    // How many of `run`, from the first, are done with: sent or counted, and freed.
    std::size_t send_run(std::size_t lane, std::span<Outgoing> run, DropCounters& drops) {
        std::size_t source = run.front().source;
        bool has_own = source > 0 && source <= sources_->size();
        int fd = has_own ? (*sources_)[source - 1][lane].get() : fds_[lane];
        std::size_t done = senders_[lane].send(fd, run, counters_, drops);
        free(run.first(done));
        return done;
    }
    void send_data(std::span<Outgoing> run, DropCounters& drops) {
        if (!is_blocked()) run = run.subspan(send_run(kDataLane, run, drops));
        refuse(run.subspan(backlog_.keep(run)), drops);
    }

    const Pools& pools_;
    bool is_v4_;
    PortHealth health_;
    std::array<Fd, kLanes> lanes_;
    std::shared_ptr<const SourceLanes> sources_;
    std::array<int, kLanes> fds_;
    std::size_t first_;
    std::array<LaneReceiver, kLanes> receivers_;
    std::array<LaneSender, kLanes> senders_{LaneSender(health_), LaneSender(health_)};
    Backlog backlog_;  // data the socket had no room for
    PortCounters counters_;
};

}  // namespace

Result<std::vector<std::unique_ptr<Port>>> open_socket_ports(const SocketPortSettings& settings,
                                                             std::span<const Pools* const> pools) {
    NETFT_ASSERT(!pools.empty());
    Result<std::vector<Fd>> lanes = open_lanes(settings, pools.size());
    if (!lanes) return tl::unexpected(lanes.error());
    Result<SourceLanes> others = open_source_lanes(settings, pools.size() - 1);
    if (!others) return tl::unexpected(others.error());
    auto sources = std::make_shared<const SourceLanes>(std::move(*others));
    std::vector<std::unique_ptr<Port>> ports;
    for (std::size_t worker = 0; worker < pools.size(); ++worker) {
        std::array<Fd, kLanes> own;
        if (worker == 0) own[kHeartbeatLane] = std::move((*lanes)[kHeartbeatLane]);
        own[kDataLane] = std::move((*lanes)[kDataLane + worker]);
        ports.push_back(std::make_unique<SocketPort>(std::move(own), sources, *pools[worker],
                                                     settings.local.address.is_v4()));
    }
    return ports;
}

Result<std::unique_ptr<Port>> open_socket_port(const SocketPortSettings& settings) {
    NETFT_ASSERT(settings.pools != nullptr);
    auto ports = open_socket_ports(settings, {&settings.pools, 1});
    if (!ports) return tl::unexpected(ports.error());
    return std::move(ports->front());
}

}  // namespace netft::dataplane
