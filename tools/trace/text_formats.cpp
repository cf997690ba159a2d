#include <array>

#include "netft/client/fields.hpp"
#include "tools/trace/format.hpp"

namespace netft::trace {

using client::member;
using client::plain;
using client::text;
using nlohmann::json;

namespace {

class JsonFormat : public Format {
 public:
    std::string record(const json& record, const client::View&) override {
        return record.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    }
    bool wants_snapshot() const override { return true; }
};

// RFC 4180.
std::string quoted(const std::string& field) {
    if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
    std::string out = "\"";
    for (char c : field) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + "\"";
}

constexpr std::array kRecordColumns{"at",      "unix_ns", "type",   "peer",      "route",
                                    "network", "local",   "remote", "direction", "counter",
                                    "rtt_us",  "from",    "to",     "reason"};
constexpr std::array kHeartbeatColumns{"state",
                                       "poll",
                                       "final",
                                       "graceful_restart",
                                       "stalled",
                                       "suspect",
                                       "notice",
                                       "diagnostic",
                                       "diagnostic_code",
                                       "threshold",
                                       "sender_route",
                                       "receiver_route",
                                       "desired_tx_us",
                                       "required_rx_us",
                                       "transmit_time_ns",
                                       "echo_time_ns",
                                       "echo_hold_us",
                                       "heartbeats_received",
                                       "highest_counter",
                                       "data_received"};

// One row a heartbeat, transition or selection; what a record has not stays empty.
class CsvFormat : public Format {
 public:
    std::string header() override {
        std::string line;
        for (const char* column : kRecordColumns) line += std::string(column) + ",";
        for (const char* column : kHeartbeatColumns) line += std::string(column) + ",";
        line.back() = '\n';
        return line;
    }
    std::string record(const json& record, const client::View&) override {
        std::string type = text(record, "type");
        if (type != "heartbeat" && type != "transition" && type != "selection") return "";
        const json& heartbeat = member(record, "heartbeat");
        std::string line;
        for (const char* column : kRecordColumns) line += quoted(plain(record, column)) + ",";
        for (const char* column : kHeartbeatColumns) line += quoted(plain(heartbeat, column)) + ",";
        line.back() = '\n';
        return line;
    }
};

}  // namespace

std::unique_ptr<Format> json_format() { return std::make_unique<JsonFormat>(); }
std::unique_ptr<Format> csv_format() { return std::make_unique<CsvFormat>(); }

}  // namespace netft::trace
