#include "netft/control/history.hpp"

#include <nlohmann/json.hpp>

#include "netft/control/status_cluster.hpp"

namespace netft::control {

using nlohmann::json;

void History::add(TransitionRecord record) {
    std::string peer = record.peer;
    add_record(peer, std::move(record));
}

void History::add(SelectionRecord record) {
    std::string peer = record.peer;
    add_record(peer, std::move(record));
}

void History::add(const routing::StateChange& change, const std::vector<std::string>& peers) {
    if (!change.node.empty()) return add_record(change.node, change);
    for (const std::string& peer : peers) add_record(peer, change);
}

void History::add_record(const std::string& peer, Record record) {
    Ring& ring = peers_[peer];
    if (ring.records.size() == kRecordsMax) {
        ring.records.pop_front();
        ++ring.forgotten;
    }
    ring.records.push_back(std::move(record));
}

json History::to_json(const std::string& peer, const WallClock& clock) const {
    json records = json::array();
    auto ring = peers_.find(peer);
    if (ring != peers_.end())
        for (const Record& record : ring->second.records)
            records.push_back(
                std::visit([&](const auto& r) { return control::to_json(r, clock); }, record));
    return {{"version", 1},
            {"peer", peer},
            {"forgotten", ring == peers_.end() ? 0 : ring->second.forgotten},
            {"records", std::move(records)}};
}

std::size_t History::size(const std::string& peer) const {
    auto ring = peers_.find(peer);
    return ring == peers_.end() ? 0 : ring->second.records.size();
}

}  // namespace netft::control
