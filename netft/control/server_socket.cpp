#include "netft/control/server_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace netft::control {

namespace {

// Everybody may knock, so that every refusal is netftd's own and audited.
constexpr mode_t kMode = 0666;
constexpr int kBacklog = 64;

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        return fail("control socket " + path + ": the path must have 1 to " +
                    std::to_string(sizeof address.sun_path - 1) + " bytes");
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

Fd unix_socket() { return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

Status make_directory(const std::string& path) {
    std::filesystem::path directory = std::filesystem::path(path).parent_path();
    if (directory.empty()) return {};
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) return fail("control socket: " + directory.string() + ": " + error.message());
    return {};
}

// Frees the path: nothing there, or the socket of a daemon that is dead.
Status clear_path(const std::string& path, const sockaddr_un& address) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0)
        return errno == ENOENT ? Status{} : Status(fail_errno("control socket " + path, errno));
    if (!S_ISSOCK(info.st_mode))
        return fail("control socket " + path + ": something that is no socket is in the way");
    Fd probe = unix_socket();
    if (!probe) return fail_errno("control socket", errno);
    // EAGAIN is a daemon whose backlog is full: alive. Only a refusal is a dead one.
    int rc = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (rc == 0 || errno == EAGAIN)
        return fail("control socket " + path + ": another netftd is listening there", EADDRINUSE);
    if (errno != ECONNREFUSED) return fail_errno("control socket " + path, errno);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return fail_errno("control socket " + path + ": left by a dead netftd", errno);
    return {};
}

}  // namespace

Result<ListeningSocket> ListeningSocket::open(const std::string& path, std::optional<gid_t> group) {
    Result<sockaddr_un> address = address_of(path);
    if (!address) return tl::unexpected(address.error());
    if (Status made = make_directory(path); !made) return tl::unexpected(made.error());
    if (Status clear = clear_path(path, *address); !clear) return tl::unexpected(clear.error());
    Fd fd = unix_socket();
    if (!fd) return fail_errno("control socket", errno);
    // Before bind(): the file is then never more open than this, whatever the umask.
    ::fchmod(fd.get(), kMode);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
        return fail_errno("control socket " + path, errno);
    // Not ours to give: then the group of our process has it, and members of `group` are kept out.
    if (group) (void)!::lchown(path.c_str(), static_cast<uid_t>(-1), *group);
    struct stat info {};
    if (::chmod(path.c_str(), kMode) != 0 || ::lstat(path.c_str(), &info) != 0 ||
        ::listen(fd.get(), kBacklog) != 0)
        return fail_errno("control socket " + path, errno);
    return ListeningSocket(std::move(fd), path, info.st_ino);
}

Result<ListeningSocket> ListeningSocket::adopt(Fd fd, const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return fail_errno("control socket " + path, errno);
    return ListeningSocket(std::move(fd), path, info.st_ino);
}

ListeningSocket::~ListeningSocket() {
    struct stat info {};
    if (fd_ && inode_ != 0 && ::lstat(path_.c_str(), &info) == 0 && info.st_ino == inode_)
        ::unlink(path_.c_str());
}

}  // namespace netft::control
