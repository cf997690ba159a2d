#include "netft/dataplane/packet.hpp"

#include <boost/test/unit_test.hpp>
#include <numeric>
#include <vector>

namespace netft::dataplane {
namespace {

struct Pair {
    Endpoint near;
    Endpoint far;
};

Pair pair_of(const char* near, const char* far) {
    return {{*IpAddress::parse(near)}, {*IpAddress::parse(far)}};
}
const Pair kPairs[] = {pair_of("10.0.0.1", "10.0.0.2"), pair_of("fd00::1", "fd00::2")};

std::vector<std::uint8_t> packet(const Pair& pair, std::size_t payload_size) {
    std::size_t headers = headers_size(pair.near.address.family());
    std::vector<std::uint8_t> frame(headers + payload_size);
    MutableBytes payload = MutableBytes(frame).subspan(headers);
    std::iota(payload.begin(), payload.end(), std::uint8_t{7});
    write_headers({.source = pair.near, .destination = pair.far}, payload, frame);
    return frame;
}

BOOST_AUTO_TEST_SUITE(packets)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back_for_any_length) {
    for (const Pair& pair : kPairs)
        for (std::size_t size : {1u, 2u, 3u, 79u, 80u, 1400u}) {
            auto frame = packet(pair, size);
            frame.resize(frame.size() + 3);  // Ethernet padding
            ParsedPacket parsed = parse_packet(frame, pair.far);
            BOOST_TEST((parsed.kind == PacketKind::ours));
            BOOST_TEST((parsed.source == pair.near));
            BOOST_TEST(parsed.payload_size == size);
            BOOST_TEST(frame[parsed.payload_offset] == 7);
        }
}

BOOST_AUTO_TEST_CASE(any_damaged_bit_is_noticed) {
    for (const Pair& pair : kPairs) {
        auto good = packet(pair, 33);
        for (std::size_t bit = 14 * 8; bit < good.size() * 8; ++bit) {
            auto bad = good;
            bad[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
            ParsedPacket parsed = parse_packet(bad, pair.far);
            // IPv6 has no sum over its traffic class, flow label and hop limit.
            bool covered = pair.far.address.is_v4() || bit >= 18 * 8;
            covered = covered && !(pair.far.address.is_v6() && bit / 8 == 21);
            if (covered) BOOST_TEST((parsed.kind != PacketKind::ours), "bit " << bit);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_truncation_is_noticed_and_none_reads_past_the_end) {
    for (const Pair& pair : kPairs) {
        auto whole = packet(pair, 20);
        for (std::size_t n = 0; n < whole.size(); ++n) {
            std::vector<std::uint8_t> cut(whole.begin(),
                                          whole.begin() + static_cast<std::ptrdiff_t>(n));
            BOOST_TEST((parse_packet(cut, pair.far).kind != PacketKind::ours), "length " << n);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_unfinished_checksum_of_a_virtual_link_is_accepted) {
    auto frame = packet(kPairs[0], 10);
    // ~(pseudo header's sum): 10.0.0.1, 10.0.0.2, 17, 18 bytes
    std::uint32_t sum = 0x0a00 + 1 + 0x0a00 + 2 + 17 + 18;
    frame[40] = static_cast<std::uint8_t>(sum >> 8);
    frame[41] = static_cast<std::uint8_t>(sum);
    BOOST_TEST((parse_packet(frame, kPairs[0].far).kind == PacketKind::ours));
}

BOOST_AUTO_TEST_CASE(what_is_for_others_is_theirs) {
    auto frame = packet(kPairs[0], 10);
    BOOST_TEST((parse_packet(frame, kPairs[0].near).kind == PacketKind::other));
    BOOST_TEST((parse_packet(frame, kPairs[1].far).kind == PacketKind::other));
    Endpoint other_port = kPairs[0].far;
    other_port.port = 4;
    BOOST_TEST((parse_packet(frame, other_port).kind == PacketKind::other));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane
