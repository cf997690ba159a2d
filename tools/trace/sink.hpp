// Where a trace goes: a file or standard output, record by record, nothing held back.
#pragma once

#include <string>

#include "netft/base/result.hpp"
#include "netft/control/fd.hpp"

namespace netft::trace {

class Sink {
 public:
    // "-": standard output.
    static Result<Sink> open(const std::string& path);
    // False: the reader has gone; stop, quietly.
    Result<bool> write(const std::string& bytes);
    bool is_terminal() const;

 private:
    Sink(control::Fd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

    control::Fd fd_;
    std::string name_;
};

}  // namespace netft::trace
