#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "netft/wire/header.hpp"
#include "tests/unit/control/status_samples.hpp"
#include "tools/trace/format.hpp"
#include "tools/trace/packet.hpp"
#include "tools/trace/pcapng.hpp"

using namespace netft;
using namespace netft::trace;
using nlohmann::json;
namespace samples = netft::control::samples;

namespace {

json heartbeat() { return control::to_json(samples::heartbeat(), samples::clock()); }
json transition() { return control::to_json(samples::transition(), samples::clock()); }
json selection() { return control::to_json(samples::selection(), samples::clock()); }

client::View view_of_route() {
    client::View view;
    json route = transition();
    route["type"] = "route";
    route["id"] = 1;
    view.apply(route);
    return view;
}

std::uint32_t u32(const std::string& bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;)
        value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
    return value;
}

// The blocks' types, walking by their lengths; each must repeat its length at its end.
std::vector<std::uint32_t> blocks_of(const std::string& bytes) {
    std::vector<std::uint32_t> types;
    for (std::size_t at = 0; at < bytes.size();) {
        std::uint32_t length = u32(bytes, at + 4);
        BOOST_REQUIRE(length % 4 == 0 && length >= 12 && at + length <= bytes.size());
        BOOST_TEST(u32(bytes, at + length - 4) == length);
        types.push_back(u32(bytes, at));
        at += length;
    }
    return types;
}

std::uint32_t ones_sum(Bytes bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += bytes[i] * 256u + bytes[i + 1];
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trace)

BOOST_AUTO_TEST_CASE(a_traced_heartbeat_becomes_the_same_datagram_again) {
    std::vector<std::uint8_t> datagram = datagram_of(heartbeat());
    DropReason why{};
    std::optional<Header> header = decode_header(datagram, why);
    BOOST_REQUIRE(header.has_value());
    BOOST_TEST(header->space == 7);
    BOOST_TEST(header->counter == 42u);
    std::optional<Heartbeat> decoded = decode_heartbeat(Bytes(datagram).subspan(kHeaderSize));
    BOOST_REQUIRE(decoded.has_value());
    BOOST_TEST((*decoded == samples::heartbeat().record.heartbeat));
}

BOOST_AUTO_TEST_CASE(frames_have_right_addresses_lengths_and_checksums) {
    std::optional<Flow> flow = flow_of(heartbeat());
    BOOST_REQUIRE(flow.has_value());
    BOOST_TEST(flow->source.to_string() == "10.0.0.2:3343");  // received: from remote
    std::vector<std::uint8_t> frame = frame_of(*flow, datagram_of(heartbeat()));
    BOOST_TEST(frame.size() == 14 + 20 + 8 + kHeaderSize + kHeartbeatSize);
    BOOST_TEST(ones_sum(Bytes(frame).subspan(14, 20)) == 0xffffu);
    Flow v6{samples::endpoint("fe80::1"), samples::endpoint("fe80::2")};
    BOOST_TEST(frame_of(v6, {}).size() == 14u + 40u + 8u);
}

BOOST_AUTO_TEST_CASE(endpoints_are_read_back) {
    for (const char* text : {"10.0.0.1:3343", "[fe80::1]:99"})
        BOOST_TEST(parse_endpoint(text)->to_string() == text);
    for (const char* bad : {"", "10.0.0.1", "10.0.0.1:", "10.0.0.1:99999", "x:1", "[::1]:1x"})
        BOOST_TEST(!parse_endpoint(bad).has_value());
}

