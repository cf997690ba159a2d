// What thousands of routes cost a worker: processor time, memory, the stall of a new plan.
//
//     engine_bench [--json] [--routes N] [--peers N] [--seconds S] [--quick]
//
// Pure engines on virtual time (engine_pair.hpp), datagrams opened and sealed with AES-256-GCM as
// the worker does: a call for each run of one key. Sockets are not in it. Counted in the memory of
// a route: all heap of the engine (Route, timers, indexes, replay windows, its copy of the peers)
// and of the plan that control has published; not the 16 KiB of a peer's window for data, made when
// its first data comes. --quick: mode none only, less of everything; exits 1 when a route
// takes more than 1 KiB, goes down or is not up. It judges nothing by time.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "netft/dataplane/crypto_device.hpp"
#include "netft/dataplane/eal.hpp"
#include "tests/bench/counted_heap.hpp"
#include "tests/bench/engine_pair.hpp"
#include "tests/bench/options.hpp"

namespace netft::bench {
namespace {

using json = nlohmann::json;

struct Options {
    Scale scale;
    int seconds = 60;
    bool as_json = false;
    bool quick = false;
};

constexpr Duration kWarmUp = 5s;
constexpr int kPlanRounds = 9;

// A pair of keys a session; both sides hold theirs.
class DeviceSealer final : public Sealer {
 public:
    explicit DeviceSealer(std::uint32_t sessions) {
        auto device = dataplane::CryptoDevice::create();
        if (!device) throw std::runtime_error(device.error().what);
        device_ = std::move(*device);
        for (int side : {0, 1})
            for (std::uint32_t i = 0; i < sessions; ++i) {
                keys_[side].seal.push_back(key(side, i, dataplane::CryptoUse::seal));
                keys_[side].open.push_back(key(1 - side, i, dataplane::CryptoUse::open));
            }
    }
    void seal(int side, SessionIndex session, std::span<const MutableBytes> run) override {
        if (!device_->seal(keys_[side].seal[session.value - 1], run))
            throw std::runtime_error("not sealed");
    }
    void open(int side, SessionIndex session, std::span<const MutableBytes> run) override {
        std::array<bool, 128> good{};
        auto all = std::span(good).first(run.size());
        if (device_->open(keys_[side].open[session.value - 1], run, all) != run.size())
            throw std::runtime_error("not authentic");
    }

