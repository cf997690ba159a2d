#include "tap/sysctl.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace netft::tap {

namespace {

std::string path_of(const std::string& interface, const std::string& key) {
    return "/proc/sys/net/ipv6/conf/" + interface + "/" + key;
}

}  // namespace

bool has_ipv6(const std::string& interface) {
    return ::access(path_of(interface, "").c_str(), F_OK) == 0;
}

Result<std::string> read_sysctl(const std::string& interface, const std::string& key) {
    const std::string path = path_of(interface, key);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail_errno(path, errno);
    std::array<char, 64> text{};
    const ssize_t size = ::read(fd, text.data(), text.size());
    const int error = errno;
    ::close(fd);
    if (size < 0) return fail_errno(path, error);
    std::string out(text.data(), static_cast<std::size_t>(size));
    while (!out.empty() && out.back() == '\n') out.pop_back();
    return out;
}

Status write_sysctl(const std::string& interface, const std::string& key,
                    const std::string& value) {
    const std::string path = path_of(interface, key);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return fail_errno(path, errno);
    const ssize_t size = ::write(fd, value.data(), value.size());
    const int error = errno;
    ::close(fd);
    if (size < 0) return fail_errno(path, error);
    return {};
}

}  // namespace netft::tap
