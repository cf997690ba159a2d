#include "netft/dataplane/port_exchange.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <type_traits>

namespace netft::dataplane {

static_assert(std::is_trivially_copyable_v<Parcel>);

Result<std::shared_ptr<PortExchange>> PortExchange::create(std::size_t workers) {
    std::shared_ptr<PortExchange> exchange(new PortExchange);
    for (std::size_t i = 0; i < workers; ++i) {
        auto end = std::make_unique<End>();
        end->event = Fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
        if (!end->event.is_open()) return fail_errno("eventfd", errno);
        exchange->ends_.push_back(std::move(end));
    }
    for (std::size_t i = 0; i < workers * workers; ++i)
        exchange->rings_.push_back(
            i % workers == i / workers ? nullptr : std::make_unique<ByteRing>(kRingBytes));
    return exchange;
}

bool PortExchange::push(std::size_t from, std::size_t to, const Parcel& parcel, Bytes bytes) {
    std::array<std::uint8_t, sizeof(Parcel)> head;
    std::memcpy(head.data(), &parcel, sizeof(parcel));
    return ring_of(from, to)->push(head, bytes);
}

void PortExchange::wake(std::size_t from, std::size_t to) {
    if (!ring_of(from, to)->is_empty()) wake_again(to);
}

void PortExchange::wake_again(std::size_t to) {
    if (ends_[to]->told.exchange(true)) return;
    std::uint64_t one = 1;
    // Fails only when the counter is full: then the reader is told anyway.
    [[maybe_unused]] ssize_t n = write(ends_[to]->event.get(), &one, sizeof(one));
}

void PortExchange::on_woken(std::size_t worker) {
    std::uint64_t count = 0;
    [[maybe_unused]] ssize_t n = read(ends_[worker]->event.get(), &count, sizeof(count));
    // From here on whatever is pushed writes the descriptor anew.
    (void)ends_[worker]->told.exchange(false);
}

}  // namespace netft::dataplane
