#include "netft/dataplane/socket_port.hpp"

#include <array>

#include "netft/base/assert.hpp"
#include "netft/dataplane/socket_open.hpp"
#include "netft/dataplane/socket_receive.hpp"
#include "netft/dataplane/socket_send.hpp"

namespace netft::dataplane {
namespace {

class SocketPort final : public Port {
 public:
    SocketPort(std::array<Fd, kLanes> lanes, const Pools& pools)
        : pools_(pools), lanes_(std::move(lanes)), fds_{lanes_[0].get(), lanes_[1].get()} {}

    std::size_t receive(std::span<Received> room, std::uint32_t ready,
                        DropCounters& drops) override {
        std::size_t used = 0;
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            if ((ready >> lane & 1) == 0) continue;
            used +=
                receivers_[lane].receive(fds_[lane], pools_, room.subspan(used), counters_, drops);
        }
        return used;
    }

    void send(std::span<Outgoing> burst, DropCounters& drops) override {
        for (const Outgoing& outgoing : burst) {
            std::size_t lane = outgoing.is_heartbeat ? kHeartbeatLane : kDataLane;
            senders_[lane].add(fds_[lane], outgoing, counters_, drops);
        }
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            senders_[lane].flush(fds_[lane], counters_, drops);
        for (Outgoing& outgoing : burst) rte_pktmbuf_free(std::exchange(outgoing.mbuf, nullptr));
    }

    std::span<const int> wake_fds() const override { return fds_; }
    const PortCounters& counters() const override { return counters_; }
    const char* kind() const override { return "socket"; }

 private:
    const Pools& pools_;
    std::array<Fd, kLanes> lanes_;
    std::array<int, kLanes> fds_;
    std::array<LaneReceiver, kLanes> receivers_;
    std::array<LaneSender, kLanes> senders_;
    PortCounters counters_;
};

}  // namespace

Result<std::unique_ptr<Port>> open_socket_port(const SocketPortSettings& settings) {
    NETFT_ASSERT(settings.pools != nullptr);
    Result<std::array<Fd, kLanes>> lanes = open_lanes(settings);
    if (!lanes) return tl::unexpected(lanes.error());
    return std::make_unique<SocketPort>(std::move(*lanes), *settings.pools);
}

}  // namespace netft::dataplane
