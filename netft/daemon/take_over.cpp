#include "netft/daemon/take_over.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "netft/wire/control.hpp"

namespace netft::daemon {

namespace {

using control::Fd;
using nlohmann::json;

constexpr std::size_t kAnswerBytesMax = 4 * 1024 * 1024;

std::string to_hex(Bytes bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (std::uint8_t byte : bytes) {
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    return out;
}

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::vector<std::uint8_t>> from_hex(const std::string& text) {
    std::vector<std::uint8_t> out;
    if (text.size() % 2 != 0) return {};
    for (std::size_t i = 0; i < text.size(); i += 2) {
        int high = digit(text[i]);
        int low = digit(text[i + 1]);
        if (high < 0 || low < 0) return {};
        out.push_back(static_cast<std::uint8_t>(high << 4 | low));
    }
    return out;
}

std::string text_of(const json& document, const char* key) {
    auto at = document.find(key);
    return at != document.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::optional<core::RememberedPeer> remembered(const json& entry) {
    if (!entry.is_object()) return {};
    auto key = from_hex(text_of(entry, "key"));
    auto card = from_hex(text_of(entry, "card"));
    core::RememberedPeer out;
    if (!key || key->size() != out.key.size() || !card) return {};
    auto message = decode_control(*card);
    if (!message || !message->card) return {};
    std::copy(key->begin(), key->end(), out.key.begin());
    out.card = *message->card;
    auto reachable = entry.find("reachable");
    out.reachable = reachable != entry.end() && reachable->is_boolean() && reachable->get<bool>();
    return out;
}

// Descriptors that came with a message are ours, wanted or not.
std::vector<Fd> descriptors_of(msghdr& message) {
    std::vector<Fd> out;
    for (cmsghdr* h = CMSG_FIRSTHDR(&message); h != nullptr; h = CMSG_NXTHDR(&message, h)) {
        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) continue;
        std::size_t count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof fd);
            out.emplace_back(fd);
        }
    }
    return out;
}

Result<Fd> connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return fail(path + ": too long for a socket");
    std::memcpy(address.sun_path, path.data(), path.size());
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    timeval patience{Predecessor::kPatienceSeconds, 0};
    if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
        return fail_errno("socket", errno);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail_errno(path + ": no netftd to take over from", errno);
    return fd;
}

}  // namespace

Result<Predecessor> Predecessor::meet(const std::string& socket) {
    Result<Fd> fd = connect_to(socket);
    if (!fd) return tl::unexpected(fd.error());
    Predecessor out(std::move(*fd));
    Result<json> answer = out.ask("adapter");
    if (!answer) return tl::unexpected(answer.error());
    if (!out.adapter_ || !out.listening_)
        return fail("the netftd that runs has handed nothing over");
    out.node_ = text_of(*answer, "node");
    out.adapter_name_ = text_of(*answer, "adapter");
    out.notify_socket_ = text_of(*answer, "notify_socket");
    return out;
}

Result<std::vector<core::RememberedPeer>> Predecessor::send_away() {
    Result<json> answer = ask("leave");
    if (!answer) return tl::unexpected(answer.error());
    return memory_of((*answer)["peers"]);
}

Result<json> Predecessor::ask(const std::string& step) {
    std::string line = json{{"request", "take-over"}, {"step", step}}.dump() + "\n";
    if (::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(line.size()))
        return fail_errno("the netftd that runs does not listen", errno);
    Result<std::string> text = receive_line();
    if (!text) return tl::unexpected(text.error());
    json answer = json::parse(*text, nullptr, false);
    if (!answer.is_object()) return fail("the netftd that runs answers nonsense");
    if (std::string error = text_of(answer, "error"); !error.empty())
        return fail("the netftd that runs does not hand over: " + error);
    return answer;
}

Result<std::string> Predecessor::receive_line() {
    std::string text;
    while (text.empty() || text.back() != '\n') {
        std::array<char, 16 * 1024> buffer;
        alignas(cmsghdr) std::array<char, 256> room{};
        iovec bytes{buffer.data(), buffer.size()};
        msghdr message{};
        message.msg_iov = &bytes;
        message.msg_iovlen = 1;
        message.msg_control = room.data();
        message.msg_controllen = room.size();
        ssize_t n = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
        if (n == 0) return fail("the netftd that runs has ended");
        if (n < 0) return fail_errno("the netftd that runs does not answer", errno);
        std::vector<Fd> fds = descriptors_of(message);
        if (fds.size() == 2) {
            adapter_ = std::move(fds[0]);
            listening_ = std::move(fds[1]);
        }
        text.append(buffer.data(), static_cast<std::size_t>(n));
        if (text.size() > kAnswerBytesMax) return fail("the netftd that runs answers too much");
    }
    return text;
}

json to_json(const std::vector<core::RememberedPeer>& memory) {
    json out = json::array();
    for (const core::RememberedPeer& peer : memory) {
        std::array<std::uint8_t, kControlBytesMax + 512> room{};
        ByteWriter writer(room);
        encode(ControlMessage{1, peer.card}, writer);
        if (!writer.ok()) continue;
        out.push_back({{"key", to_hex(peer.key)},
                       {"card", to_hex(Bytes(room).first(writer.size()))},
                       {"reachable", peer.reachable}});
    }
    return out;
}

std::vector<core::RememberedPeer> memory_of(const json& peers) {
    std::vector<core::RememberedPeer> out;
    if (!peers.is_array()) return out;
    for (const json& entry : peers)
        if (auto peer = remembered(entry)) out.push_back(std::move(*peer));
    return out;
}

}  // namespace netft::daemon
