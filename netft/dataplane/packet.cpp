#include "netft/dataplane/packet.hpp"

#include <bit>
#include <cstring>

#include "netft/base/assert.hpp"

namespace netft::dataplane {
namespace {

constexpr std::uint16_t kEtherIpv4 = 0x0800;
constexpr std::uint16_t kEtherIpv6 = 0x86dd;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kHopLimit = 64;
constexpr std::uint8_t kClassSelector6 = 0xc0;
constexpr std::uint16_t kDontFragment = 0x4000;
constexpr std::uint16_t kFragmentBits = 0x3fff;  // more fragments, offset
constexpr std::size_t kUdpHeader = 8;

// The Internet checksum's sum (RFC 1071), 16 bits, not complemented.
class Sum {
 public:
    void add(Bytes bytes) {
        // Words of 4 in host order: the sum is the same but for the order of its bytes.
        std::uint64_t native = 0;
        for (; bytes.size() >= 4; bytes = bytes.subspan(4)) {
            std::uint32_t word = 0;
            std::memcpy(&word, bytes.data(), sizeof(word));
            native += word;
        }
        std::uint16_t folded = fold(native);
        total_ += std::endian::native == std::endian::little ? __builtin_bswap16(folded) : folded;
        if (bytes.size() >= 2) total_ += static_cast<unsigned>(bytes[0]) << 8 | bytes[1];
        if (bytes.size() % 2 == 1) total_ += static_cast<unsigned>(bytes.back()) << 8;
    }
    void add(std::uint32_t value) { total_ += value; }
    std::uint16_t folded() const { return fold(total_); }

