#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>

#include "netft/wire/data.hpp"
#include "tap/attach.hpp"
#include "tap/device.hpp"
#include "tests/dataplane/tap/namespace.hpp"

namespace netft::tap {

using namespace test;

namespace {

bool fails_saying(const std::string& name, const std::string& text) {
    const Result<Device> device = Device::open(name);
    if (device) return false;
    BOOST_TEST_MESSAGE(device.error().what);
    return device.error().what.find(text) != std::string::npos;
}

// As another program opens a TAP that is there.
Descriptor open_queue(const std::string& name) {
    Descriptor out(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    ifreq request{};
    std::copy(name.begin(), name.end(), request.ifr_name);
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
    BOOST_REQUIRE(::ioctl(out.get(), TUNSETIFF, &request) == 0);
    return out;
}

constexpr std::size_t kFlows = 64;
constexpr std::size_t kFlowFrame = kVirtioHeaderSize + 14 + 20 + 8 + 99;

// Datagrams from as many ports, of a length of their own.
void send_flows() {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(6000);
    to.sin_addr.s_addr = inet_addr("10.9.9.2");
    const std::array<std::uint8_t, 99> bytes{};
    for (std::size_t i = 0; i < kFlows; ++i) {
        const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        BOOST_REQUIRE(::sendto(fd, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&to),
                               sizeof(to)) == static_cast<ssize_t>(bytes.size()));
        ::close(fd);
    }
}

std::size_t frames_of_flows(const Device& queue) {
    std::array<std::uint8_t, 2000> bytes;
    const iovec room{bytes.data(), bytes.size()};
    std::size_t count = 0;
    while (const std::ptrdiff_t size = queue.read({&room, 1})) {
        BOOST_REQUIRE(size > 0);
        count += size == kFlowFrame;
    }
    return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(device)

BOOST_AUTO_TEST_CASE(a_device_is_there_while_it_is_open) {
    const Namespace space;
    {
        const Result<Device> device = Device::open("tapt0");
        BOOST_REQUIRE(device.has_value());
        const nlohmann::json link = run_json("ip -j link show tapt0")[0];
        BOOST_TEST(link["ifindex"] == device->interface_index());
        BOOST_TEST(link["operstate"] == "DOWN");
        std::array<std::uint8_t, 100> bytes;
        const iovec room{bytes.data(), bytes.size()};
        BOOST_TEST(device->read({&room, 1}) == 0);
    }
    BOOST_TEST(!succeeds("ip link show tapt0"));
}

BOOST_AUTO_TEST_CASE(a_moved_device_keeps_its_interface) {
    const Namespace space;
    Result<Device> first = Device::open("tapt0");
    Result<Device> second = Device::open("tapt1");
    BOOST_REQUIRE((first && second));
    { Device moved = std::move(*first); }
    BOOST_TEST(!succeeds("ip link show tapt0"));
    BOOST_TEST(succeeds("ip link show tapt1"));
}

BOOST_AUTO_TEST_CASE(an_adopted_device_is_the_same_interface) {
    const Namespace space;
    Result<Device> first = Device::open("tapt0");
    BOOST_REQUIRE(first.has_value());
    run("ip address add 169.254.7.7/32 dev tapt0");
    Result<Device> second = Device::adopt(::dup(first->fd()), "tapt0");
    BOOST_REQUIRE(second.has_value());
    BOOST_TEST(second->interface_index() == first->interface_index());
    BOOST_TEST(second->has_uso() == first->has_uso());
    { Device gone = std::move(*first); }
    BOOST_TEST(run_json("ip -j address show tapt0")[0]["addr_info"].size() >= 1u);
    { Device gone = std::move(*second); }
    BOOST_TEST(!succeeds("ip link show tapt0"));
}

BOOST_AUTO_TEST_CASE(a_further_queue_waits_until_it_is_attached) {
    const Namespace space;
    Result<Device> device = Device::open("tapt0", true);
    BOOST_REQUIRE(device.has_value());
    Result<Device> queue = device->add_queue();
    BOOST_REQUIRE(queue.has_value());
    BOOST_TEST(queue->interface_index() == device->interface_index());
    BOOST_TEST(queue->attach_queue().has_value());
    BOOST_TEST(!queue->attach_queue().has_value());  // it is
    BOOST_TEST(queue->detach_queue().has_value());
    BOOST_TEST(!queue->detach_queue().has_value());
    Result<Device> single = Device::open("tapt1");
    BOOST_REQUIRE(single.has_value());
    BOOST_TEST(!single->add_queue().has_value());
}

BOOST_AUTO_TEST_CASE(a_detached_queue_is_given_no_frames) {
    const Namespace space;
    const Result<Device> first = Device::open("tapt0", true);
    BOOST_REQUIRE(first.has_value());
    const Result<Device> second = first->add_queue();
    BOOST_REQUIRE((second && second->attach_queue()));
    run("ip address add 10.9.9.1/24 dev tapt0");
    run("ip link set tapt0 up");
    run("ip neighbour add 10.9.9.2 lladdr 02:00:00:00:00:02 dev tapt0");
    send_flows();
    (void)frames_of_flows(*first);
    BOOST_TEST(frames_of_flows(*second) > 0u);
    BOOST_TEST(second->detach_queue().has_value());
    send_flows();
    BOOST_TEST(frames_of_flows(*first) == kFlows);
    BOOST_TEST(frames_of_flows(*second) == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_not_this_adapter_is_not_adopted) {
    const Namespace space;
    const Result<Device> other = Device::open("tapt1");
    BOOST_REQUIRE(other.has_value());
    BOOST_TEST(!Device::adopt(::dup(other->fd()), "tapt0"));
    BOOST_TEST(!Device::adopt(::open("/dev/null", O_RDWR), "tapt0"));
    BOOST_TEST(succeeds("ip link show tapt1"));
}

BOOST_AUTO_TEST_CASE(a_name_that_cannot_be_had_is_an_error_that_says_why) {
    const Namespace space;
    const Result<Device> running = Device::open("tapt0");
    run("ip link add tapt1 type bridge");
    run("ip tuntap add tapt2 mode tun");
    BOOST_TEST(fails_saying("tapt0", "a running program owns it"));
    BOOST_TEST(fails_saying("tapt1", "taken by an interface that is not a TAP"));
    BOOST_TEST(fails_saying("tapt2", "taken by an interface that is not a TAP"));
    BOOST_TEST(fails_saying("", "1 to 15 characters"));
    BOOST_TEST(fails_saying("sixteen-letters-", "1 to 15 characters"));
    BOOST_TEST(fails_saying("tap%d", "1 to 15 characters"));
    BOOST_TEST(succeeds("ip link show tapt1"));
}

BOOST_AUTO_TEST_CASE(without_rights_the_error_says_what_is_needed) {
    const Namespace space;
    const pid_t child = ::fork();
    if (child == 0) {
        const bool is_nobody = ::setresuid(65'534, 65'534, 65'534) == 0;
        ::_exit(is_nobody && fails_saying("tapt0", "CAP_NET_ADMIN") ? 0 : 1);
    }
    int status = -1;
    BOOST_REQUIRE_EQUAL(::waitpid(child, &status, 0), child);
    BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_CASE(what_a_dead_owner_left_is_taken_over_clean) {
    const Namespace space;
    for (const std::string queues : {"", " multi_queue"}) {
        run("ip tuntap add tapt0 mode tap" + queues);
        run("ip address add 169.254.5.5/16 dev tapt0");
        run("ip link set tapt0 up");
        {
            const Result<Device> device = Device::open("tapt0");
            BOOST_REQUIRE(device.has_value());
            BOOST_TEST(run_json("ip -j address show tapt0")[0]["addr_info"].empty());
        }
        BOOST_TEST(!succeeds("ip link show tapt0"));
    }
}

BOOST_AUTO_TEST_CASE(somebody_elses_device_of_several_queues_is_left_alone) {
    const Namespace space;
    const Result<Device> running = Device::open("tapt0", true);
    BOOST_REQUIRE(running.has_value());
    BOOST_TEST(fails_saying("tapt0", "a running program owns it"));
    run("ip tuntap add tapt1 mode tap multi_queue");
    {
        const Descriptor theirs = open_queue("tapt1");
        BOOST_TEST(fails_saying("tapt1", "a running program owns it"));
    }
    BOOST_TEST(succeeds("ip link show tapt1"));  // it is persistent still
    BOOST_TEST(Device::open("tapt1").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::tap
