#include "netft/dataplane/control_link.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <cstring>

namespace netft::dataplane {
namespace {

void signal(const Fd& event) {
    std::uint64_t one = 1;
    // Fails only when the counter is full: then the reader is told anyway.
    [[maybe_unused]] ssize_t n = write(event.get(), &one, sizeof(one));
}

}  // namespace

Result<std::unique_ptr<ControlLink>> ControlLink::create() {
    auto link = std::make_unique<ControlLink>();
    link->worker_event = Fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    link->control_event = Fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!link->worker_event.is_open() || !link->control_event.is_open())
        return fail(std::string("eventfd: ") + std::strerror(errno), errno);
    return link;
}

void ControlLink::wake_worker() {
    if (!worker_told_.exchange(true)) signal(worker_event);
}

void ControlLink::on_woken() {
    std::uint64_t count = 0;
    [[maybe_unused]] ssize_t n = read(worker_event.get(), &count, sizeof(count));
    // From here on whatever is queued writes the eventfd anew; all before it is seen by this turn.
    (void)worker_told_.exchange(false);
}

void ControlLink::wake_control() { signal(control_event); }

}  // namespace netft::dataplane
