#include "namespace.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

namespace netft::dataplane::test {
namespace {

Fd own_namespace() { return Fd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)); }

// What it printed and its exit status.
std::pair<std::string, int> shell(const std::string& command) {
    std::string output;
    FILE* pipe = popen((command + " 2>&1").c_str(), "re");
    BOOST_REQUIRE(pipe != nullptr);
    char line[512];
    while (fgets(line, sizeof(line), pipe) != nullptr) output += line;
    int status = pclose(pipe);
    return {output, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

}  // namespace

Namespace::Namespace() {
    Fd before = own_namespace();
    BOOST_REQUIRE_MESSAGE(unshare(CLONE_NEWNET) == 0, "no right to make a network namespace");
    fd_ = own_namespace();
    BOOST_REQUIRE(setns(before.get(), CLONE_NEWNET) == 0);
    run("ip link set lo up");
}

void Namespace::inside(const std::function<void()>& action) const {
    Fd before = own_namespace();
    BOOST_REQUIRE(setns(fd_.get(), CLONE_NEWNET) == 0);
    action();
    BOOST_REQUIRE(setns(before.get(), CLONE_NEWNET) == 0);
}

std::string Namespace::run(const std::string& command) const {
    std::string output;
    inside([&] {
        auto [text, status] = shell(command);
        BOOST_REQUIRE_MESSAGE(status == 0, command << ": " << text);
        output = text;
    });
    return output;
}

bool Namespace::succeeds(const std::string& command) const {
    int status = -1;
    inside([&] { status = shell(command).second; });
    return status == 0;
}

std::string Namespace::path() const {
    return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd_.get());
}

std::uint32_t Namespace::index_of(const std::string& interface) const {
    std::uint32_t index = 0;
    inside([&] { index = if_nametoindex(interface.c_str()); });
    return index;
}

void join(const Namespace& a, const Namespace& b, const std::string& name,
          const std::string& address_a, const std::string& address_b) {
    a.run("ip link add " + name + " type veth peer name " + name + " netns " + b.path());
    a.run("ip address add " + address_a + " dev " + name + " && ip link set " + name + " up");
    b.run("ip address add " + address_b + " dev " + name + " && ip link set " + name + " up");
}

void wait_until(const char* what, const std::function<bool()>& is_so) {
    auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!is_so()) {
        BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "never: " << what);
        std::this_thread::sleep_for(2ms);
    }
}

}  // namespace netft::dataplane::test
