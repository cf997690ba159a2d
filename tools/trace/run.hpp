// The loop of netft-trace: from the daemon's stream to the sink until enough, or interrupted.
#pragma once

#include <cstdint>
#include <string>

#include "netft/base/result.hpp"
#include "netft/client/program.hpp"
#include "tools/trace/format.hpp"

namespace netft::trace {

struct Options {
    std::string path = "-";
    std::string peer;         // empty: all
    std::uint64_t count = 0;  // records after the snapshot; 0: no end
};

// Gives the exit code.
Result<int> run(const client::Context& context, const Options& options, Format& format);

}  // namespace netft::trace
