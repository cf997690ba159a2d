#include "netft/control/status.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "netft/control/status_records.hpp"
#include "netft/control/status_requests.hpp"
#include "tests/unit/control/status_samples.hpp"

using namespace netft;
using namespace netft::control;
using nlohmann::json;

BOOST_AUTO_TEST_SUITE(status)

BOOST_AUTO_TEST_CASE(monotonic_instants_become_rfc_3339_in_utc) {
    WallClock clock = samples::clock();
    BOOST_TEST(clock.to_rfc3339(TimePoint(1000s)) == "2026-11-21T10:00:00.123456Z");
    BOOST_TEST(clock.to_rfc3339(TimePoint(999s)) == "2026-11-21T09:59:59.123456Z");
    BOOST_TEST(clock.to_rfc3339(TimePoint(1000s + 877ms)) == "2026-11-21T10:00:01.000456Z");
}

BOOST_AUTO_TEST_CASE(show_has_what_the_contract_says) {
    json show = to_json(samples::node(), samples::clock());
    BOOST_TEST(show["version"] == 1);
    BOOST_TEST(show["security"] == "encrypt");
    BOOST_TEST(show["crypto"] == json({{"device", "crypto_aesni_gcm"}, {"cluster_key", true}}));
    BOOST_TEST(show["peers"][0]["session"] == json({{"state", "open"},
                                                    {"since", "2026-11-21T09:59:00.123456Z"},
                                                    {"opened", 3},
                                                    {"note", ""}}));
    BOOST_TEST(show["peers"][1]["session"]["state"] == "opening");
    BOOST_TEST(show["peers"][1]["session"]["since"].is_null());
    BOOST_TEST(show["adapter"]["ipv4"] == "169.254.1.1");
    BOOST_TEST(show["drops"] == json({{"rx_no_session", 3}}));
    json route = show["peers"][0]["routes"][0];
    BOOST_TEST(route["local"] == "10.0.0.1:3343");
    BOOST_TEST(route["state"] == "up");
    BOOST_TEST(route["reason"] == "");
    BOOST_TEST(route["detects"] == "500 ms = 5 × 100 ms");
    BOOST_TEST(route["delay_ms"] == 100);
    BOOST_TEST(route["rtt_us"] == json({{"p50", 90}, {"p99", 210}}));
    BOOST_TEST(route["loss"] == json({{"in", 0.0}, {"out", 0.0123}}));
    BOOST_TEST(route["since"] == "2026-11-21T09:59:50.123456Z");
}

BOOST_AUTO_TEST_CASE(a_mode_that_is_not_private_warns) {
    BOOST_TEST(security_warning(SecurityMode::none).find("read and change") != std::string::npos);
    BOOST_TEST(security_warning(SecurityMode::sign).find("can read") != std::string::npos);
    BOOST_TEST(security_warning(SecurityMode::encrypt) == "");
    NodeStatus open;
    BOOST_TEST(to_json(open, samples::clock())["crypto"].is_null());
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_null) {
    json route = route_to_json(samples::route_down(), samples::clock());
    BOOST_TEST(route["rtt_us"]["p50"].is_null());
    BOOST_TEST(route["loss"]["in"].is_null());
    BOOST_TEST(route["jitter_us"].is_null());
    RouteStatus unknown = samples::route_down();
    unknown.report = {};
    BOOST_TEST(route_to_json(unknown, samples::clock())["since"].is_null());
}

BOOST_AUTO_TEST_CASE(every_state_has_its_name_and_its_reason) {
    struct Case {
        BfdState state;
        bool suspect, usable, session, remote;
        Diagnostic engine, topology;
        const char *name, *reason;
    };
    const Diagnostic none = Diagnostic::none;
    const Diagnostic expired = Diagnostic::detection_time_expired;
    const Case cases[] = {
        {BfdState::up, false, true, true, false, none, none, "up", ""},
        {BfdState::up, true, true, true, false, none, none, "suspect", "heartbeats missed"},
        {BfdState::down, false, true, true, false, expired, none, "down", "detection time expired"},
        {BfdState::down, false, true, true, true, expired, none, "down",
         "peer says: detection time expired"},
        {BfdState::down, false, false, true, false, expired, Diagnostic::carrier_lost, "down",
         "carrier lost"},
        {BfdState::down, false, true, false, false, none, none, "down", "no session with the peer"},
        {BfdState::init, false, true, true, false, none, none, "init", "no heartbeat received yet"},
        {BfdState::admin_down, false, true, true, false, Diagnostic::administratively_down, none,
         "admin-down", "administratively down"}};
    for (const Case& c : cases) {
        RouteStatus route = samples::route_down();
        route.report.state = c.state;
        route.report.suspect = c.suspect;
        route.report.reason = c.engine;
        route.report.remote_said_so = c.remote;
        route.has_session = c.session;
        route.route.usable = c.usable;
        route.route.reason = c.topology;
        json shown = route_to_json(route, samples::clock());
        BOOST_TEST(shown["state"] == c.name);
        BOOST_TEST(shown["reason"] == c.reason);
    }
}

