// The cluster as a stream tells it: a snapshot, kept current by what follows.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace netft::client {

class View {
 public:
    // Any record of a stream; of an unknown type: ignored.
    void apply(const nlohmann::json& record);

    bool is_complete() const { return complete_; }  // end-of-snapshot has come
    // As `show` gives it.
    const nlohmann::json& document() const { return document_; }
    std::vector<std::string> peers() const;
    bool has_peer(const std::string& name) const;
    bool is_reachable(const std::string& peer) const;
    // The route with its "local", "remote", …; null when it is not known.
    const nlohmann::json& route(const std::string& peer, std::uint64_t id) const;

 private:
    bool is_failover(const std::string& peer);
    nlohmann::json& peer_entry(const std::string& name);
    nlohmann::json& route_entry(const std::string& peer, std::uint64_t id);
    void apply_peer(nlohmann::json record);
    void apply_route(nlohmann::json record);
    void apply_transition(const nlohmann::json& record);
    void apply_state(const nlohmann::json& record);
    void apply_selection(const nlohmann::json& record);

    nlohmann::json document_{{"peers", nlohmann::json::array()}};
    bool complete_ = false;
};

}  // namespace netft::client
