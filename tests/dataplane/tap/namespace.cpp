#include "tests/dataplane/tap/namespace.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstdlib>

namespace netft::tap::test {

namespace {

// meson counts exit code 77 as "skipped".
struct NeedsRoot {
    NeedsRoot() {
        if (::geteuid() == 0 && ::access("/dev/net/tun", R_OK | W_OK) == 0) return;
        std::fputs("skipped: needs root and /dev/net/tun\n", stderr);
        std::_Exit(77);
    }
};
BOOST_TEST_GLOBAL_CONFIGURATION(NeedsRoot);

template <class T>
T must(Result<T> result) {
    BOOST_REQUIRE_MESSAGE(result.has_value(), (result ? "" : result.error().what));
    return std::move(*result);
}

AdapterState state_of(int number) {
    AdapterState out;
    out.mac = mac_of(number);
    out.mtu = 1400;
    out.gso_max_size = 64'000;
    out.ipv4 = ipv4_of(number);
    out.ipv6 = ipv6_of(number);
    out.peers_ipv4 = {ipv4_of(3 - number)};
    return out;
}

}  // namespace

Namespace::Namespace() {
    BOOST_REQUIRE_EQUAL(::unshare(CLONE_NEWNET), 0);
    fd_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    BOOST_REQUIRE(fd_ >= 0);
    run("ip link set lo up");
}

Namespace::~Namespace() { ::close(fd_); }

void Namespace::enter() const { BOOST_REQUIRE_EQUAL(::setns(fd_, CLONE_NEWNET), 0); }

std::string run(const std::string& command) {
    std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    BOOST_REQUIRE(pipe != nullptr);
    std::string out;
    std::array<char, 4096> piece;
    while (std::size_t n = std::fread(piece.data(), 1, piece.size(), pipe)) {
        out.append(piece.data(), n);
    }
    BOOST_REQUIRE_MESSAGE(::pclose(pipe) == 0, command << ": " << out);
    return out;
}

bool succeeds(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

nlohmann::json run_json(const std::string& command) {
    const std::string text = run(command);
    return text.empty() ? nlohmann::json::array() : nlohmann::json::parse(text);
}

Node::Node(int number, const std::string& name)
    : state(state_of(number)),
      device(must(Device::open(name))),
      adapter(must(Adapter::open(name, device.interface_index()))) {
    apply();
}

std::string Node::apply() {
    std::vector<std::string> repaired;
    const Status done = adapter.apply(state, repaired);
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().what));
    std::string out;
    for (const std::string& line : repaired) out += line + "\n";
    return out;
}

IpAddress ipv4_of(int number) {
    return IpAddress::v4({169, 254, 77, static_cast<std::uint8_t>(number)});
}
IpAddress ipv6_of(int number) { return *IpAddress::parse("fe80::77:" + std::to_string(number)); }
MacAddress mac_of(int number) {
    return MacAddress{{2, 0, 0, 0, 0x77, static_cast<std::uint8_t>(number)}};
}

}  // namespace netft::tap::test
