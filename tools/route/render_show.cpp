#include <algorithm>
#include <vector>

#include "netft/client/fields.hpp"
#include "netft/client/human.hpp"
#include "netft/client/table.hpp"
#include "tools/route/render.hpp"

namespace netft::route {

using client::Align;
using client::Cell;
using client::Column;
using client::flag;
using client::member;
using client::number;
using client::plain;
using client::text;
using client::Tone;
using nlohmann::json;

namespace {

struct Row {
    const json* peer = nullptr;
    const json* route = nullptr;  // null: the peer has none
};

// What needs attention comes first.
int rank_of(const Row& row) {
    if (row.route == nullptr) return 0;
    std::string state = text(*row.route, "state");
    if (!client::is_up(state)) return 1;
    return state == "suspect" || state == "damped" ? 2 : 3;
}

std::vector<Row> rows_of(const json& document) {
    std::vector<Row> rows;
    for (const json& peer : member(document, "peers")) {
        const json& routes = member(peer, "routes");
        if (routes.empty()) rows.push_back({&peer, nullptr});
        for (const json& route : routes) rows.push_back({&peer, &route});
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return rank_of(a) < rank_of(b); });
    return rows;
}

std::string pair_text(const json& object, const char* first, const char* second,
                      std::string (*format)(double)) {
    auto a = number(object, first);
    auto b = number(object, second);
    if (!a && !b) return "";
    return (a ? format(*a) : "–") + "/" + (b ? format(*b) : "–");
}

std::string rtt_number(double us) { return json(static_cast<std::uint64_t>(us)).dump(); }

Cell loss_cell(const json& route) {
    const json& loss = member(route, "loss");
    bool lossy = number(loss, "in").value_or(0) > 0 || number(loss, "out").value_or(0) > 0;
    return {pair_text(loss, "in", "out", client::percent_text), lossy ? Tone::warn : Tone::plain};
}

Cell state_cell(const std::string& state) {
    if (state == "up") return {state, Tone::good};
    bool is_warning = state == "suspect" || state == "damped" || state == "init";
    return {state, is_warning ? Tone::warn : Tone::bad};
}

std::string address(const json& route, const char* key) {
    return client::without_default_port(text(route, key));
}

// Carries traffic by the policy; carries copies or a class of traffic beside it.
std::string use_mark(const json& route) {
    if (flag(route, "in_use")) return "*";
    std::string use = text(route, "use");
    return use.empty() || use == "none" ? "" : "+";
}

std::vector<Cell> cells_of(const Row& row, const Style& style) {
    if (row.route == nullptr) {
        std::vector<Cell> cells(15);
        cells[1] = {text(*row.peer, "name")};
        cells[2] = {"no route", Tone::bad};
        cells[14] = {text(*row.peer, "note")};
        return cells;
    }
    const json& r = *row.route;
    return {{use_mark(r), Tone::good},
            {text(*row.peer, "name")},
            state_cell(text(r, "state")),
            {text(r, "network")},
            {address(r, "local")},
            {address(r, "remote")},
            {client::since_text(text(r, "since"), style.now)},
            {text(r, "detects")},
            {plain(r, "priority")},
            {pair_text(member(r, "rtt_us"), "p50", "p99", rtt_number)},
            {plain(r, "jitter_us")},
            loss_cell(r),
            {plain(r, "mtu")},
            {plain(r, "id")},
            {text(r, "reason"), Tone::warn}};
}

const std::vector<Column>& columns() {
    static const std::vector<Column> all{{""},
                                         {"PEER"},
                                         {"STATE"},
                                         {"NETWORK"},
                                         {"LOCAL"},
                                         {"REMOTE"},
                                         {"SINCE", Align::right},
                                         {"DETECTS IN"},
                                         {"PRIO", Align::right},
                                         {"RTT p50/p99 µs", Align::right},
                                         {"JITTER µs", Align::right},
                                         {"LOSS in/out %", Align::right},
                                         {"MTU", Align::right},
                                         {"ROUTE", Align::right},
                                         {"REASON"}};
    return all;
}

void render_warning(std::ostream& out, const std::string& warning, const Style& style) {
    out << client::paint("WARNING", Tone::bad, style.colour) << ": " << client::printable(warning)
        << '\n';
}

// "encrypt (crypto_aesni_gcm)", "encrypt (crypto_openssl, no cluster key)", "none".
std::string security_text(const json& document) {
    const json& crypto = member(document, "crypto");
    std::string device = text(crypto, "device");
    std::string facts = device;
    if (crypto.is_object() && !flag(crypto, "cluster_key"))
        facts += std::string(facts.empty() ? "" : ", ") + "no cluster key";
    return text(document, "security") + (facts.empty() ? "" : " (" + facts + ")");
}

// What the mode leaves open, in words of our own: the daemon's warning says the same.
void render_security(std::ostream& out, const json& document, const Style& style) {
    std::string mode = text(document, "security");
    if (mode == "none")
        render_warning(out, "security is \"none\": traffic is neither private nor authenticated",
                       style);
    if (mode == "sign")
        render_warning(
            out, "security is \"sign\": traffic is authenticated, but readable by anybody", style);
}

void render_floating(std::ostream& out, const json& document) {
    for (const json& peer : member(document, "peers")) {
        std::string line;
        for (const json& address : member(peer, "floating"))
            line += "  " + (address.is_string() ? address.get<std::string>() : "");
        if (!line.empty())
            out << client::printable("floating" + line + "  at " + text(peer, "name")) << '\n';
    }
}

// Routes, faults and peers without a route have a line of their own elsewhere.
bool is_lost_network(const json& finding) {
    return member(finding, "route").is_null() && !text(finding, "peer").empty() &&
           text(finding, "reason").find("independent network") != std::string::npos;
}

void render_node(std::ostream& out, const json& document, const Style& style) {
    const json& adapter = member(document, "adapter");
    out << client::printable("node " + text(document, "node") + "   cluster " +
                             text(document, "cluster") + "   security " + security_text(document))
        << '\n'
        << client::printable("adapter " + text(adapter, "name") + " " + text(adapter, "state") +
                             "   " + text(adapter, "ipv4") + "   " + text(adapter, "ipv6") +
                             "   mtu " + plain(adapter, "mtu") + "   " + text(adapter, "mac"))
        << '\n';
    render_floating(out, document);
    render_security(out, document, style);
    for (const json& warning : member(document, "warnings")) {
        std::string line = warning.is_string() ? warning.get<std::string>() : "";
        if (!line.empty() && !line.starts_with("security mode")) render_warning(out, line, style);
    }
    for (const json& finding : member(member(document, "verdict"), "findings"))
        if (is_lost_network(finding))
            render_warning(out, text(finding, "peer") + ": " + text(finding, "reason"), style);
}

// The oldest keys in use: an RFC 3339 instant, which is compared as text; "" without keys.
std::string oldest_keys(const json& document) {
    std::string oldest;
    if (text(document, "security") == "none") return oldest;  // there are none
    for (const json& peer : member(document, "peers")) {
        std::string since = text(member(peer, "session"), "since");
        if (!since.empty() && (oldest.empty() || since < oldest)) oldest = since;
    }
    return oldest;
}

void render_counts(std::ostream& out, const json& document, const std::vector<Row>& rows,
                   const Style& style) {
    auto up = std::count_if(rows.begin(), rows.end(), [](const Row& r) { return rank_of(r) >= 2; });
    auto routes = std::count_if(rows.begin(), rows.end(), [](const Row& r) { return r.route; });
    const json& peers = member(document, "peers");
    auto reachable = std::count_if(peers.begin(), peers.end(), [](const json& peer) {
        return text(peer, "state") == "reachable";
    });
    bool well = up == routes && reachable == static_cast<std::ptrdiff_t>(peers.size());
    std::string state;  // the verdict that `check` gives
    if (const json& verdict = member(document, "verdict"); verdict.is_object()) {
        up = static_cast<std::ptrdiff_t>(number(verdict, "routes_up").value_or(0));
        routes = static_cast<std::ptrdiff_t>(number(verdict, "routes_expected").value_or(0));
        well = text(verdict, "state") == "ok";
        if (!well) state = text(verdict, "state") + ": ";
    }
    std::string age = client::since_text(oldest_keys(document), style.now);
    out << client::paint(state + std::to_string(reachable) + " of " + std::to_string(peers.size()) +
                             " peers reachable, " + std::to_string(up) + " of " +
                             std::to_string(routes) + " routes up",
                         well ? Tone::good : Tone::bad, style.colour)
        << (age.empty() ? "" : ", session keys at most " + age + " old") << '\n';
}

// Nothing for the default.
std::string policy_text(const json& peer) {
    std::string policy = text(peer, "policy");
    auto small = number(peer, "duplicate_small").value_or(0);
    if (policy.empty() || (policy == "failover" && small <= 0)) return "";
    std::string copies =
        small > 0 && policy != "duplicate"
            ? ", frames of up to " + plain(peer, "duplicate_small") + " bytes duplicated"
            : "";
    return "policy " + policy + copies;
}

// One line where all peers have the same, else one each.
void render_policies(std::ostream& out, const json& document) {
    const json& peers = member(document, "peers");
    bool all_same = std::all_of(peers.begin(), peers.end(), [&peers](const json& peer) {
        return policy_text(peer) == policy_text(peers.front());
    });
    for (const json& peer : peers) {
        std::string policy = policy_text(peer);
        std::string who = all_same ? "all peers" : text(peer, "name");
        if (!policy.empty()) out << client::printable(who + ": " + policy) << '\n';
        if (all_same) return;
    }
}

// What is the matter with a peer as a whole: one line each.
void render_peers(std::ostream& out, const json& document, const Style& style) {
    for (const json& peer : member(document, "peers")) {
        std::string name = client::printable(text(peer, "name"));
        bool is_gone = text(peer, "state") != "reachable" && !member(peer, "routes").empty();
        if (is_gone) {
            std::string note = client::printable(text(peer, "note"));
            out << client::paint(name + " is unreachable", Tone::bad, style.colour)
                << (note.empty() ? "" : ": " + note) << '\n';
        }
        if (std::string relay = client::printable(text(peer, "relay")); !relay.empty())
            out << client::paint(name + " is reached by way of " + relay, Tone::warn, style.colour)
                << ": no direct route is up\n";
        std::string session = client::printable(text(member(peer, "session"), "note"));
        if (!session.empty())
            out << client::paint(name + ", session", Tone::warn, style.colour) << ": " << session
                << '\n';
    }
}

std::string joined(const json& names) {
    std::string out;
    for (const json& name : names)
        if (name.is_string()) out += (out.empty() ? "" : ", ") + name.get<std::string>();
    return out;
}

// "network 10.0.0.0/24 is partitioned: n1 – n3 cannot talk".
void render_network(std::ostream& out, const json& network, const Style& style) {
    std::string state = text(network, "state");
    if (state == "up") return;
    std::string apart = joined(member(network, "apart"));
    out << "network " << client::printable(text(network, "name")) << " is "
        << client::paint(client::printable(state), Tone::bad, style.colour)
        << (apart.empty() ? "" : ": " + client::printable(apart) + " cannot talk") << '\n';
}

// "interface eth1 of n2 (10.0.1.0/24) is failed: carrier lost, misses n1".
void render_interface(std::ostream& out, const json& interface, const Style& style) {
    std::string state = text(interface, "state");
    if (state == "up") return;
    std::string name = text(interface, "name");
    std::string why = text(interface, "reason");
    std::string misses = joined(member(interface, "misses"));
    if (!misses.empty()) why += (why.empty() ? "misses " : ", misses ") + misses;
    out << client::printable("interface " + (name.empty() ? text(interface, "address") : name) +
                             " of " + text(interface, "node") + " (" + text(interface, "network") +
                             ") is ")
        << client::paint(client::printable(state), Tone::bad, style.colour)
        << (why.empty() ? "" : ": " + client::printable(why)) << '\n';
}

// What is not up of networks and interfaces, by the words of all nodes.
void render_cluster(std::ostream& out, const json& document, const Style& style) {
    for (const json& network : member(document, "networks")) render_network(out, network, style);
    for (const json& interface : member(document, "interfaces"))
        render_interface(out, interface, style);
}

}  // namespace

void render_show(std::ostream& out, const json& document, const Style& style) {
    std::vector<Row> rows = rows_of(document);
    render_node(out, document, style);
    render_counts(out, document, rows, style);
    render_policies(out, document);
    render_peers(out, document, style);
    render_cluster(out, document, style);
    client::Table table(columns());
    for (const Row& row : rows) table.add(cells_of(row, style));
    if (!table.empty()) out << '\n';
    table.print(out, style.colour);
}

}  // namespace netft::route
