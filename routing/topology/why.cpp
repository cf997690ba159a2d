#include "routing/topology/why.hpp"

#include <algorithm>
#include <set>

#include "routing/topology/why_path.hpp"

namespace netft::routing {

namespace {

class Case {
 public:
    Case(const ClusterView& view, std::size_t a, std::size_t b) : sight_(view), a_(a), b_(b) {
        for (std::size_t i = 0; i < sight_.node(a).interfaces.size(); ++i)
            for (std::size_t k = 0; k < sight_.node(b).interfaces.size(); ++k)
                if (sight_.talk({a, i}, {b, k})) paths_.push_back({{a, i}, {b, k}});
    }

    Verdict judge() {
        Verdict out;
        out.reachable = std::any_of(paths_.begin(), paths_.end(), [this](const auto& path) {
            return sight_.talk(path.first, path.second) == std::optional(true);
        });
        if (!out.reachable) out.findings = of_whole_nodes();
        if (out.findings.empty()) out.findings = of_paths();
        if (out.reachable) add_lasting(out.findings);
        if (out.findings.empty()) out.findings = of_what_is_over();
        if (out.findings.empty()) out.findings.push_back(out.reachable ? nothing() : unknown());
        if (!out.reachable && is_unanswered()) add_unanswered(out.findings.front());
        std::stable_sort(
            out.findings.begin(), out.findings.end(), [](const Finding& x, const Finding& y) {
                return std::pair(!x.is_down, x.culprit) < std::pair(!y.is_down, y.culprit);
            });
        return out;
    }

 private:
    const std::string& name(std::size_t node) const { return sight_.node(node).name; }
    std::string both() const { return name(a_) + " and " + name(b_); }

    std::vector<Finding> of_whole_nodes() const {
        for (auto [from, to] : {std::pair(a_, b_), std::pair(b_, a_)})
            if (auto standing = standing_of(from, to);
                standing && is_refusal(*standing) && !is_one_way(from, to, *standing))
                return {mismatch(from, to, *standing)};
        for (std::size_t node : {b_, a_})
            if (!sight_.is_alive(node)) return of_dead(node);
        if (auto third = never_met(); third) return {strangers(*third)};
        return {};
    }

    std::optional<Standing> standing_of(std::size_t from, std::size_t to) const {
        const std::vector<Standing>& all = sight_.node(from).standings;
        if (to >= all.size()) return {};
        return all[to];
    }
    static bool is_refusal(Standing standing) { return !fact_of(standing).empty(); }
    // Who hears the other's heartbeats has keys that fit: its answers only do not arrive.
    bool is_one_way(std::size_t from, std::size_t to, Standing standing) const {
        const auto& routes = sight_.node(from).routes;
        return standing == Standing::unshown &&
               std::any_of(routes.begin(), routes.end(), [to](const SeenRoute& route) {
                   return route.peer == to && route.state == BfdState::init;
               });
    }
    Finding mismatch(std::size_t from, std::size_t to, Standing standing) const {
        Finding out{.culprit = Culprit::mismatch, .is_down = true, .node = name(to)};
        out.text = both() + " do not fit: their keys or configuration files differ";
        out.evidence = {name(from) + " says of " + name(to) + ": " +
                        std::string(fact_of(standing))};
        return out;
    }
    static std::string_view fact_of(Standing standing) {
        switch (standing) {
            case Standing::other_key:
                return "its answers do not open: another cluster key, or a public key that is not "
                       "its";
            case Standing::other_mode: return "it has another security mode";
            case Standing::bad_card: return "what it says of itself contradicts the configuration";
            case Standing::unshown:
                return "it asks for sessions and takes none of our answers: another cluster key, "
                       "or they do not arrive";
            case Standing::cloned: return "two machines use one key";
            case Standing::unrenewed:
                return "its handshakes are filtered: its session's keys were not renewed and have "
                       "ended";
            case Standing::unknown_key:
                return "from its address somebody opens with a key that is none of the file's: was "
                       "it given a new one?";
            case Standing::knows_other_key:
                return "what comes from its address is made for another key than ours: has its "
                       "file an old one, or are addresses swapped?";
            case Standing::other_cluster:
                return "what comes from its address does not open: another cluster name?";
            case Standing::known:
            case Standing::no_session:
            case Standing::no_card: break;
        }
        return {};
    }
    // No session yet, both ways, though a third node is reached by both on one network.
    std::optional<std::size_t> never_met() const {
        auto no_session = [this](std::size_t from, std::size_t to) {
            auto standing = standing_of(from, to);
            return !standing || *standing == Standing::no_session;
        };
        if (!no_session(a_, b_) || !no_session(b_, a_)) return {};
        for (const auto& [near, far] : paths_)
            for (Place third : sight_.living(sight_.at(near).network))
                if (third.node != a_ && third.node != b_ &&
                    sight_.talk(near, third) == std::optional(true) &&
                    sight_.talk(far, third) == std::optional(true))
                    return third.node;
        return {};
    }
    Finding strangers(std::size_t third) const {
        Finding out{.culprit = Culprit::mismatch, .is_down = true};
        out.text = both() +
                   " have never had a session: their keys do not fit, or something between "
                   "them lets netft's port not pass";
        out.evidence = {"both reach " + name(third) + " on a network that they share"};
        return out;
    }

