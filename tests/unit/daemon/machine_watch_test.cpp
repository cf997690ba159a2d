#include "netft/daemon/machine_watch.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

namespace netft::daemon {
namespace {

bool tells(const std::string& text) {
    return tells_of_restore(Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

BOOST_AUTO_TEST_SUITE(machine_watch)

BOOST_AUTO_TEST_CASE(only_a_new_generation_is_a_restore) {
    using namespace std::string_literals;
    BOOST_TEST(tells("change@/devices/x\0ACTION=change\0NEW_VMGENID=1\0SEQNUM=7\0"s));
    BOOST_TEST(!tells("change@/devices/x\0ACTION=change\0SEQNUM=7\0"s));
    BOOST_TEST(!tells("change@/NEW_VMGENID=1\0ACTION=change\0"s));
    BOOST_TEST(!tells("change@/devices/x\0OLD_NEW_VMGENID=1\0"s));
    BOOST_TEST(!tells(""s));
}

BOOST_AUTO_TEST_CASE(an_idle_kernel_tells_nothing) {
    MachineWatch watch;
    if (watch.open()) BOOST_TEST(!watch.handle_ready());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::daemon
