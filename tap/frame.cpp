#include "tap/frame.hpp"

#include "tap/packet.hpp"
#include "tap/virtio.hpp"

namespace netft::tap {

namespace {

constexpr std::size_t kEtherTypeOffset = 12;
constexpr std::size_t kVlanTagSize = 4;
constexpr std::size_t kUdpHeaderSize = 8;
constexpr std::size_t kTcpHeaderSizeMin = 20;
constexpr std::uint16_t kTcpChecksumOffset = 16;
constexpr std::uint16_t kUdpChecksumOffset = 6;
// Bounds that kernels have for what their programs send; older ones have none for what a TAP gives.
constexpr std::size_t kUdpSegmentsMax = 128;  // UDP_MAX_SEGMENTS since 6.9; 64 before
constexpr std::uint16_t kTcpSegmentMin = 48;  // TCP_MIN_SND_MSS

// Offsets count from the beginning of the Ethernet frame.
struct Transport {
    std::uint16_t type = 0;  // EtherType
    std::uint8_t protocol = 0;
    std::size_t start = 0;
    std::size_t header_size = 0;
    std::uint16_t checksum_offset = 0;
};

// The TCP or UDP header of a whole (not fragmented) packet; nullopt: there is none.
std::optional<Transport> find_transport(const Ethernet& ethernet, std::size_t l2_size) {
    const std::optional<IpPacket> packet = parse_ip(ethernet.type, ethernet.payload);
    if (!packet || packet->is_fragment) return {};
    Transport out;
    out.type = ethernet.type;
    out.protocol = packet->protocol;
    out.start = l2_size + packet->transport;
    if (packet->protocol == kProtocolUdp) {
        out.header_size = kUdpHeaderSize;
        out.checksum_offset = kUdpChecksumOffset;
        return out;
    }
    // parse_ip has seen all up to the transport header.
    ByteReader in(ethernet.payload.subspan(packet->transport));
    in.take(12);
    out.header_size = static_cast<std::size_t>(in.u8() >> 4) * 4;
    out.checksum_offset = kTcpChecksumOffset;
    if (!in.ok() || packet->protocol != kProtocolTcp) return {};
    if (out.header_size < kTcpHeaderSizeMin) return {};
    return out;
}

bool fits_gso_type(const Transport& transport, std::uint8_t gso_type) {
    switch (gso_type & ~kGsoEcn) {
        case kGsoTcpV4: return transport.type == kEtherIpv4 && transport.protocol == kProtocolTcp;
        case kGsoTcpV6: return transport.type == kEtherIpv6 && transport.protocol == kProtocolTcp;
        case kGsoUdpL4: return gso_type == kGsoUdpL4 && transport.protocol == kProtocolUdp;
    }
    return false;
}

// Segments of a size that a sender's kernel makes: no frame is cut into thousands by the
// receiver's.
bool is_segment_size_true(const VirtioHeader& header, const Transport& transport,
                          std::size_t frame_bytes) {
    if (transport.start + transport.header_size > frame_bytes) return false;
    const std::size_t payload = frame_bytes - transport.start - transport.header_size;
    if (header.gso_size > payload) return false;
    if (transport.protocol == kProtocolTcp) return header.gso_size >= kTcpSegmentMin;
    return payload <= std::size_t{header.gso_size} * kUdpSegmentsMax;
}

bool is_vlan_tagged(Bytes frame) {
    return load_big_endian<std::uint16_t>(frame.data() + kEtherTypeOffset) == kEtherVlan;
}

bool is_segmentation_true(const VirtioHeader& header, Bytes frame, std::size_t l2_size,
                          std::size_t frame_bytes) {
    if (header.gso_type == kGsoNone) return header.gso_size == 0;
    // §5.1.6.2: a segmented frame's checksum is always left to the receiver.
    if (header.gso_size == 0 || (header.flags & kVirtioNeedsChecksum) == 0) return false;
    std::optional<Ethernet> ethernet = parse_ethernet(frame);
    if (!ethernet || !skip_vlan_tag(*ethernet)) return false;
    const std::optional<Transport> transport = find_transport(*ethernet, l2_size);
    return transport && fits_gso_type(*transport, header.gso_type) &&
           header.checksum_start == transport->start &&
           header.checksum_offset == transport->checksum_offset &&
           is_segment_size_true(header, *transport, frame_bytes);
}

bool is_checksum_inside(const VirtioHeader& header, std::size_t l2_size, std::size_t frame_bytes) {
    if ((header.flags & kVirtioNeedsChecksum) == 0) return true;
    const std::size_t end = std::size_t{header.checksum_start} + header.checksum_offset + 2;
    return header.checksum_start >= l2_size && end <= frame_bytes;
}

bool are_flags_known(std::uint8_t flags) {
    return flags == 0 || flags == kVirtioNeedsChecksum || flags == kVirtioDataValid;
}

}  // namespace

// Most frames are single packets: of these nothing behind the Ethernet header is looked at.
std::optional<DropReason> check_virtio(Bytes head, std::size_t total_bytes) {
    if (total_bytes < kVirtioHeaderSize + kEthernetHeaderSize) return DropReason::frame_too_short;
    if (head.size() < kVirtioHeaderSize + kEthernetHeaderSize) return DropReason::frame_bad_virtio;
    const VirtioHeader header = read_virtio(head.data());
    const Bytes frame = head.subspan(kVirtioHeaderSize);
    const std::size_t l2_size =
        is_vlan_tagged(frame) ? kEthernetHeaderSize + kVlanTagSize : kEthernetHeaderSize;
    if (frame.size() < l2_size) return DropReason::frame_bad_virtio;
    const std::size_t frame_bytes = total_bytes - kVirtioHeaderSize;
    const bool fine = are_flags_known(header.flags) && header.header_length <= frame_bytes &&
                      is_checksum_inside(header, l2_size, frame_bytes) &&
                      is_segmentation_true(header, frame, l2_size, frame_bytes);
    if (!fine) return DropReason::frame_bad_virtio;
    return {};
}

}  // namespace netft::tap
