// The trials of those routes that carry data: a route that does not needs no room for one.
//
// PURE, fixed size. A place is given back when its route carries nothing and nothing is known of
// it; where all are taken, a route goes without. Threads: the worker's only.
#pragma once

#include <array>
#include <cstdint>

#include "netft/base/ids.hpp"
#include "netft/core/segmentation_trial.hpp"

namespace netft::core {

struct TrialPlace {
    RouteId route;
    TimePoint reported{};
    SegmentationTrial trial;
};

class SegmentationTrials {
 public:
    static constexpr std::size_t kPlaces = 63;  // what Route::trial() can name

    // `place`: 1 to kPlaces, as take() gave it; nullptr: it is another route's now.
    TrialPlace* find(std::uint8_t place, RouteId route) {
        bool is_its = place != 0 && places_[place - 1u].route == route;
        return is_its ? &places_[place - 1u] : nullptr;
    }
    // `is_held(route, place)`: that route is there and says that this is its place. 0: none free.
    template <class IsHeld>
    std::uint8_t take(RouteId route, IsHeld is_held) {
        for (std::size_t i = 0; i < kPlaces; ++i) {
            auto number = static_cast<std::uint8_t>(i + 1);
            if (places_[i].route.value != 0 && is_held(places_[i].route, number)) continue;
            places_[i] = TrialPlace{route, {}, {}};
            return number;
        }
        return 0;
    }

 private:
    std::array<TrialPlace, kPlaces> places_{};
};

}  // namespace netft::core