 private:
    static std::uint16_t fold(std::uint64_t sum) {
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        return static_cast<std::uint16_t>(sum);
    }
    std::uint64_t total_ = 0;
};

Sum pseudo_header(const IpAddress& source, const IpAddress& destination, std::size_t udp_bytes) {
    Sum sum;
    sum.add(source.bytes());
    sum.add(destination.bytes());
    sum.add(kUdp);
    sum.add(static_cast<std::uint32_t>(udp_bytes));
    return sum;
}

void write_ipv4(const PacketSpec& spec, std::size_t udp_bytes, MutableBytes out) {
    ByteWriter w(out);
    w.u8(0x45);
    w.u8(spec.is_heartbeat ? kClassSelector6 : 0);
    w.u16(static_cast<std::uint16_t>(20 + udp_bytes));
    w.u16(0);
    w.u16(kDontFragment);
    w.u8(kHopLimit);
    w.u8(kUdp);
    w.u16(0);
    w.bytes(spec.source.address.bytes());
    w.bytes(spec.destination.address.bytes());
    if (spec.sums != PacketSums::complete) return;
    Sum sum;
    sum.add(w.written());
    ByteWriter(out.subspan(10)).u16(static_cast<std::uint16_t>(~sum.folded()));
}

void write_ipv6(const PacketSpec& spec, std::size_t udp_bytes, MutableBytes out) {
    ByteWriter w(out);
    std::uint32_t traffic_class = spec.is_heartbeat ? kClassSelector6 : 0;
    w.u32(0x6000'0000u | traffic_class << 20);
    w.u16(static_cast<std::uint16_t>(udp_bytes));
    w.u8(kUdp);
    w.u8(kHopLimit);
    w.bytes(spec.source.address.bytes());
    w.bytes(spec.destination.address.bytes());
}

void write_udp(const PacketSpec& spec, Bytes payload, MutableBytes out) {
    std::size_t udp_bytes = kUdpHeader + payload.size();
    ByteWriter w(out);
    w.u16(spec.source.port);
    w.u16(spec.destination.port);
    w.u16(static_cast<std::uint16_t>(udp_bytes));
    w.u16(0);
    Sum sum = pseudo_header(spec.source.address, spec.destination.address, udp_bytes);
    if (spec.sums != PacketSums::complete) {
        ByteWriter(out.subspan(6)).u16(sum.folded());
        return;
    }
    sum.add(w.written());
    sum.add(payload);
    std::uint16_t checksum = static_cast<std::uint16_t>(~sum.folded());
    ByteWriter(out.subspan(6)).u16(checksum == 0 ? 0xffff : checksum);
}

// Where IP left us: the addresses, and what it says is the UDP datagram.
struct IpLayer {
    PacketKind kind = PacketKind::other;
    IpAddress source;
    IpAddress destination;
    std::size_t header = 0;
    std::size_t bytes = 0;  // behind the IP header, padding off
};

IpLayer parse_ipv4(Bytes packet) {
    IpLayer ip;
    ByteReader r(packet);
    std::uint8_t version = r.u8();
    r.u8();
    std::size_t total = r.u16();
    r.u16();
    bool fragment = (r.u16() & kFragmentBits) != 0;
    r.u8();
    std::uint8_t protocol = r.u8();
    r.u16();
    ip.source = IpAddress::v4(r.u32());
    ip.destination = IpAddress::v4(r.u32());
    if (!r.ok() || version != 0x45 || fragment || protocol != kUdp) return ip;
    Sum sum;
    sum.add(packet.first(20));
    ip.kind = sum.folded() != 0xffff                ? PacketKind::bad_checksum
              : total < 20 || total > packet.size() ? PacketKind::truncated
                                                    : PacketKind::ours;
    ip.header = 20;
    ip.bytes = ip.kind == PacketKind::ours ? total - 20 : 0;
    return ip;
}

IpLayer parse_ipv6(Bytes packet, std::uint32_t scope) {
    IpLayer ip;
    ByteReader r(packet);
    bool version6 = r.u32() >> 28 == 6;
    ip.bytes = r.u16();
    std::uint8_t protocol = r.u8();
    r.u8();
    ip.source = IpAddress::v6(r.array<16>());
    ip.destination = IpAddress::v6(r.array<16>());
    if (!r.ok() || !version6 || protocol != kUdp) return ip;
    if (ip.source.is_link_local()) ip.source = ip.source.with_scope(scope);
    ip.kind = ip.bytes > r.remaining() ? PacketKind::truncated : PacketKind::ours;
    ip.header = 40;
    return ip;
}

// `check` is what the sender wrote. On virtual links (veth) the kernel leaves the sum unfinished:
// then the field holds the pseudo header's sum alone, and the memory it came through is trusted.
bool is_checksum_good(const IpLayer& ip, Bytes udp, std::uint16_t check) {
    if (check == 0) return ip.source.is_v4();  // RFC 768: none made; forbidden in IPv6
    Sum sum = pseudo_header(ip.source, ip.destination, udp.size());
    if (check == sum.folded()) return true;
    sum.add(udp);
    return sum.folded() == 0xffff;
}

}  // namespace

void write_headers(const PacketSpec& spec, Bytes payload, MutableBytes out) {
    bool v4 = spec.source.address.is_v4();
    NETFT_ASSERT(out.size() >= headers_size(spec.source.address.family()));
    NETFT_ASSERT(v4 == spec.destination.address.is_v4());
    ByteWriter w(out);
    w.bytes(spec.destination_mac.bytes);
    w.bytes(spec.source_mac.bytes);
    w.u16(v4 ? kEtherIpv4 : kEtherIpv6);
    std::size_t udp_bytes = kUdpHeader + payload.size();
    if (v4)
        write_ipv4(spec, udp_bytes, out.subspan(14));
    else
        write_ipv6(spec, udp_bytes, out.subspan(14));
    write_udp(spec, payload, out.subspan(v4 ? 34 : 54));
}

ParsedPacket parse_packet(Bytes frame, const Endpoint& local, bool is_sum_good) {
    ParsedPacket parsed;
    ByteReader ethernet(frame);
    ethernet.take(12);
    std::uint16_t type = ethernet.u16();
    bool v4 = local.address.is_v4();
    if (!ethernet.ok() || type != (v4 ? kEtherIpv4 : kEtherIpv6)) return parsed;
    Bytes packet = ethernet.rest();
    IpLayer ip = v4 ? parse_ipv4(packet) : parse_ipv6(packet, local.address.scope());
    if (ip.kind == PacketKind::other || ip.destination != local.address.with_scope(0))
        return parsed;

    ByteReader r(packet.subspan(ip.header));
    std::uint16_t source_port = r.u16();
    std::uint16_t destination_port = r.u16();
    std::size_t udp_bytes = r.u16();
    std::uint16_t check = r.u16();
    if (!r.ok() || destination_port != local.port) return parsed;
    parsed.kind = ip.kind;
    if (ip.kind != PacketKind::ours) return parsed;
    if (udp_bytes <= kUdpHeader || udp_bytes > ip.bytes) {
        parsed.kind = PacketKind::truncated;
        return parsed;
    }
    if (!is_sum_good && !is_checksum_good(ip, packet.subspan(ip.header, udp_bytes), check)) {
        parsed.kind = PacketKind::bad_checksum;
        return parsed;
    }
    parsed.source = {ip.source, source_port};
    parsed.payload_offset = 14 + ip.header + kUdpHeader;
    parsed.payload_size = udp_bytes - kUdpHeader;
    return parsed;
}

}  // namespace netft::dataplane
