#include "netft/control/log.hpp"

#include <fcntl.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>

#include "netft/control/log_limiter.hpp"
#include "netft/control/log_sink.hpp"

namespace netft::control {

namespace {

void fill_standard_descriptors() {
    int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd >= 0) ::close(fd);
}

// systemd tells device and inode of the stream to the journal (systemd.exec(5), JOURNAL_STREAM).
bool is_journal(int fd) {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat info {};
    if (stream == nullptr || fstat(fd, &info) != 0) return false;
    return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) == stream;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return spdlog::level::debug;
        case LogLevel::info: return spdlog::level::info;
        case LogLevel::warning: return spdlog::level::warn;
        case LogLevel::error: return spdlog::level::err;
    }
    return spdlog::level::info;
}

std::string_view to_text(Fault fault) {
    switch (fault) {
        case Fault::peer: return "peer";
        case Fault::local: return "local";
        case Fault::config: return "config";
        case Fault::bug: return "bug";
    }
    return "bug";
}

// Names come from other nodes: a newline in one must not make a line of its own.
std::string on_one_line(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return out;
}

TimePoint steady_now() {
    return TimePoint(
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

}  // namespace

struct Log::State {
    State(LogOptions options, std::shared_ptr<LogSink> sink)
        : clock(options.clock ? std::move(options.clock) : steady_now),
          logger("netftd", std::move(sink)) {
        logger.set_level(to_spdlog(options.level));
        logger.set_error_handler([](const std::string&) {});  // a lost line is no reason to stop
    }

    void write(spdlog::level::level_enum level, std::string_view module, std::string_view text);
    void report(const LogLimiter::Suppressed& suppressed);

    std::function<TimePoint()> clock;
    spdlog::logger logger;
    std::mutex mutex;  // of limiter
    LogLimiter limiter;
};

void Log::State::write(spdlog::level::level_enum level, std::string_view module,
                       std::string_view text) {
    if (!logger.should_log(level)) return;
    {
        std::lock_guard lock(mutex);
        if (!limiter.admit(clock(), module, text)) return;
    }
    logger.log(level, "{}: {}", on_one_line(module), on_one_line(text));
}

void Log::State::report(const LogLimiter::Suppressed& suppressed) {
    logger.log(spdlog::level::info, "{}: held back {} suppressed={}",
               on_one_line(suppressed.module),
               suppressed.text.empty() ? "lines of many kinds" : on_one_line(suppressed.text),
               suppressed.count);
}

Log Log::open(LogOptions options) {
    fill_standard_descriptors();
    bool journal = !options.foreground && is_journal(options.fd);
    auto sink = std::make_shared<LogSink>(options.fd, journal);
    // The end of line is the sink's.
    sink->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "%Y-%m-%dT%H:%M:%S.%fZ %l %v", spdlog::pattern_time_type::utc, ""));
    return Log(std::make_unique<State>(std::move(options), std::move(sink)));
}

Log::Log(std::unique_ptr<State> state) : state_(std::move(state)) {}
Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;

Log::~Log() {
    if (!state_) return;
    for (const auto& suppressed : state_->limiter.take_all()) state_->report(suppressed);
}

void Log::debug(std::string_view module, std::string_view text) {
    state_->write(spdlog::level::debug, module, text);
}

void Log::info(std::string_view module, std::string_view text) {
    state_->write(spdlog::level::info, module, text);
}

void Log::warn(std::string_view module, Fault fault, std::string_view text) {
    state_->write(spdlog::level::warn, module,
                  std::string(text) + " fault=" + std::string(to_text(fault)));
}

void Log::error(std::string_view module, Fault fault, std::string_view text) {
    state_->write(spdlog::level::err, module,
                  std::string(text) + " fault=" + std::string(to_text(fault)));
}

void Log::handle_timers() {
    std::vector<LogLimiter::Suppressed> ended;
    {
        std::lock_guard lock(state_->mutex);
        ended = state_->limiter.handle_timers(state_->clock());
    }
    for (const auto& suppressed : ended) state_->report(suppressed);
}

}  // namespace netft::control
