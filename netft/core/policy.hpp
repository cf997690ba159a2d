// What the configuration says of traffic: which routes a frame takes, by peer and by class.
//
// PURE. `failover`: the best route; on several while the one in use is suspect, so that a silent
// cut costs the time to suspicion and nothing in steady state. `spread`: each flow on one of the
// routes of comparable quality. `duplicate`: every route that is up; the far end drops the copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "netft/core/flow.hpp"

namespace netft::core {

enum class Policy : std::uint8_t { failover, spread, duplicate };
constexpr std::string_view to_string(Policy policy) {
    switch (policy) {
        case Policy::failover: return "failover";
        case Policy::spread: return "spread";
        case Policy::duplicate: return "duplicate";
    }
    return "unknown";
}

// Both ends belong to it.
struct ValueRange {
    std::uint32_t first = 0;
    std::uint32_t last = 0;

    bool has(std::uint32_t value) const { return first <= value && value <= last; }
    bool operator==(const ValueRange&) const = default;
};

// [[traffic.class]]: the frames that match all it names. A port is either end's; where ports of
// both protocols are named, one of them is enough.
struct TrafficClass {
    std::vector<ValueRange> dscp;
    std::vector<ValueRange> size;  // bytes of the frame
    std::vector<ValueRange> udp_port;
    std::vector<ValueRange> tcp_port;
    Policy policy = Policy::failover;

    bool operator==(const TrafficClass&) const = default;
};

// [traffic] or [node.traffic]: what holds where no class matches.
struct TrafficRule {
    Policy policy = Policy::failover;
    std::uint32_t duplicate_small = 0;  // frames of at most so many bytes are duplicated

    bool operator==(const TrafficRule&) const = default;
};

// A cluster has at most so many classes: each frame is held against all of them.
constexpr std::size_t kTrafficClassesMax = 32;

// The first class that matches decides, then the size, then the rule.
Policy policy_of(const Flow& flow, const TrafficRule& rule,
                 const std::vector<TrafficClass>& classes);

}  // namespace netft::core
