// What every tool shares: the connection to netftd, output for people and machines, exit codes.
//
// Parts: connection (requests and streams over the control socket), fields (reading JSON that
// another version may have written), view (the cluster as a stream's records tell it), table and
// terminal (aligned, coloured only where somebody looks), human (ages, lists), program (options,
// errors as "tool: what: why", exit codes 0 done, 1 refused or failed, 2 usage).
// The protocol is that of netft/control/server.hpp. Threads: one.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "netft/base/result.hpp"
#include "netft/control/fd.hpp"

namespace netft::client {

using SteadyTime = std::chrono::steady_clock::time_point;

// --socket, else $NETFT_SOCKET, else the default.
std::string socket_path(const std::string& option);

class Connection {
 public:
    // How long a request may take before the daemon counts as hung.
    static constexpr std::chrono::seconds kAnswerTimeMax{10};
    // A line longer than this is no answer of netftd.
    static constexpr std::size_t kLineBytesMax = 64 * 1024 * 1024;

    static Result<Connection> open(const std::string& path);

    // One question, one answer; {"error":…} becomes an Error.
    Result<nlohmann::json> request(const nlohmann::json& question,
                                   std::chrono::milliseconds patience = kAnswerTimeMax);
    // "watch" or "trace"; then receive().
    Status subscribe(const std::string& stream);
    // The next document. nullopt: the deadline has passed.
    Result<std::optional<nlohmann::json>> receive(std::optional<SteadyTime> deadline = {});

 private:
    Connection(control::Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
    Status send(const nlohmann::json& document);
    std::optional<std::string> take_line();
    Status fill();

    control::Fd fd_;
    std::string path_;
    std::string input_;
    std::size_t taken_ = 0;     // bytes of input_ already given out
    std::size_t searched_ = 0;  // no line end before this
};

}  // namespace netft::client
