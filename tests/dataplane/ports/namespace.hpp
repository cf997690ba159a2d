// Network namespaces without a name (they go with the process, however it ends), joined by veth.
#pragma once

#include <functional>
#include <string>

#include "netft/base/time.hpp"
#include "netft/dataplane/fd.hpp"

namespace netft::dataplane::test {

class Namespace {
 public:
    Namespace();  // the calling thread stays where it is
    // Runs `action` with the calling thread inside.
    void inside(const std::function<void()>& action) const;
    // A shell command inside; the test fails where it does. What it prints.
    std::string run(const std::string& command) const;
    // For commands that may fail.
    bool succeeds(const std::string& command) const;
    // As iproute2 takes it after "netns".
    std::string path() const;
    std::uint32_t index_of(const std::string& interface) const;

 private:
    Fd fd_;
};

// Interface `name` in both, up, with `address`es "10.0.0.1/24".
void join(const Namespace& a, const Namespace& b, const std::string& name,
          const std::string& address_a, const std::string& address_b);

// Waits until `is_so`, at most 10 s; else the test fails with `what`.
void wait_until(const char* what, const std::function<bool()>& is_so);

}  // namespace netft::dataplane::test
