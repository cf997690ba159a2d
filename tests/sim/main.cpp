// netft-sim: the scenarios, then storms over seeds. Prints the seed of a failing run.
//
// usage: netft-sim [--scenario NAME] [--storms N] [--seconds S] [--seed FIRST] [--threads T]
// [--verbose 1]
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

namespace {

struct Options {
    std::string scenario;
    std::uint64_t storms = 40;
    std::uint64_t seconds = 120;
    std::uint64_t seed = 1;
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
        else if (key == "--seconds")
            o.seconds = value;
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

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (!read_options(argc, argv, options)) {
        std::fprintf(stderr,
                     "usage: netft-sim [--scenario NAME] [--storms N] [--seconds S] "
                     "[--seed FIRST] [--threads T] [--verbose 1]\n");
        return 2;
    }
    unsigned passed = 0;
    unsigned failed = 0;
    for (const auto& scenario : netft::sim::scenarios()) {
        if (!options.scenario.empty() && scenario.name != options.scenario) continue;
        auto violations = scenario.run();
        report(scenario.name, violations);
        ++(violations.empty() ? passed : failed);
    }
    std::mutex mutex;
    std::atomic<std::uint64_t> next{0};
    double simulated = 0;
    std::uint64_t delivered = 0;
    std::uint64_t transitions = 0;
    auto work = [&] {
        for (std::uint64_t i = next++; i < options.storms; i = next++) {
            std::uint64_t seed = options.seed + i;
            auto settings = netft::sim::storm_of(seed, std::chrono::seconds(options.seconds));
            settings.verbose = options.verbose;
            auto result = netft::sim::run_storm(settings);
            std::lock_guard lock(mutex);
            simulated += std::chrono::duration<double>(result.simulated).count();
            delivered += result.delivered;
            transitions += result.transitions;
            ++(result.violations.empty() ? passed : failed);
            if (!result.violations.empty())
                report("storm --seed " + std::to_string(seed) + " --storms 1 --seconds " +
                           std::to_string(options.seconds),
                       result.violations);
        }
    };
    if (options.scenario.empty()) {
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < options.threads; ++i) threads.emplace_back(work);
        for (std::thread& thread : threads) thread.join();
        std::printf(
            "storms: %llu seeds, %.0f simulated seconds, %llu frames delivered, "
            "%llu transitions\n",
            static_cast<unsigned long long>(options.storms), simulated,
            static_cast<unsigned long long>(delivered),
            static_cast<unsigned long long>(transitions));
    }
    std::printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
