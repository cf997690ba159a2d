#include "netft/control/server_client.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace netft::control {

namespace {

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

void ServerClient::receive() {
    if (input_closed_ || has_line()) return;
    std::array<char, 16 * 1024> buffer;
    ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n < 0 && would_block(errno)) return;
    if (n < 0) vanished_ = true;
    if (n <= 0) {
        input_closed_ = true;
        return;
    }
    std::size_t searched = input_.size();
    input_.append(buffer.data(), static_cast<std::size_t>(n));
    line_end_ = input_.find('\n', searched);
}

std::optional<std::string> ServerClient::take_line() {
    if (!has_line()) return {};
    std::string line = input_.substr(0, line_end_);
    input_.erase(0, line_end_ + 1);
    line_end_ = input_.find('\n');
    return line;
}

bool ServerClient::is_line_too_long() const {
    return (has_line() ? line_end_ : input_.size()) > ControlServer::kRequestBytesMax;
}

void ServerClient::append(const std::string& line) {
    output_ += line;
    output_ += '\n';
}

void ServerClient::send_line(const std::string& line) {
    if (pending() + line.size() > ControlServer::kOutputBytesMax) return drop();
    append(line);
    flush();
}

void ServerClient::send_line(const std::string& line, const std::vector<int>& fds) {
    constexpr std::size_t kFdsMax = 8;
    if (fds.empty() || fds.size() > kFdsMax || pending() > 0) return send_line(line);
    std::array<char, CMSG_SPACE(kFdsMax * sizeof(int))> room{};
    char first = line.front();
    iovec byte{&first, 1};
    msghdr message{};
    message.msg_iov = &byte;
    message.msg_iovlen = 1;
    message.msg_control = room.data();
    message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
    if (::sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) return drop();
    send_line(line.substr(1));
}

std::uint64_t ServerClient::send_record(const std::string& line) {
    bool room = pending() + line.size() <= ControlServer::kOutputBytesMax;
    if (lost_ > 0 || !room) {
        if (++lost_ > ControlServer::kLostRecordsMax) drop();
        return 1;
    }
    append(line);
    flush();
    return 0;
}

// Half of the room is free again before records flow again: else each would bring its own notice.
void ServerClient::tell_lost() {
    if (lost_ == 0 || pending() > ControlServer::kOutputBytesMax / 2) return;
    append("{\"version\":1,\"type\":\"lost\",\"count\":" + std::to_string(lost_) + "}");
    lost_ = 0;
}

void ServerClient::flush() {
    while (pending() > 0 && !vanished_) {
        ssize_t n =
            ::send(fd_.get(), output_.data() + sent_, pending(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && !would_block(errno)) vanished_ = true;
        if (n < 0) break;
        sent_ += static_cast<std::size_t>(n);
        tell_lost();
    }
    if (sent_ == output_.size() || sent_ > ControlServer::kOutputBytesMax) {
        output_.erase(0, sent_);
        sent_ = 0;
    }
}

bool ServerClient::is_done() const {
    if (vanished_ || dropped_) return true;
    if (pending() > 0) return false;
    // A subscriber that has closed its sending half still reads.
    return finishing_ || (input_closed_ && !has_line() && !stream);
}

std::uint32_t ServerClient::interest() const {
    std::uint32_t events = 0;
    if (!input_closed_ && !has_line() && !finishing_) events |= EPOLLIN;
    // A socket that can be written to wakes us for the lines left over from the last turn as well.
    if (pending() > 0 || (has_line() && !finishing_)) events |= EPOLLOUT;
    return events;
}

}  // namespace netft::control
