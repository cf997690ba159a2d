// Who knocks and is not let in: what people are told of it, once a minute each, and for as long as
// it lasts.
//
// PURE, bounded: the first kMax sources of a minute; what a flood from many more brings is in the
// counters. Threads: control only.
#pragma once

#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/time.hpp"

namespace netft::core {

class Knocks {
 public:
    static constexpr std::size_t kMax = 16;
    static constexpr Duration kLasts = 60s;  // after the last knock
    static constexpr Duration kSaidAgain = 60s;

    // True: worth a line in the log.
    bool note(TimePoint now, const IpAddress& from, const std::string& text);
    void handle_timers(TimePoint now);
    std::vector<std::string> texts() const;

 private:
    struct Knock {
        IpAddress from;
        std::string text;
        TimePoint seen;
        TimePoint said;
    };
    std::vector<Knock> knocks_;
};

}  // namespace netft::core
