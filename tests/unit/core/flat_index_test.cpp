#include "netft/core/flat_index.hpp"

#include <boost/test/unit_test.hpp>
#include <map>

#include "netft/base/random.hpp"
#include "netft/core/slot_table.hpp"

namespace netft::core {
namespace {

BOOST_AUTO_TEST_SUITE(flat_index)

// Every history of six insertions and deletions of three keys whose homes collide or touch.
BOOST_AUTO_TEST_CASE(agrees_with_a_map_in_every_small_case) {
    constexpr std::uint32_t kHashes[3] = {15, 15 + 16,
                                          0};  // two of the last cell, one of the first
    for (unsigned history = 0; history < 6 * 6 * 6 * 6 * 6 * 6; ++history) {
        FlatIndex index;
        std::array<bool, 3> model{};
        unsigned rest = history;
        for (int step = 0; step < 6; ++step, rest /= 6) {
            unsigned key = rest % 3;
            bool insert = rest % 6 < 3;
            if (insert && !model[key]) index.insert(kHashes[key], key);
            if (!insert) index.erase(kHashes[key], key);
            model[key] = insert;
            for (std::uint32_t k = 0; k < 3; ++k) {
                auto found = index.find(kHashes[k], [k](std::uint32_t slot) { return slot == k; });
                BOOST_REQUIRE(found.has_value() == model[k]);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(agrees_with_a_map_while_thousands_come_and_go) {
    Random random(7);
    FlatIndex index;
    std::map<std::uint32_t, std::uint32_t> model;  // key -> slot
    for (std::uint32_t step = 0; step < 100'000; ++step) {
        auto key = static_cast<std::uint32_t>(random.below(8'000));
        if (auto known = model.find(key); known != model.end()) {
            BOOST_REQUIRE(index.find(FlatIndex::hash_of(key)) == known->second);
            index.erase(FlatIndex::hash_of(key), known->second);
            model.erase(known);
        } else {
            BOOST_REQUIRE(!index.find(FlatIndex::hash_of(key)));
            index.insert(FlatIndex::hash_of(key), step);
            model[key] = step;
        }
        BOOST_REQUIRE(index.size() == model.size());
    }
    for (auto [key, slot] : model) BOOST_REQUIRE(index.find(FlatIndex::hash_of(key)) == slot);
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_neither_found_nor_erased) {
    FlatIndex index;
    index.erase(1, 1);
    BOOST_TEST(!index.find(1).has_value());
    index.insert(1, 1);
    index.erase(1, 2);
    index.erase(2, 1);
    BOOST_TEST(index.find(1).value() == 1u);
    index.clear();
    BOOST_TEST(!index.find(1).has_value());
}

BOOST_AUTO_TEST_CASE(things_stay_where_they_are_and_slots_of_the_dead_are_used_again) {
    SlotTable<int> table;
    std::uint32_t first = table.emplace(1);
    int* place = table[first];
    for (int i = 2; i <= 100; ++i) table.emplace(i);
    BOOST_TEST(table[first] == place);
    BOOST_TEST(table.live() == 100u);
    table.erase(first);
    BOOST_TEST((table[first] == nullptr));
    std::uint32_t slots = table.slots();
    for (std::uint32_t i = table.slots() - 99; i > 0; --i) table.emplace(7);
    BOOST_TEST(table.slots() == slots);
    BOOST_TEST(*table[first] == 7);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
