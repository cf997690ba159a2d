#include "routing/interfaces/choose.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

namespace netft::routing {

namespace {

// Interfaces whose addresses are never endpoints, configured or not.
bool is_ignored(const InterfaceSettings& settings, const InterfaceFact& fact) {
    return fact.loopback || fact.name == settings.adapter_name;
}

bool is_live(const InterfaceFact& fact) { return fact.admin_up && fact.carrier; }

bool is_v6_link_local(const IpAddress& address) {
    return address.is_v6() && address.is_link_local();
}

// The order in which kinds of addresses are chosen; nullopt: never.
std::optional<int> rank(const IpAddress& address) {
    if (address.is_loopback() || address.is_multicast() || address.is_unspecified()) return {};
    if (address.is_v4()) return address.is_link_local() ? std::nullopt : std::optional(0);
    return address.is_link_local() ? 2 : 1;
}

// A whole address as its own subnet: lent to the interface (a virtual IP), where it is not alone.
bool is_lent(const OwnAddress& own) {
    return !own.peer && own.length == own.address.bytes().size() * 8;
}

// The place in line of the endpoint that the address had on that interface, was it only for a
// while; behind all others where it never had one.
std::size_t seniority(std::span<const LocalEndpoint> known, const InterfaceFact& fact,
                      const IpAddress& address) {
    for (std::size_t i = 0; i < known.size(); ++i) {
        bool is_there = known[i].interface_index == fact.index || known[i].interface == fact.name;
        if (is_there && known[i].endpoint.address.with_scope(0) == address.with_scope(0)) return i;
    }
    return known.size();
}

const OwnAddress* choose_address(const InterfaceFact& fact, std::span<const LocalEndpoint> known) {
    using Order = std::tuple<int, bool, bool, bool, std::size_t, bool>;
    const OwnAddress* best = nullptr;
    Order best_order{};
    for (const OwnAddress& own : fact.addresses) {
        auto kind = rank(own.address);
        if (!kind) continue;
        Order order{*kind,
                    own.deprecated,
                    is_lent(own),
                    own.secondary,
                    seniority(known, fact, own.address),
                    own.dynamic};
        if (best != nullptr && best_order <= order) continue;
        best = &own;
        best_order = order;
    }
    return best;
}

// Both ends of a point-to-point link are on one subnet, whatever the length says.
std::uint8_t subnet_length(const OwnAddress& own) {
    if (!own.peer || own.peer->family() != own.address.family()) return own.length;
    std::uint8_t least = own.address.is_v4() ? 16 : 64;
    for (std::uint8_t length = own.length; length >= least; --length)
        if (Prefix{own.address, length}.contains(*own.peer)) return length;
    return own.length;
}

// What is made of other interfaces, or of nothing: no path of its own. (A VLAN, a macvlan, a bond
// or a bridge is how a host uses its NIC.)
constexpr std::array<std::string_view, 24> kOverlayKinds{
    "tun",       "vxlan", "geneve", "gre", "gretap", "ip6gre", "ip6gretap", "erspan",
    "ip6erspan", "ipip",  "ip6tnl", "sit", "vti",    "vti6",   "xfrm",      "wireguard",
    "bareudp",   "gtp",   "ovpn",   "amt", "dummy",  "ifb",    "nlmon",     "netkit"};

bool is_overlay(std::string_view kind) {
    return std::find(kOverlayKinds.begin(), kOverlayKinds.end(), kind) != kOverlayKinds.end();
}

bool matches(const std::vector<std::string>& globs, const std::string& name) {
    return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
        return fnmatch(glob.c_str(), name.c_str(), 0) == 0;
    });
}

// Works the candidates out; remembers which known endpoints are spoken for.
class Search {
 public:
    Search(const InterfaceSettings& settings, std::span<const InterfaceFact> facts,
           std::span<const LocalEndpoint> known)
        : settings_(settings), facts_(facts), known_(known) {}

    std::vector<Candidate> run() {
        for (const ConfiguredEndpoint& configured : settings_.configured) add(configured);
        for (const InterfaceFact* fact : live_first()) {
            if (is_eligible(settings_, fact->name, fact->kind) && !is_ignored(settings_, *fact) &&
                !is_inner_bridge(*fact) && !is_covered(*fact))
                add_chosen(*fact);
        }
        return std::move(found_);
    }

 private:
    void add(const ConfiguredEndpoint& configured) {
        Candidate c{
            .endpoint = configured.endpoint, .interface = configured.interface, .configured = true};
        c.endpoint.address = c.endpoint.address.with_scope(0);
        if (is_listed(c.endpoint, c.interface)) return;  // written twice
        c.known = find_known(c.endpoint, 0, c.interface);
        const InterfaceFact* last =
            c.known != nullptr ? find_home(facts_, c.known->interface_index, c.known->interface)
                               : find_home(facts_, 0, c.interface);
        if (!c.interface.empty()) last = find_home(facts_, 0, c.interface);
        c.home = find_holder(c, last);
        if (c.home != nullptr)
            c.prefix_length = subnet_length(*find_address(*c.home, c.endpoint.address));
        else
            c.home = last;
        found_.push_back(std::move(c));
    }

