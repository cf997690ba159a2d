// What a bad link does to each packet, as times: one seed is one sequence, whatever the machine
// does.
//
//   loss       the packet has no time at all
//   delay      every packet is this late
//   jitter     up to so much more or less, without changing the order: as a queue on the way does
//   reorder    the packet is held back by kHoldMin and up to the jitter, while those behind it
//              go on: as a second path on the way does
//   duplicate  a second copy at the time of the first
#pragma once

#include <cstddef>

#include "netft/base/random.hpp"
#include "netft/base/time.hpp"

namespace netft::relay {

struct LinkFault {
    Duration delay{};
    Duration jitter{};
    double reorder = 0;  // shares, 0 to 1
    double duplicate = 0;
    double loss = 0;
};

class LinkModel {
 public:
    static constexpr Duration kHoldMin = 2ms;

    LinkModel(const LinkFault& fault, std::uint64_t seed) : fault_(fault), random_(seed) {}

    struct Fate {
        std::size_t copies = 0;
        TimePoint due{};
    };
    // Of a packet that comes now.
    Fate handle_packet(TimePoint now);

 private:
    LinkFault fault_;
    Random random_;
    TimePoint last_in_order_{};
};

}  // namespace netft::relay
