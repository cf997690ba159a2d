#include "netft/dataplane/eal.hpp"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
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

std::vector<std::string> words_for(const EalSettings& settings, bool huge) {
    std::vector<std::string> words{"netft",
                                   "--no-telemetry",
                                   "-m",
                                   std::to_string(settings.memory_megabytes),
                                   "--lcores",
                                   floating_lcore(),
                                   "--file-prefix",
                                   "netft",
                                   "--log-level",
                                   "*:error"};
    // --in-memory: pages without a file that a killed process would leave; implies --no-shconf.
    if (huge)
        words.emplace_back("--in-memory");
    else
        words.insert(words.end(), {"--no-huge", "--no-shconf"});
    if (settings.pci_devices.empty()) words.emplace_back("--no-pci");
    for (const std::string& device : settings.pci_devices)
        words.insert(words.end(), {"-a", device});
    return words;
}

}  // namespace

Result<Eal> Eal::start(EalSettings settings) {
    auto log = std::make_unique<Log>();
    log->sink = settings.log ? std::move(settings.log) : write_stderr;
    log->stream = fopencookie(&log->sink, "w", {.write = write_log});
    if (log->stream == nullptr) return fail("EAL: no log stream", errno);
    setvbuf(log->stream, nullptr, _IOLBF, BUFSIZ);
    rte_openlog_stream(log->stream);

    bool huge = !settings.pci_devices.empty() && free_huge_megabytes() >= settings.memory_megabytes;
    std::vector<std::string> words = words_for(settings, huge);
    std::vector<char*> arguments;  // EAL permutes it: give it an array of its own
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    if (rte_eal_init(static_cast<int>(words.size()), arguments.data()) < 0)
        return fail(std::string("EAL: cannot start: ") + rte_strerror(rte_errno), rte_errno);
    return Eal(std::move(log), huge);
}

std::size_t free_huge_megabytes(const std::string& root) {
    constexpr std::string_view kPrefix = "hugepages-";
    std::size_t kilobytes = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
        std::string name = entry.path().filename();
        if (!name.starts_with(kPrefix)) continue;
        std::size_t pages = 0;
        std::ifstream(entry.path() / "free_hugepages") >> pages;
        kilobytes += pages * std::strtoul(name.c_str() + kPrefix.size(), nullptr, 10);
    }
    return kilobytes / 1024;
}

Eal::Eal(std::unique_ptr<Log> log, bool has_hugepages)
    : log_(std::move(log)), has_hugepages_(has_hugepages) {}
Eal::Eal(Eal&&) noexcept = default;
Eal& Eal::operator=(Eal&&) noexcept = default;
Eal::~Eal() {
    if (log_) rte_eal_cleanup();
}

}  // namespace netft::dataplane
