#include "netft/daemon/stack.hpp"

#include <execinfo.h>
#include <signal.h>
#include <time.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace netft::daemon {

namespace {

constexpr int kFramesMax = 48;
constexpr int kOfTheHandler = 2;  // its own frame and the kernel's trampoline
constexpr int kWaits = 100;
constexpr timespec kWait{0, 2'000'000};

std::array<void*, kFramesMax> frames;  // handler: w, who asks: ro once `count` is set
std::atomic<int> count{0};

void write_down(int) {
    int saved = errno;
    count.store(backtrace(frames.data(), kFramesMax), std::memory_order_release);
    errno = saved;
}

}  // namespace

void prepare_stacks() {
    backtrace(frames.data(), 1);  // loads what it needs, which a signal handler must not
    struct sigaction action {};
    action.sa_handler = write_down;
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR2, &action, nullptr);
}

std::vector<std::string> stack_of(pthread_t thread) {
    count.store(0);
    if (pthread_kill(thread, SIGUSR2) != 0) return {};
    for (int i = 0; i < kWaits && count.load(std::memory_order_acquire) == 0; ++i)
        nanosleep(&kWait, nullptr);
    int size = count.load(std::memory_order_acquire);
    char** symbols = size > 0 ? backtrace_symbols(frames.data(), size) : nullptr;
    std::vector<std::string> lines;
    for (int i = kOfTheHandler; symbols != nullptr && i < size; ++i) lines.emplace_back(symbols[i]);
    std::free(symbols);
    return lines;
}

}  // namespace netft::daemon
