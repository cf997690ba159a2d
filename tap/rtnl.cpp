#include "tap/rtnl.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>

namespace netft::tap {

namespace {

// Others changing routes while we dump make the kernel say so; then the dump is asked for again.
constexpr int kDumpTriesMax = 5;

struct Conversation {
    std::vector<Message> answers;
    int error = 0;  // errno
    bool is_over = false;
};

int on_answer(nl_msg* message, void* argument) {
    nlmsg_get(message);
    static_cast<Conversation*>(argument)->answers.emplace_back(message);
    return NL_OK;
}

int on_end(nl_msg*, void* argument) {
    static_cast<Conversation*>(argument)->is_over = true;
    return NL_STOP;
}

int on_error(sockaddr_nl*, nlmsgerr* error, void* argument) {
    Conversation& conversation = *static_cast<Conversation*>(argument);
    conversation.error = -error->error;
    conversation.is_over = true;
    return NL_STOP;
}

struct FreeCallbacks {
    void operator()(nl_cb* callbacks) const { nl_cb_put(callbacks); }
};
using Callbacks = std::unique_ptr<nl_cb, FreeCallbacks>;

Callbacks callbacks_for(Conversation& conversation) {
    Callbacks out(nl_cb_alloc(NL_CB_DEFAULT));
    if (!out) return out;
    nl_cb_set(out.get(), NL_CB_VALID, NL_CB_CUSTOM, on_answer, &conversation);
    nl_cb_set(out.get(), NL_CB_FINISH, NL_CB_CUSTOM, on_end, &conversation);
    nl_cb_set(out.get(), NL_CB_ACK, NL_CB_CUSTOM, on_end, &conversation);
    nl_cb_err(out.get(), NL_CB_CUSTOM, on_error, &conversation);
    return out;
}

tl::unexpected<Error> fail_nl(int code) {
    return fail(std::string("netlink: ") + nl_geterror(code), EIO);
}

}  // namespace

Result<Rtnl> Rtnl::open() {
    Socket socket(nl_socket_alloc());
    if (!socket) return fail_errno("netlink socket", ENOMEM);
    if (int code = nl_connect(socket.get(), NETLINK_ROUTE); code < 0) return fail_nl(code);
    // Lets the kernel do the filtering of dumps. Without it (before 4.20) we get all and filter.
    const int on = 1;
    setsockopt(nl_socket_get_fd(socket.get()), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
               sizeof(on));
    return Rtnl(std::move(socket));
}

Status Rtnl::request(const Message& message) {
    const Result<std::vector<Message>> answers = query(message);
    if (!answers) return tl::unexpected(answers.error());
    return {};
}

Result<std::vector<Message>> Rtnl::query(const Message& message) {
    if (!message) return fail_errno("netlink message", ENOMEM);
    for (int i = 0; i < kDumpTriesMax; ++i) {
        Conversation conversation;
        const Callbacks callbacks = callbacks_for(conversation);
        if (!callbacks) return fail_errno("netlink", ENOMEM);
        nlmsg_hdr(message.get())->nlmsg_seq = NL_AUTO_SEQ;
        int code = nl_send_auto(socket_.get(), message.get());
        while (code >= 0 && !conversation.is_over) {
            code = nl_recvmsgs(socket_.get(), callbacks.get());
        }
        if (conversation.error != 0) return fail_errno("netlink", conversation.error);
        if (code >= 0) return std::move(conversation.answers);
        if (code != -NLE_DUMP_INTR) return fail_nl(code);
    }
    return fail_errno("netlink dump", EAGAIN);
}

}  // namespace netft::tap
