// The last transitions and selections of every peer: what `netft-route history` shows.
//
// A ring a peer, so that a flapping peer does not push out what happened to the others.
// Threads: control only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>
#include <vector>

#include "netft/control/status.hpp"

namespace netft::control {

class History {
 public:
    static constexpr std::size_t kRecordsMax = 256;  // a peer; the oldest go first

    void add(TransitionRecord record);
    void add(SelectionRecord record);
    // Of an interface: to its node's; of a network: to that of every peer there is.
    void add(const routing::StateChange& change, const std::vector<std::string>& peers);

    // netft/docs/schema/history.json, oldest record first. A peer without any has none.
    nlohmann::json to_json(const std::string& peer, const WallClock& clock) const;
    std::size_t size(const std::string& peer) const;

 private:
    using Record = std::variant<TransitionRecord, SelectionRecord, routing::StateChange>;
    struct Ring {
        std::deque<Record> records;
        std::uint64_t forgotten = 0;
    };
    void add_record(const std::string& peer, Record record);

    std::map<std::string, Ring> peers_;  // the configuration bounds it
};

}  // namespace netft::control
