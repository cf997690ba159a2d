// The log: lines for people about changes of state. Never used in the data path.
//
// Everything goes to stderr. By hand each line is "time level module: text fault=…"; under systemd,
// where stderr is the journal, the journal has the time and the line is "<6>module: text fault=…"
// (sd-daemon(3)). `text` is a sentence with key=value pairs at its end.
//
// The log can fail, netft cannot: a full disk, a closed stderr or a reader that has stopped reading
// costs lines, which are counted and reported by "log_lines_lost=N" in the next line that gets
// through; nothing blocks and nothing throws. The daemon ignores SIGPIPE.
// Threads: any; a mutex inside.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "netft/base/time.hpp"

namespace netft::control {

// Whose fault a warning or error is, so that its reader knows where to look.
enum class Fault : std::uint8_t {
    peer,    // another node, or the network to it
    local,   // this machine: interface, kernel, permissions
    config,  // the file
    bug,     // netft
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct LogOptions {
    bool foreground = false;  // lines for a terminal even where stderr is the journal
    LogLevel level = LogLevel::info;
    int fd = 2;
    // For the rate limit; the monotonic clock where empty. Tests give their own.
    std::function<TimePoint()> clock;
};

class Log {
 public:
    // Always gives a working log. Opens /dev/null for those of descriptors 0, 1, 2 that are closed,
    // so that no socket of ours ever becomes somebody's stderr.
    static Log open(LogOptions options);
    Log(Log&&) noexcept;
    Log& operator=(Log&&) noexcept;
    ~Log();

    void debug(std::string_view module, std::string_view text);
    void info(std::string_view module, std::string_view text);
    void warn(std::string_view module, Fault fault, std::string_view text);
    void error(std::string_view module, Fault fault, std::string_view text);

    // Call about once a second: reports what the rate limit has held back and now forgets.
    void handle_timers();

 private:
    struct State;
    explicit Log(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace netft::control
