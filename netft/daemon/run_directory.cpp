#include "netft/daemon/run_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace netft::daemon {

Result<RunDirectory> RunDirectory::claim(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return fail("--run-dir " + path + ": " + error.message(), error.value());
    control::Fd lock(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock) return fail_errno("--run-dir " + path, errno);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK
                   ? fail("--run-dir " + path +
                              ": another netftd has its hosts file there; each needs its own",
                          EBUSY)
                   : fail_errno("--run-dir " + path, errno);
    return RunDirectory(std::move(lock), path);
}

RunDirectory::~RunDirectory() {
    if (!lock_) return;
    std::error_code error;  // what is not empty or not ours stays
    for (const char* name : {"/hosts", "/hosts.new", "/dpdk/netft", "/dpdk"})
        std::filesystem::remove(path_ + name, error);
}

}  // namespace netft::daemon
