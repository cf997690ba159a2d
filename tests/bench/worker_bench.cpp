// What the worker costs without the kernel: cycles of the time-stamp counter a datagram, in and
// out, bursts of 64 frames of one datagram each; the median of the bursts.
//
//     worker_bench [--json] [--bursts N] [--mode none|sign|encrypt] [--size small|full] [--quick]
//
// small: UDP datagrams of 64 bytes in Ethernet frames of 106. full: frames that fill a datagram.
// The parts (select, seal, open, check) are the far end's steps, measured one after the other over
// the same bursts. --quick: few bursts; exits 1 when a datagram was lost on the way.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "netft/dataplane/eal.hpp"
#include "tap/virtio.hpp"
#include "tests/bench/options.hpp"
#include "tests/bench/worker_ground.hpp"

namespace netft::bench {
namespace {

using json = nlohmann::json;

struct Options {
    std::size_t bursts = 20'000;
    bool as_json = false;
    bool quick = false;
    std::string mode;  // empty: none and encrypt
    std::string size;  // empty: both
};

constexpr std::size_t kSmallFrame = 14 + 20 + 8 + 64;

// virtio header ‖ Ethernet ‖ IPv4 ‖ UDP ‖ zeros, as a program's datagram comes from the kernel; of
// the fields those that the worker looks at.
std::vector<std::uint8_t> frame_of(int from, int to, std::size_t frame_bytes) {
    std::vector<std::uint8_t> bytes(kVirtioHeaderSize + frame_bytes);
    ByteWriter writer(bytes);
    tap::encode({.flags = tap::kVirtioNeedsChecksum, .checksum_start = 34, .checksum_offset = 6},
                writer);
    writer.bytes(mac_of(to).bytes);
    writer.bytes(mac_of(from).bytes);
    writer.u16(0x0800);
    writer.u8(0x45);
    writer.u8(0);
    writer.u16(static_cast<std::uint16_t>(frame_bytes - 14));
    writer.zeros(5);
    writer.u8(17);
    writer.zeros(2);
    writer.bytes(inner_address_of(from).bytes());
    writer.zeros(4 + 4);
    writer.u16(static_cast<std::uint16_t>(frame_bytes - 14 - 20));
    return bytes;
}

std::size_t frame_bytes_of(std::string_view size, const core::Plan& plan) {
    if (size == "small") return kSmallFrame;
    return plan.datagram_bytes_max - kHeaderSize - kTrainPrefixSize - plan.tag_bytes() -
           kVirtioHeaderSize;
}

SecurityMode mode_of(std::string_view name) {
    if (name == "none") return SecurityMode::none;
    return name == "sign" ? SecurityMode::sign : SecurityMode::encrypt;
}

json measure(const Options& options, const std::string& mode, const std::string& size) {
    SecurityMode security = mode_of(mode);
    auto pools = dataplane::Pools::create();
    if (!pools) throw std::runtime_error(pools.error().what);
    core::Plan plan = plan_of(1, security);
    std::size_t bytes = frame_bytes_of(size, plan);
    Far far(security, *pools);
    Ground ground(far, *pools, frame_of(1, 2, bytes), frame_of(2, 1, bytes), options.bursts);
    auto worker =
        dataplane::Worker::create({.seed = 1, .pools = &*pools, .security = security}, ground);
    if (!worker) throw std::runtime_error(worker.error().what);
    auto snapshot = std::make_unique<dataplane::Snapshot>();
    snapshot->plan = plan;
    snapshot->ports = {{EndpointId(1), &ground}};
    (*worker)->publish(std::move(snapshot));
    ground.begin(**worker);
    dataplane::WorkerReport report;
    (*worker)->request_report(&report);
    (*worker)->run();
    bool is_whole = far.data_taken == ground.frames_read && report.drops.total() == 0;
    return {{"mode", mode},
            {"size", size},
            {"frame_bytes", bytes},
            {"in", ground.in.median()},
            {"out", ground.out.median()},
            {"lost", !is_whole},
            {"parts",
             {{"select", far.parts.select.median()},
              {"seal", far.parts.seal.median()},
              {"open", far.parts.open.median()},
              {"check", far.parts.check.median()}}}};
}

void print(const json& r) {
    const json& parts = r["parts"];
    std::printf(
        "%-8s %-6s %5u bytes:  in %6.0f  out %6.0f   alone: select %4.0f  seal %5.0f  "
        "open %5.0f  check %4.0f\n",
        r["mode"].get<std::string>().c_str(), r["size"].get<std::string>().c_str(),
        r["frame_bytes"].get<unsigned>(), r["in"].get<double>(), r["out"].get<double>(),
        parts["select"].get<double>(), parts["seal"].get<double>(), parts["open"].get<double>(),
        parts["check"].get<double>());
}

bool parse(Words words, Options& out) {
    for (std::string_view word; words.next(word);) {
        if (word == "--json")
            out.as_json = true;
        else if (word == "--quick")
            out.quick = true;
        else if (word == "--bursts")
            out.bursts = static_cast<std::size_t>(words.number());
        else if (word == "--mode")
            out.mode = words.text();
        else if (word == "--size")
            out.size = words.text();
        else
            return false;
    }
    if (out.quick) out.bursts = 300;
    auto is_one_of = [](const std::string& word, std::vector<std::string> all) {
        return word.empty() || std::find(all.begin(), all.end(), word) != all.end();
    };
    return out.bursts > 0 && is_one_of(out.mode, {"none", "sign", "encrypt"}) &&
           is_one_of(out.size, {"small", "full"});
}

int run(const Options& options) {
    auto eal = dataplane::Eal::start({});
    if (!eal) throw std::runtime_error(eal.error().what);
    std::vector<std::string> modes{"none", "encrypt"};
    std::vector<std::string> sizes{"small", "full"};
    if (!options.mode.empty()) modes = {options.mode};
    if (!options.size.empty()) sizes = {options.size};
    json results = json::array();
    for (const std::string& mode : modes)
        for (const std::string& size : sizes) results.push_back(measure(options, mode, size));
    bool lost = std::any_of(results.begin(), results.end(),
                            [](const json& r) { return r["lost"].get<bool>(); });
    if (options.as_json)
        std::cout << json{{"burst", Far::kBurst}, {"results", results}}.dump(2) << "\n";
    else
        for (const json& result : results) print(result);
    if (lost) std::fprintf(stderr, "worker_bench: datagrams were lost on the way\n");
    return lost ? 1 : 0;
}

}  // namespace
}  // namespace netft::bench

int main(int count, char** words) {
    return netft::bench::run_bench<netft::bench::Options>(
        "worker_bench [--json] [--bursts N] [--mode none|sign|encrypt] "
        "[--size small|full] [--quick]",
        {count, words}, netft::bench::parse, netft::bench::run);
}
