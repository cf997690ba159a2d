#include "tap/datagram_join.hpp"

#include <algorithm>
#include <cstring>

#include "netft/base/assert.hpp"
#include "tap/packet.hpp"
#include "tap/virtio.hpp"

namespace netft::tap {

namespace {

constexpr std::size_t kEthernetSize = 14;
constexpr std::size_t kUdpSize = 8;
constexpr std::size_t kUdpChecksumAt = 6;
constexpr std::size_t kIpBytesMax = 65'535;
constexpr std::uint16_t kFragmentBits = 0x3fff;  // more fragments, offset

std::uint16_t u16_at(const std::uint8_t* at) { return load_big_endian<std::uint16_t>(at); }

void put_u16(std::uint8_t* at, std::uint16_t value) {
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value);
}

std::uint16_t sum_of(std::uint32_t a, std::uint32_t b) {
    std::uint32_t sum = a + b;
    return static_cast<std::uint16_t>((sum & 0xffff) + (sum >> 16));
}

// `sum`, of which `before` was a part, with `after` in its place (RFC 1624).
std::uint16_t replaced(std::uint16_t sum, std::uint16_t before, std::uint16_t after) {
    return sum_of(sum_of(sum, static_cast<std::uint16_t>(~before)), after);
}

// Bits in which the two differ.
template <class Word>
std::uint64_t differing(const std::uint8_t* a, const std::uint8_t* b, std::size_t at) {
    Word left, right;
    std::memcpy(&left, a + at, sizeof(Word));
    std::memcpy(&right, b + at, sizeof(Word));
    return left ^ right;
}

}  // namespace

// size 0: no datagram that could be joined.
DatagramJoin::Layout DatagramJoin::layout_of(Bytes train) {
    constexpr std::size_t kIp = kVirtioHeaderSize + kEthernetSize;
    if (train.size() <= kIp + kIpv4HeaderSize + kUdpSize) return {};
    const std::uint8_t* at = train.data();
    bool is_unicast = (at[kVirtioHeaderSize] & 1) == 0;
    if (!is_unicast || at[0] != kVirtioNeedsChecksum || at[1] != kGsoNone) return {};
    const std::uint8_t* ip = at + kIp;
    std::uint16_t type = u16_at(ip - 2);
    Layout out{.ip = kIp};
    std::size_t length = 0;  // of the UDP datagram
    if (type == kEtherIpv4 && ip[0] == 0x45 && ip[9] == kProtocolUdp &&
        (u16_at(ip + 6) & kFragmentBits) == 0) {
        out.udp = kIp + kIpv4HeaderSize;
        length = std::max<std::size_t>(u16_at(ip + 2), kIpv4HeaderSize) - kIpv4HeaderSize;
    } else if (type == kEtherIpv6 && ip[0] >> 4 == 6 && ip[6] == kProtocolUdp) {
        out.udp = kIp + kIpv6HeaderSize;
        length = u16_at(ip + 4);
    } else {
        return {};
    }
    out.payload = out.udp + kUdpSize;
    const VirtioHeader virtio = read_virtio(at);
    bool is_whole = train.size() == out.udp + length && train.size() > out.payload &&
                    u16_at(at + out.udp + 4) == length;
    bool is_sum_there = virtio.checksum_start + kVirtioHeaderSize == out.udp &&
                        virtio.checksum_offset == kUdpChecksumAt;
    if (!is_whole || !is_sum_there) return {};
    out.size = train.size() - out.payload;
    return out;
}

// Ethernet header; all of the IP header but lengths, identification and checksum; ports.
bool DatagramJoin::is_same_flow(const std::uint8_t* other) const {
    const std::uint8_t* own = first();
    std::size_t ip = layout_.ip;
    std::uint64_t difference = differing<std::uint64_t>(own, other, ip - 14) |
                               differing<std::uint64_t>(own, other, ip - 8) |
                               differing<std::uint32_t>(own, other, layout_.udp);
    if (layout_.udp - ip == kIpv4HeaderSize)
        return (difference | differing<std::uint16_t>(own, other, ip) |
                differing<std::uint32_t>(own, other, ip + 6) |
                differing<std::uint64_t>(own, other, ip + 12)) == 0;
    difference |=
        differing<std::uint32_t>(own, other, ip) | differing<std::uint16_t>(own, other, ip + 6);
    for (std::size_t at = ip + 8; at < layout_.udp; at += 8)
        difference |= differing<std::uint64_t>(own, other, at);
    return difference == 0;
}

