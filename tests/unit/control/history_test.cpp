#include "netft/control/history.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "tests/unit/control/status_samples.hpp"

using namespace netft;
using namespace netft::control;
using nlohmann::json;

BOOST_AUTO_TEST_SUITE(history)

BOOST_AUTO_TEST_CASE(the_oldest_records_go_first_and_are_counted) {
    History history;
    for (std::size_t i = 0; i < History::kRecordsMax + 3; ++i) {
        TransitionRecord record = samples::transition();
        record.transition.route = RouteId(static_cast<std::uint16_t>(i + 1));
        history.add(record);
    }
    json shown = history.to_json("n2", samples::clock());
    BOOST_TEST(history.size("n2") == History::kRecordsMax);
    BOOST_TEST(shown["forgotten"] == 3);
    BOOST_TEST(shown["records"].size() == History::kRecordsMax);
    BOOST_TEST(shown["records"][0]["route"] == 4);
}

BOOST_AUTO_TEST_CASE(a_flapping_peer_does_not_push_out_another) {
    History history;
    SelectionRecord other = samples::selection();
    other.peer = "n3";
    history.add(other);
    for (std::size_t i = 0; i < 2 * History::kRecordsMax; ++i) history.add(samples::transition());
    BOOST_TEST(history.size("n3") == 1u);
}

BOOST_AUTO_TEST_CASE(records_keep_their_order_their_reasons_and_their_heartbeats) {
    History history;
    history.add(samples::transition());
    history.add(samples::selection());
    json records = history.to_json("n2", samples::clock())["records"];
    BOOST_TEST(records[0]["type"] == "transition");
    BOOST_TEST(records[0]["from"] == "suspect");
    BOOST_TEST(records[0]["reason"] == "detection time expired");
    BOOST_TEST(records[0]["heartbeats"][0]["counter"] == 41);
    BOOST_TEST(records[1]["from"] == 1);
    BOOST_TEST(records[1]["to"].is_null());
}

BOOST_AUTO_TEST_CASE(a_peer_without_history_has_an_empty_one) {
    json shown = History().to_json("n2", samples::clock());
    BOOST_TEST(shown["records"].empty());
    BOOST_TEST(shown["forgotten"] == 0);
}

BOOST_AUTO_TEST_SUITE_END()
