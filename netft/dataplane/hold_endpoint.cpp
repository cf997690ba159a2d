#include <linux/filter.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "netft/dataplane/ethdev_port.hpp"
#include "netft/dataplane/sockaddr.hpp"

namespace netft::dataplane {

Result<Fd> hold_endpoint(const InterfacePortSettings& settings) {
    Fd fd(
        socket(settings.local.address.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd.is_open()) return fail(std::string("no socket: ") + std::strerror(errno), errno);
    sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    sock_fprog program{.len = 1, .filter = nothing};
    if (setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0)
        return fail(std::string("cannot attach filter: ") + std::strerror(errno), errno);
    if (setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, settings.interface.c_str(),
                   static_cast<socklen_t>(settings.interface.size())) != 0)
        return fail(std::string("cannot bind to the interface: ") + std::strerror(errno), errno);
    SocketAddress address{};
    socklen_t length = to_sockaddr(settings.local, address);
    if (bind(fd.get(), &address.any, length) == 0) return fd;
    if (errno == EADDRINUSE)
        return fail("port taken: another program, or another netftd, holds it", errno);
    return fail(std::string("cannot bind: ") + std::strerror(errno), errno);
}

}  // namespace netft::dataplane
