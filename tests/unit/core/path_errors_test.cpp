#include "netft/core/path_errors.hpp"

#include <boost/test/unit_test.hpp>

namespace netft::core {
namespace {

BOOST_AUTO_TEST_SUITE(path_errors)

using Kind = PathError::Kind;
const Endpoint kOurs{IpAddress::v4(0x0a000001), 3343};

PathError error(Kind kind, std::uint32_t remote = 0x0a000002) {
    Endpoint at{IpAddress::v4(remote), 3343};
    return {kind, at, at};
}

BOOST_AUTO_TEST_CASE(it_is_news_once_a_kind_until_it_is_forgotten) {
    PathErrors errors;
    TimePoint now{1h};
    BOOST_TEST(errors.handle(now, EndpointId(1), error(Kind::port_unreachable)));
    BOOST_TEST(!errors.handle(now + 1s, EndpointId(1), error(Kind::port_unreachable)));
    BOOST_TEST(errors.handle(now + 2s, EndpointId(1), error(Kind::prohibited)));
    BOOST_TEST(errors.handle(now + 2s, EndpointId(2), error(Kind::prohibited)));
    BOOST_TEST((errors.next_deadline() == now + 2s + PathErrors::kRemembered));
    BOOST_TEST(!errors.handle_timers(now + 31s));
    BOOST_TEST(errors.handle_timers(now + 32s));
    BOOST_TEST((errors.find(EndpointId(1), error(Kind::prohibited).remote) == nullptr));
    BOOST_TEST(!errors.next_deadline().has_value());
}

BOOST_AUTO_TEST_CASE(more_paths_than_there_is_room_for_are_not_kept) {
    PathErrors errors;
    for (std::uint32_t i = 0; i < 2 * PathErrors::kPathsMax; ++i)
        (void)errors.handle(TimePoint{1h}, EndpointId(1), error(Kind::rewritten, i));
    BOOST_TEST((errors.find(EndpointId(1), error(Kind::rewritten, 5).remote) != nullptr));
    BOOST_TEST((errors.find(EndpointId(1), error(Kind::rewritten, 1'500).remote) == nullptr));
}

BOOST_AUTO_TEST_CASE(each_kind_is_named_as_what_it_is) {
    auto text = [](Kind kind) { return text_of(error(kind), kOurs); };
    BOOST_TEST(text(Kind::port_unreachable) ==
               "10.0.0.2 answers ICMP port unreachable to 10.0.0.1:3343: netftd is not running "
               "there, or a firewall rejects");
    BOOST_TEST(text(Kind::refused_here).starts_with("this host's firewall"));
    PathError nat = error(Kind::rewritten);
    nat.said_by.port = 51234;
    BOOST_TEST(text_of(nat, kOurs)
                   .starts_with("heartbeats come from 10.0.0.2:51234 instead of 10.0.0.2:3343"));
    PathError middle = error(Kind::prohibited);
    middle.said_by.address = IpAddress::v4(0x0a0000fe);
    BOOST_TEST(text_of(middle, kOurs).starts_with("10.0.0.254 (for 10.0.0.2) answers"));
    for (Kind kind :
         {Kind::port_unreachable, Kind::prohibited, Kind::refused_here, Kind::rewritten})
        BOOST_TEST(to_string(reason_of(kind)) != to_string(Diagnostic(255)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