    void add_chosen(const InterfaceFact& fact) {
        const OwnAddress* own = choose_address(fact, known_);
        if (own == nullptr) return;
        Candidate c{.endpoint = {own->address.with_scope(0), settings_.port},
                    .home = &fact,
                    .prefix_length = subnet_length(*own)};
        // One address on two interfaces: the first has it, the other has no endpoint.
        if (is_listed(c.endpoint, fact.name)) return;
        c.known = find_known(c.endpoint, fact.index, fact.name);
        found_.push_back(std::move(c));
    }

    // The interface that has the address: a live one, the one that had it last, the first.
    const InterfaceFact* find_holder(const Candidate& c, const InterfaceFact* last) const {
        const InterfaceFact* best = nullptr;
        std::pair<bool, bool> best_order{};
        for (const InterfaceFact& fact : facts_) {
            if (is_ignored(settings_, fact)) continue;
            if (!c.interface.empty() && fact.name != c.interface) continue;
            if (find_address(fact, c.endpoint.address) == nullptr) continue;
            std::pair<bool, bool> order{!is_live(fact), &fact != last};
            if (best != nullptr && best_order <= order) continue;
            best = &fact;
            best_order = order;
        }
        return best;
    }

    const LocalEndpoint* find_known(const Endpoint& endpoint, std::uint32_t index,
                                    const std::string& name) const {
        const LocalEndpoint* by_name = nullptr;
        for (const LocalEndpoint& e : known_) {
            Endpoint bare{e.endpoint.address.with_scope(0), e.endpoint.port};
            if (bare != endpoint || is_taken(e)) continue;
            if (!is_v6_link_local(endpoint.address) || (index != 0 && e.interface_index == index))
                return &e;
            if (e.interface == name) by_name = &e;
        }
        return by_name;
    }

    bool is_taken(const LocalEndpoint& e) const {
        return std::any_of(found_.begin(), found_.end(),
                           [&](const Candidate& c) { return c.known == &e; });
    }

    bool is_listed(const Endpoint& endpoint, const std::string& name) const {
        return std::any_of(found_.begin(), found_.end(), [&](const Candidate& c) {
            if (c.endpoint != endpoint) return false;
            if (!is_v6_link_local(endpoint.address)) return true;
            return c.home != nullptr ? c.home->name == name : c.interface == name;
        });
    }

    bool is_covered(const InterfaceFact& fact) const {
        return std::any_of(found_.begin(), found_.end(), [&](const Candidate& c) {
            return c.configured && c.home == &fact && (c.prefix_length || !is_replaced(c, fact));
        });
    }

    // The configured address is gone from an interface that works and has another of its kind.
    bool is_replaced(const Candidate& c, const InterfaceFact& fact) const {
        if (!is_live(fact)) return false;
        const OwnAddress* other = choose_address(fact, known_);
        return other != nullptr && rank(other->address) == rank(c.endpoint.address);
    }

    std::vector<const InterfaceFact*> live_first() const {
        std::vector<const InterfaceFact*> out;
        for (const InterfaceFact& fact : facts_) out.push_back(&fact);
        std::stable_sort(out.begin(), out.end(), [](const auto* a, const auto* b) {
            return std::pair(!is_live(*a), a->index) < std::pair(!is_live(*b), b->index);
        });
        return out;
    }

    // A bridge of containers or guests alone, or one that nothing was ever plugged into.
    bool is_inner_bridge(const InterfaceFact& fact) const {
        if (fact.kind != "bridge") return false;
        bool has_ports = false;
        for (const InterfaceFact& port : facts_) {
            if (port.master != fact.index) continue;
            if (is_eligible(settings_, port.name, port.kind)) return false;
            has_ports = true;
        }
        if (has_ports) return true;
        return std::none_of(known_.begin(), known_.end(), [&](const LocalEndpoint& e) {
            return e.interface_index == fact.index;
        });
    }

    const InterfaceSettings& settings_;
    std::span<const InterfaceFact> facts_;
    std::span<const LocalEndpoint> known_;
    std::vector<Candidate> found_;
};

}  // namespace

std::vector<Candidate> find_candidates(const InterfaceSettings& settings,
                                       std::span<const InterfaceFact> facts,
                                       std::span<const LocalEndpoint> known) {
    return Search(settings, facts, known).run();
}

bool is_eligible(const InterfaceSettings& settings, const std::string& name,
                 const std::string& kind) {
    if (name == settings.adapter_name) return false;
    if (std::find(settings.captured.begin(), settings.captured.end(), name) !=
        settings.captured.end())
        return true;
    return !is_overlay(kind) && !matches(settings.exclude, name);
}

const InterfaceFact* find_home(std::span<const InterfaceFact> facts, std::uint32_t index,
                               const std::string& name) {
    const InterfaceFact* by_index = nullptr;
    const InterfaceFact* by_name = nullptr;
    for (const InterfaceFact& fact : facts) {
        if (index != 0 && fact.index == index) by_index = &fact;
        if (!name.empty() && fact.name == name) by_name = &fact;
    }
    return by_index != nullptr ? by_index : by_name;
}

const OwnAddress* find_address(const InterfaceFact& fact, const IpAddress& address) {
    for (const OwnAddress& own : fact.addresses)
        if (own.address.with_scope(0) == address.with_scope(0)) return &own;
    return nullptr;
}

}  // namespace netft::routing
