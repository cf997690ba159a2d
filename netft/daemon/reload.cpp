#include "netft/daemon/reload.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>

#include "netft/client/connection.hpp"

namespace netft::daemon {

std::string program_id() {
    struct stat info {};
    if (::stat("/proc/self/exe", &info) != 0) return {};
    return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) + ":" +
           std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec);
}

nlohmann::json to_json(const Options& options, const std::string& node) {
    return {{"config", options.config},      {"key", options.key},   {"node", node},
            {"run_dir", options.run_dir},    {"user", options.user}, {"group", options.group},
            {"audit_log", options.audit_log}};
}

void start_like(const nlohmann::json& running, Options& options) {
    const std::initializer_list<std::pair<const char*, std::string*>> known{
        {"config", &options.config},      {"key", &options.key},   {"node", &options.node},
        {"run-dir", &options.run_dir},    {"user", &options.user}, {"group", &options.group},
        {"audit-log", &options.audit_log}};
    for (const auto& [name, value] : known) {
        std::string key = name;
        std::replace(key.begin(), key.end(), '-', '_');
        auto at = running.find(key);
        bool is_told = at != running.end() && at->is_string();
        if (is_told && !options.given.contains("--" + std::string(name)))
            *value = at->get<std::string>();
    }
}

Result<Reload> reload_running(Options& options) {
    auto connection = client::Connection::open(options.socket);
    if (!connection) return tl::unexpected(connection.error());
    auto running = connection->request({{"request", "version"}});
    if (!running) return tl::unexpected(running.error());
    if (running->value("program", "") != program_id()) {
        if (auto at = running->find("options"); at != running->end() && at->is_object())
            start_like(*at, options);
        return Reload::needs_take_over;
    }
    auto answer = connection->request({{"request", "reload"}});
    if (!answer) return tl::unexpected(answer.error());
    return Reload::done;
}

Result<int> go_to_background() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe", errno);
    pid_t child = ::fork();
    if (child < 0) return fail_errno("fork", errno);
    if (child == 0) {
        ::close(ends[0]);
        return ends[1];
    }
    ::close(ends[1]);
    char byte = 0;
    ssize_t n = 0;
    do {
        n = ::read(ends[0], &byte, 1);
    } while (n < 0 && errno == EINTR);
    if (n == 1) ::_exit(0);
    int status = 0;
    ::waitpid(child, &status, 0);
    ::_exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : 1);
}

void say_ready(int fd) {
    if (fd < 0) return;
    char byte = 1;
    (void)!::write(fd, &byte, 1);
    ::close(fd);
}

}  // namespace netft::daemon
