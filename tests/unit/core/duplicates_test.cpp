// Window and assembler together, as the receiver of policy duplicate has them: two routes carry
// the same datagrams, one loses some of them, the other is late.
#include <boost/test/unit_test.hpp>
#include <map>
#include <vector>

#include "netft/base/random.hpp"
#include "netft/core/train_assembler.hpp"
#include "netft/session/replay_window.hpp"

namespace netft::core {
namespace {

struct Datagram {
    std::uint64_t counter = 0;
    TrainPrefix train;
};

class Receiver {
 public:
    void take(const Datagram& d) {
        now_ += 20us;
        if (auto due = assembler_.next_deadline(); due && *due <= now_)
            assembler_.handle_timers(now_, drops_);
        auto fresh = window_.take(d.counter);
        too_old_ += fresh == session::Freshness::too_old;
        if (fresh != session::Freshness::fresh) return;
        std::uint64_t id = d.counter - d.train.index;
        TrainAssembler::Piece piece{PeerId(1), SessionIndex(1), 0, id, d.train, body_};
        if (!assembler_.handle_piece(now_, piece, drops_).empty()) ++delivered_[id];
    }
    const std::map<std::uint64_t, int>& delivered() const { return delivered_; }
    std::uint64_t dropped() const { return drops_.total() + too_old_; }

 private:
    session::ReplayWindow<2048> window_;
    TrainAssembler assembler_{1};
    DropCounters drops_;
    std::vector<std::uint8_t> body_ = std::vector<std::uint8_t>(100, 7);
    std::map<std::uint64_t, int> delivered_;  // by train id
    std::uint64_t too_old_ = 0;
    TimePoint now_{1h};
};

std::vector<Datagram> stream_of(std::size_t trains, std::uint16_t longest, Random& random) {
    std::vector<Datagram> out;
    std::uint64_t counter = 0;
    for (std::size_t n = 0; n < trains; ++n) {
        auto count = static_cast<std::uint16_t>(1 + random.below(longest));
        for (std::uint16_t i = 0; i < count; ++i) out.push_back({++counter, {i, count}});
    }
    return out;
}

BOOST_AUTO_TEST_SUITE(duplicates)

BOOST_AUTO_TEST_CASE(each_frame_comes_once_whatever_is_lost_here_and_late_there) {
    Random random(5);
    for (std::uint16_t longest : {1, 2, 46}) {
        for (double loss : {0.0, 0.2, 0.8}) {
            for (std::size_t lag : {1, 100, 10'000}) {
                BOOST_TEST_CONTEXT("longest " << longest << " loss " << loss << " lag " << lag) {
                    std::size_t trains = longest == 46 ? 1'000 : 12'000;
                    std::vector<Datagram> sent = stream_of(trains, longest, random);
                    Receiver receiver;
                    for (std::size_t i = 0; i < sent.size() + lag; ++i) {
                        if (i < sent.size() && !random.chance(loss)) receiver.take(sent[i]);
                        if (i >= lag) receiver.take(sent[i - lag]);
                    }
                    BOOST_TEST(receiver.dropped() == 0u);
                    BOOST_TEST(receiver.delivered().size() == trains);
                    for (const auto& [id, times] : receiver.delivered()) BOOST_REQUIRE(times == 1);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
