#include "netft/control/log_limiter.hpp"

#include <iterator>

namespace netft::control {

bool LogLimiter::admit(TimePoint now, std::string_view module, std::string_view text) {
    if (!count(now, Key(module, ""), kModuleLinesPerWindow)) return false;
    return count(now, Key(module, text), kLinesPerWindow);
}

bool LogLimiter::count(TimePoint now, Key key, std::uint32_t limit) {
    auto at = entries_.find(key);
    if (at == entries_.end()) {
        // Full: this line goes uncounted; the module's limit still holds.
        if (entries_.size() >= kEntriesMax) return true;
        at = entries_.emplace(std::move(key), Entry{.since = now}).first;
    }
    Entry& entry = at->second;
    // A window with suppressed lines is left to handle_timers(), which reports them.
    if (now - entry.since >= kWindow && entry.suppressed == 0) entry = Entry{.since = now};
    if (entry.passed < limit) {
        ++entry.passed;
        return true;
    }
    ++entry.suppressed;
    return false;
}

std::vector<LogLimiter::Suppressed> LogLimiter::handle_timers(TimePoint now) {
    std::vector<Suppressed> out;
    for (auto at = entries_.begin(); at != entries_.end();) {
        const auto& [key, entry] = *at;
        if (now - entry.since < kWindow) {
            ++at;
            continue;
        }
        if (entry.suppressed > 0) out.push_back({key.first, key.second, entry.suppressed});
        at = entries_.erase(at);
    }
    return out;
}

std::vector<LogLimiter::Suppressed> LogLimiter::take_all() {
    std::vector<Suppressed> out;
    for (const auto& [key, entry] : entries_)
        if (entry.suppressed > 0) out.push_back({key.first, key.second, entry.suppressed});
    entries_.clear();
    return out;
}

}  // namespace netft::control
