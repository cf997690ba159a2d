// The newest PathError of each path, while it is fresh; bounded. PURE. Threads: control.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "netft/base/ids.hpp"
#include "netft/base/time.hpp"
#include "netft/core/path_error.hpp"

namespace netft::core {

class PathErrors {
 public:
    // Longer than the pause between two tries to reach a peer that is silent.
    static constexpr Duration kRemembered = 30s;
    static constexpr std::size_t kPathsMax = 1024;

    // True: of this kind nothing was known of the path.
    bool handle(TimePoint now, EndpointId local, const PathError& error) {
        auto key = std::pair(local, error.remote);
        auto known = paths_.find(key);
        if (known == paths_.end() && paths_.size() == kPathsMax) return false;
        bool is_new = known == paths_.end() || known->second.error.kind != error.kind;
        paths_[key] = {error, now};
        return is_new;
    }
    const PathError* find(EndpointId local, const Endpoint& remote) const {
        auto known = paths_.find({local, remote});
        return known == paths_.end() ? nullptr : &known->second.error;
    }
    void forget(EndpointId local, const Endpoint& remote) { paths_.erase({local, remote}); }
    // True: something is forgotten.
    bool handle_timers(TimePoint now) {
        return std::erase_if(paths_, [now](const auto& entry) {
                   return now - entry.second.at >= kRemembered;
               }) > 0;
    }
    std::optional<TimePoint> next_deadline() const {
        std::optional<TimePoint> soonest;
        for (const auto& [path, known] : paths_)
            if (!soonest || known.at + kRemembered < *soonest) soonest = known.at + kRemembered;
        return soonest;
    }

 private:
    struct Known {
        PathError error;
        TimePoint at;
    };
    std::map<std::pair<EndpointId, Endpoint>, Known> paths_;
};

}  // namespace netft::core
