// Taking over: the next netftd starts beside the one that runs, and takes its place when it is
// ready.
//
//   next                                       before
//   take-over, step "adapter"          →
//                                      ←       who it is; its TAP and its listening socket
//   (configuration, privileges, EAL, crypto device: half a second; the one before carries traffic)
//   take-over, step "leave"            →       tells its peers (R), stops its worker, closes its
//   ports
//                                      ←       what it knows of its peers; ends
//   (ports, worker, handshakes: this alone is a gap)
//
// Both steps are requests of the control socket (netft/control/server.hpp), for root and netftd's
// own user. Until "leave" nothing has changed: a next netftd that fails leaves the one before
// alone. Frames wait in the TAP, and clients in the listening socket, while nobody reads them.
// Threads: control. May block for kPatience: called while there is no worker yet.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "netft/base/result.hpp"
#include "netft/control/fd.hpp"
#include "netft/core/coordinator.hpp"

namespace netft::daemon {

class Predecessor {
 public:
    static constexpr int kPatienceSeconds = 5;  // for one answer

    // Asks the netftd at that control socket for what it has. Errors: nobody is there, it refuses,
    // it is too old to know of this.
    static Result<Predecessor> meet(const std::string& socket);

    const std::string& node() const { return node_; }
    const std::string& adapter_name() const { return adapter_name_; }
    const std::string& notify_socket() const { return notify_socket_; }  // systemd's; may be ""
    int take_adapter() { return adapter_.release(); }                    // the caller owns it
    int take_listening() { return listening_.release(); }                // the caller owns it

    // Ends it. What comes back is what it knew of its peers.
    Result<std::vector<core::RememberedPeer>> send_away();

 private:
    explicit Predecessor(control::Fd socket) : socket_(std::move(socket)) {}
    Result<nlohmann::json> ask(const std::string& step);
    Result<std::string> receive_line();

    control::Fd socket_;
    control::Fd adapter_;
    control::Fd listening_;
    std::string node_;
    std::string adapter_name_;
    std::string notify_socket_;
};

// The answer to "leave": cards travel as on the wire, in hexadecimal.
nlohmann::json to_json(const std::vector<core::RememberedPeer>& memory);
// What cannot be read is left out: the peers tell it again.
std::vector<core::RememberedPeer> memory_of(const nlohmann::json& peers);

}  // namespace netft::daemon
