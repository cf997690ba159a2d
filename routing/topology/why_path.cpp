#include "routing/topology/why_path.hpp"

#include <algorithm>

namespace netft::routing {

namespace {

bool hears(const SeenRoute* route) {
    return route != nullptr && (route->state == BfdState::init || route->state == BfdState::up);
}

std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i)
        out += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
    return out;
}

std::string said(const SeenRoute& route) {
    std::string out = std::string(to_string(route.state));
    if (route.state == BfdState::up && route.suspect) out = "suspect";
    if (route.state == BfdState::init) out = "init (it hears, and is not heard)";
    if (route.damped) out += ", damped";
    if (route.reason == Diagnostic::none) return out;
    return out + (route.peer_said_so ? ": the peer says: " : ": ") +
           std::string(to_string(route.reason));
}

// Examines the route between `a` and `b` in the light of who else is on their networks.
class Path {
 public:
    Path(const Sight& sight, Place a, Place b)
        : sight_(sight), a_(a), b_(b), there_(sight.word(a, b)), back_(sight.word(b, a)) {}

    std::vector<Finding> examine() {
        auto talks = sight_.talk(a_, b_);
        if (!talks) return {};
        if (*talks) return is_sick() ? std::vector{sickness()} : std::vector<Finding>{};
        if (auto found = unusable_ends(); !found.empty()) return found;
        if (is_stalled()) return {stall()};
        if (hears(there_) != hears(back_)) {
            if (hears(there_)) return {one_way(a_, b_)};
            if (hears(back_)) return {one_way(b_, a_)};
        }
        return silent_ends();
    }

 private:
    Finding finding(Culprit culprit) const {
        return {.culprit = culprit,
                .is_down = sight_.talk(a_, b_) != std::optional(true),
                .network = network_of(sight_, a_, b_),
                .evidence = words_of(sight_, a_, b_)};
    }
    Finding finding_at(Culprit culprit, Place place) const {
        Finding out = finding(culprit);
        out.node = name(place);
        out.interface = sight_.at(place).name;
        if (sight_.at(a_).network != sight_.at(b_).network) out.network = sight_.at(place).network;
        return out;
    }
    const std::string& name(Place place) const { return sight_.node(place.node).name; }
    // "n2 (eth0)"
    std::string whose(Place place) const {
        const std::string& interface = sight_.at(place).name;
        return name(place) + (interface.empty() ? "" : " (" + interface + ")");
    }

    // The sound interfaces of living nodes to which this one has a route.
    std::vector<Place> partners(Place place) const {
        std::vector<Place> out;
        for (Place other : sight_.links(place))
            if (sight_.is_alive(other.node) && sight_.reason(other) == Diagnostic::none)
                out.push_back(other);
        return out;
    }
    std::vector<Place> others(Place place) const {
        std::vector<Place> out = partners(place);
        std::erase_if(out, [this](Place p) { return p == a_ || p == b_; });
        return out;
    }
    std::vector<std::string> talking_to(Place place) const {
        std::vector<std::string> out;
        for (Place other : others(place))
            if (sight_.talk(place, other) == std::optional(true)) out.push_back(name(other));
        return out;
    }
    // A pair of those around that talks, the named one left out; "" where there is none.
    std::string pair_without(Place without) const {
        std::vector<Place> around = partners(a_);
        for (Place p : partners(b_)) around.push_back(p);
        for (Place p : around)
            for (Place q : around)
                if (p < q && p != without && q != without && p.node != q.node &&
                    sight_.talk(p, q) == std::optional(true))
                    return name(p) + " and " + name(q);
        return {};
    }

    bool is_sick() const {
        auto sick = [](const SeenRoute* r) { return r != nullptr && (r->suspect || r->damped); };
        return sick(there_) || sick(back_);
    }
    Diagnostic sick_reason() const {
        for (const SeenRoute* route : {there_, back_})
            if (route != nullptr && route->suspect && !route->peer_said_so) return route->reason;
        for (const SeenRoute* route : {there_, back_})
            if (route != nullptr && route->reason != Diagnostic::none) return route->reason;
        return Diagnostic::flapping;
    }
    Finding sickness() const {
        Diagnostic reason = sick_reason();
        if (reason == Diagnostic::local_stall || reason == Diagnostic::peer_stalled) return stall();
        bool is_mtu = reason == Diagnostic::mtu_black_hole;
        Finding out = finding(is_mtu ? Culprit::mtu : Culprit::quality);
        if (is_mtu)
            out.text = "large packets vanish between " + name(a_) + " and " + name(b_) + " on " +
                       out.network + ": the MTU is smaller on the way than at the ends";
        else
            out.text = "the way between " + name(a_) + " and " + name(b_) + " on " + out.network +
                       " is sick: " + std::string(to_string(reason));
        return out;
    }

