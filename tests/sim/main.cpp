// netft-sim: the scenarios, then storms and tempests over seeds. Prints the seed of a failing run.
//
// usage: netft-sim [--scenario NAME] [--storms N] [--tempests N] [--seconds S] [--seed FIRST]
// [--nodes N] [--threads T] [--verbose 1]
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/sim/scenarios.hpp"
#include "tests/sim/storm.hpp"
#include "tests/sim/tempest.hpp"

namespace {

using namespace netft::sim;

struct Options {
    std::string scenario;
    std::uint64_t storms = 40;
    std::uint64_t tempests = 20;
    std::uint64_t seconds = 120;
    std::uint64_t seed = 1;
    std::uint64_t nodes = 0;  // 0: as the seed says
    unsigned threads = 2;
    bool verbose = false;
};

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
        else if (key == "--seconds")
            o.seconds = value;
        else if (key == "--nodes")
            o.nodes = value;
        else if (key == "--seed")
            o.seed = value;
        else if (key == "--threads")
            o.threads = static_cast<unsigned>(value);
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
            auto settings = settings_of(seed, std::chrono::seconds(options.seconds));
            settings.verbose = options.verbose;
            if (options.nodes >= 2) settings.world.nodes = options.nodes;
            StormResult result = run(settings);
            std::lock_guard lock(mutex);
            sum.add(result);
            if (!result.violations.empty())
                report(kind + " --seed " + std::to_string(seed) + " --" + kind + "s 1 --seconds " +
                           std::to_string(options.seconds),
                       result.violations);
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options.threads; ++i) threads.emplace_back(work);
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

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (!read_options(argc, argv, options)) {
        std::fprintf(stderr,
                     "usage: netft-sim [--scenario NAME] [--storms N] [--tempests N] "
                     "[--seconds S] [--seed FIRST] [--nodes N] [--threads T] [--verbose 1]\n");
        return 2;
    }
    unsigned passed = 0;
    unsigned failed = 0;
    for (const auto& scenario : scenarios()) {
        if (!options.scenario.empty() && scenario.name != options.scenario) continue;
        auto violations = scenario.run();
        report(scenario.name, violations);
        ++(violations.empty() ? passed : failed);
    }
    if (options.scenario.empty()) {
        Sum storms = run_all("storm", options.storms, options, storm_of, run_storm);
        Sum tempests = run_all("tempest", options.tempests, options, tempest_of, run_tempest);
        passed += storms.passed + tempests.passed;
        failed += storms.failed + tempests.failed;
    }
    std::printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
