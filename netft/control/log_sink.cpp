#include "netft/control/log_sink.hpp"

#include <poll.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <string>

namespace netft::control {

namespace {

// A pipe that poll() calls writable takes at least PIPE_BUF bytes without blocking (pipe(7)).
constexpr std::size_t kLineBytesMax = PIPE_BUF;

int priority_of(spdlog::level::level_enum level) {
    if (level >= spdlog::level::err) return LOG_ERR;
    if (level == spdlog::level::warn) return LOG_WARNING;
    return level == spdlog::level::info ? LOG_INFO : LOG_DEBUG;
}

// False: not writable now, or for good.
bool write_line(int fd, const std::string& line) {
    pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
    if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return false;
    return ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace

void LogSink::sink_it_(const spdlog::details::log_msg& message) {
    std::string line;
    if (journal_) {
        line = "<" + std::to_string(priority_of(message.level)) + ">";
        line.append(message.payload.data(), message.payload.size());
    } else {
        spdlog::memory_buf_t formatted;
        formatter_->format(message, formatted);
        line.assign(formatted.data(), formatted.size());
    }
    std::string tail = lost_ > 0 ? " log_lines_lost=" + std::to_string(lost_) + "\n" : "\n";
    line.resize(std::min(line.size(), kLineBytesMax - tail.size()));
    lost_ = write_line(fd_, line + tail) ? 0 : lost_ + 1;
}

}  // namespace netft::control
