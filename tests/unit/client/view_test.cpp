#include "netft/client/view.hpp"

#include <boost/test/unit_test.hpp>

#include "netft/control/status_records.hpp"
#include "tests/unit/control/status_samples.hpp"

using netft::client::View;
using nlohmann::json;
namespace control = netft::control;
namespace samples = netft::control::samples;

namespace {

View view_of_samples() {
    View view;
    for (const json& record : control::snapshot_records(samples::node(), samples::clock()))
        view.apply(record);
    return view;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(view)

BOOST_AUTO_TEST_CASE(a_snapshot_rebuilds_what_show_gives) {
    json shown = control::to_json(samples::node(), samples::clock());
    shown.erase("verdict");  // worked out from the rest, for who asks once
    BOOST_TEST(view_of_samples().document() == shown);
}

BOOST_AUTO_TEST_CASE(changes_are_followed) {
    View view = view_of_samples();
    BOOST_TEST(view.is_reachable("n2"));
    view.apply(control::to_json(samples::transition(), samples::clock()));
    BOOST_TEST(view.route("n2", 1)["state"] == "down");
    BOOST_TEST(view.route("n2", 1)["reason"] == "detection time expired");
    view.apply(control::to_json(samples::selection(), samples::clock()));
    BOOST_TEST(!view.is_reachable("n2"));
    BOOST_TEST(view.route("n2", 1)["in_use"] == false);
}

BOOST_AUTO_TEST_CASE(routes_that_come_later_are_learned) {
    View view = view_of_samples();
    control::TransitionRecord record = samples::transition();
    record.transition.route = netft::RouteId(9);
    view.apply(control::to_json(record, samples::clock()));
    BOOST_TEST(view.route("n2", 9)["local"] == "10.0.0.1:3343");
    BOOST_TEST(view.route("n2", 8).is_null());
    BOOST_TEST(view.route("n9", 1).is_null());
}

BOOST_AUTO_TEST_CASE(records_of_another_shape_do_no_harm) {
    View view = view_of_samples();
    for (const char* text : {"{}", R"({"type":5})", R"({"type":"transition"})",
                             R"({"type":"selection","to":"x"})", R"({"type":"route","id":-1})"})
        view.apply(json::parse(text));
    BOOST_TEST(view.has_peer("n2"));
    BOOST_TEST(!view.is_complete());
    view.apply({{"type", "end-of-snapshot"}});
    BOOST_TEST(view.is_complete());
}

BOOST_AUTO_TEST_SUITE_END()
