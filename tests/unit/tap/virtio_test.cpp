#include <boost/test/unit_test.hpp>
#include <functional>
#include <ostream>
#include <string>

#include "tests/unit/tap/frames.hpp"

namespace netft::tap {

using namespace test;

namespace {

struct Sample {
    VirtioHeader header;
    Buffer frame;
};

// A 64 KiB frame as the kernel gives it: segmented and its checksum left to the receiver.
Sample segmented(std::uint8_t gso_type) {
    const bool is_v6 = gso_type == kGsoTcpV6;
    const bool is_udp = gso_type == kGsoUdpL4;
    Sample out;
    out.frame = is_v6    ? frame6(ipv6(kProtocolTcp, tcp(60'000)))
                : is_udp ? frame4(ipv4(kProtocolUdp, udp(60'000)))
                         : frame4(ipv4(kProtocolTcp, tcp(60'000)));
    out.header.flags = kVirtioNeedsChecksum;
    out.header.gso_type = gso_type;
    out.header.gso_size = 1348;
    out.header.checksum_start = is_v6 ? 54 : 34;
    out.header.checksum_offset = is_udp ? 6 : 16;
    out.header.header_length = 54;
    return out;
}

std::optional<DropReason> verdict(const Sample& sample) {
    const Buffer all = with_virtio(sample.header, sample.frame);
    return check_virtio(Bytes(all).first(std::min<std::size_t>(all.size(), 256)), all.size());
}

bool is_bad(const Sample& sample) { return verdict(sample) == DropReason::frame_bad_virtio; }

}  // namespace

BOOST_AUTO_TEST_SUITE(virtio)

BOOST_AUTO_TEST_CASE(the_header_is_little_endian_and_decodes_to_what_was_encoded) {
    const VirtioHeader header{1, kGsoTcpV4 | kGsoEcn, 54, 1348, 34, 16, 3};
    const Buffer bytes = built([&](ByteWriter& out) { encode(header, out); });
    BOOST_TEST(bytes.size() == kVirtioHeaderSize);
    BOOST_TEST(bytes[4] == 1348 % 256);
    BOOST_CHECK(decode_virtio(bytes) == header);
    BOOST_CHECK(!decode_virtio(Bytes(bytes).first(11)));
}

BOOST_AUTO_TEST_CASE(what_kernels_send_is_fine) {
    const Buffer plain = frame4(ipv4(kProtocolTcp, tcp(10)));
    VirtioHeader partial;
    partial.flags = kVirtioNeedsChecksum;
    partial.checksum_start = 34;
    partial.checksum_offset = 16;
    VirtioHeader valid;
    valid.flags = kVirtioDataValid;
    BOOST_CHECK(!verdict({VirtioHeader{}, plain}));
    BOOST_CHECK(!verdict({VirtioHeader{}, ethernet(kBroadcast, kOwnMac, 0x88cc)}));
    BOOST_CHECK(!verdict({partial, plain}));
    BOOST_CHECK(!verdict({valid, plain}));
    for (std::uint8_t type : {kGsoTcpV4, kGsoTcpV6, kGsoUdpL4}) {
        BOOST_CHECK_MESSAGE(!verdict(segmented(type)), "gso type " << int{type});
    }
    Sample ecn = segmented(kGsoTcpV4);
    ecn.header.gso_type |= kGsoEcn;
    BOOST_CHECK(!verdict(ecn));
}

BOOST_AUTO_TEST_CASE(udp_segmentation_is_for_ipv6_too) {
    Sample sample = segmented(kGsoUdpL4);
    sample.frame = frame6(ipv6(kProtocolUdp, udp(3000)));
    BOOST_TEST(is_bad(sample));
    sample.header.checksum_start = 54;
    BOOST_CHECK(!verdict(sample));
}

BOOST_AUTO_TEST_CASE(udp_is_cut_into_as_many_segments_as_a_program_may_send) {
    Sample sample = segmented(kGsoUdpL4);
    const std::size_t payload = sample.frame.size() - 14 - 20 - 8;
    sample.header.gso_size = static_cast<std::uint16_t>((payload + 127) / 128);
    BOOST_CHECK(!verdict(sample));
    --sample.header.gso_size;
    BOOST_TEST(is_bad(sample));
    sample.header.gso_size = static_cast<std::uint16_t>(payload);
    BOOST_CHECK(!verdict(sample));
    ++sample.header.gso_size;
    BOOST_TEST(is_bad(sample));
}

BOOST_AUTO_TEST_CASE(a_vlan_tag_and_ipv6_extension_headers_are_looked_through) {
    Sample tagged = segmented(kGsoTcpV4);
    tagged.frame.insert(tagged.frame.begin() + 12, {0x81, 0x00, 0x00, 0x05});
    BOOST_TEST(is_bad(tagged));
    tagged.header.checksum_start += 4;
    BOOST_CHECK(!verdict(tagged));

    Sample extended = segmented(kGsoTcpV6);
    const Buffer hop_by_hop{kProtocolTcp, 0, 5, 2, 0, 0, 1, 0};
    extended.frame = frame6(ipv6(0, hop_by_hop + tcp(3000)));
    extended.header.checksum_start = 62;
    BOOST_CHECK(!verdict(extended));
}

BOOST_AUTO_TEST_CASE(a_header_that_contradicts_its_frame_is_refused) {
    struct Case {
        std::string what;
        std::function<void(Sample&)> spoil;
    };
    const Case cases[] = {
        {"unknown flag", [](Sample& s) { s.header.flags |= 4; }},
        {"both flags", [](Sample& s) { s.header.flags = 3; }},
        {"no checksum asked", [](Sample& s) { s.header.flags = 0; }},
        {"unknown gso type", [](Sample& s) { s.header.gso_type = 2; }},
        {"ufo", [](Sample& s) { s.header.gso_type = 3; }},
        {"udp type on tcp", [](Sample& s) { s.header.gso_type = kGsoUdpL4; }},
        {"udp type with ecn", [](Sample& s) { s.header.gso_type = kGsoUdpL4 | kGsoEcn; }},
        {"ipv6 type on ipv4", [](Sample& s) { s.header.gso_type = kGsoTcpV6; }},
        {"ecn alone", [](Sample& s) { s.header.gso_type = kGsoEcn; }},
        {"segment size 0", [](Sample& s) { s.header.gso_size = 0; }},
        {"segment size 47", [](Sample& s) { s.header.gso_size = 47; }},
        {"segment longer than all", [](Sample& s) { s.header.gso_size = 60'001; }},
        {"segment size without type", [](Sample& s) { s.header.gso_type = kGsoNone; }},
        {"header length", [](Sample& s) { s.header.header_length = 60'055; }},
        {"checksum in ethernet", [](Sample& s) { s.header.checksum_start = 13; }},
        {"checksum start", [](Sample& s) { s.header.checksum_start = 35; }},
        {"checksum offset", [](Sample& s) { s.header.checksum_offset = 6; }},
        {"checksum outside", [](Sample& s) { s.header.checksum_offset = 65'535; }},
        {"not ip", [](Sample& s) { s.frame[12] = 0x88; }},
        {"ip version", [](Sample& s) { s.frame[14] = 0x65; }},
        {"ip header size", [](Sample& s) { s.frame[14] = 0x44; }},
        {"ip protocol", [](Sample& s) { s.frame[23] = 50; }},
        {"fragment", [](Sample& s) { s.frame[20] = 0x20; }},
        {"tcp header size", [](Sample& s) { s.frame[46] = 0x40; }},
        {"tcp header cut", [](Sample& s) { s.frame.resize(53); }},
    };
    for (const Case& one : cases) {
        Sample sample = segmented(kGsoTcpV4);
        one.spoil(sample);
        BOOST_CHECK_MESSAGE(is_bad(sample), one.what);
    }
}

BOOST_AUTO_TEST_CASE(a_checksum_must_end_within_the_frame_to_the_byte) {
    Sample sample{VirtioHeader{}, ethernet(kPeerMac, kOwnMac, 0x88cc) + Buffer(4)};
    sample.header.flags = kVirtioNeedsChecksum;
    sample.header.checksum_start = 14;
    sample.header.checksum_offset = 2;
    BOOST_CHECK(!verdict(sample));
    sample.header.checksum_offset = 3;
    BOOST_TEST(is_bad(sample));
}

BOOST_AUTO_TEST_CASE(less_than_an_ethernet_header_is_too_short) {
    for (std::size_t size = 0; size < kVirtioHeaderSize + kEthernetHeaderSize; ++size) {
        BOOST_CHECK(check_virtio(Buffer(size), size) == DropReason::frame_too_short);
    }
    BOOST_CHECK(!check_virtio(Buffer(26), 26));
}

BOOST_AUTO_TEST_CASE(endless_extension_headers_are_refused) {
    Sample sample = segmented(kGsoTcpV6);
    Buffer chain;
    for (int i = 0; i < 9; ++i) chain = chain + Buffer{0, 0, 5, 2, 0, 0, 1, 0};
    sample.frame = frame6(ipv6(0, chain + tcp(100)));
    BOOST_TEST(is_bad(sample));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::tap
