// The listening socket's file: made, taken over from a dead daemon, removed again.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "netft/base/result.hpp"
#include "netft/control/fd.hpp"

namespace netft::control {

// Removes its file on destruction, unless somebody has put another there.
class ListeningSocket {
 public:
    // `group`: of the file, as far as we may give it away.
    static Result<ListeningSocket> open(const std::string& path, std::optional<gid_t> group);
    // One that was opened by somebody else, who leaves the file to us.
    static Result<ListeningSocket> adopt(Fd fd, const std::string& path);
    ~ListeningSocket();
    ListeningSocket(ListeningSocket&&) = default;
    ListeningSocket& operator=(ListeningSocket&&) = delete;

    int fd() const { return fd_.get(); }
    void give_away() { inode_ = 0; }

 private:
    ListeningSocket(Fd fd, std::string path, unsigned long inode)
        : fd_(std::move(fd)), path_(std::move(path)), inode_(inode) {}

    Fd fd_;
    std::string path_;
    unsigned long inode_ = 0;  // of our file; 0: none is ours
};

}  // namespace netft::control
