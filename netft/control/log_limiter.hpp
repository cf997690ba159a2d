// Keeps repeated log lines from filling the disk.
//
// PURE. Per (module, text) kLinesPerWindow lines in a window pass, and per module
// kModuleLinesPerWindow; the rest is counted and reported when the window ends.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "netft/base/time.hpp"

namespace netft::control {

class LogLimiter {
 public:
    static constexpr Duration kWindow = 10s;
    static constexpr std::uint32_t kLinesPerWindow = 5;
    static constexpr std::uint32_t kModuleLinesPerWindow = 500;
    static constexpr std::size_t kEntriesMax = 2048;

    struct Suppressed {
        std::string module;
        std::string text;  // empty: lines of all kinds of this module
        std::uint64_t count = 0;
    };

    // Whether the line may be written.
    bool admit(TimePoint now, std::string_view module, std::string_view text);
    // Ends the windows that are over; gives what was suppressed in them.
    std::vector<Suppressed> handle_timers(TimePoint now);
    // Ends all windows.
    std::vector<Suppressed> take_all();

 private:
    struct Entry {
        TimePoint since;
        std::uint32_t passed = 0;
        std::uint64_t suppressed = 0;
    };
    using Key = std::pair<std::string, std::string>;

    bool count(TimePoint now, Key key, std::uint32_t limit);

    std::map<Key, Entry> entries_;  // key text empty: the module as a whole
};

}  // namespace netft::control