BOOST_AUTO_TEST_CASE(a_capture_has_a_section_one_interface_a_network_and_a_packet_a_record) {
    auto format = pcapng_format();
    client::View view;
    std::string bytes = format->header();
    for (const json& record : {heartbeat(), heartbeat(), transition(), selection()})
        bytes += format->record(record, view);
    std::vector<std::uint32_t> expected{0x0a0d0d0a, 1, 6, 6, 6};
    BOOST_TEST(blocks_of(bytes) == expected, boost::test_tools::per_element());
    BOOST_TEST(u32(bytes, 8) == 0x1a2b3c4du);
    BOOST_TEST(bytes.find("netft transition: route 1 to n2: suspect -> down: detection time "
                          "expired") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(packet_blocks_are_laid_out_as_the_draft_says) {
    std::vector<std::uint8_t> frame{1, 2, 3, 4, 5};
    std::string block = pcapng::enhanced_packet({.interface = 2,
                                                 .unix_ns = 0x1122334455667788,
                                                 .frame = frame,
                                                 .comment = "",
                                                 .flow = pcapng::Flow::inbound});
    BOOST_TEST(block.size() == 12u + 20u + 8u + 8u + 4u);
    BOOST_TEST(u32(block, 8) == 2u);
    BOOST_TEST(u32(block, 12) == 0x11223344u);
    BOOST_TEST(u32(block, 16) == 0x55667788u);
    BOOST_TEST(u32(block, 20) == 5u);
    BOOST_TEST(u32(block, 36) == 0x00040002u);  // epb_flags, four bytes
    BOOST_TEST(u32(block, 40) == 1u);
    BOOST_TEST(u32(block, 44) == 0u);
}

BOOST_AUTO_TEST_CASE(cluster_log_lines_are_those_of_netft) {
    auto format = cluster_log_format();
    client::View view = view_of_route();
    BOOST_TEST(format->record(transition(), view) ==
               "2026/11/21-10:00:01.123 INFO  [IM] Marking Route from 10.0.0.1:~3343~ to "
               "10.0.0.2:~3343~ as down\n"
               "2026/11/21-10:00:01.123 INFO  [IM] Route from 10.0.0.1:~3343~ to "
               "10.0.0.2:~3343~: detection time expired\n");
    json up = transition();
    up["from"] = "init";
    up["to"] = "up";
    BOOST_TEST(format->record(up, view).ends_with("10.0.0.2:~3343~ as up\n"));
    up["to"] = "damped";
    BOOST_TEST(format->record(up, view) ==
               "2026/11/21-10:00:01.123 INFO  [IM] Marking Route from 10.0.0.1:~3343~ to "
               "10.0.0.2:~3343~ as up\n"
               "2026/11/21-10:00:01.123 WARN  [IM] Route from 10.0.0.1:~3343~ to "
               "10.0.0.2:~3343~ flaps: out of use\n");
    up["from"] = "damped";
    up["to"] = "up";
    BOOST_TEST(format->record(up, view).ends_with("10.0.0.2:~3343~ may be used again\n"));
    BOOST_TEST(format->record(selection(), view) ==
               "2026/11/21-10:00:01.123 WARN  [TM] No route to node n2 is up: unreachable\n");
    json moved = selection();
    moved["from"] = nullptr;
    moved["to"] = 1;
    BOOST_TEST(
        format->record(moved, view)
            .ends_with(
                "[TM] Node n2 is reachable by Route from 10.0.0.1:~3343~ to 10.0.0.2:~3343~\n"));
    BOOST_TEST(format->record(heartbeat(), view) == "");
}

BOOST_AUTO_TEST_CASE(every_csv_row_has_as_many_fields_as_the_header) {
    auto format = csv_format();
    client::View view;
    std::string header = format->header();
    auto commas = [](const std::string& s) { return std::count(s.begin(), s.end(), ','); };
    for (const json& record : {heartbeat(), transition(), selection()})
        BOOST_TEST(commas(format->record(record, view)) == commas(header));
    BOOST_TEST(format->record({{"type", "peer"}}, view) == "");
    json odd = transition();
    odd["network"] = "a,\"b\"";
    BOOST_TEST(format->record(odd, view).find("\"a,\"\"b\"\"\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(records_of_another_shape_give_nothing_or_little_but_no_harm) {
    client::View view;
    for (auto format : {json_format, csv_format, cluster_log_format, pcapng_format})
        for (const char* text :
             {"{}", R"({"type":"heartbeat"})", R"({"type":"transition","local":"x"})",
              R"({"type":"heartbeat","local":"10.0.0.1:1","remote":"[::1]:1"})",
              R"({"type":"selection","to":70000,"at":5})"})
            format()->record(json::parse(text), view);
}

BOOST_AUTO_TEST_SUITE_END()
