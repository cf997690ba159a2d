#include "netft/core/frame_limits.hpp"

#include <boost/test/unit_test.hpp>

namespace netft::core {
namespace {

BOOST_AUTO_TEST_SUITE(frame_limits)

BOOST_AUTO_TEST_CASE(a_full_frame_of_the_adapter_takes_one_datagram) {
    for (std::uint16_t mtu : {1400, 1500, 4000, 9000}) {
        std::uint16_t datagram = datagram_bytes(mtu, Family::ipv4);
        BOOST_TEST(adapter_mtu(datagram) + kEthernetHeader + kVirtioHeaderSize <=
                   body_bytes(datagram));
    }
    BOOST_TEST(adapter_mtu(datagram_bytes(1500, Family::ipv4)) == 1400);
}

BOOST_AUTO_TEST_CASE(a_segmented_frame_takes_one_udp_segment_call) {
    for (std::uint16_t mtu : {1280, 1400, 1500, 9000, 65'535}) {
        std::uint16_t datagram = datagram_bytes(mtu, Family::ipv6);
        std::uint32_t train = gso_max_size(datagram) + kEthernetHeader + kVirtioHeaderSize;
        std::uint32_t count = (train + body_bytes(datagram) - 1) / body_bytes(datagram);
        BOOST_TEST(count <= 64u);
        BOOST_TEST(train <= kTrainBytesMax);
        BOOST_TEST(count * datagram <= 65'507u + datagram);
    }
}

BOOST_AUTO_TEST_CASE(an_adapter_on_a_tiny_path_still_carries_ipv6) {
    BOOST_TEST(adapter_mtu(datagram_bytes(576, Family::ipv4)) == kAdapterMtuMin);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::core