    // Nobody reaches the node.
    std::vector<Finding> of_dead(std::size_t node) const {
        std::vector<std::size_t> witnesses;
        std::set<std::string> networks;
        bool is_shut = false;
        bool has_sound = false;  // a route whose ends nobody blames
        std::vector<std::string> evidence;
        for (std::size_t n = 0; n < sight_.view().nodes.size(); ++n) {
            const SeenNode& witness = sight_.node(n);
            if (!witness.has_word || n == node) continue;
            witnesses.push_back(n);
            for (const SeenRoute& route : witness.routes) {
                if (route.peer != node) continue;
                Place near{n, route.interface};
                Place far{node, route.remote_interface};
                networks.insert(sight_.at(far).network);
                is_shut |= route.peer_said_so && route.reason == Diagnostic::shutting_down;
                has_sound |= sight_.reason(near) == Diagnostic::none &&
                             sight_.reason(far) == Diagnostic::none;
                evidence.push_back(words_of(sight_, near, far).front());
            }
        }
        if (is_shut) return {stopped(node, evidence)};
        if (auto self = cut_off_witness(node)) return *self;
        bool is_certain = witnesses.size() >= 2 || networks.size() >= 2;
        if (!is_certain || !has_sound) return {};
        Finding out{.culprit = Culprit::node, .is_down = true, .node = name(node)};
        out.text = name(node) +
                   " is silent on all its networks, for all that can be asked: the "
                   "machine or its netftd is down or frozen";
        out.evidence = std::move(evidence);
        return {out};
    }
    Finding stopped(std::size_t node, std::vector<std::string> evidence) const {
        Finding out{.culprit = Culprit::admin, .is_down = true, .node = name(node)};
        out.text =
            "netftd on " + name(node) + " was stopped on purpose: it said that it shuts down";
        out.evidence = std::move(evidence);
        return out;
    }
    // This node reaches nobody, and there are at least two others: rather it than all of them.
    std::optional<std::vector<Finding>> cut_off_witness(std::size_t node) const {
        const SeenNode& self = sight_.node(0);
        std::size_t count = sight_.view().nodes.size();
        bool is_alone = count >= 3;
        for (std::size_t n = 1; n < count; ++n) is_alone = is_alone && !sight_.is_alive(n);
        bool is_asked = a_ == 0 || b_ == 0;
        if (!is_alone || !is_asked || node == 0) return {};
        bool has_sound =
            std::any_of(self.interfaces.begin(), self.interfaces.end(),
                        [](const SeenInterface& i) { return i.reason == Diagnostic::none; });
        if (!has_sound) return std::vector<Finding>{};  // its interfaces say it better
        bool is_new = std::all_of(self.standings.begin() + 1, self.standings.end(),
                                  [](Standing s) { return s == Standing::no_session; });
        Finding out{.culprit = Culprit::node, .is_down = true, .node = self.name};
        out.text = self.name + (is_new ? " opens to all others and nobody answers: it is not in "
                                         "their files, UDP does not pass, or it is cut off"
                                       : " reaches nobody on any network: rather it is cut off "
                                         "than that all others are down");
        for (std::size_t n = 1; n < count; ++n)
            out.evidence.push_back(self.name + " does not reach " + name(n));
        return std::vector{out};
    }

