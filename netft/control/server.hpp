// The control socket: how tools talk with the daemon.
//
// A UNIX stream socket (mode 0666: who may what is netftd's to say, and to audit), one JSON object
// a line in both directions. A request is answered by one line: its document, or {"error":"…"}. The
// request "stream" turns the connection into a subscription: snapshot records,
// {"type":"end-of-snapshot"}, then one record a line until the client leaves. Reading is for root
// and members of one group, changing is for root (caller.hpp); the file's mode keeps everybody else
// out before that. Every change and every refusal is handed to the audit.
//
//   {"request":"show"}                          → netft/docs/schema/show.json
//   {"request":"get","target":"n2"}             → netft/docs/schema/get.json
//   {"request":"history","peer":"n2"}           → netft/docs/schema/history.json
//   {"request":"stream","stream":"watch"}       → netft/docs/schema/stream.json, line by line
//   {"request":"stream","stream":"trace"}         the same, with heartbeats
//   {"request":"version"}                       → {"version":1,"netftd":"…","program":"…"}
//   {"request":"reload"}, {"request":"stop"}    → {"ok":true}; root (reload: and netftd's own user)
//   {"request":"undamp","peer":NAME}            → {"ok":true}; root; no name: all peers
//   {"request":"take-over","step":"…"}          for the next netftd: netft/daemon/take_over.hpp;
//                                                 root and netftd's own user only
//
// Nothing a client does can hurt the daemon: no call blocks, every queue has a limit, requests have
// a rate limit and users a number of connections (server_limits.hpp), a client that sends nonsense,
// stops reading or vanishes loses its connection and is counted. A subscriber that reads too slowly
// loses records first and is told how many: {"type":"lost","count":n}.
// Threads: control only. No exception leaves, not even one of a handler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "netft/base/result.hpp"
#include "netft/base/time.hpp"
#include "netft/control/audit.hpp"
#include "netft/control/caller.hpp"
#include "netft/control/server_limits.hpp"

namespace netft::control {

constexpr const char* kDefaultSocketPath = "/run/netft/netftd.sock";

// watch: transitions and selections. trace: heartbeats as well.
enum class Stream : std::uint8_t { watch, trace };
constexpr std::size_t kStreams = 2;

struct Handlers {
    // Answers any request but "stream"; {"error":…} for one it does not know.
    std::function<nlohmann::json(const nlohmann::json&, const Caller&)> on_request;
    // The snapshot records of a new subscription, without the end-of-snapshot.
    std::function<std::vector<nlohmann::json>(Stream)> on_subscribe;
    // has_subscribers() gives another answer than before for some stream.
    std::function<void()> on_subscribers_changed;
    // Descriptors to be passed with the answer just made; borrowed. Empty function: never any.
    std::function<std::vector<int>()> attachments;
    // A change was made or refused, or a caller was turned away.
    std::function<void(const AuditRecord&)> on_audit;
};

struct ServerOptions {
    // Whose members may read, and the group of the socket's file; none: root only.
    std::optional<gid_t> readers;
    // For the rate limit; the monotonic clock where empty. Tests give their own.
    std::function<TimePoint()> clock;
    // netftd's own user, where it has one; see refusal().
    std::optional<uid_t> owner;
    // A socket that listens at `path` already, from the netftd before us; −1: none. Owned.
    int listening = -1;
};

// All since start.
struct ServerCounters {
    std::uint64_t clients_accepted = 0;
    std::uint64_t clients_refused = 0;  // above the user's or all places, or no descriptor left
    std::uint64_t clients_dropped = 0;  // nonsense, or stopped reading
    std::uint64_t requests = 0;
    std::uint64_t bad_requests = 0;
    std::uint64_t refused_requests = 0;  // not the caller's to ask for
    std::uint64_t limited_requests = 0;  // above the rate limit
    std::uint64_t records_lost = 0;      // not given to subscribers that read too slowly
};

class ControlServer {
 public:
    static constexpr std::size_t kClientsMax = ServerLimits::kClientsMax;
    static constexpr std::size_t kRequestBytesMax = 64 * 1024;
    // What may wait for one client. Replies above it drop the client, records above it are lost.
    static constexpr std::size_t kOutputBytesMax = 4 * 1024 * 1024;
    // Bad lines in a row after which a client is sent away.
    static constexpr std::size_t kBadLinesMax = 8;
    // Records lost in a row after which a subscriber counts as dead.
    static constexpr std::uint64_t kLostRecordsMax = 1'000'000;

    // Makes the directory, replaces the socket of a dead daemon, refuses to when it is alive.
    static Result<ControlServer> open(const std::string& path, Handlers handlers,
                                      ServerOptions options = {});
    ~ControlServer();  // removes the socket file
    ControlServer(ControlServer&&) noexcept;
    ControlServer& operator=(ControlServer&&) noexcept;

    // An epoll instance: readable when handle_ready() has work.
    int fd() const;
    void handle_ready();
    // `line`: one JSON object without line end.
    void publish(Stream stream, const std::string& line);
    bool has_subscribers(Stream stream) const;
    // The listening socket, for the next netftd; borrowed.
    int listening_fd() const;
    // Somebody else listens now: the file stays.
    void give_away();
    const ServerCounters& counters() const;
    std::size_t clients() const;

 private:
    struct State;
    explicit ControlServer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace netft::control
