// The XDP program of an af_xdp port: UDP to the endpoint goes to the XDP socket of the queue it
// came in by, everything else to the kernel. Bytes only: nothing here touches the kernel.
//
// There is no compiler for it at build time and none at run time: the program is some twenty
// instructions, made here for one endpoint, its address and port as constants. As parse_packet()
// does, it leaves to the kernel what has VLAN tags, IP options, extension headers or is a fragment.
// The map is called xsks_map, as DPDK wants it. A queue without an XDP socket passes to the kernel.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "netft/base/address.hpp"

namespace netft::dataplane {

constexpr std::string_view kXdpProgramName = "netft_xdp";  // as `ip -d link` shows it
constexpr std::uint32_t kXdpQueuesMax = 64;

struct XdpProgram {
    std::vector<bpf_insn> code;
    std::uint32_t map_reference = 0;  // place in `code` of the instruction that loads the map
};
XdpProgram make_xdp_program(const Endpoint& local);

// The program and its map as an object file (ELF, relocatable, with BTF) such as clang makes and
// libbpf loads.
std::vector<std::uint8_t> make_xdp_object(const XdpProgram& program);

}  // namespace netft::dataplane
