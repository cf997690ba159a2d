#include "netft/dataplane/eal.hpp"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <string>

namespace netft::dataplane {

struct Eal::Log {
    std::function<void(std::string_view)> sink;
    FILE* stream = nullptr;

    ~Log() {
        if (stream == nullptr) return;
        rte_openlog_stream(nullptr);
        fclose(stream);
    }
};

namespace {

ssize_t write_log(void* cookie, const char* text, size_t size) {
    std::string_view line(text, size);
    while (!line.empty() && line.back() == '\n') line.remove_suffix(1);
    auto& sink = *static_cast<std::function<void(std::string_view)>*>(cookie);
    if (!line.empty()) sink(line);
    return static_cast<ssize_t>(size);
}

void write_stderr(std::string_view line) {
    fprintf(stderr, "dpdk: %.*s\n", static_cast<int>(line.size()), line.data());
}

// "0@(0,1)": the one lcore floats over all processors we may use. Left alone, EAL pins it to one,
// which hurts as soon as two daemons share a machine.
std::string floating_lcore() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    std::string list;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) {
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (!CPU_ISSET(cpu, &allowed)) continue;
            list += (list.empty() ? "" : ",") + std::to_string(cpu);
        }
    }
    return "0@(" + (list.empty() ? "0" : list) + ")";
}

}  // namespace

Result<Eal> Eal::start(EalSettings settings) {
    auto log = std::make_unique<Log>();
    log->sink = settings.log ? std::move(settings.log) : write_stderr;
    log->stream = fopencookie(&log->sink, "w", {.write = write_log});
    if (log->stream == nullptr) return fail("EAL: no log stream", errno);
    setvbuf(log->stream, nullptr, _IOLBF, BUFSIZ);
    rte_openlog_stream(log->stream);

    std::string memory = std::to_string(settings.memory_megabytes);
    std::string lcores = floating_lcore();
    std::array<std::string, 13> words{
        "netft",    "--no-huge", "--no-shconf",   "--no-pci", "--no-telemetry", "-m",     memory,
        "--lcores", lcores,      "--file-prefix", "netft",    "--log-level",    "*:error"};
    std::array<char*, 14> arguments{};  // EAL permutes it: give it an array of its own
    for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
    if (rte_eal_init(static_cast<int>(words.size()), arguments.data()) < 0)
        return fail(std::string("EAL: cannot start: ") + rte_strerror(rte_errno), rte_errno);
    return Eal(std::move(log));
}

Eal::Eal(std::unique_ptr<Log> log) : log_(std::move(log)) {}
Eal::Eal(Eal&&) noexcept = default;
Eal& Eal::operator=(Eal&&) noexcept = default;
Eal::~Eal() {
    if (log_) rte_eal_cleanup();
}

}  // namespace netft::dataplane
