// What of a peer's packets may reach the kernel.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/unit/tap/frames.hpp"

namespace netft::tap {

using namespace test;

namespace {

using Refusal = std::optional<DropReason>;

std::string name(const Refusal& refusal) {
    return refusal ? std::string(to_string(*refusal)) : "taken";
}

Buffer icmp6(std::uint8_t type) {
    Buffer out(32, 0);
    out[0] = type;
    return out;
}

Buffer udp_from(std::uint16_t port) {
    Buffer out = udp(8);
    out[0] = static_cast<std::uint8_t>(port >> 8);
    out[1] = static_cast<std::uint8_t>(port);
    return out;
}

// An extension header of 8 bytes, padding in it, before `rest`.
Buffer extension(std::uint8_t next, const Buffer& rest) {
    return Buffer{next, 0, 1, 4, 0, 0, 0, 0} + rest;
}
Buffer fragment(std::uint8_t next, std::uint16_t offset_and_more, const Buffer& rest) {
    return Buffer{next,
                  0,
                  static_cast<std::uint8_t>(offset_and_more >> 8),
                  static_cast<std::uint8_t>(offset_and_more),
                  0,
                  0,
                  0,
                  9} +
           rest;
}

Buffer tagged(const Buffer& frame) {
    Buffer out(frame.begin(), frame.begin() + 12);
    return out + Buffer{0x81, 0, 0, 0} + Buffer(frame.begin() + 12, frame.end());
}

const IpAddress kNobody6 = *IpAddress::parse("::");

}  // namespace

BOOST_AUTO_TEST_SUITE(inner_packets)

BOOST_AUTO_TEST_CASE(what_a_packet_is_decides_whatever_it_is_wrapped_in) {
    constexpr auto kNd = DropReason::frame_bad_neighbour_discovery;
    constexpr auto kType = DropReason::frame_bad_ethertype;
    constexpr auto kPacket = DropReason::frame_bad_packet;
    constexpr auto kDhcp = DropReason::frame_bad_dhcp;
    constexpr auto kSource = DropReason::frame_bad_source_address;
    const Buffer arp = ethernet(kBroadcast, kOwnMac, 0x0806) + Buffer(28, 0);
    const Buffer redirect = Buffer{5, 1} + Buffer(30, 0);
    struct Case {
        std::string what;
        Buffer frame;
        Refusal wanted;
    };
    const Case cases[] = {
        {"tcp", frame4(ipv4(6, tcp(4))), {}},
        {"udp", frame4(ipv4(17, udp(4))), {}},
        {"tcp6", frame6(ipv6(6, tcp(4))), {}},
        {"udp6", frame6(ipv6(17, udp(4))), {}},
        {"ping", frame4(ipv4(1, Buffer(8, 8))), {}},
        {"ping6", frame6(ipv6(58, icmp6(128))), {}},
        {"vrrp", frame4(ipv4(112, Buffer(20, 1))), {}},
        {"ospf6", frame6(ipv6(89, Buffer(20, 1))), {}},
        {"nothing behind the header", frame4(ipv4(59, {})), {}},
        {"arp", arp, kNd},
        {"arp behind a tag", tagged(arp), kType},
        {"ip behind a tag", tagged(frame4(ipv4(6, tcp(0)))), kType},
        {"lldp", ethernet(kPeerMac, kOwnMac, 0x88cc) + Buffer(60, 0), kType},
        {"802.1x", ethernet(kPeerMac, kOwnMac, 0x888e) + Buffer(60, 0), kType},
        {"length in place of a type", ethernet(kPeerMac, kOwnMac, 60) + Buffer(60, 0x42), kType},
        {"router solicitation", frame6(ipv6(58, icmp6(133))), kNd},
        {"router advertisement", frame6(ipv6(58, icmp6(134))), kNd},
        {"solicitation", frame6(ipv6(58, icmp6(135))), kNd},
        {"advertisement", frame6(ipv6(58, icmp6(136))), kNd},
        {"redirect6", frame6(ipv6(58, icmp6(137))), kNd},
        {"advertisement behind options", frame6(ipv6(0, extension(58, icmp6(136)))), kNd},
        {"behind two headers", frame6(ipv6(0, extension(60, extension(58, icmp6(134))))), kNd},
        {"in one fragment", frame6(ipv6(44, fragment(58, 0, icmp6(136)))), kNd},
        {"in its first fragment", frame6(ipv6(44, fragment(58, 1, icmp6(136)))), kNd},
        {"first fragment too short to tell", frame6(ipv6(44, fragment(58, 1, {}))), kPacket},
        {"options alone in the first", frame6(ipv6(44, fragment(60, 1, extension(58, {})))),
         kPacket},
        {"cut in the options", frame6(ipv6(0, {58, 9, 1, 4})), kPacket},
        {"later fragment", frame6(ipv6(44, fragment(58, 64, icmp6(0)))), {}},
        {"redirect", frame4(ipv4(1, redirect)), kNd},
        {"redirect in its first fragment", frame4(ipv4(1, redirect, kOwn4, kPeer4, 0x2000)), kNd},
        {"later fragment of udp", frame4(ipv4(17, Buffer{0, 67, 0, 0}, kOwn4, kPeer4, 64)), {}},
        {"dhcp server", frame4(ipv4(17, udp_from(67))), kDhcp},
        {"dhcp server, in fragments", frame4(ipv4(17, udp_from(67), kOwn4, kPeer4, 0x2000)), kDhcp},
        {"dhcpv6 server", frame6(ipv6(17, udp_from(547))), kDhcp},
        {"dhcpv6 server behind options", frame6(ipv6(60, extension(17, udp_from(547)))), kDhcp},
        {"dhcp client", frame4(ipv4(17, udp_from(68))), {}},
        {"from nobody", frame4(ipv4(17, udp_from(68), IpAddress())), kSource},
        {"igmp of nobody", frame4(ipv4(2, Buffer(16, 0x22), IpAddress())), {}},
        {"mld of nobody", frame6(ipv6(0, extension(58, icmp6(143)), kNobody6)), {}},
        {"ping of nobody", frame6(ipv6(58, icmp6(128), kNobody6)), kSource},
        {"duplicate address detection", frame6(ipv6(58, icmp6(135), kNobody6)), kNd},
        {"cut header", frame4(Buffer(12, 0x45)), kPacket},
        {"another version", frame4(ipv6(6, tcp(0))), kPacket},
        {"no frame", Buffer(13, 0), DropReason::frame_too_short},
    };
    for (const Case& one : cases) {
        Buffer frame = one.frame;
        if (one.what == "in one fragment") frame[14 + 40 + 3] = 0;
        BOOST_TEST(name(refuse_packet(frame)) == name(one.wanted), one.what);
    }
}

BOOST_AUTO_TEST_CASE(the_source_is_that_of_the_ip_header) {
    BOOST_CHECK(source_of(frame4(ipv4(6, tcp(0)))) == kOwn4);
    BOOST_CHECK(source_of(frame6(ipv6(6, tcp(0)))) == kOwn6);
}

BOOST_AUTO_TEST_CASE(the_nodes_own_kernel_sends_no_tags_and_no_neighbour_discovery) {
    const Buffer arp = ethernet(kBroadcast, kOwnMac, 0x0806) + Buffer(28, 0);
    BOOST_CHECK(kind_of(arp) == FrameKind::neighbour_discovery);
    BOOST_CHECK(kind_of(tagged(arp)) == FrameKind::other);
    BOOST_CHECK(kind_of(frame6(ipv6(58, icmp6(134)))) == FrameKind::neighbour_discovery);
    BOOST_CHECK(kind_of(frame6(ipv6(0, extension(58, icmp6(136))))) ==
                FrameKind::neighbour_discovery);
    BOOST_CHECK(kind_of(frame6(ipv6(0, extension(58, icmp6(143))))) == FrameKind::packet);
    BOOST_CHECK(kind_of(frame6(ipv6(6, tcp(0)))) == FrameKind::packet);
    BOOST_CHECK(kind_of(frame4(ipv4(1, Buffer(8, 8)))) == FrameKind::packet);
    BOOST_CHECK(kind_of({}) == FrameKind::other);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::tap