// And what else layout_of() looks at is as in the first.
bool DatagramJoin::has_first_length(const std::uint8_t* other) const {
    const std::uint8_t* own = first();
    std::size_t length_at = layout_.ip + (layout_.udp - layout_.ip == kIpv4HeaderSize ? 2 : 4);
    return (differing<std::uint64_t>(own, other, 0) | differing<std::uint32_t>(own, other, 8) |
            differing<std::uint16_t>(own, other, length_at) |
            differing<std::uint16_t>(own, other, layout_.udp + 4)) == 0;
}

bool DatagramJoin::has_room(std::size_t payload) const {
    std::size_t ip_bytes = layout_.payload - layout_.ip + payload_bytes_ + payload;
    return !is_closed_ && count_ < kMax && ip_bytes <= kIpBytesMax;
}

bool DatagramJoin::add(Bytes train) {
    // The usual case behind the first: nothing but the payload is another.
    if (count_ > 0 && train.size() == layout_.payload + layout_.size) {
        if (!is_same_flow(train.data()) || !has_first_length(train.data())) return false;
        if (!has_room(layout_.size)) return false;
        append(train, layout_.size);
        return true;
    }
    Layout layout = layout_of(train);
    if (layout.size == 0) return false;
    if (count_ == 0) {
        layout_ = layout;
        payload_bytes_ = bytes_ = 0;
        is_closed_ = false;
    } else {
        if (layout.udp != layout_.udp || layout.size > layout_.size) return false;
        if (!has_room(layout.size) || !is_same_flow(train.data())) return false;
        is_closed_ = true;
    }
    append(train, layout.size);
    return true;
}

void DatagramJoin::append(Bytes train, std::size_t payload) {
    payload_bytes_ += payload;
    bytes_ += train.size() - kVirtioHeaderSize;
    pieces_[++count_] = {const_cast<std::uint8_t*>(train.data()) + layout_.payload, payload};
}

std::span<const iovec> DatagramJoin::frame() {
    NETFT_ASSERT(count_ > 0);
    pieces_[0] = {const_cast<std::uint8_t*>(first()), layout_.payload};
    if (count_ > 1) {
        std::memcpy(head_.data(), first(), layout_.payload);
        pieces_[0].iov_base = head_.data();
        write_head();
    }
    return std::span(pieces_).first(1 + count_);
}

// Of a frame to be cut: longer by what was joined. The checksum of UDP is that of the pseudo-header
// (VIRTIO 1.1 §5.1.6.2), IPv4's is whole.
void DatagramJoin::write_head() {
    std::uint8_t* ip = head_.data() + layout_.ip;
    std::uint8_t* udp = head_.data() + layout_.udp;
    VirtioHeader virtio = read_virtio(head_.data());
    virtio.gso_type = kGsoUdpL4;
    virtio.gso_size = static_cast<std::uint16_t>(layout_.size);
    virtio.header_length = static_cast<std::uint16_t>(layout_.payload - kVirtioHeaderSize);
    ByteWriter out(MutableBytes(head_).first(kVirtioHeaderSize));
    encode(virtio, out);

    std::uint16_t before = u16_at(udp + 4);
    auto after = static_cast<std::uint16_t>(kUdpSize + payload_bytes_);
    put_u16(udp + 4, after);
    put_u16(udp + kUdpChecksumAt, replaced(u16_at(udp + kUdpChecksumAt), before, after));
    if (layout_.udp - layout_.ip != kIpv4HeaderSize) {
        put_u16(ip + 4, after);
        return;
    }
    std::uint16_t before_ip = u16_at(ip + 2);
    auto after_ip = static_cast<std::uint16_t>(kIpv4HeaderSize + after);
    put_u16(ip + 2, after_ip);
    auto sum = static_cast<std::uint16_t>(~u16_at(ip + 10));
    put_u16(ip + 10, static_cast<std::uint16_t>(~replaced(sum, before_ip, after_ip)));
}

}  // namespace netft::tap
