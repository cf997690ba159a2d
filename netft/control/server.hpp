// The control socket: how tools talk with the daemon.
//
// A UNIX stream socket (mode 0660), one JSON object a line in both directions. A request is
// answered by one line: its document, or {"error":"…"}. The request "stream" turns the connection
// into a subscription: snapshot records, {"type":"end-of-snapshot"}, then one record a line until
// the client leaves. The kernel says who calls (SO_PEERCRED); requests that change something are
// root's.
//
//   {"request":"show"}                          → netft/docs/schema/show.json
//   {"request":"get","target":"n2"}             → netft/docs/schema/get.json
//   {"request":"history","peer":"n2"}           → netft/docs/schema/history.json
//   {"request":"stream","stream":"watch"}       → netft/docs/schema/stream.json, line by line
//   {"request":"stream","stream":"trace"}         the same, with heartbeats
//   {"request":"reload"}, {"request":"stop"}    → {"ok":true}; root only
//
// Nothing a client does can hurt the daemon: no call blocks, every queue has a limit, a client that
// sends nonsense, stops reading or vanishes loses its connection and is counted. A subscriber that
// reads too slowly loses records first and is told how many: {"type":"lost","count":n}.
// Threads: control only. No exception leaves, not even one of a handler.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "netft/base/result.hpp"

namespace netft::control {

constexpr const char* kDefaultSocketPath = "/run/netft/netftd.sock";

// watch: transitions and selections. trace: heartbeats as well.
enum class Stream : std::uint8_t { watch, trace };
constexpr std::size_t kStreams = 2;

// Who is at the other end, as the kernel says it (SO_PEERCRED).
struct Caller {
    uid_t uid = 0;
    gid_t gid = 0;
    pid_t pid = 0;
};

// False for a request that changes something, asked by somebody who is not root.
bool is_allowed(std::string_view request, const Caller& caller);

struct Handlers {
    // Answers any request but "stream"; {"error":…} for one it does not know.
    std::function<nlohmann::json(const nlohmann::json&, const Caller&)> on_request;
    // The snapshot records of a new subscription, without the end-of-snapshot.
    std::function<std::vector<nlohmann::json>(Stream)> on_subscribe;
    // has_subscribers() gives another answer than before for some stream.
    std::function<void()> on_subscribers_changed;
};

// All since start.
struct ServerCounters {
    std::uint64_t clients_accepted = 0;
    std::uint64_t clients_refused = 0;  // above kClientsMax, or no file descriptor left
    std::uint64_t clients_dropped = 0;  // nonsense, or stopped reading
    std::uint64_t requests = 0;
    std::uint64_t bad_requests = 0;
    std::uint64_t records_lost = 0;  // not given to subscribers that read too slowly
};

class ControlServer {
 public:
    static constexpr std::size_t kClientsMax = 64;
    static constexpr std::size_t kRequestBytesMax = 64 * 1024;
    // What may wait for one client. Replies above it drop the client, records above it are lost.
    static constexpr std::size_t kOutputBytesMax = 4 * 1024 * 1024;
    // Bad lines in a row after which a client is sent away.
    static constexpr std::size_t kBadLinesMax = 8;
    // Records lost in a row after which a subscriber counts as dead.
    static constexpr std::uint64_t kLostRecordsMax = 1'000'000;

    // Makes the directory, replaces the socket of a dead daemon, refuses to when it is alive.
    static Result<ControlServer> open(const std::string& path, Handlers handlers);
    ~ControlServer();  // removes the socket file
    ControlServer(ControlServer&&) noexcept;
    ControlServer& operator=(ControlServer&&) noexcept;

    // An epoll instance: readable when handle_ready() has work.
    int fd() const;
    void handle_ready();
    // `line`: one JSON object without line end.
    void publish(Stream stream, const std::string& line);
    bool has_subscribers(Stream stream) const;
    const ServerCounters& counters() const;
    std::size_t clients() const;

 private:
    struct State;
    explicit ControlServer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace netft::control
