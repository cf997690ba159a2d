#include "environment.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

namespace netft::dataplane::test {
namespace {

Eal start() {
    EalSettings settings;
    settings.memory_megabytes = 256;  // several nodes of several workers
    Result<Eal> eal = Eal::start(std::move(settings));
    BOOST_REQUIRE_MESSAGE(eal.has_value(), eal.error().what);
    return std::move(*eal);
}

}  // namespace

Environment::Environment() : eal(start()) {}

Pools make_pools() {
    Result<Pools> pools = Pools::create();
    BOOST_REQUIRE_MESSAGE(pools.has_value(), pools.error().what);
    return std::move(*pools);
}

rte_mbuf* mbuf_of(const Pools& pools, Bytes bytes) {
    rte_mbuf* mbuf = bytes.size() <= Pools::kSmallRoom ? pools.small() : pools.big();
    BOOST_REQUIRE(mbuf != nullptr);
    std::copy(bytes.begin(), bytes.end(), room_of(mbuf).begin());
    set_length(mbuf, bytes.size());
    return mbuf;
}

BOOST_TEST_GLOBAL_FIXTURE(Environment);

}  // namespace netft::dataplane::test