    // It is up, and will not stay so, or not for all that is sent.
    void add_lasting(std::vector<Finding>& out) const {
        for (auto [from, to] : {std::pair(a_, b_), std::pair(b_, a_)})
            if (standing_of(from, to) == Standing::unrenewed) {
                out.push_back(
                    {.culprit = Culprit::path,
                     .text = "the keys between " + both() +
                             " cannot be renewed: something lets handshakes not pass; they talk "
                             "until the keys end",
                     .evidence = {name(from) + " says that the keys of its session with " +
                                  name(to) + " are overdue"}});
                break;
            }
        for (const auto& [near, far] : paths_)
            if (has_two_mtus(near, far)) out.push_back(two_mtus(near, far));
    }
    bool has_two_mtus(Place near, Place far) const {
        constexpr std::uint16_t kUnknown = 0xffff;
        const SeenInterface& a = sight_.at(near);
        const SeenInterface& b = sight_.at(far);
        return a.network == b.network && a.mtu % kUnknown != 0 && b.mtu % kUnknown != 0 &&
               a.mtu != b.mtu;
    }
    Finding two_mtus(Place near, Place far) const {
        Place least = sight_.at(near).mtu < sight_.at(far).mtu ? near : far;
        const SeenInterface& small = sight_.at(least);
        const SeenInterface& large = sight_.at(least == near ? far : near);
        Finding out{.culprit = Culprit::mtu, .node = name(least.node), .network = small.network};
        out.interface = small.name;
        out.text = name(least.node) + (small.name.empty() ? "" : " (" + small.name + ")") +
                   " has an MTU of " + std::to_string(small.mtu) + " on " + small.network +
                   ", the other end has " + std::to_string(large.mtu) +
                   ": netft sends what both take, other programs' large packets vanish";
        for (Place p : {near, far})
            out.evidence.push_back(name(p.node) + " has " + std::to_string(sight_.at(p).mtu));
        return out;
    }

    // This node has asked the other, and never had an answer in this life.
    bool is_unanswered() const {
        std::size_t other = a_ == 0 ? b_ : a_;
        return (a_ == 0 || b_ == 0) && standing_of(0, other) == Standing::no_session;
    }
    void add_unanswered(Finding& finding) const {
        const std::string& other = name(a_ == 0 ? b_ : a_);
        finding.evidence.push_back(other + " has answered none of " + name(0) +
                                   "'s openings: has its file " + name(0) +
                                   " with this key, does UDP pass, does netftd run there?");
    }

    std::vector<Finding> of_paths() const {
        std::vector<Finding> out;
        for (const auto& [near, far] : paths_)
            for (Finding& finding : examine_path(sight_, near, far))
                if (std::find(out.begin(), out.end(), finding) == out.end())
                    out.push_back(std::move(finding));
        return out;
    }

    // All is up again, but it was not a short time ago.
    std::vector<Finding> of_what_is_over() const {
        std::vector<Finding> out;
        for (std::size_t node : {b_, a_})
            if (sight_.node(node).is_stalled)
                out.push_back({.culprit = Culprit::stall,
                               .node = name(node),
                               .text = name(node) + " was stopped, starved of processor time or "
                                                    "paused a short time ago; all routes are up",
                               .evidence = {name(node) + " says that it was stalled"}});
        return out;
    }
    Finding nothing() const {
        Finding out{.culprit = Culprit::none};
        out.text = "nothing is wrong between " + both();
        for (const auto& [near, far] : paths_)
            out.evidence.push_back("they talk on " + network_of(sight_, near, far));
        return out;
    }
    Finding unknown() const {
        Finding out{.culprit = Culprit::unknown, .is_down = true};
        out.text = "nothing can be told of " + both();
        for (std::size_t node : {a_, b_})
            if (!sight_.node(node).has_word)
                out.evidence.push_back(name(node) + " cannot be asked");
        if (paths_.empty()) out.evidence.push_back("no route is known that joins them");
        return out;
    }

    Sight sight_;
    std::size_t a_;
    std::size_t b_;
    std::vector<std::pair<Place, Place>> paths_;
};

}  // namespace

std::string_view to_string(Culprit culprit) {
    switch (culprit) {
        case Culprit::mismatch: return "mismatch";
        case Culprit::node: return "node";
        case Culprit::admin: return "admin";
        case Culprit::nic: return "nic";
        case Culprit::cable: return "cable";
        case Culprit::address: return "address";
        case Culprit::direction: return "direction";
        case Culprit::network: return "network";
        case Culprit::path: return "path";
        case Culprit::mtu: return "mtu";
        case Culprit::quality: return "quality";
        case Culprit::stall: return "stall";
        case Culprit::none: return "none";
        case Culprit::unknown: return "unknown";
    }
    return "unknown";
}

Verdict why(const ClusterView& view, std::size_t a, std::size_t b) {
    return Case(view, a, b).judge();
}

}  // namespace netft::routing