BOOST_AUTO_TEST_CASE(a_damped_route_says_why_and_how_long) {
    RouteStatus route = samples::route_up();
    route.report.damped = true;
    route.report.penalty = 2310;
    route.report.reuse_in = 41s;
    json shown = route_to_json(route, samples::clock());
    BOOST_TEST(shown["state"] == "damped");
    BOOST_TEST(shown["reason"] == "flapping: penalty 2,310, reuse in 41 s");
    BOOST_TEST(shown["damping"] == json({{"penalty", 2310}, {"reuse_in_ms", 41'000}}));
    route.report.suspect = true;
    route.report.reason = Diagnostic::packets_lost;
    route.report.penalty = 950;
    route.report.reuse_in = 250s;
    shown = route_to_json(route, samples::clock());
    BOOST_TEST(shown["state"] == "damped");
    BOOST_TEST(shown["reason"] == "flapping: penalty 950, reuse in 4 min 10 s; " +
                                      std::string(to_string(Diagnostic::packets_lost)));
}

BOOST_AUTO_TEST_CASE(a_detection_time_that_the_peer_decides_says_so) {
    RouteStatus route = samples::route_up();
    route.report.detection_time = 750ms;
    BOOST_TEST(detects_text(route) == "750 ms (negotiated with the peer; ours 5 × 100 ms)");
    route.report.timing = {.delay = 2500us, .threshold = 3};
    route.report.detection_time = {};
    BOOST_TEST(detects_text(route) == "7.5 ms = 3 × 2.5 ms");
}

BOOST_AUTO_TEST_CASE(a_threshold_that_was_adapted_says_why) {
    RouteStatus route = samples::route_up();
    BOOST_TEST(route_to_json(route, samples::clock())["adaptive"].is_null());
    route.report.timing = {100ms, 5, 3, 10};
    route.report.adapted_threshold = 7;
    route.report.detection_time = 700ms;
    route.report.longest_gap = 430ms;
    BOOST_TEST(detects_text(route) ==
               "700 ms = 7 × 100 ms (threshold raised from 5: gaps of up to 430 ms in the last "
               "minute)");
    json expected{{"threshold", 7}, {"min", 3}, {"max", 10}, {"longest_gap_ms", 430}};
    BOOST_TEST(route_to_json(route, samples::clock())["adaptive"] == expected);
    route.report.adapted_threshold = 3;
    route.report.detection_time = 300ms;
    route.report.longest_gap = 100ms;
    BOOST_TEST(detects_text(route) ==
               "300 ms = 3 × 100 ms (threshold lowered from 5: no gap above 100 ms in the last "
               "minute)");
    route.report.adapted_threshold = 5;
    route.report.detection_time = 500ms;
    BOOST_TEST(detects_text(route) == "500 ms = 5 × 100 ms");
}

BOOST_AUTO_TEST_CASE(a_snapshot_has_the_node_then_peers_and_their_routes) {
    std::vector<std::string> types;
    for (const json& record : snapshot_records(samples::node(), samples::clock()))
        types.push_back(record["type"]);
    BOOST_TEST(types == (std::vector<std::string>{"node", "peer", "route", "route", "peer"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(get_finds_a_peer_by_name_or_virtual_address) {
    for (const char* target : {"n2", "169.254.1.2", "fe80::12", "fe80::12%netft0"}) {
        json answer = get_route(samples::node(), target, samples::clock(), json::object());
        BOOST_TEST(answer["peer"] == "n2");
        BOOST_TEST(answer["routes"].size() == 1u);
    }
    BOOST_TEST(get_route(samples::node(), "n3", samples::clock(), json::object())["state"] ==
               "unreachable");
    for (const char* target : {"n1", "n9", "", "0.0.0.0", "10.0.0.2"})
        BOOST_TEST(
            get_route(samples::node(), target, samples::clock(), json::object()).contains("error"));
}

BOOST_AUTO_TEST_CASE(requests_that_are_nonsense_are_answered_with_an_error) {
    History history;
    for (const char* text : {R"({"request":"dance"})", R"({"request":"get"})",
                             R"({"request":"get","target":5})", R"({"request":"history"})"})
        BOOST_TEST(answer_request(json::parse(text), samples::node(), history, samples::clock())
                       .contains("error"));
    BOOST_TEST(answer_request({{"request", "show"}}, samples::node(), history,
                              samples::clock())["node"] == "n1");
}

BOOST_AUTO_TEST_SUITE_END()
