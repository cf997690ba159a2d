// Network namespaces without a name: they go with the process, however it ends.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "netft/base/address.hpp"
#include "tap/adapter.hpp"
#include "tap/device.hpp"

namespace netft::tap::test {

// The thread that makes it, or enters it, is in it.
class Namespace {
 public:
    Namespace();
    ~Namespace();
    Namespace(const Namespace&) = delete;
    Namespace& operator=(const Namespace&) = delete;
    void enter() const;

 private:
    int fd_ = -1;
};

// What the command prints; the test fails where the command does.
std::string run(const std::string& command);
// For commands that may fail.
bool succeeds(const std::string& command);
nlohmann::json run_json(const std::string& command);

// Node 1 or 2 of a cluster of two.
struct Node {
    explicit Node(int number, const std::string& name = "tapt0");

    Namespace space;
    AdapterState state;
    Device device;
    Adapter adapter;

    // apply(), which must succeed; what it repaired, one a line.
    std::string apply();
};

IpAddress ipv4_of(int number);
IpAddress ipv6_of(int number);
MacAddress mac_of(int number);

}  // namespace netft::tap::test
