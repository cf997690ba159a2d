#include "netft/dataplane/tx_packet.hpp"

#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include <boost/test/unit_test.hpp>

#include "exchange.hpp"

namespace netft::dataplane::test {
namespace {

struct Fixture {
    Pools pools = make_pools();
    PacketSpec spec{.source = endpoint("10.0.0.1"), .destination = endpoint("10.0.0.2")};
    std::vector<std::uint8_t> bytes = train(5, 10, 1400, 33);
    MbufPtr source{mbuf_of(pools, bytes)};

    ~Fixture() {
        source.reset();
        BOOST_TEST(pools.in_use() == 0u);
    }
    MbufPtr datagram(std::size_t at, std::size_t size, const DeviceOffloads& offloads) {
        MbufPtr out(make_datagram(pools.small_pool(), spec, source.get(), at, size, offloads));
        BOOST_REQUIRE(out != nullptr);
        return out;
    }
    // As the device would send it, sums made by DPDK's own functions.
    std::vector<std::uint8_t> finished(rte_mbuf* packet) {
        BOOST_REQUIRE(rte_pktmbuf_linearize(packet) == 0);
        auto* ip = rte_pktmbuf_mtod_offset(packet, rte_ipv4_hdr*, 14);
        auto* udp = rte_pktmbuf_mtod_offset(packet, rte_udp_hdr*, 34);
        if ((packet->ol_flags & RTE_MBUF_F_TX_IP_CKSUM) != 0) ip->hdr_checksum = rte_ipv4_cksum(ip);
        if ((packet->ol_flags & RTE_MBUF_F_TX_UDP_CKSUM) != 0) {
            BOOST_TEST(std::uint16_t{udp->dgram_cksum} ==
                       rte_ipv4_phdr_cksum(ip, packet->ol_flags));
            udp->dgram_cksum = 0;
            udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
        }
        Bytes all = bytes_of(packet);
        return {all.begin(), all.end()};
    }
};

BOOST_FIXTURE_TEST_SUITE(tx_packet, Fixture)

BOOST_AUTO_TEST_CASE(whoever_makes_the_sums_the_packet_is_the_same) {
    MbufPtr plain = datagram(1400, 1400, {});
    BOOST_TEST(plain->nb_segs == 1);
    BOOST_TEST(plain->ol_flags == 0u);
    auto expected = finished(plain.get());
    BOOST_TEST((parse_packet(expected, spec.destination).kind == PacketKind::ours));
    MbufPtr summed = datagram(1400, 1400, {.tx_checksum = true});
    BOOST_TEST(summed->nb_segs == 1);
    BOOST_TEST(finished(summed.get()) == expected, boost::test_tools::per_element());
    MbufPtr chained = datagram(1400, 1400, {.tx_checksum = true, .tx_segments = true});
    BOOST_TEST(chained->nb_segs == 2);
    BOOST_TEST(chained->data_len == 42);
    BOOST_TEST(finished(chained.get()) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(short_payloads_are_copied_whatever_the_device_can) {
    MbufPtr last = datagram(9 * 1400, 33, {.tx_checksum = true, .tx_segments = true});
    BOOST_TEST(last->nb_segs == 1);
}

BOOST_AUTO_TEST_CASE(a_train_is_one_packet_for_a_device_that_cuts) {
    DeviceOffloads all{.tx_checksum = true, .tx_segments = true, .udp_segmentation = true};
    BOOST_TEST(can_segment(all, bytes.size(), 1400));
    BOOST_TEST(!can_segment(all, 1400, 1400));
    BOOST_TEST(!can_segment(all, 65'500, 1400));
    MbufPtr whole(make_train(pools.small_pool(), spec, source.get(), 1400));
    BOOST_REQUIRE(whole != nullptr);
    BOOST_TEST(whole->pkt_len == 42 + bytes.size());
    BOOST_TEST(std::size_t{whole->tso_segsz} == 1400u);
    std::size_t headers = whole->l2_len + whole->l3_len + whole->l4_len;
    BOOST_TEST(headers == 42u);
    BOOST_TEST((whole->ol_flags & RTE_MBUF_F_TX_UDP_SEG) != 0u);
    const auto* ip = rte_pktmbuf_mtod_offset(whole.get(), const rte_ipv4_hdr*, 14);
    const auto* udp = rte_pktmbuf_mtod_offset(whole.get(), const rte_udp_hdr*, 34);
    BOOST_TEST(std::uint16_t{udp->dgram_cksum} == rte_ipv4_phdr_cksum(ip, whole->ol_flags));
    rte_mbuf* body = whole->next;
    BOOST_TEST((bytes_of(body).data() == bytes_of(source.get()).data()));  // not a byte copied
}

BOOST_AUTO_TEST_CASE(an_empty_pool_gives_nothing_and_leaks_nothing) {
    std::vector<rte_mbuf*> taken;
    while (rte_mbuf* mbuf = pools.small()) taken.push_back(mbuf);
    rte_pktmbuf_free(taken.back());  // room for the headers, none for the payload
    taken.pop_back();
    DeviceOffloads both{.tx_checksum = true, .tx_segments = true};
    BOOST_TEST((make_datagram(pools.small_pool(), spec, source.get(), 0, 1400, both) == nullptr));
    for (rte_mbuf* mbuf : taken) rte_pktmbuf_free(mbuf);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane::test
