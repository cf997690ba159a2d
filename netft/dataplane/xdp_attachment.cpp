#include "netft/dataplane/xdp_attachment.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <string>

namespace netft::dataplane {

Status XdpAttachment::check_free(std::uint32_t interface_index) {
    libbpf_set_print(nullptr);  // it writes to stderr, and says nothing that our errors do not
    std::uint32_t id = 0;
    int code = bpf_xdp_query_id(static_cast<int>(interface_index), 0, &id);
    if (code != 0) return fail_errno("XDP is not to be had", -code);
    if (id == 0) return {};
    return fail("another XDP program (id " + std::to_string(id) + ") is attached", EBUSY);
}

Result<XdpAttachment> XdpAttachment::take_over(int program_fd, std::uint32_t interface_index) {
    auto index = static_cast<int>(interface_index);
    if (int code = bpf_xdp_detach(index, 0, nullptr); code != 0)
        return fail_errno("XDP program cannot be detached", -code);
    Fd link(bpf_link_create(program_fd, index, BPF_XDP, nullptr));
    if (!link.is_open()) return fail_errno("XDP program cannot be attached by a link", errno);
    return XdpAttachment(std::move(link));
}

}  // namespace netft::dataplane
