#include "netft/daemon/reload.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "netft/client/connection.hpp"

namespace netft::daemon {

std::string program_id() {
    struct stat info {};
    if (::stat("/proc/self/exe", &info) != 0) return {};
    return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) + ":" +
           std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec);
}

Result<Reload> reload_running(const std::string& socket) {
    auto connection = client::Connection::open(socket);
    if (!connection) return tl::unexpected(connection.error());
    auto running = connection->request({{"request", "version"}});
    if (!running) return tl::unexpected(running.error());
    if (running->value("program", "") != program_id()) return Reload::needs_take_over;
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
