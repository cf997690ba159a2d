// One interface a network, one packet a heartbeat. A transition is a UDP datagram without payload
// on the route, with a packet comment that tells what happened: it was never sent, and marks the
// instant (in Wireshark: frame.comment).
#include <map>

#include "netft/client/fields.hpp"
#include "tools/trace/format.hpp"
#include "tools/trace/packet.hpp"
#include "tools/trace/pcapng.hpp"

namespace netft::trace {

using client::plain;
using client::text;
using nlohmann::json;

namespace {

std::string transition_comment(const json& record) {
    std::string comment = "netft transition: route " + plain(record, "route") + " to " +
                          text(record, "peer") + ": " + text(record, "from") + " -> " +
                          text(record, "to");
    std::string reason = text(record, "reason");
    return reason.empty() ? comment : comment + ": " + reason;
}

class PcapngFormat : public Format {
 public:
    std::string header() override {
        return pcapng::section_header(std::string("netft-trace ") + NETFT_VERSION);
    }
    std::string record(const json& record, const client::View& view) override;

 private:
    std::uint32_t interface_of(const std::string& network, const std::string& node,
                               std::string& out);

    std::map<std::string, std::uint32_t> interfaces_;
};

// Its number; its block is appended to `out` when it is new.
std::uint32_t PcapngFormat::interface_of(const std::string& network, const std::string& node,
                                         std::string& out) {
    auto [entry, added] =
        interfaces_.try_emplace(network, static_cast<std::uint32_t>(interfaces_.size()));
    if (added) out += pcapng::interface_description(network, "netft network, seen by " + node);
    return entry->second;
}

std::string PcapngFormat::record(const json& record, const client::View& view) {
    std::string type = text(record, "type");
    std::optional<Flow> flow = flow_of(record);
    if (!flow || (type != "heartbeat" && type != "transition")) return "";
    bool heartbeat = type == "heartbeat";
    std::vector<std::uint8_t> frame =
        frame_of(*flow, heartbeat ? datagram_of(record) : std::vector<std::uint8_t>{});
    std::string out;
    pcapng::Packet packet;
    packet.interface = interface_of(text(record, "network"), text(view.document(), "node"), out);
    packet.unix_ns = client::whole(record, "unix_ns");
    packet.frame = frame;
    if (!heartbeat) packet.comment = transition_comment(record);
    if (heartbeat)
        packet.flow = text(record, "direction") == "received" ? pcapng::Flow::inbound
                                                              : pcapng::Flow::outbound;
    return out + pcapng::enhanced_packet(packet);
}

}  // namespace

std::unique_ptr<Format> pcapng_format() { return std::make_unique<PcapngFormat>(); }

}  // namespace netft::trace
