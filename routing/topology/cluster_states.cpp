#include "routing/topology/cluster_states.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace netft::routing {

namespace {

// What an interface finds when it looks at others.
struct Tally {
    std::size_t talks = 0;
    std::vector<std::size_t> misses;  // nodes
};

// `counts`: whether the interface at a place is looked at.
template <class Counts>
Tally tally_of(const Sight& sight, Place self, const std::string& network, Counts counts) {
    Tally tally;
    for (Place other : sight.links(self)) {
        if (sight.at(other).network != network || !counts(other)) continue;
        auto talks = sight.talk(self, other);
        if (talks && *talks) ++tally.talks;
        if (talks && !*talks) tally.misses.push_back(other.node);
    }
    return tally;
}

// The interfaces on one network, with their states.
class OneNetwork {
 public:
    OneNetwork(const Sight& sight, const std::string& name)
        : sight_(sight), name_(name), living_(sight.living(name)) {
        auto is_sound = [this](Place p) {
            return sight_.is_alive(p.node) && sight_.reason(p) == Diagnostic::none;
        };
        for (Place place : living_) {
            if (!is_sound(place)) continue;
            Tally tally = tally_of(sight, place, name, is_sound);
            if (tally.talks > 0 || tally.misses.empty()) working_.insert(place);
        }
    }

    InterfaceStatus interface(Place place) const {
        const SeenInterface& seen = sight_.at(place);
        InterfaceStatus out{.node = sight_.node(place.node).name,
                            .name = seen.name,
                            .address = seen.address.to_string(),
                            .network = name_,
                            .reason = sight_.reason(place)};
        std::set<std::string> misses;
        auto lives = [this](Place p) { return sight_.is_alive(p.node); };
        for (std::size_t node : tally_of(sight_, place, name_, lives).misses)
            misses.insert(sight_.node(node).name);
        out.misses.assign(misses.begin(), misses.end());
        out.state = state_of(place, out.reason);
        return out;
    }

    NetworkStatus network() const {
        NetworkStatus out{.name = name_};
        std::size_t pairs = 0;
        std::size_t talking = 0;
        std::set<std::size_t> nodes;
        std::set<std::string> apart;
        for (Place place : living_) {
            nodes.insert(place.node);
            for (Place other : sight_.links(place)) {
                bool is_pair = place < other && sight_.at(other).network == name_ &&
                               sight_.is_alive(other.node);
                if (!is_pair) continue;
                bool talks = sight_.talk(place, other).value_or(false);
                ++pairs;
                talking += talks;
                if (!talks) apart.insert(pair_of(place, other));
            }
        }
        for (const std::string& pair : apart)
            if (out.apart.size() < kApartMax) out.apart.push_back(pair);
        if (nodes.size() < 2)
            out.state = NetworkState::unavailable;
        else if (pairs == 0)
            out.state = NetworkState::unknown;
        else if (talking == pairs)
            out.state = NetworkState::up;
        else
            out.state = talking == 0 ? NetworkState::down : NetworkState::partitioned;
        return out;
    }

 private:
    // The same, whoever is looking.
    std::string pair_of(Place a, Place b) const {
        auto [first, second] = std::minmax(sight_.node(a.node).name, sight_.node(b.node).name);
        return first + " – " + second;
    }
    InterfaceState state_of(Place place, Diagnostic reason) const {
        if (!sight_.is_alive(place.node)) return InterfaceState::unavailable;
        if (reason != Diagnostic::none) return InterfaceState::failed;
        if (!working_.contains(place)) return InterfaceState::failed;
        Tally tally =
            tally_of(sight_, place, name_, [this](Place p) { return working_.contains(p); });
        if (!tally.misses.empty()) return InterfaceState::unreachable;
        bool is_told = tally.talks > 0 || sight_.node(place.node).has_word;
        return is_told ? InterfaceState::up : InterfaceState::unknown;
    }

    const Sight& sight_;
    const std::string& name_;
    std::vector<Place> living_;
    std::set<Place> working_;  // living, and neither unusable nor alone
};

}  // namespace

std::string_view to_string(NetworkState state) {
    switch (state) {
        case NetworkState::up: return "up";
        case NetworkState::partitioned: return "partitioned";
        case NetworkState::down: return "down";
        case NetworkState::unavailable: return "unavailable";
        case NetworkState::unknown: return "unknown";
    }
    return "unknown";
}

std::string_view to_string(InterfaceState state) {
    switch (state) {
        case InterfaceState::up: return "up";
        case InterfaceState::unreachable: return "unreachable";
        case InterfaceState::failed: return "failed";
        case InterfaceState::unavailable: return "unavailable";
        case InterfaceState::unknown: return "unknown";
    }
    return "unknown";
}

ClusterStates states_of(const ClusterView& view) {
    Sight sight(view);
    ClusterStates out;
    for (const auto& [name, places] : sight.networks()) {
        OneNetwork network(sight, name);
        out.networks.push_back(network.network());
        for (Place place : places) out.interfaces.push_back(network.interface(place));
    }
    std::sort(out.interfaces.begin(), out.interfaces.end(),
              [](const InterfaceStatus& a, const InterfaceStatus& b) {
                  return std::tie(a.network, a.node, a.address) <
                         std::tie(b.network, b.node, b.address);
              });
    return out;
}

}  // namespace netft::routing
