#include "netft/dataplane/poller.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace netft::dataplane {
namespace {

constexpr std::uint64_t kAdapter = ~std::uint64_t{0};
constexpr std::uint64_t kCommands = kAdapter - 1;
constexpr std::size_t kEventsMax = 32;

bool add(int epoll, int fd, std::uint64_t tag) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = tag}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

timespec to_timespec(Duration d) {
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(d);
    return {.tv_sec = static_cast<time_t>(seconds.count()), .tv_nsec = (d - seconds).count()};
}

}  // namespace

Result<Poller> Poller::create(int adapter_fd, int command_fd) {
    Fd epoll(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll.is_open() || !add(epoll.get(), adapter_fd, kAdapter) ||
        !add(epoll.get(), command_fd, kCommands))
        return fail(std::string("epoll: ") + std::strerror(errno), errno);
    return Poller(std::move(epoll), adapter_fd);
}

void Poller::unwatch() {
    for (int fd : watched_) (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    watched_.clear();
}

void Poller::watch(std::span<Port* const> ports) {
    unwatch();
    ready_.assign(ports.size(), 0);
    for (std::size_t i = 0; i < ports.size(); ++i) {
        std::span<const int> fds = ports[i]->wake_fds();
        for (std::size_t k = 0; k < fds.size(); ++k)
            if (add(epoll_.get(), fds[k], i << 8 | k)) watched_.push_back(fds[k]);
    }
}

Poller::Ready Poller::wait(std::optional<Duration> timeout) {
    std::array<epoll_event, kEventsMax> events;
    std::fill(ready_.begin(), ready_.end(), 0);
    timespec relative = to_timespec(timeout.value_or(Duration{}));
    int n = epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()),
                         timeout ? &relative : nullptr, nullptr);
    Ready ready;
    for (int i = 0; i < n; ++i) {
        std::uint64_t tag = events[static_cast<std::size_t>(i)].data.u64;
        if (tag == kAdapter) {
            ready.adapter = true;
        } else if (tag == kCommands) {
            ready.commands = true;
        } else {
            ready.ports = true;
            ready_[tag >> 8] |= 1u << (tag & 0xff);
        }
    }
    return ready;
}

bool Poller::watch_adapter(bool on) {
    if (on == watches_adapter_) return false;
    watches_adapter_ = on;
    epoll_event event{.events = on ? std::uint32_t{EPOLLIN} : 0, .data = {.u64 = kAdapter}};
    (void)epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, adapter_fd_, &event);
    return true;
}

void Poller::drop_adapter() { (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, adapter_fd_, nullptr); }

}  // namespace netft::dataplane
