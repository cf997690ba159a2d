#include "tests/sim/long_run.hpp"

#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/sim/tempest.hpp"

namespace netft::sim {

namespace {

using WallClock = std::chrono::steady_clock;

class LongRun {
 public:
    explicit LongRun(const LongRunSettings& settings)
        : settings_(settings), next_seed_(settings.seed) {}

    bool run() {
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < settings_.jobs; ++i) threads.emplace_back([this] { work(); });
        for (std::thread& thread : threads) thread.join();
        std::printf("%.0f simulated seconds over %llu seeds, %llu violations\n", simulated(),
                    static_cast<unsigned long long>(runs_),
                    static_cast<unsigned long long>(violations_));
        return violations_ == 0;
    }

 private:
    // Guarded: it is the work of all that counts.
    std::optional<std::uint64_t> take_seed() {
        std::lock_guard lock(mutex_);
        if (simulated() >= static_cast<double>(settings_.seconds)) return {};
        return next_seed_++;
    }

    void work() {
        while (auto seed = take_seed()) {
            bool is_storm = *seed % 2 == 0;
            StormSettings storm =
                is_storm ? storm_of(*seed, settings_.length) : tempest_of(*seed, settings_.length);
            StormResult result = is_storm ? run_storm(storm) : run_tempest(storm);
            std::lock_guard lock(mutex_);
            add(*seed, is_storm ? "storm" : "tempest", result);
        }
    }

    void add(std::uint64_t seed, const char* kind, const StormResult& result) {
        ++runs_;
        simulated_ += result.simulated;
        delivered_ += result.delivered;
        promised_ += result.promised;
        violations_ += result.violations.size();
        if (!result.violations.empty())
            std::printf(
                "FAIL %s: netft-sim --scenario none --%ss 1 --%ss 0 --seed %llu --length %lld\n",
                kind, kind, kind == std::string("storm") ? "tempest" : "storm",
                static_cast<unsigned long long>(seed),
                static_cast<long long>(settings_.length / 1s));
        for (const std::string& what : result.violations) std::printf("     %s\n", what.c_str());
        if (WallClock::now() >= next_line_) say_progress();
        std::fflush(stdout);
    }

    void say_progress() {
        next_line_ = WallClock::now() + 60s;
        std::printf(
            "%.0f s, %llu seeds (up to %llu), %llu frames delivered, %llu promised, "
            "%llu violations\n",
            simulated(), static_cast<unsigned long long>(runs_),
            static_cast<unsigned long long>(next_seed_ - 1),
            static_cast<unsigned long long>(delivered_), static_cast<unsigned long long>(promised_),
            static_cast<unsigned long long>(violations_));
    }

    double simulated() const { return std::chrono::duration<double>(simulated_).count(); }

    LongRunSettings settings_;
    std::mutex mutex_;
    std::uint64_t next_seed_;
    std::uint64_t runs_ = 0;
    Duration simulated_{};
    std::uint64_t delivered_ = 0;
    std::uint64_t promised_ = 0;
    std::uint64_t violations_ = 0;
    WallClock::time_point next_line_ = WallClock::now() + 60s;
};

}  // namespace

bool run_long(const LongRunSettings& settings) { return LongRun(settings).run(); }

}  // namespace netft::sim
