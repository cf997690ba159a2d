#include "netft/core/timer_queue.hpp"

#include <boost/test/unit_test.hpp>
#include <map>

#include "netft/base/random.hpp"

namespace netft::core {
namespace {

BOOST_AUTO_TEST_SUITE(timer_queue)

// Against a plain map, with random sets, changes, removals and pops.
BOOST_AUTO_TEST_CASE(agrees_with_a_simple_model) {
    Random random(3);
    TimerQueue queue;
    std::map<TimerQueue::Key, TimePoint> model;
    queue.resize(64);
    TimePoint now{1h};
    for (int step = 0; step < 20'000; ++step) {
        auto key = static_cast<TimerQueue::Key>(random.below(64));
        if (random.chance(0.7)) {
            TimePoint deadline = now + random.between(1ms, 1s);
            queue.set(key, deadline);
            model[key] = deadline;
        } else {
            queue.set(key, {});
            model.erase(key);
        }
        now += random.between(0ms, 20ms);
        while (auto due = queue.pop_due(now)) {
            auto entry = model.find(*due);
            BOOST_REQUIRE(entry != model.end());
            for (const auto& [other, deadline] : model)
                BOOST_REQUIRE((entry->second <= deadline || other == *due));
            model.erase(entry);
        }
        for (const auto& [other, deadline] : model) BOOST_REQUIRE((deadline > now));
        BOOST_REQUIRE(queue.next().has_value() == !model.empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