    bool is_stalled() const {
        auto says = [](const SeenRoute* r) {
            return r != nullptr &&
                   (r->reason == Diagnostic::local_stall || r->reason == Diagnostic::peer_stalled);
        };
        return says(there_) || says(back_);
    }
    Finding stall() const {
        Place who = sight_.node(b_.node).is_stalled ? b_ : a_;
        for (auto [route, from] : {std::pair(there_, a_), std::pair(back_, b_)})
            if (route != nullptr && route->reason == Diagnostic::peer_stalled)
                who = from == a_ ? b_ : a_;
        Finding out = finding(Culprit::stall);
        out.node = name(who);
        out.text = name(who) + " was stopped, starved of processor time or paused";
        return out;
    }

    // Interfaces of which their own nodes say that they cannot be used.
    std::vector<Finding> unusable_ends() const {
        std::vector<Finding> out;
        for (Place place : {a_, b_})
            if (Diagnostic reason = sight_.reason(place); reason != Diagnostic::none)
                out.push_back(unusable(place, reason));
        if (out.empty() && is_shut_down(there_)) out.push_back(shut_down(b_));
        if (out.empty() && is_shut_down(back_)) out.push_back(shut_down(a_));
        return out;
    }
    static bool is_shut_down(const SeenRoute* route) {
        return route != nullptr && route->peer_said_so &&
               (route->reason == Diagnostic::shutting_down ||
                route->reason == Diagnostic::administratively_down);
    }
    Finding shut_down(Place place) const {
        Finding out = finding_at(Culprit::admin, place);
        out.text = "netftd on " + name(place) + " says that it takes the route down on purpose";
        return out;
    }
    Finding unusable(Place place, Diagnostic reason) const {
        if (reason == Diagnostic::carrier_lost && !has_carrier_anywhere(place)) {
            Finding out = finding(Culprit::network);
            out.text = "no node has carrier on " + out.network + ": its switch is dead or off";
            return out;
        }
        Finding out = finding_at(culprit_of(reason), place);
        out.text = sentence_of(place, reason);
        out.evidence.insert(out.evidence.begin(), name(place) + " says of its interface " +
                                                      sight_.at(place).name + ": " +
                                                      std::string(to_string(reason)));
        return out;
    }
    bool has_carrier_anywhere(Place place) const {
        std::vector<Place> all = sight_.living(sight_.at(place).network);
        return all.size() < 2 || std::any_of(all.begin(), all.end(), [this](Place p) {
                   return sight_.reason(p) != Diagnostic::carrier_lost;
               });
    }
    static Culprit culprit_of(Diagnostic reason) {
        if (reason == Diagnostic::carrier_lost) return Culprit::cable;
        if (reason == Diagnostic::interface_admin_down) return Culprit::admin;
        return reason == Diagnostic::address_gone ? Culprit::address : Culprit::nic;
    }
    std::string sentence_of(Place place, Diagnostic reason) const {
        std::string who = whose(place);
        std::string where = " on " + sight_.at(place).network;
        if (reason == Diagnostic::carrier_lost)
            return who + " has no carrier" + where + ": its cable, or the switch port it leads to";
        if (reason == Diagnostic::interface_admin_down)
            return who + " was set down by an administrator" + where;
        if (reason == Diagnostic::address_gone)
            return who + " has lost its address " + sight_.at(place).address.to_string();
        if (reason == Diagnostic::interface_gone)
            return who + " is gone" + where + ": the NIC or its driver";
        return who + " cannot be used" + where + ": " + std::string(to_string(reason));
    }

