// An XDP program's hold on an interface, as a descriptor (a BPF link): the kernel lets go of the
// program when the descriptor is closed, by us or by our death, whatever caused it.
#pragma once

#include <cstdint>

#include "netft/base/result.hpp"
#include "netft/dataplane/fd.hpp"

namespace netft::dataplane {

class XdpAttachment {
 public:
    // Fails where a program is attached already: DPDK's driver would take it away, whosever it is,
    // when it gives up for that reason.
    static Status check_free(std::uint32_t interface_index);
    XdpAttachment() = default;  // of nothing
    // `program_fd` is attached to the interface by rtnetlink, as DPDK's driver does it, and would
    // stay there for ever: it is attached anew. Packets go to the kernel in between.
    static Result<XdpAttachment> take_over(int program_fd, std::uint32_t interface_index);

 private:
    explicit XdpAttachment(Fd link) : link_(std::move(link)) {}
    Fd link_;
};

}  // namespace netft::dataplane
