#include "tests/bench/worker_ground.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "netft/dataplane/clock.hpp"
#include "tap/frame.hpp"

namespace netft::bench {
namespace {

constexpr std::size_t kWarmUpBursts = 200;

dataplane::Fd readable_for_ever() {
    dataplane::Fd fd(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fd.is_open()) throw std::runtime_error("no eventfd");
    return fd;
}

}  // namespace

Ground::Ground(Far& far, const dataplane::Pools& pools, std::vector<std::uint8_t> frame_out,
               std::vector<std::uint8_t> frame_in, std::size_t bursts)
    : far_(far),
      pools_(pools),
      frame_out_(std::move(frame_out)),
      frame_in_(std::move(frame_in)),
      bursts_(bursts),
      ever_ready_(readable_for_ever()),
      frames_waiting_(readable_for_ever()),
      wake_fd_(ever_ready_.get()) {}

// Both ways to warm up, then both ways to be measured, then the end.
void Ground::next_step() {
    if (!far_.is_up()) return;
    std::size_t wanted = is_warm_ ? bursts_ : kWarmUpBursts;
    switch (direction_) {
        case Direction::wait: direction_ = Direction::out; break;
        case Direction::out:
            if (out.size() >= wanted) direction_ = Direction::in;
            break;
        case Direction::in:
            if (in.size() < wanted) break;
            direction_ = Direction::wait;
            if (is_warm_) worker_->stop();
            if (is_warm_) break;
            is_warm_ = true;
            in.clear();
            out.clear();
            break;
    }
}

std::size_t Ground::receive(std::span<dataplane::Received> room, std::uint32_t, DropCounters&) {
    std::array<rte_mbuf*, Far::kBurst> mbufs{};
    TimePoint now = dataplane::monotonic_now();
    std::size_t count = far_.heartbeats(now, mbufs);
    if (count == 0) {
        next_step();
        bool has_data = direction_ == Direction::in;
        if (has_data && far_.make_data(now, frame_in_, mbufs)) count = mbufs.size();
    }
    for (std::size_t i = 0; i < count; ++i)
        room[i] = {mbufs[i], endpoint_of(2), mbufs[i]->data_len};
    in_.is_running = count == Far::kBurst;
    in_.began = cycles_now();
    return count;
}

std::ptrdiff_t Ground::read(std::span<const iovec> room) const {
    return const_cast<Ground*>(this)->read_one(room);
}

std::ptrdiff_t Ground::read_one(std::span<const iovec> room) {
    std::uint64_t now = cycles_now();
    if (in_.is_running) in.add(now - in_.began, Far::kBurst);
    in_.is_running = false;
    if (direction_ != Direction::out) return 0;
    if (out_.frames_left == 0 && out_.unsent == 0) {
        out_ = {.began = now, .is_running = true, .frames_left = Far::kBurst, .unsent = 0};
    } else if (out_.frames_left == 0) {
        return 0;
    }
    --out_.frames_left;
    ++out_.unsent;
    ++frames_read;
    std::memcpy(room[0].iov_base, frame_out_.data(), frame_out_.size());
    return static_cast<std::ptrdiff_t>(frame_out_.size());
}

// A frame in one piece, or one or more of a flow: the head and each payload.
std::ptrdiff_t Ground::write(std::span<const iovec> frame) const {
    auto* self = const_cast<Ground*>(this);
    std::size_t bytes = 0;
    for (const iovec& piece : frame) bytes += piece.iov_len;
    if (frame.size() == 1 && frame[0].iov_len != frame_in_.size()) {
        Bytes told(static_cast<const std::uint8_t*>(frame[0].iov_base), bytes);
        if (!tap::is_neighbour_discovery(told.subspan(kVirtioHeaderSize)))
            throw std::runtime_error("the worker wrote another frame than was sent");
        return static_cast<std::ptrdiff_t>(bytes);
    }
    if (self->frames_written % 1'024 < dataplane::Port::kBurstMax &&
        !is_as_sent(frame[0], frame.subspan(1)))
        throw std::runtime_error("the worker wrote something else than was sent");
    self->frames_written += std::max<std::size_t>(frame.size() - 1, 1);
    return static_cast<std::ptrdiff_t>(bytes);
}

// The head of several is another than that of one: behind it nothing may be.
bool Ground::is_as_sent(const iovec& head, std::span<const iovec> payloads) const {
    auto is_same = [this](const iovec& piece, std::size_t at) {
        return piece.iov_len == frame_in_.size() - at &&
               std::memcmp(piece.iov_base, frame_in_.data() + at, piece.iov_len) == 0;
    };
    if (payloads.empty()) return is_same(head, 0);
    return std::all_of(payloads.begin(), payloads.end(),
                       [&](const iovec& piece) { return is_same(piece, head.iov_len); });
}

void Ground::send(std::span<dataplane::Outgoing> burst, DropCounters&) {
    std::uint64_t begin = cycles_now();
    out_.spent += begin - out_.began;
    std::uint64_t taken = far_.data_taken;
    hand_to_far(burst);
    auto data = static_cast<std::size_t>(far_.data_taken - taken);
    out_.began = cycles_now();
    std::array<rte_mbuf*, dataplane::Port::kBurstMax> done;
    for (std::size_t i = 0; i < burst.size(); ++i) done[i] = burst[i].mbuf;
    rte_pktmbuf_free_bulk(done.data(), static_cast<unsigned>(burst.size()));
    if (data == 0) return;
    out_.unsent -= std::min(out_.unsent, data);
    if (out_.unsent > 0 || out_.frames_left > 0 || !out_.is_running) return;
    out.add(out_.spent + cycles_now() - out_.began, Far::kBurst);
    out_.is_running = false;
}

void Ground::hand_to_far(std::span<dataplane::Outgoing> burst) {
    TimePoint now = dataplane::monotonic_now();
    std::array<MutableBytes, Far::kBurst> datagrams;
    std::size_t count = 0;
    for (const dataplane::Outgoing& each : burst)
        datagrams[count++] = dataplane::room_of(each.mbuf).first(each.mbuf->data_len);
    far_.take(now, std::span(datagrams).first(count));
}

}  // namespace netft::bench
