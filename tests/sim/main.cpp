// netft-sim: the scenarios, then storms and tempests over seeds; or these alone, for as long as is
// asked. Prints the seed of a failing run.
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/sim/long_run.hpp"
#include "tests/sim/scenarios.hpp"
#include "tests/sim/storm.hpp"
#include "tests/sim/tempest.hpp"
#include "tests/sim/truth.hpp"

namespace {

using namespace netft::sim;

struct Options {
    std::string scenario;
    std::uint64_t storms = 40;
    std::uint64_t tempests = 20;
    std::uint64_t states = 300;  // of the truth meter
    std::uint64_t length = 120;  // s, of each storm
    std::uint64_t seconds = 0;   // of a long run; 0: none
    std::uint64_t seed = 1;
    std::uint64_t nodes = 0;  // 0: as the seed says
    unsigned jobs = 2;
    bool verbose = false;
};

constexpr const char* kHelp =
    "usage: netft-sim [OPTION VALUE]...\n"
    "Simulated clusters of real coordinators and engines, on virtual time, judged by checkers.\n"
    "Without options: every scenario, 40 storms, 20 tempests, 300 states. Exit 1: violated.\n"
    "  --scenario NAME  this scenario alone; none: no scenario\n"
    "  --storms N       so many storms: faults that come one by one\n"
    "  --tempests N     so many tempests: faults that come together\n"
    "  --states N       so many states: what the nodes say of them is what the world lets through\n"
    "  --seed S         the first seed; a run is a function of its seed (default 1)\n"
    "  --length S       simulated seconds of each storm, before it is calm (default 120)\n"
    "  --nodes N        in place of what the seed says\n"
    "  --jobs N         threads (default 2)\n"
    "  --verbose 1      prints faults and transitions\n"
    "  --seconds N      a long run: no scenarios, but storms and tempests in turn from --seed on,\n"
    "                   until N simulated seconds have passed; goes on after a violation. For\n"
    "                   several processes at once, give them seeds that are far apart.\n";

bool read_options(int argc, char** argv, Options& o) {
    for (int i = 1; i + 1 < argc; i += 2) {
        std::string key = argv[i];
        std::uint64_t value = 0;
        std::from_chars(argv[i + 1], argv[i + 1] + std::strlen(argv[i + 1]), value);
        if (key == "--scenario")
            o.scenario = argv[i + 1];
        else if (key == "--storms")
            o.storms = value;
        else if (key == "--tempests")
            o.tempests = value;
        else if (key == "--states")
            o.states = value;
        else if (key == "--length")
            o.length = value;
        else if (key == "--seconds")
            o.seconds = value;
        else if (key == "--nodes")
            o.nodes = value;
        else if (key == "--seed")
            o.seed = value;
        else if (key == "--jobs")
            o.jobs = static_cast<unsigned>(value);
        else if (key == "--verbose")
            o.verbose = value != 0;
        else
            return false;
    }
    return argc % 2 == 1;
}

void report(const std::string& name, const std::vector<std::string>& violations) {
    std::printf("%s %s\n", violations.empty() ? "ok  " : "FAIL", name.c_str());
    for (const std::string& violation : violations) std::printf("       %s\n", violation.c_str());
    std::fflush(stdout);
}

struct Sum {
    unsigned passed = 0;
    unsigned failed = 0;
    double simulated = 0;
    std::uint64_t delivered = 0;
    std::uint64_t transitions = 0;
    std::uint64_t promised = 0;

    void add(const StormResult& result) {
        simulated += std::chrono::duration<double>(result.simulated).count();
        delivered += result.delivered;
        transitions += result.transitions;
        promised += result.promised;
        ++(result.violations.empty() ? passed : failed);
    }
};

// So many seeds of a kind, on several threads.
template <class SettingsOf, class Run>
Sum run_all(const std::string& kind, std::uint64_t count, const Options& options,
            SettingsOf settings_of, Run run) {
    std::mutex mutex;
    std::atomic<std::uint64_t> next{0};
    Sum sum;
    auto work = [&] {
        for (std::uint64_t i = next++; i < count; i = next++) {
            std::uint64_t seed = options.seed + i;
            auto settings = settings_of(seed, std::chrono::seconds(options.length));
            settings.verbose = options.verbose;
            if (options.nodes >= 2) settings.world.nodes = options.nodes;
            StormResult result = run(settings);
            std::lock_guard lock(mutex);
            sum.add(result);
            if (!result.violations.empty())
                report(kind + " --seed " + std::to_string(seed) + " --" + kind + "s 1 --length " +
                           std::to_string(options.length),
                       result.violations);
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options.jobs; ++i) threads.emplace_back(work);
    for (std::thread& thread : threads) thread.join();
    std::printf(
        "%ss: %llu seeds, %.0f simulated seconds, %llu frames delivered (%llu of them "
        "promised), %llu transitions\n",
        kind.c_str(), static_cast<unsigned long long>(count), sum.simulated,
        static_cast<unsigned long long>(sum.delivered),
        static_cast<unsigned long long>(sum.promised),
        static_cast<unsigned long long>(sum.transitions));
    return sum;
}

// Worlds of kStatesPerWorld states each, on several threads.
Sum measure_all(const Options& options) {
    std::mutex mutex;
    std::atomic<std::uint64_t> next{0};
    std::uint64_t worlds = (options.states + kStatesPerWorld - 1) / kStatesPerWorld;
    std::uint64_t states = 0;
    Sum sum;
    auto work = [&] {
        for (std::uint64_t i = next++; i < worlds; i = next++) {
            TruthResult result = measure_truth(options.seed + i);
            std::lock_guard lock(mutex);
            states += result.states;
            ++(result.lies.empty() ? sum.passed : sum.failed);
            if (!result.lies.empty())
                report("truth --seed " + std::to_string(options.seed + i) +
                           " --scenario none --storms 0 --tempests 0 --states 1",
                       result.lies);
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options.jobs; ++i) threads.emplace_back(work);
    for (std::thread& thread : threads) thread.join();
    std::printf("truth: %llu states, %u worlds with lies\n",
                static_cast<unsigned long long>(states), sum.failed);
    return sum;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (argc == 2 && std::string(argv[1]) == "--help") return std::fputs(kHelp, stdout) < 0;
    if (!read_options(argc, argv, options)) return std::fputs(kHelp, stderr), 2;
    if (options.seconds > 0)
        return run_long({.seconds = options.seconds,
                         .seed = options.seed,
                         .length = std::chrono::seconds(options.length),
                         .jobs = options.jobs})
                   ? 0
                   : 1;
    unsigned passed = 0;
    unsigned failed = 0;
    for (const auto& scenario : scenarios()) {
        if (!options.scenario.empty() && scenario.name != options.scenario) continue;
        auto violations = scenario.run();
        report(scenario.name, violations);
        ++(violations.empty() ? passed : failed);
    }
    if (options.scenario.empty() || options.scenario == "none") {
        Sum storms = run_all("storm", options.storms, options, storm_of, run_storm);
        Sum tempests = run_all("tempest", options.tempests, options, tempest_of, run_tempest);
        Sum truth = measure_all(options);
        passed += storms.passed + tempests.passed + truth.passed;
        failed += storms.failed + tempests.failed + truth.failed;
    }
    std::printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
