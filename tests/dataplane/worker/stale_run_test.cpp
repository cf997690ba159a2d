// A worker that is not the first, fed by hand: what it learns of the first one's in the midst of a
// cycle.
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdlib>
#include <thread>
#include <vector>

#include "lab.hpp"
#include "netft/dataplane/fd.hpp"
#include "tap/packet.hpp"

namespace netft::dataplane::test {
namespace {

const MacAddress kOwn{{2, 0, 0, 0, 0, 1}};
const MacAddress kPeer{{2, 0, 0, 0, 0, 2}};
constexpr int kFrames = 3;

std::vector<std::uint8_t> small_frame() {
    std::vector<std::uint8_t> out(kVirtioHeaderSize, 0);
    out.insert(out.end(), kPeer.bytes.begin(), kPeer.bytes.end());
    out.insert(out.end(), kOwn.bytes.begin(), kOwn.bytes.end());
    constexpr std::uint8_t kIp[] = {0x08, 0x00, 0x45, 0,   0,  32, 0,   0,   0,   0,  64,   17,
                                    0,    0,    169,  254, 77, 1,  169, 254, 77,  2,  0x13, 0x89,
                                    0x13, 0x89, 0,    12,  0,  0,  'n', 'f', 't', '!'};
    out.insert(out.end(), std::begin(kIp), std::end(kIp));
    return out;
}

// Gives kFrames frames in one cycle; before the last of them the first worker says that the peer
// has no route any more.
class Script final : public tap::DeviceInterface {
 public:
    explicit Script(core::SelectionLine& line) : line_(line) {}

    int fd() const override { return ready_.get(); }
    std::ptrdiff_t read(std::span<const iovec> room) const override {
        if (given_ == kFrames) {
            std::uint64_t count = 0;
            return ::read(ready_.get(), &count, sizeof(count)) < 0 ? -errno : 0;
        }
        if (++given_ == kFrames) line_.publish({});
        std::vector<std::uint8_t> frame = small_frame();
        if (room[0].iov_len < frame.size()) return -EINVAL;
        std::copy(frame.begin(), frame.end(), static_cast<std::uint8_t*>(room[0].iov_base));
        return static_cast<std::ptrdiff_t>(frame.size());
    }
    std::ptrdiff_t write(std::span<const iovec> frame) const override {
        return static_cast<std::ptrdiff_t>(frame[0].iov_len);
    }
    void begin() const {
        std::uint64_t one = 1;
        if (::write(ready_.get(), &one, sizeof(one)) < 0) std::abort();
    }

 private:
    core::SelectionLine& line_;
    Fd ready_{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    mutable int given_ = 0;
};

std::unique_ptr<Snapshot> one_route() {
    auto snapshot = std::make_unique<Snapshot>();
    core::Plan& plan = snapshot->plan;
    plan.version = 1;
    plan.adapter.mac = kOwn;
    core::PlanPeer peer;
    peer.id = PeerId(2);
    peer.mac = kPeer;
    peer.ipv4 = *IpAddress::parse("169.254.77.2");
    peer.ipv6 = *IpAddress::parse("fe80::77:2");
    peer.sessions.push_back({SessionIndex(1), SessionIndex(2), 1, true, 1, nullptr});
    plan.peers.push_back(peer);
    core::PlanRoute route;
    route.id = RouteId(1);
    route.peer = peer.id;
    route.local = EndpointId(1);
    route.remote = {*IpAddress::parse("10.0.0.2")};
    route.mtu = 1500;
    plan.routes.push_back(route);
    return snapshot;
}

BOOST_AUTO_TEST_SUITE(stale_run)

BOOST_AUTO_TEST_CASE(frames_that_wait_for_a_peer_that_loses_its_last_route_are_refused_one_by_one) {
    core::WorkerBoard board(2);
    core::SelectionLine& line = board.make_line(PeerId(2));
    core::PeerSelection up;
    up.routes[0] = {RouteId(1), 0, false};
    up.count = up.copied_count = 1;
    up.session = SessionIndex(1);
    line.publish(up);
    Script script(line);
    Pools pools = make_pools();
    {
        WorkerSettings settings{.seed = 1, .pools = &pools, .role = {1, 2, &board}};
        auto worker = Worker::create(settings, script);
        BOOST_REQUIRE(worker.has_value());
        (*worker)->publish(one_route());
        std::thread thread([&] { (*worker)->run(); });
        WorkerReport report;
        auto refused = [&] {
            report = {};
            BOOST_REQUIRE((*worker)->request_report(&report));
            wait_until("a report", [&] { return (*worker)->poll_report() == &report; });
            return report.drops.of(DropReason::frame_peer_unreachable);
        };
        BOOST_TEST(refused() == 0u);
        script.begin();
        wait_until("all frames refused", [&] { return refused() == kFrames; });
        BOOST_TEST(report.counters.answers_to_adapter == kFrames);
        BOOST_TEST(report.counters.trains_sent == 0u);
        (*worker)->stop();
        thread.join();
    }
    BOOST_TEST(pools.in_use() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane::test
