// The worker's one epoll set: adapter, command eventfd, ports.
// Level-triggered: what is left over after a cycle's budget is reported again at once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "netft/base/result.hpp"
#include "netft/base/time.hpp"
#include "netft/dataplane/fd.hpp"
#include "netft/dataplane/port.hpp"

struct epoll_event;

namespace netft::dataplane {

class Poller {
 public:
    struct Ready {
        bool adapter = false;
        bool commands = false;
        bool ports = false;  // some port: ready() says which
    };

    static Result<Poller> create(int adapter_fd, int command_fd);

    // Replaces the ports watched. wait() reports by place in `ports`.
    void watch(std::span<Port* const> ports);
    // Blocks until something is readable or `timeout` has passed (nullopt: for ever).
    Ready wait(std::optional<Duration> timeout);
    // Which of port i's wake_fds() the last wait() saw readable.
    std::uint32_t ready(std::size_t i) const { return ready_[i]; }
    // Whether wait() looks at the adapter. True: it was otherwise before.
    bool watch_adapter(bool on);
    // The adapter is gone: its descriptor would be readable for ever.
    void drop_adapter();

 private:
    Poller(Fd epoll, int adapter_fd) : epoll_(std::move(epoll)), adapter_fd_(adapter_fd) {}
    void unwatch();

    Fd epoll_;
    int adapter_fd_ = -1;
    bool watches_adapter_ = true;
    std::vector<int> watched_;
    std::vector<std::uint32_t> ready_;
};

}  // namespace netft::dataplane
