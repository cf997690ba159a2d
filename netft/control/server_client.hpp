// One client of the control socket: its buffers and their limits. Knows lines, not requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netft/control/fd.hpp"
#include "netft/control/server.hpp"

namespace netft::control {

class ServerClient {
 public:
    ServerClient(Fd fd, Caller caller)
        : requests(ServerLimits::client_bucket(caller.uid)),
          fd_(std::move(fd)),
          caller_(std::move(caller)) {}

    // Reads what is there, unless a whole line waits already.
    void receive();
    // The next whole line, without its end.
    std::optional<std::string> take_line();
    bool has_line() const { return line_end_ != std::string::npos; }
    // A line grew beyond kRequestBytesMax.
    bool is_line_too_long() const;

    // A reply: must arrive, or the client is dropped.
    void send_line(const std::string& line);
    // The same, with descriptors (SCM_RIGHTS) beside its first byte. For a client that reads what
    // it asked for: one that has not gets no descriptors.
    void send_line(const std::string& line, const std::vector<int>& fds);
    // A record of a stream: lost, and counted, when too much waits already. The number lost now.
    std::uint64_t send_record(const std::string& line);
    void flush();

    // Nothing more will be said to it: closed when all is sent.
    void finish() { finishing_ = true; }
    void drop() { dropped_ = true; }
    bool is_dropped() const { return dropped_; }
    // To be closed: vanished, dropped, or done and all sent.
    bool is_done() const;
    // EPOLLIN and EPOLLOUT as they are wanted now.
    std::uint32_t interest() const;

    int fd() const { return fd_.get(); }
    const Caller& caller() const { return caller_; }

    RequestLimit requests;
    std::optional<Stream> stream;  // subscribed to
    std::size_t bad_lines = 0;     // in a row
    std::uint32_t watched = 0;     // interest as epoll knows it

 private:
    std::size_t pending() const { return output_.size() - sent_; }
    void append(const std::string& line);
    void tell_lost();

    Fd fd_;
    Caller caller_;
    std::string input_;
    std::size_t line_end_ = std::string::npos;  // of the first whole line in input_
    std::string output_;
    std::size_t sent_ = 0;  // bytes of output_ that are gone
    std::uint64_t lost_ = 0;
    bool input_closed_ = false;
    bool vanished_ = false;
    bool finishing_ = false;
    bool dropped_ = false;
};

}  // namespace netft::control
