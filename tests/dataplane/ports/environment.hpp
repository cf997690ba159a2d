// What every test here needs once: DPDK, running.
#pragma once

#include "netft/dataplane/eal.hpp"
#include "netft/dataplane/pool.hpp"

namespace netft::dataplane::test {

// Made in the process's first test, by BOOST_TEST_GLOBAL_FIXTURE.
struct Environment {
    Environment();
    Eal eal;
};

Pools make_pools();
// A small or big mbuf that holds `bytes`.
rte_mbuf* mbuf_of(const Pools& pools, Bytes bytes);

}  // namespace netft::dataplane::test
