#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/unit/tap/frames.hpp"

namespace netft::tap {

using namespace test;

namespace {

struct Answer {
    Ethernet frame;
    IpPacket packet;
    Bytes message;  // ICMP or ICMPv6
};

Answer taken_apart(Bytes bytes) {
    BOOST_REQUIRE(!bytes.empty());
    BOOST_REQUIRE(!check_virtio(bytes, bytes.size()));
    const std::optional<Ethernet> frame = parse_ethernet(bytes.subspan(kVirtioHeaderSize));
    const std::optional<IpPacket> packet = parse_ip(frame->type, frame->payload);
    BOOST_REQUIRE(packet);
    BOOST_TEST(packet->length == frame->payload.size());
    return {*frame, *packet, frame->payload.subspan(packet->transport)};
}

bool is_refused(const Buffer& frame) {
    AnswerBuffer room;
    return answer_unreachable(frame, kPeerMac, room).empty();
}

Buffer icmp(std::uint8_t type) {
    Buffer out(16);
    out[0] = type;
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(unreachable)

BOOST_AUTO_TEST_CASE(ipv4_gets_host_unreachable_with_right_checksums) {
    AnswerBuffer room;
    const Buffer packet = ipv4(kProtocolTcp, tcp(8));
    // Ethernet's padding is not quoted.
    const Answer answer =
        taken_apart(answer_unreachable(frame4(packet) + Buffer(9), kPeerMac, room));
    BOOST_CHECK(answer.frame.destination == kOwnMac && answer.frame.source == kPeerMac);
    BOOST_CHECK(answer.packet.source == kPeer4 && answer.packet.destination == kOwn4);
    BOOST_TEST(Checksum().add(answer.frame.payload.first(20)).value() == 0);
    BOOST_TEST(Checksum().add(answer.message).value() == 0);
    BOOST_TEST(answer.message[0] == 3);
    BOOST_TEST(answer.message[1] == 1);
    const Bytes quote = answer.message.subspan(8);
    BOOST_CHECK(Buffer(quote.begin(), quote.end()) == packet);
}

BOOST_AUTO_TEST_CASE(ipv6_gets_address_unreachable_with_a_right_checksum) {
    AnswerBuffer room;
    const Buffer packet = ipv6(kProtocolUdp, udp(5));
    const Answer answer = taken_apart(answer_unreachable(frame6(packet), kPeerMac, room));
    BOOST_CHECK(answer.packet.source == kPeer6 && answer.packet.destination == kOwn6);
    Checksum sum;
    sum.add_pseudo_header(kPeer6, kOwn6, static_cast<std::uint32_t>(answer.message.size()), 58);
    BOOST_TEST(sum.add(answer.message).value() == 0);
    BOOST_TEST(answer.message[0] == 1);
    BOOST_TEST(answer.message[1] == 3);
    const Bytes quote = answer.message.subspan(8);
    BOOST_CHECK(Buffer(quote.begin(), quote.end()) == packet);
}

BOOST_AUTO_TEST_CASE(answers_stay_within_the_sizes_of_the_rfcs) {
    AnswerBuffer room;
    const Buffer long4 = frame4(ipv4(kProtocolTcp, tcp(60'000)));
    const Buffer long6 = frame6(ipv6(kProtocolTcp, tcp(60'000)));
    BOOST_TEST(taken_apart(answer_unreachable(long4, kPeerMac, room)).packet.length == 576u);
    BOOST_TEST(taken_apart(answer_unreachable(long6, kPeerMac, room)).packet.length == 1280u);
    const Answer cut = taken_apart(answer_unreachable(Bytes(long6).first(256), kPeerMac, room));
    BOOST_TEST(cut.message.size() == 8u + 256 - 14);
}

BOOST_AUTO_TEST_CASE(questions_by_icmp_are_answered) {
    for (std::uint8_t type : {0, 8, 13}) {
        BOOST_TEST(!is_refused(frame4(ipv4(kProtocolIcmp, icmp(type)))));
    }
    for (std::uint8_t type : {128, 129}) {
        BOOST_TEST(!is_refused(frame6(ipv6(kProtocolIcmpV6, icmp(type)))));
    }
    BOOST_TEST(!is_refused(frame4(ipv4(kProtocolUdp, udp(9), kOwn4, kPeer4, 0x2000))));
}

BOOST_AUTO_TEST_CASE(what_the_rfcs_forbid_is_not_answered) {
    const auto address = [](const char* text) { return *IpAddress::parse(text); };
    const auto udp4 = [](const IpAddress& from, const IpAddress& to, std::uint16_t fragment = 0) {
        return frame4(ipv4(kProtocolUdp, udp(9), from, to, fragment));
    };
    const auto udp6 = [](const IpAddress& from, const IpAddress& to) {
        return frame6(ipv6(kProtocolUdp, udp(9), from, to));
    };
    for (std::uint8_t type : {3, 4, 5, 11, 12, 99}) {
        BOOST_TEST(is_refused(frame4(ipv4(kProtocolIcmp, icmp(type)))));
    }
    for (std::uint8_t type : {1, 2, 3, 4, 127, 137}) {
        BOOST_TEST(is_refused(frame6(ipv6(kProtocolIcmpV6, icmp(type)))));
    }
    BOOST_TEST(is_refused(udp4(kOwn4, address("224.0.0.1"))));
    BOOST_TEST(is_refused(udp4(kOwn4, address("255.255.255.255"))));
    BOOST_TEST(is_refused(udp4(address("0.0.0.0"), kPeer4)));
    BOOST_TEST(is_refused(udp4(address("127.0.0.1"), kPeer4)));
    BOOST_TEST(is_refused(udp4(kOwn4, kPeer4, 0x0001)));
    BOOST_TEST(is_refused(udp6(kOwn6, address("ff02::1"))));
    BOOST_TEST(is_refused(udp6(address("::"), kPeer6)));
    BOOST_TEST(is_refused(ethernet(kBroadcast, kOwnMac, 0x0800) + ipv4(17, udp(9))));
    BOOST_TEST(is_refused(frame6(ipv6(44, Buffer{17, 0, 0, 8, 0, 0, 0, 1} + udp(9)))));
    BOOST_TEST(is_refused(frame6(ipv6(kProtocolIcmpV6, {}))));
    BOOST_TEST(is_refused(ethernet(kPeerMac, kOwnMac, kEtherArp) + Buffer(28)));
    BOOST_TEST(is_refused({}));
}

BOOST_AUTO_TEST_CASE(an_error_behind_extension_headers_is_found) {
    const Buffer options{kProtocolIcmpV6, 0, 5, 2, 0, 0, 1, 0};
    BOOST_TEST(is_refused(frame6(ipv6(60, options + icmp(1)))));
    BOOST_TEST(!is_refused(frame6(ipv6(60, options + icmp(128)))));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::tap
