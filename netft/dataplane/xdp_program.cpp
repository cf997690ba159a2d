#include "netft/dataplane/xdp_program.hpp"

#include <arpa/inet.h>

#include <cstring>

namespace netft::dataplane {
namespace {

constexpr std::int16_t kEthernet = 14;
constexpr std::uint16_t kFragmentBits = 0x3fff;  // more fragments, offset

// Instructions of linux/bpf.h, jumps to "pass to the kernel" filled in at the end.
class Assembler {
 public:
    void move(std::uint8_t to, std::uint8_t from) {
        emit({BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0});
    }
    void set(std::uint8_t to, std::int32_t value) {
        emit({BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value});
    }
    void add(std::uint8_t to, std::int32_t value) {
        emit({BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, value});
    }
    void mask(std::uint8_t to, std::int32_t value) {
        emit({BPF_ALU64 | BPF_AND | BPF_K, to, 0, 0, value});
    }
    // `size`: BPF_B, BPF_H or BPF_W.
    void load(int size, std::uint8_t to, std::uint8_t from, std::int16_t offset) {
        emit({static_cast<std::uint8_t>(BPF_LDX | BPF_MEM | size), to, from, offset, 0});
    }
    std::uint32_t load_map(std::uint8_t to) {
        auto at = static_cast<std::uint32_t>(code_.size());
        emit({BPF_LD | BPF_IMM | BPF_DW, to, BPF_PSEUDO_MAP_FD, 0, 0});
        emit({});
        return at;
    }
    void call(std::int32_t helper) { emit({BPF_JMP | BPF_CALL, 0, 0, 0, helper}); }
    void end() { emit({BPF_JMP | BPF_EXIT, 0, 0, 0, 0}); }
    void pass_if_greater(std::uint8_t a, std::uint8_t b) {
        jumps_.push_back(code_.size());
        emit({BPF_JMP | BPF_JGT | BPF_X, a, b, 0, 0});
    }
    // Of the packet, as it is in memory.
    void pass_unless(int size, std::int16_t offset, std::uint32_t value) {
        load(size, BPF_REG_5, BPF_REG_2, offset);
        pass_unless_equal(value);
    }
    void pass_unless_equal(std::uint32_t value) {
        jumps_.push_back(code_.size());
        emit({BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_5, 0, 0, static_cast<std::int32_t>(value)});
    }
    std::vector<bpf_insn> finish() {
        for (std::size_t at : jumps_)
            code_[at].off = static_cast<std::int16_t>(code_.size() - at - 1);
        set(BPF_REG_0, XDP_PASS);
        end();
        return std::move(code_);
    }

 private:
    void emit(bpf_insn instruction) { code_.push_back(instruction); }

    std::vector<bpf_insn> code_;
    std::vector<std::size_t> jumps_;
};

// Offsets from the start of the frame.
struct Layout {
    std::uint16_t ether_type;
    std::int16_t protocol;
    std::int16_t destination;
    std::int16_t udp;
};
constexpr Layout kIpv4{0x0800, kEthernet + 9, kEthernet + 16, kEthernet + 20};
constexpr Layout kIpv6{0x86dd, kEthernet + 6, kEthernet + 24, kEthernet + 40};

}  // namespace

XdpProgram make_xdp_program(const Endpoint& local) {
    bool v4 = local.address.is_v4();
    const Layout& at = v4 ? kIpv4 : kIpv6;
    Assembler a;
    a.load(BPF_W, BPF_REG_2, BPF_REG_1, offsetof(xdp_md, data));
    a.load(BPF_W, BPF_REG_3, BPF_REG_1, offsetof(xdp_md, data_end));
    a.load(BPF_W, BPF_REG_6, BPF_REG_1, offsetof(xdp_md, rx_queue_index));
    a.move(BPF_REG_4, BPF_REG_2);
    a.add(BPF_REG_4, at.udp + 8);
    a.pass_if_greater(BPF_REG_4, BPF_REG_3);  // the verifier wants to see this before any load
    a.pass_unless(BPF_H, 12, htons(at.ether_type));
    a.pass_unless(BPF_B, at.protocol, IPPROTO_UDP);
    if (v4) {
        a.pass_unless(BPF_B, kEthernet, 0x45);
        a.load(BPF_H, BPF_REG_5, BPF_REG_2, kEthernet + 6);
        a.mask(BPF_REG_5, htons(kFragmentBits));
        a.pass_unless_equal(0);
    }
    Bytes address = local.address.bytes();
    for (std::size_t i = 0; i < address.size(); i += 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, address.data() + i, sizeof(word));
        a.pass_unless(BPF_W, static_cast<std::int16_t>(at.destination + static_cast<int>(i)), word);
    }
    a.pass_unless(BPF_H, static_cast<std::int16_t>(at.udp + 2), htons(local.port));
    XdpProgram program;
    program.map_reference = a.load_map(BPF_REG_1);
    a.move(BPF_REG_2, BPF_REG_6);
    a.set(BPF_REG_3, XDP_PASS);  // where the map has nothing for this queue
    a.call(BPF_FUNC_redirect_map);
    a.end();
    program.code = a.finish();
    return program;
}

}  // namespace netft::dataplane
