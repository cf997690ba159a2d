// The frame in which a traced heartbeat travelled, made again from its fields.
//
// The UDP payload is the real thing (netft header and heartbeat) but for the receiver's session
// index, which a trace does not know: 0. Ethernet addresses are invented from the IP addresses
// (02:6e:…), so that one node has one address per network.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/bytes.hpp"
#include "netft/wire/heartbeat.hpp"

namespace netft::trace {

struct Flow {
    Endpoint source;
    Endpoint destination;
};

// "10.0.0.1:3343", "[fe80::1]:3343".
std::optional<Endpoint> parse_endpoint(const std::string& text);
// In the direction of the record; from local to remote where it has none.
std::optional<Flow> flow_of(const nlohmann::json& record);
Heartbeat heartbeat_of(const nlohmann::json& heartbeat);
// Header and heartbeat as they were on the wire.
std::vector<std::uint8_t> datagram_of(const nlohmann::json& heartbeat_record);
// Ethernet, IP and UDP with right lengths and checksums around the payload.
std::vector<std::uint8_t> frame_of(const Flow& flow, Bytes payload);

}  // namespace netft::trace
