#include "tools/trace/packet.hpp"

#include <charconv>

#include "netft/base/assert.hpp"
#include "netft/client/fields.hpp"
#include "netft/wire/header.hpp"

namespace netft::trace {

using client::flag;
using client::text;
using client::whole;
using nlohmann::json;

namespace {

constexpr std::uint8_t kUdp = 17;
constexpr std::size_t kUdpHeader = 8;
constexpr std::size_t kFrameMax = 2048;

std::uint32_t sum16(Bytes bytes, std::uint32_t sum = 0) {
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
    return sum;
}

// RFC 1071.
std::uint16_t checksum(std::uint32_t sum) {
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

MacAddress mac_of(const IpAddress& address) {
    Bytes bytes = address.bytes();
    Bytes tail = bytes.last(4);
    return {{0x02, 0x6e, tail[0], tail[1], tail[2], tail[3]}};
}

void write_ethernet(const Flow& flow, ByteWriter& out) {
    out.bytes(mac_of(flow.destination.address).bytes);
    out.bytes(mac_of(flow.source.address).bytes);
    out.u16(flow.source.address.is_v4() ? 0x0800 : 0x86dd);
}

void write_ipv4(const Flow& flow, std::size_t udp_size, ByteWriter& out) {
    std::array<std::uint8_t, 20> header{};
    ByteWriter ip(header);
    ip.u8(0x45);
    ip.u8(0);
    ip.u16(static_cast<std::uint16_t>(header.size() + udp_size));
    ip.u16(0);
    ip.u16(0x4000);  // do not fragment
    ip.u8(64);
    ip.u8(kUdp);
    ip.u16(0);
    ip.bytes(flow.source.address.bytes());
    ip.bytes(flow.destination.address.bytes());
    std::uint16_t sum = checksum(sum16(header));
    header[10] = static_cast<std::uint8_t>(sum >> 8);
    header[11] = static_cast<std::uint8_t>(sum & 0xff);
    out.bytes(header);
}

void write_ipv6(const Flow& flow, std::size_t udp_size, ByteWriter& out) {
    out.u32(0x60000000);
    out.u16(static_cast<std::uint16_t>(udp_size));
    out.u8(kUdp);
    out.u8(64);
    out.bytes(flow.source.address.bytes());
    out.bytes(flow.destination.address.bytes());
}

void write_udp(const Flow& flow, Bytes payload, ByteWriter& out) {
    std::uint16_t size = static_cast<std::uint16_t>(kUdpHeader + payload.size());
    std::uint32_t sum = sum16(flow.source.address.bytes());
    sum = sum16(flow.destination.address.bytes(), sum) + kUdp + size;  // pseudo header
    sum = sum16(payload, sum + flow.source.port + flow.destination.port + size);
    std::uint16_t folded = checksum(sum);
    out.u16(flow.source.port);
    out.u16(flow.destination.port);
    out.u16(size);
    out.u16(folded == 0 ? 0xffff : folded);  // RFC 768: 0 would mean none
    out.bytes(payload);
}

BfdState state_of(const std::string& name) {
    for (BfdState state : {BfdState::admin_down, BfdState::init, BfdState::up})
        if (to_string(state) == name) return state;
    return BfdState::down;
}

std::chrono::microseconds us(const json& object, const char* key) {
    return std::chrono::microseconds(static_cast<std::int64_t>(whole(object, key)));
}

}  // namespace

std::optional<Endpoint> parse_endpoint(const std::string& text) {
    std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) return {};
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    std::optional<IpAddress> address = IpAddress::parse(host);
    const char* end = text.data() + text.size();
    Endpoint endpoint;
    auto [rest, error] = std::from_chars(text.data() + colon + 1, end, endpoint.port);
    if (!address || error != std::errc{} || rest != end) return {};
    endpoint.address = *address;
    return endpoint;
}

std::optional<Flow> flow_of(const json& record) {
    std::optional<Endpoint> local = parse_endpoint(text(record, "local"));
    std::optional<Endpoint> remote = parse_endpoint(text(record, "remote"));
    if (!local || !remote || local->address.family() != remote->address.family()) return {};
    if (text(record, "direction") == "received") std::swap(local, remote);
    return Flow{*local, *remote};
}

Heartbeat heartbeat_of(const json& h) {
    Heartbeat out;
    out.state = state_of(text(h, "state"));
    out.poll = flag(h, "poll");
    out.final = flag(h, "final");
    out.graceful_restart = flag(h, "graceful_restart");
    out.stalled = flag(h, "stalled");
    out.suspect = flag(h, "suspect");
    out.notice = flag(h, "notice");
    out.diagnostic = static_cast<Diagnostic>(whole(h, "diagnostic_code") & 0xff);
    out.threshold = static_cast<std::uint8_t>(whole(h, "threshold"));
    out.sender_route = RouteId(static_cast<std::uint16_t>(whole(h, "sender_route")));
    out.receiver_route = RouteId(static_cast<std::uint16_t>(whole(h, "receiver_route")));
    out.desired_tx = us(h, "desired_tx_us");
    out.required_rx = us(h, "required_rx_us");
    out.transmit_time_ns = whole(h, "transmit_time_ns");
    out.echo_time_ns = whole(h, "echo_time_ns");
    out.echo_hold = us(h, "echo_hold_us");
    out.heartbeats_received = whole(h, "heartbeats_received");
    out.highest_counter = whole(h, "highest_counter");
    out.data_received = whole(h, "data_received");
    return out;
}

std::vector<std::uint8_t> datagram_of(const json& record) {
    Heartbeat heartbeat = heartbeat_of(client::member(record, "heartbeat"));
    std::vector<std::uint8_t> bytes(kHeaderSize + kHeartbeatSize);
    ByteWriter out(bytes);
    encode(Header{.type = MessageType::heartbeat,
                  .space = heartbeat.sender_route.value,
                  .counter = whole(record, "counter")},
           out);
    encode(heartbeat, out);
    NETFT_ASSERT(out.ok());
    return bytes;
}

std::vector<std::uint8_t> frame_of(const Flow& flow, Bytes payload) {
    std::vector<std::uint8_t> bytes(kFrameMax);
    ByteWriter out(bytes);
    std::size_t udp_size = kUdpHeader + payload.size();
    write_ethernet(flow, out);
    if (flow.source.address.is_v4())
        write_ipv4(flow, udp_size, out);
    else
        write_ipv6(flow, udp_size, out);
    write_udp(flow, payload, out);
    NETFT_ASSERT(out.ok());
    bytes.resize(out.size());
    return bytes;
}

}  // namespace netft::trace
