#include <boost/test/unit_test.hpp>
#include <functional>
#include <string>

#include "tests/unit/tap/frames.hpp"

namespace netft::tap {

using namespace test;

namespace {

Buffer arp(std::uint16_t operation, const NetworkIdentity& sender, const NetworkIdentity& target) {
    return built([&](ByteWriter& out) {
        out.u16(1);
        out.u16(kEtherIpv4);
        out.u8(6);
        out.u8(4);
        out.u16(operation);
        for (const NetworkIdentity& end : {sender, target}) {
            out.bytes(end.mac.bytes);
            out.bytes(end.address.bytes());
        }
    });
}

// Byte 14 is the first of the ARP packet, 28 its sender address, 38 its target address.
Buffer arp_request() {
    return ethernet(kBroadcast, kOwnMac, kEtherArp) + arp(1, {kOwnMac, kOwn4}, {{}, kPeer4});
}

// Byte 22 is the source address, 54 the ICMPv6 type, 62 the target, 78 the option.
Buffer solicitation() {
    const Buffer message = built([](ByteWriter& out) {
        out.u32(135u << 24);
        out.u32(0);
        out.bytes(kPeer6.bytes());
        out.u16(0x0101);
        out.bytes(kOwnMac.bytes);
    });
    return ethernet(MacAddress{{0x33, 0x33, 0xff, 0, 0, 2}}, kOwnMac, kEtherIpv6) +
           ipv6(kProtocolIcmpV6, message, kOwn6, *IpAddress::parse("ff02::1:ff00:2"), 255);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(solicitations)

BOOST_AUTO_TEST_CASE(an_arp_request_is_answered_for_the_owner) {
    AnswerBuffer room;
    BOOST_CHECK(solicited_address(arp_request()) == kPeer4);
    const Bytes answer = answer_solicitation(arp_request(), kPeerMac, room);
    const Buffer wanted = with_virtio({}, ethernet(kOwnMac, kPeerMac, kEtherArp)) +
                          arp(2, {kPeerMac, kPeer4}, {kOwnMac, kOwn4});
    BOOST_CHECK(Buffer(answer.begin(), answer.end()) == wanted);
    BOOST_CHECK(!check_virtio(answer, answer.size()));
}

BOOST_AUTO_TEST_CASE(a_neighbour_solicitation_is_answered_solicited_and_override) {
    AnswerBuffer room;
    BOOST_CHECK(solicited_address(solicitation()) == kPeer6);
    const Bytes answer = answer_solicitation(solicitation(), kPeerMac, room);
    BOOST_REQUIRE(!check_virtio(answer, answer.size()));
    const std::optional<Ethernet> frame = parse_ethernet(answer.subspan(kVirtioHeaderSize));
    BOOST_CHECK(frame->destination == kOwnMac && frame->source == kPeerMac);
    const std::optional<IpPacket> packet = parse_ip(frame->type, frame->payload);
    BOOST_REQUIRE(packet);
    BOOST_CHECK(packet->source == kPeer6 && packet->destination == kOwn6);
    BOOST_TEST(packet->hop_limit == 255);
    const Bytes message = frame->payload.subspan(packet->transport);
    BOOST_TEST(message.size() == 32u);
    ByteReader in(message);
    BOOST_TEST(in.u16() == 136u << 8);
    in.u16();
    BOOST_TEST(in.u32() == 0x6000'0000u);
    BOOST_CHECK(IpAddress::v6(in.array<16>()) == kPeer6);
    BOOST_TEST(in.u16() == 0x0201);
    BOOST_CHECK(MacAddress{in.array<6>()} == kPeerMac);
    Checksum sum;
    sum.add_pseudo_header(kPeer6, kOwn6, 32, kProtocolIcmpV6).add(message);
    BOOST_TEST(sum.value() == 0);
}

BOOST_AUTO_TEST_CASE(a_new_mac_is_announced_by_a_gratuitous_arp_reply) {
    AnswerBuffer room;
    const Bytes told = announce({kPeerMac, kPeer4}, {kOwnMac, kOwn4}, room);
    const Buffer wanted = with_virtio({}, ethernet(kOwnMac, kPeerMac, kEtherArp)) +
                          arp(2, {kPeerMac, kPeer4}, {kPeerMac, kPeer4});
    BOOST_CHECK(Buffer(told.begin(), told.end()) == wanted);
}

BOOST_AUTO_TEST_CASE(a_new_mac_is_announced_by_the_advertisement_that_answers) {
    AnswerBuffer room;
    AnswerBuffer asked;
    const Bytes told = announce({kPeerMac, kPeer6}, {kOwnMac, kOwn6}, room);
    const Bytes answer = answer_solicitation(solicitation(), kPeerMac, asked);
    BOOST_CHECK(Buffer(told.begin(), told.end()) == Buffer(answer.begin(), answer.end()));
}

BOOST_AUTO_TEST_CASE(what_asks_for_nothing_gets_no_answer) {
    struct Case {
        std::string what;
        Buffer frame;
        std::function<void(Buffer&)> spoil;
    };
    const Case cases[] = {
        {"arp reply", arp_request(), [](Buffer& f) { f[21] = 2; }},
        {"arp over token ring", arp_request(), [](Buffer& f) { f[15] = 6; }},
        {"arp for ipx", arp_request(), [](Buffer& f) { f[16] = 0x81; }},
        {"arp address sizes", arp_request(), [](Buffer& f) { f[18] = 8; }},
        {"gratuitous arp", arp_request(), [](Buffer& f) { f[41] = 1; }},
        {"arp of a multicast mac", arp_request(), [](Buffer& f) { f[22] |= 1; }},
        {"arp cut", arp_request(), [](Buffer& f) { f.pop_back(); }},
        {"advertisement", solicitation(), [](Buffer& f) { f[54] = 136; }},
        {"echo request", solicitation(), [](Buffer& f) { f[54] = 128; }},
        {"code", solicitation(), [](Buffer& f) { f[55] = 1; }},
        {"hop limit", solicitation(), [](Buffer& f) { f[21] = 254; }},
        {"multicast target", solicitation(), [](Buffer& f) { f[62] = 0xff; }},
        {"option of no size", solicitation(), [](Buffer& f) { f[79] = 0; }},
        {"option cut", solicitation(), [](Buffer& f) { f[79] = 2; }},
        {"solicitation cut", solicitation(), [](Buffer& f) { f.pop_back(); }},
        {"udp", solicitation(), [](Buffer& f) { f[20] = 17; }},
        {"other type", solicitation(), [](Buffer& f) { f[12] = 0; }},
        {"nothing", {}, [](Buffer&) {}},
    };
    for (const Case& one : cases) {
        Buffer frame = one.frame;
        one.spoil(frame);
        AnswerBuffer room;
        BOOST_CHECK_MESSAGE(!solicited_address(frame), one.what);
        BOOST_CHECK_MESSAGE(answer_solicitation(frame, kPeerMac, room).empty(), one.what);
    }
}

BOOST_AUTO_TEST_CASE(an_arp_probe_finds_the_address_taken) {
    AnswerBuffer room;
    Buffer probe = arp_request();
    std::fill_n(probe.begin() + 28, 4, std::uint8_t{0});
    BOOST_CHECK(solicited_address(probe) == kPeer4);
    const Bytes answer = answer_solicitation(probe, kPeerMac, room);
    const Buffer wanted = with_virtio({}, ethernet(kOwnMac, kPeerMac, kEtherArp)) +
                          arp(2, {kPeerMac, kPeer4}, {kOwnMac, IpAddress()});
    BOOST_CHECK(Buffer(answer.begin(), answer.end()) == wanted);
}

BOOST_AUTO_TEST_CASE(duplicate_address_detection_is_answered_to_all_nodes) {
    AnswerBuffer room;
    Buffer probe = solicitation();
    std::fill_n(probe.begin() + 22, 16, std::uint8_t{0});
    BOOST_CHECK(solicited_address(probe) == kPeer6);
    const Bytes answer = answer_solicitation(probe, kPeerMac, room);
    BOOST_REQUIRE(!answer.empty());
    const std::optional<Ethernet> frame = parse_ethernet(answer.subspan(kVirtioHeaderSize));
    BOOST_CHECK((frame->destination == MacAddress{{0x33, 0x33, 0, 0, 0, 1}}));
    const std::optional<IpPacket> packet = parse_ip(frame->type, frame->payload);
    BOOST_REQUIRE(packet);
    BOOST_CHECK(packet->source == kPeer6 && packet->destination == *IpAddress::parse("ff02::1"));
    const Bytes message = frame->payload.subspan(packet->transport);
    ByteReader in(message);
    in.u32();
    BOOST_TEST(in.u32() == 0x2000'0000u);  // override, and nobody solicited
    Checksum sum;
    sum.add_pseudo_header(packet->source, packet->destination, 32, kProtocolIcmpV6).add(message);
    BOOST_TEST(sum.value() == 0);
}

BOOST_AUTO_TEST_CASE(neighbour_discovery_is_arp_and_solicitations_and_advertisements) {
    Buffer advertisement = solicitation();
    advertisement[54] = 136;
    Buffer reply = arp_request();
    reply[21] = 2;
    Buffer echo = solicitation();
    echo[54] = 128;
    BOOST_TEST(is_neighbour_discovery(arp_request()));
    BOOST_TEST(is_neighbour_discovery(reply));
    BOOST_TEST(is_neighbour_discovery(solicitation()));
    BOOST_TEST(is_neighbour_discovery(advertisement));
    BOOST_TEST(!is_neighbour_discovery(echo));
    BOOST_TEST(!is_neighbour_discovery(frame4(ipv4(kProtocolTcp, tcp(0)))));
    BOOST_TEST(!is_neighbour_discovery({}));
}

BOOST_AUTO_TEST_CASE(the_mac_addresses_of_a_frame_are_read_from_fourteen_bytes_on) {
    const Buffer frame = ethernet(kPeerMac, kOwnMac, kEtherArp);
    const std::optional<MacPair> pair = mac_pair(frame);
    BOOST_REQUIRE(pair);
    BOOST_CHECK(pair->destination == kPeerMac && pair->source == kOwnMac);
    BOOST_CHECK(!mac_pair(Bytes(frame).first(13)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::tap
