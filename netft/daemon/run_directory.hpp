// The directory of the hosts file (--run-dir), held by one netftd at a time: two would each put
// their own hosts there, and the first to end, or to fail at its start, would take the other's
// away.
//
// Held by a lock (flock(2)) on the directory itself, so that one that was killed holds nothing.
// Threads: control only.
#pragma once

#include <string>

#include "netft/base/result.hpp"
#include "netft/control/fd.hpp"

namespace netft::daemon {

class RunDirectory {
 public:
    // Makes it where it is missing. EBUSY: another netftd has it.
    static Result<RunDirectory> claim(const std::string& path);
    // Removes the hosts file, what DPDK has made there, and nothing else.
    ~RunDirectory();
    RunDirectory(RunDirectory&&) noexcept = default;
    RunDirectory& operator=(RunDirectory&&) = delete;

    // To the next netftd, with all that is in it.
    void give_away() { lock_.reset(); }

 private:
    RunDirectory(control::Fd lock, std::string path)
        : lock_(std::move(lock)), path_(std::move(path)) {}

    control::Fd lock_;
    std::string path_;
};

}  // namespace netft::daemon
