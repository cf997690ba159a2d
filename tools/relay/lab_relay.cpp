// lab-relay: a bad link between a node's port at the lab's switch and its bridge. Used by
// netft-lab.
//
//   lab-relay PORT TAP --seed N --out MODEL --in MODEL
//
//       node ── PORT ══ lab-relay ══ TAP ── bridge
//
// Takes what comes in on PORT, gives it to the bridge by a TAP when its link model says so (--out),
// and likewise the other way (--in). MODEL is delay and jitter in milliseconds, then the shares
// that are reordered, duplicated and lost: five numbers with commas. Prints "ready" when both ends
// are open; joining the TAP to the bridge is the caller's. It ends when it is told to, and when one
// of its interfaces is removed; the TAP goes with it. What finds the queue full is lost.
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "netft/base/bytes.hpp"
#include "tools/relay/ends.hpp"
#include "tools/relay/link_model.hpp"

namespace {

using namespace netft;
using namespace netft::relay;

constexpr std::size_t kFrameMax = 70'000;        // of an offloaded frame and its headers
constexpr std::size_t kHeldBytesMax = 64 << 20;  // in one direction
constexpr int kBurstMax = 64;
constexpr int kRaiseNice = -15;  // what waits for a core is a delay nobody asked for

TimePoint read_clock() { return TimePoint(std::chrono::steady_clock::now().time_since_epoch()); }

struct Held {
    TimePoint due;
    std::uint64_t order = 0;
    std::vector<std::uint8_t> frame;
    bool operator>(const Held& o) const { return due != o.due ? due > o.due : order > o.order; }
};

// From one end to the other.
class Direction {
 public:
    Direction(int from, int to, const LinkFault& fault, std::uint64_t seed)
        : from_(from), to_(to), model_(fault, seed) {}

    // False: the end that is read is gone.
    bool take_burst() {
        for (int i = 0; i < kBurstMax; ++i) {
            ssize_t got = ::read(from_, buffer_.data(), buffer_.size());
            if (got > 0)
                hold({buffer_.data(), static_cast<std::size_t>(got)});
            else
                return got < 0 && (errno == EAGAIN || errno == EINTR || errno == ENETDOWN);
        }
        return true;
    }
    void send_due(TimePoint now) {
        while (!held_.empty() && held_.top().due <= now) {
            const Held& next = held_.top();
            // Refused (no room, too long, the link is down): lost, as on any link.
            [[maybe_unused]] ssize_t sent = ::write(to_, next.frame.data(), next.frame.size());
            held_bytes_ -= next.frame.size();
            held_.pop();
        }
    }
    std::optional<TimePoint> next_deadline() const {
        return held_.empty() ? std::nullopt : std::optional(held_.top().due);
    }

 private:
    void hold(Bytes frame) {
        LinkModel::Fate fate = model_.handle_packet(read_clock());
        for (std::size_t copy = 0; copy < fate.copies; ++copy) {
            if (held_bytes_ + frame.size() > kHeldBytesMax) return;
            held_bytes_ += frame.size();
            held_.push({fate.due, ++order_, {frame.begin(), frame.end()}});
        }
    }

    int from_;
    int to_;
    LinkModel model_;
    std::array<std::uint8_t, kFrameMax> buffer_{};
    std::priority_queue<Held, std::vector<Held>, std::greater<>> held_;
    std::uint64_t order_ = 0;
    std::size_t held_bytes_ = 0;
};

// How long poll may sleep; nullopt: until something comes.
std::optional<timespec> sleep_of(const Direction& a, const Direction& b, TimePoint now) {
    std::optional<TimePoint> soonest = a.next_deadline();
    if (auto other = b.next_deadline(); other && (!soonest || *other < *soonest)) soonest = other;
    if (!soonest) return {};
    auto left = std::max(*soonest - now, Duration{}).count();
    return timespec{static_cast<time_t>(left / 1'000'000'000),
                    static_cast<long>(left % 1'000'000'000)};
}

void run(int port, int tap, const std::string& port_name, Direction& out, Direction& in) {
    std::array<pollfd, 2> ends = {pollfd{port, POLLIN, 0}, pollfd{tap, POLLIN, 0}};
    while (true) {
        auto sleep = sleep_of(out, in, read_clock());
        ::ppoll(ends.data(), ends.size(), sleep ? &*sleep : nullptr, nullptr);
        if ((ends[0].revents & POLLERR) != 0 && !exists(port_name)) return;
        if (ends[0].revents != 0 && !out.take_burst()) return;
        if (ends[1].revents != 0 && !in.take_burst()) return;
        TimePoint now = read_clock();
        out.send_due(now);
        in.send_due(now);
    }
}

LinkFault fault_of(const std::vector<double>& words) {
    auto ms = [](double value) { return Duration(static_cast<Duration::rep>(value * 1e6)); };
    return {ms(words[0]), ms(words[1]), words[2], words[3], words[4]};
}

int complain(const std::string& what) {
    std::fprintf(stderr, "lab-relay: %s\n", what.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("A bad link between a port and a bridge of netft-lab.");
    std::string port_name;
    std::string tap_name;
    std::uint64_t seed = 1;
    std::vector<double> out_words(5);
    std::vector<double> in_words(5);
    app.add_option("port", port_name)->required();
    app.add_option("tap", tap_name)->required();
    app.add_option("--seed", seed);
    app.add_option("--out", out_words)->delimiter(',')->expected(5);
    app.add_option("--in", in_words)->delimiter(',')->expected(5);
    CLI11_PARSE(app, argc, argv);
    auto port = open_port(port_name);
    if (!port) return complain(port.error().what);
    auto tap = open_tap(tap_name);
    if (!tap) return complain(tap.error().what);
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    [[maybe_unused]] int nice = ::nice(kRaiseNice);
    Direction out(*port, *tap, fault_of(out_words), seed);
    Direction in(*tap, *port, fault_of(in_words), seed + 1);
    std::puts("ready");
    std::fflush(stdout);
    run(*port, *tap, port_name, out, in);
    return 0;
}