    // The one that hears is the one that is not heard.
    Finding one_way(Place mute, Place deaf) const {
        Finding out = finding(Culprit::direction);
        out.from = name(mute);
        out.to = name(deaf);
        if (is_mute(mute) && !others(mute).empty()) {
            out = finding_at(Culprit::direction, mute);
            out.from = name(mute);
            out.text = "what " + whose(mute) + " sends on " + out.network +
                       " arrives nowhere, but it hears the others: its transmit side, or the "
                       "receive side of the switch port";
        } else if (is_deaf(deaf) && !others(deaf).empty()) {
            out = finding_at(Culprit::direction, deaf);
            out.to = name(deaf);
            out.text = whose(deaf) + " hears nobody on " + out.network +
                       ", but is heard: its receive side, or the transmit side of the switch port";
        } else {
            out.text = "what " + name(mute) + " sends on " + out.network + " does not arrive at " +
                       name(deaf) + "; the other direction works";
        }
        return out;
    }
    // Nobody hears it, and it hears all.
    bool is_mute(Place place) const {
        std::vector<Place> all = partners(place);
        return std::all_of(all.begin(), all.end(), [&](Place other) {
            return hears(sight_.word(place, other)) && !is_up(place, other);
        });
    }
    // It hears nobody, and all that can be asked hear it.
    bool is_deaf(Place place) const {
        std::vector<Place> all = partners(place);
        return std::all_of(all.begin(), all.end(), [&](Place other) {
            bool is_heard = hears(sight_.word(other, place)) || !sight_.node(other.node).has_word;
            return !hears(sight_.word(place, other)) && is_heard;
        });
    }
    bool is_up(Place from, Place to) const { return sight_.talk(from, to) == std::optional(true); }

    // Neither hears the other, and no interface is to blame by its node's word.
    std::vector<Finding> silent_ends() const {
        auto a_talks = talking_to(a_);
        auto b_talks = talking_to(b_);
        std::vector<Finding> out;
        if (a_talks.empty() && !others(a_).empty() && !pair_without(a_).empty())
            out.push_back(alone(a_));
        if (b_talks.empty() && !others(b_).empty() && !pair_without(b_).empty())
            out.push_back(alone(b_));
        if (!out.empty()) return out;
        bool is_known = there_ != nullptr || back_ != nullptr;
        if (!a_talks.empty() && !b_talks.empty()) return {between(a_talks, b_talks)};
        return {is_known ? whole_network() : finding(Culprit::unknown)};
    }
    Finding alone(Place place) const {
        Finding out = finding_at(Culprit::cable, place);
        out.text = whose(place) + " reaches nobody on " + out.network +
                   " although it has carrier: its cable, the switch port, or the NIC";
        out.evidence.push_back(pair_without(place) + " talk on " + out.network);
        return out;
    }
    Finding between(const std::vector<std::string>& a_talks,
                    const std::vector<std::string>& b_talks) const {
        Finding out = finding(Culprit::path);
        out.text = "only the way between " + name(a_) + " and " + name(b_) + " is cut on " +
                   out.network + ": a link between switches, a VLAN or a filter";
        out.evidence.push_back(name(a_) + " talks to " + joined(a_talks) + " on " + out.network);
        out.evidence.push_back(name(b_) + " talks to " + joined(b_talks) + " on " + out.network);
        return out;
    }
    Finding whole_network() const {
        Finding out = finding(Culprit::network);
        bool has_others = !others(a_).empty() || !others(b_).empty();
        out.text = "nobody talks on " + out.network;
        out.text += has_others
                        ? ": its switch, or what joins its switches"
                        : ": a cable, a port or a switch; with two nodes on it, it cannot be "
                          "told which";
        return out;
    }

    const Sight& sight_;
    Place a_;
    Place b_;
    const SeenRoute* there_;
    const SeenRoute* back_;
};

}  // namespace

std::string network_of(const Sight& sight, Place a, Place b) {
    const std::string& near = sight.at(a).network;
    const std::string& far = sight.at(b).network;
    return near == far ? near : near + " to " + far;
}

std::vector<std::string> words_of(const Sight& sight, Place a, Place b) {
    std::vector<std::string> out;
    for (auto [from, to] : {std::pair(a, b), std::pair(b, a)}) {
        const SeenRoute* route = sight.word(from, to);
        const std::string& who = sight.node(from.node).name;
        if (route != nullptr)
            out.push_back(who + " says: the route to " + sight.node(to.node).name + " on " +
                          network_of(sight, a, b) + " is " + said(*route));
        else if (!sight.node(from.node).has_word)
            out.push_back(who + " cannot be asked");
    }
    return out;
}

std::vector<Finding> examine_path(const Sight& sight, Place a, Place b) {
    return Path(sight, a, b).examine();
}

}  // namespace netft::routing
