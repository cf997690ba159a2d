// One rtnetlink socket, owned. Only for routing/netlink.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "netft/base/result.hpp"

struct nl_msg;
struct nl_sock;

namespace netft::routing::netlink {

struct FreeMessage {
    void operator()(nl_msg* message) const;
};
using Message = std::unique_ptr<nl_msg, FreeMessage>;

// A request with room for attributes, its fixed header (ifinfomsg, rtmsg, …) copied in.
Result<Message> make_request(std::uint16_t type, std::uint16_t flags, const void* header,
                             std::size_t header_bytes);

class Socket {
 public:
    using OnMessage = std::function<void(const nlmsghdr&)>;

    static Result<Socket> open();

    int fd() const;
    // Joins RTNLGRP_… and makes the socket non-blocking, with a large receive buffer.
    Status listen(std::initializer_list<int> groups);
    // Sends and reads until the kernel's answer is complete. The error carries the errno that the
    // kernel answered. A dump that changed while it was read is an error with EINTR; what it named
    // was passed on.
    Status request(Message message, const OnMessage& on_message);

 private:
    struct Free {
        void operator()(nl_sock* socket) const;
    };
    explicit Socket(nl_sock* socket) : socket_(socket) {}
    Status ask(nl_msg* message, void* answer);

    std::unique_ptr<nl_sock, Free> socket_;
};

}  // namespace netft::routing::netlink
