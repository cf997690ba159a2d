#include "netft/core/knocks.hpp"

#include <algorithm>

namespace netft::core {

bool Knocks::note(TimePoint now, const IpAddress& from, const std::string& text) {
    handle_timers(now);
    auto known = std::find_if(knocks_.begin(), knocks_.end(),
                              [&from](const Knock& knock) { return knock.from == from; });
    if (known == knocks_.end()) {
        if (knocks_.size() == kMax) return false;
        knocks_.push_back({from, text, now, now});
        return true;
    }
    known->seen = now;
    if (now - known->said < kSaidAgain) return false;
    known->said = now;
    known->text = text;
    return true;
}

void Knocks::handle_timers(TimePoint now) {
    std::erase_if(knocks_, [now](const Knock& knock) { return now - knock.seen >= kLasts; });
}

std::vector<std::string> Knocks::texts() const {
    std::vector<std::string> out;
    for (const Knock& knock : knocks_) out.push_back(knock.text);
    return out;
}

}  // namespace netft::core
