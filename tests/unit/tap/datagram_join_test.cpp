#include "tap/datagram_join.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <string>

#include "tests/unit/tap/frames.hpp"

namespace netft::tap {

using namespace test;

namespace {

constexpr std::size_t kIpAt = kVirtioHeaderSize + 14;

void put(Buffer& bytes, std::size_t at, std::uint16_t value) {
    bytes[at] = static_cast<std::uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(value);
}

std::uint16_t get(Bytes bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

// The folded sum of the pseudo-header, not complemented: what a kernel leaves in a checksum field.
std::uint16_t partial_sum(const IpAddress& from, const IpAddress& to, std::size_t length) {
    Checksum sum;
    sum.add_pseudo_header(from, to, static_cast<std::uint32_t>(length), kProtocolUdp);
    return static_cast<std::uint16_t>(~sum.value());
}

// As the kernel of the sender gives it: virtio ‖ Ethernet ‖ IP ‖ UDP ‖ `size` bytes of `fill`.
Buffer datagram(bool is_v4, std::size_t size, std::uint8_t fill, std::uint16_t id = 1) {
    Buffer message(8 + size, fill);
    put(message, 0, 1111);
    put(message, 2, 2222);
    put(message, 4, static_cast<std::uint16_t>(message.size()));
    put(message, 6,
        is_v4 ? partial_sum(kOwn4, kPeer4, message.size())
              : partial_sum(kOwn6, kPeer6, message.size()));
    VirtioHeader virtio{.flags = kVirtioNeedsChecksum};
    virtio.checksum_start = is_v4 ? 34 : 54;
    virtio.checksum_offset = 6;
    Buffer frame =
        is_v4 ? frame4(ipv4(kProtocolUdp, message)) : frame6(ipv6(kProtocolUdp, message));
    Buffer out = with_virtio(virtio, frame);
    if (!is_v4) return out;
    put(out, kIpAt + 4, id);
    Checksum sum;
    sum.add(Bytes(out).subspan(kIpAt, kIpv4HeaderSize));
    put(out, kIpAt + 10, sum.value());
    return out;
}

Buffer written(DatagramJoin& join) {
    Buffer out;
    for (const iovec& piece : join.frame()) {
        const auto* at = static_cast<const std::uint8_t*>(piece.iov_base);
        out.insert(out.end(), at, at + piece.iov_len);
    }
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(datagram_join)

BOOST_AUTO_TEST_CASE(one_alone_is_written_as_it_came) {
    for (bool is_v4 : {true, false}) {
        DatagramJoin join;
        const Buffer only = datagram(is_v4, 64, 7);
        BOOST_TEST(join.add(only));
        BOOST_CHECK(written(join) == only);
        BOOST_TEST(join.bytes() == only.size() - kVirtioHeaderSize);
    }
}

BOOST_AUTO_TEST_CASE(those_of_a_flow_are_one_frame_to_be_cut) {
    for (bool is_v4 : {true, false}) {
        DatagramJoin join;
        Buffer first = datagram(is_v4, 100, 1, 7);
        Buffer second = datagram(is_v4, 100, 2, 9);
        Buffer last = datagram(is_v4, 30, 3, 4);
        BOOST_TEST(join.add(first));
        BOOST_TEST(join.add(second));
        BOOST_TEST(join.add(last));
        BOOST_TEST(!join.add(second));  // behind a shorter one nothing comes
        BOOST_TEST(join.count() == 3u);
        BOOST_TEST(join.bytes() == first.size() + second.size() + last.size() - 36);
        const Buffer frame = written(join);
        BOOST_CHECK(!check_virtio(frame, frame.size()));
        const VirtioHeader virtio = *decode_virtio(Bytes(frame).first(kVirtioHeaderSize));
        BOOST_TEST(virtio.flags == kVirtioNeedsChecksum);
        BOOST_TEST(virtio.gso_type == kGsoUdpL4);
        BOOST_TEST(virtio.gso_size == 100);
        const std::size_t udp_at = kIpAt + (is_v4 ? 20 : 40);
        BOOST_TEST(virtio.header_length == udp_at + 8 - kVirtioHeaderSize);
        BOOST_TEST(get(frame, udp_at + 4) == 238);
        BOOST_TEST(get(frame, udp_at + 6) ==
                   (is_v4 ? partial_sum(kOwn4, kPeer4, 238) : partial_sum(kOwn6, kPeer6, 238)));
        BOOST_TEST(get(frame, kIpAt + (is_v4 ? 2 : 4)) == (is_v4 ? 258 : 238));
        Checksum sum;
        if (is_v4) BOOST_TEST(sum.add(Bytes(frame).subspan(kIpAt, 20)).value() == 0);
        const Buffer payloads = Buffer(100, 1) + Buffer(100, 2) + Buffer(30, 3);
        BOOST_CHECK(Buffer(frame.begin() + static_cast<std::ptrdiff_t>(udp_at + 8), frame.end()) ==
                    payloads);
    }
}

BOOST_AUTO_TEST_CASE(no_more_than_a_kernel_takes) {
    DatagramJoin join;
    const Buffer small = datagram(true, 64, 1);
    for (std::size_t i = 0; i < DatagramJoin::kMax; ++i) BOOST_TEST(join.add(small));
    BOOST_TEST(!join.add(small));
    join.clear();
    const Buffer large = datagram(true, 1372, 1);
    while (join.add(large)) {
    }
    BOOST_TEST(join.count() == 47u);  // 47 × 1372 + 28 = 64,512
    BOOST_TEST(written(join).size() <= kVirtioHeaderSize + 14 + 65'535u);
    join.clear();
    BOOST_TEST(join.add(small));
    BOOST_TEST(join.count() == 1u);
}

BOOST_AUTO_TEST_CASE(what_differs_in_more_than_payload_does_not_go_with_it) {
    using Spoil = std::function<void(Buffer&)>;
    struct Case {
        std::string what;
        bool is_v4;
        Spoil spoil;
    };
    const Case cases[] = {
        {"destination mac", true, [](Buffer& f) { f[12] ^= 1; }},
        {"source mac", true, [](Buffer& f) { f[18] ^= 4; }},
        {"ecn", true, [](Buffer& f) { f[kIpAt + 1] ^= 3; }},
        {"don't fragment", true, [](Buffer& f) { f[kIpAt + 6] ^= 0x40; }},
        {"ttl", true, [](Buffer& f) { --f[kIpAt + 8]; }},
        {"source", true, [](Buffer& f) { ++f[kIpAt + 15]; }},
        {"destination", true, [](Buffer& f) { ++f[kIpAt + 19]; }},
        {"source port", true, [](Buffer& f) { ++f[kIpAt + 21]; }},
        {"destination port", true, [](Buffer& f) { ++f[kIpAt + 23]; }},
        {"traffic class", false, [](Buffer& f) { f[kIpAt + 1] ^= 0x10; }},
        {"hop limit", false, [](Buffer& f) { --f[kIpAt + 7]; }},
        {"source of v6", false, [](Buffer& f) { ++f[kIpAt + 23]; }},
        {"destination of v6", false, [](Buffer& f) { ++f[kIpAt + 39]; }},
        {"port of v6", false, [](Buffer& f) { ++f[kIpAt + 43]; }},
    };
    for (const Case& one : cases) {
        DatagramJoin join;
        const Buffer first = datagram(one.is_v4, 64, 1);
        Buffer other = first;
        one.spoil(other);
        BOOST_REQUIRE(join.add(first));
        BOOST_CHECK_MESSAGE(!join.add(other), one.what);
        BOOST_TEST(join.add(first));
    }
    DatagramJoin join;
    BOOST_TEST(join.add(datagram(true, 64, 1)));
    BOOST_TEST(!join.add(datagram(true, 65, 1)));
    BOOST_TEST(!join.add(datagram(false, 64, 1)));
}

BOOST_AUTO_TEST_CASE(what_is_no_plain_datagram_is_not_for_it) {
    struct Case {
        std::string what;
        std::function<void(Buffer&)> spoil;
    };
    const Case cases[] = {
        {"multicast", [](Buffer& f) { f[kVirtioHeaderSize] |= 1; }},
        {"a whole checksum", [](Buffer& f) { f[0] = 0; }},
        {"a verified one", [](Buffer& f) { f[0] = kVirtioDataValid; }},
        {"to be cut already", [](Buffer& f) { f[1] = kGsoUdpL4; }},
        {"checksum elsewhere", [](Buffer& f) { ++f[6]; }},
        {"checksum of tcp", [](Buffer& f) { f[8] = 16; }},
        {"arp", [](Buffer& f) { f[kIpAt - 1] = 6; }},
        {"options", [](Buffer& f) { f[kIpAt] = 0x46; }},
        {"version", [](Buffer& f) { f[kIpAt] = 0x65; }},
        {"a fragment", [](Buffer& f) { f[kIpAt + 6] = 0x20; }},
        {"a later one", [](Buffer& f) { f[kIpAt + 7] = 1; }},
        {"tcp", [](Buffer& f) { f[kIpAt + 9] = kProtocolTcp; }},
        {"ip shorter than the frame", [](Buffer& f) { --f[kIpAt + 3]; }},
        {"ip shorter than its header", [](Buffer& f) { f[kIpAt + 3] = 3; }},
        {"udp shorter than ip", [](Buffer& f) { --f[kIpAt + 25]; }},
        {"padding", [](Buffer& f) { f.push_back(0); }},
        {"cut", [](Buffer& f) { f.pop_back(); }},
        {"cut in the header", [](Buffer& f) { f.resize(kIpAt + 27); }},
        {"nothing", [](Buffer& f) { f.clear(); }},
    };
    for (const Case& one : cases) {
        Buffer frame = datagram(true, 64, 1);
        one.spoil(frame);
        DatagramJoin join;
        BOOST_CHECK_MESSAGE(!join.add(frame), one.what);
        BOOST_TEST(join.count() == 0u);
    }
    DatagramJoin join;
    BOOST_TEST(!join.add(datagram(true, 0, 0)));
    Buffer extended = datagram(false, 64, 1);
    extended[kIpAt + 6] = 0;  // hop-by-hop options
    BOOST_TEST(!join.add(extended));
    extended.resize(kIpAt + 40 + 8);
    BOOST_TEST(!join.add(extended));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::tap
