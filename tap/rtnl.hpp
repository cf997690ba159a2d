// A blocking rtnetlink conversation (libnl): requests that are acknowledged, and dumps.
#pragma once

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <memory>
#include <vector>

#include "netft/base/result.hpp"

namespace netft::tap {

struct FreeMessage {
    void operator()(nl_msg* message) const { nlmsg_free(message); }
};
using Message = std::unique_ptr<nl_msg, FreeMessage>;

// A request that begins with the family's own header (ifinfomsg, ifaddrmsg, rtmsg).
template <class Header>
Message make_message(int type, int flags, Header header) {
    Message message(nlmsg_alloc_simple(type, flags));
    if (message) nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
    return message;
}

class Rtnl {
 public:
    static Result<Rtnl> open();

    // Sends and waits for the acknowledgement. The error keeps the kernel's errno.
    Status request(const Message& message);
    // The same for a question; gives all the answers.
    Result<std::vector<Message>> query(const Message& message);

 private:
    struct FreeSocket {
        void operator()(nl_sock* socket) const { nl_socket_free(socket); }
    };
    using Socket = std::unique_ptr<nl_sock, FreeSocket>;
    explicit Rtnl(Socket socket) : socket_(std::move(socket)) {}

    Socket socket_;
};

}  // namespace netft::tap