 private:
    dataplane::CryptoKey key(int sender, std::uint32_t session, dataplane::CryptoUse use) {
        std::array<std::uint8_t, 32> bytes{};
        bytes[0] = static_cast<std::uint8_t>(sender);
        bytes[1] = static_cast<std::uint8_t>(session);
        bytes[2] = static_cast<std::uint8_t>(session >> 8);
        auto made = device_->add_key(Secret32(bytes), SecurityMode::encrypt, use);
        if (!made) throw std::runtime_error(made.error().what);
        return std::move(*made);
    }
    struct Keys {
        std::vector<dataplane::CryptoKey> seal;
        std::vector<dataplane::CryptoKey> open;
    };
    std::unique_ptr<dataplane::CryptoDevice> device_;
    Keys keys_[2];
};

double us(Duration d) { return static_cast<double>(d.count()) / 1e3; }

// The median time of a plan that `change` makes, in µs; the plan goes back in between.
template <class Change>
double plan_us(EnginePair& pair, Change change) {
    std::vector<double> took;
    for (int round = 0; round < kPlanRounds; ++round) {
        core::Plan plan = pair.near_plan();
        plan.version = 100;
        change(plan);
        took.push_back(us(pair.handle_plan(plan)));
        pair.handle_plan(pair.near_plan());
    }
    std::nth_element(took.begin(), took.begin() + kPlanRounds / 2, took.end());
    return took[kPlanRounds / 2];
}

json measure_plans(EnginePair& pair) {
    return {{"the_same", plan_us(pair, [](core::Plan&) {})},
            {"one_session_more", plan_us(pair,
                                         [](core::Plan& plan) {
                                             core::PlanPeer& peer = plan.peers[0];
                                             peer.sessions.push_back(peer.sessions[0]);
                                             peer.sessions[1].local = SessionIndex(900'000);
                                             peer.sessions[1].serial = 2;
                                         })},
            {"one_route_dearer", plan_us(pair, [](core::Plan& p) { p.routes[5].priority += 500; })},
            {"one_route_less", plan_us(pair, [](core::Plan& p) { p.routes.pop_back(); })},
            {"one_peer_less", plan_us(pair, [](core::Plan& p) {
                 PeerId gone = p.peers.back().id;
                 p.peers.pop_back();
                 std::erase_if(p.routes, [gone](const auto& r) { return r.peer == gone; });
             })}};
}

// A copy: as large as its contents, not as its growth made it.
std::size_t plan_heap(const EnginePair& pair) {
    core::Plan grown = pair.near_plan();
    std::size_t before = heap_bytes();
    core::Plan plan = grown;
    return heap_bytes() - before;
}

json measure(const Options& options, Sealer* sealer) {
    EnginePair pair(options.scale, sealer);
    double routes = options.scale.routes();
    pair.run(kWarmUp);
    std::uint32_t up = pair.routes_up();
    std::uint64_t early_losses = pair.losses();
    pair.reset();
    pair.run(std::chrono::seconds(options.seconds));
    double busy = us(pair.busy()) / 2;  // two ends did the same
    json out{{"mode", sealer == nullptr ? "none" : "encrypt"},
             {"routes", options.scale.routes()},
             {"peers", options.scale.peers},
             {"virtual_seconds", options.seconds},
             {"core_percent", busy / (options.seconds * 1e6) * 100},
             {"ns_per_heartbeat_each_way", busy * 1e3 / static_cast<double>(pair.datagrams())},
             {"longest_cycle_us", us(pair.longest_cycle())},
             {"routes_up", up},
             {"false_downs", pair.losses() + early_losses},
             {"engine_bytes_per_route", static_cast<double>(pair.near_heap()) / routes},
             {"plan_bytes_per_route", static_cast<double>(plan_heap(pair)) / routes},
             {"resident_bytes_per_route", static_cast<double>(pair.resident()) / routes}};
    out["new_plan_us"] = measure_plans(pair);
    pair.run(1s);
    return out;
}

void print(const json& r) {
    std::printf("%-8s %6u routes, %u peers: %5.2f %% of a core (%.0f ns a heartbeat, each way)\n",
                r["mode"].get<std::string>().c_str(), r["routes"].get<unsigned>(),
                r["peers"].get<unsigned>(), r["core_percent"].get<double>(),
                r["ns_per_heartbeat_each_way"].get<double>());
    std::printf("         up %u, false downs %u in %u s; longest cycle %.0f us\n",
                r["routes_up"].get<unsigned>(), r["false_downs"].get<unsigned>(),
                r["virtual_seconds"].get<unsigned>(), r["longest_cycle_us"].get<double>());
    std::printf("         bytes a route: engine %.0f + plan %.0f, resident %.0f\n",
                r["engine_bytes_per_route"].get<double>(), r["plan_bytes_per_route"].get<double>(),
                r["resident_bytes_per_route"].get<double>());
    std::printf("         new plan, us:");
    for (const auto& [what, took] : r["new_plan_us"].items())
        std::printf("  %s %.0f", what.c_str(), took.get<double>());
    std::printf("\n");
}

bool parse(Words words, Options& out) {
    for (std::string_view word; words.next(word);) {
        if (word == "--json")
            out.as_json = true;
        else if (word == "--quick")
            out.quick = true;
        else if (word == "--peers")
            out.scale.peers = static_cast<std::uint32_t>(words.number());
        else if (word == "--routes")
            out.scale.routes_a_peer = static_cast<std::uint32_t>(words.number()) / out.scale.peers;
        else if (word == "--seconds")
            out.seconds = words.number();
        else
            return false;
    }
    if (out.quick) out.seconds = std::min(out.seconds, 2);
    return out.scale.peers > 0 && out.scale.routes_a_peer > 0 && out.scale.routes_a_peer < 256 &&
           out.seconds > 0 && out.scale.routes() < 65'535;
}

// What does not depend on the machine's speed.
bool is_good(const json& r) {
    double bytes =
        r["engine_bytes_per_route"].get<double>() + r["plan_bytes_per_route"].get<double>();
    return bytes <= 1'024 && r["false_downs"] == 0 && r["routes_up"] == r["routes"];
}

int run(const Options& options) {
    json results = json::array();
    results.push_back(measure(options, nullptr));
    if (!options.quick) {
        auto eal = dataplane::Eal::start({});
        if (!eal) throw std::runtime_error(eal.error().what);
        DeviceSealer sealer(options.scale.peers);
        results.push_back(measure(options, &sealer));
    }
    if (options.as_json)
        std::cout << json{{"results", results}}.dump(2) << "\n";
    else
        for (const json& result : results) print(result);
    return options.quick && !is_good(results[0]) ? 1 : 0;
}

}  // namespace
}  // namespace netft::bench

int main(int count, char** words) {
    return netft::bench::run_bench<netft::bench::Options>(
        "engine_bench [--json] [--quick] [--peers N] [--routes N] [--seconds S]", {count, words},
        netft::bench::parse, netft::bench::run);
}
