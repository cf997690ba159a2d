// Finds the descriptors that a DPDK driver opened and keeps to itself: those that were not there
// before, and are of a kind.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace netft::dataplane {

enum class FdKind : std::uint8_t { packet_socket, xdp_socket, bpf_program, bpf_map };

// All of this process, in order.
std::vector<int> open_fds();

// -1: none. Borrowed. Nobody else may open descriptors of that kind meanwhile.
int find_new_fd(const std::vector<int>& before, FdKind kind);

// What net_af_xdp (22.11) opens and never closes: found after it has opened a device, or failed to,
// and closed at destruction, which must come after the device's. Else the queue of the interface
// would be taken as long as we live.
class XdpLeftovers {
 public:
    XdpLeftovers() = default;
    explicit XdpLeftovers(const std::vector<int>& before);
    ~XdpLeftovers();
    XdpLeftovers(XdpLeftovers&& other) noexcept : fds_(std::exchange(other.fds_, {})) {}
    XdpLeftovers& operator=(XdpLeftovers&&) = delete;

 private:
    std::vector<std::pair<int, FdKind>> fds_;
};

}  // namespace netft::dataplane
