#include "routing/netlink/socket.hpp"

#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

namespace netft::routing::netlink {

namespace {

constexpr int kEventBufferBytes = 4 << 20;

// An answer comes at once; one that does not was lost (no memory in the kernel).
constexpr timeval kPatience{.tv_sec = 2, .tv_usec = 0};

struct Answer {
    const Socket::OnMessage* on_message = nullptr;
    int errno_value = 0;
    bool is_complete = false;
};

int take_message(nl_msg* message, void* argument) {
    auto* answer = static_cast<Answer*>(argument);
    const nlmsghdr& header = *nlmsg_hdr(message);
    answer->is_complete |= (header.nlmsg_flags & NLM_F_MULTI) == 0;
    (*answer->on_message)(header);
    return NL_OK;
}

int take_end(nl_msg*, void* argument) {
    static_cast<Answer*>(argument)->is_complete = true;
    return NL_STOP;
}

int take_error(sockaddr_nl*, nlmsgerr* error, void* argument) {
    static_cast<Answer*>(argument)->errno_value = -error->error;
    return NL_STOP;
}

}  // namespace

void FreeMessage::operator()(nl_msg* message) const { nlmsg_free(message); }

Result<Message> make_request(std::uint16_t type, std::uint16_t flags, const void* header,
                             std::size_t header_bytes) {
    Message message(nlmsg_alloc_simple(type, NLM_F_REQUEST | flags));
    if (!message) return fail("netlink: no memory for a request", ENOMEM);
    // The header is only read; libnl's signature is older than const.
    if (nlmsg_append(message.get(), const_cast<void*>(header), header_bytes, NLMSG_ALIGNTO) < 0)
        return fail("netlink: no room in a request", ENOMEM);
    return message;
}

void Socket::Free::operator()(nl_sock* socket) const { nl_socket_free(socket); }

Result<Socket> Socket::open() {
    Socket out(nl_socket_alloc());
    if (!out.socket_) return fail("netlink: no memory for a socket", ENOMEM);
    nl_sock* socket = out.socket_.get();
    // Answers end by themselves, and requests that want an acknowledgement say so.
    nl_socket_disable_auto_ack(socket);
    errno = 0;
    if (int error = nl_connect(socket, NETLINK_ROUTE); error < 0)
        return fail(std::string("netlink: cannot connect: ") + nl_geterror(error), errno);
    if (setsockopt(out.fd(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience) != 0)
        return fail_errno("netlink: cannot set a time-out", errno);
    return out;
}

int Socket::fd() const { return nl_socket_get_fd(socket_.get()); }

Status Socket::listen(std::initializer_list<int> groups) {
    nl_sock* socket = socket_.get();
    nl_socket_disable_seq_check(socket);
    for (int group : groups) {
        if (int error = nl_socket_add_membership(socket, group); error < 0)
            return fail("netlink: cannot join group " + std::to_string(group) + ": " +
                        nl_geterror(error));
    }
    if (int error = nl_socket_set_nonblocking(socket); error < 0)
        return fail(std::string("netlink: cannot set non-blocking: ") + nl_geterror(error));
    // FORCE needs rights that the daemon has; without them the limit of the system holds.
    if (setsockopt(fd(), SOL_SOCKET, SO_RCVBUFFORCE, &kEventBufferBytes, sizeof(int)) != 0)
        setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &kEventBufferBytes, sizeof(int));
    return {};
}

Status Socket::request(Message message, const OnMessage& on_message) {
    Answer answer{&on_message};
    Status done = ask(message.get(), &answer);
    bool is_answered = done || answer.errno_value != 0 || done.error().errno_value == EINTR;
    if (is_answered) return done;
    // What is left of the answer would be taken for that of the next request.
    if (auto fresh = open()) *this = *std::move(fresh);
    return done;
}

Status Socket::ask(nl_msg* message, void* argument) {
    nl_sock* socket = socket_.get();
    auto& answer = *static_cast<Answer*>(argument);
    nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, take_message, &answer);
    nl_socket_modify_cb(socket, NL_CB_FINISH, NL_CB_CUSTOM, take_end, &answer);
    nl_socket_modify_cb(socket, NL_CB_ACK, NL_CB_CUSTOM, take_end, &answer);
    nl_socket_modify_err_cb(socket, NL_CB_CUSTOM, take_error, &answer);
    if (int error = nl_send_auto(socket, message); error < 0)
        return fail(std::string("netlink: cannot send: ") + nl_geterror(error), errno);
    int error = nl_recvmsgs_default(socket);
    if (answer.errno_value != 0) return fail_errno("netlink", answer.errno_value);
    if (error == -NLE_DUMP_INTR) return fail_errno("netlink: changed while read", EINTR);
    if (error < 0) return fail(std::string("netlink: ") + nl_geterror(error), EIO);
    if (!answer.is_complete) return fail("netlink: no answer", ETIMEDOUT);
    return {};
}

}  // namespace netft::routing::netlink
