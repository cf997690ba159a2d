// `netftd --reload`: what is on disk takes effect in the netftd that runs; for ExecReload= of the
// unit.
//
// The same program: its configuration is read again. Another program (an upgrade): it takes over,
// in the background, so that a service manager finds it in its unit.
// Threads: called while there is one.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "netft/base/result.hpp"
#include "netft/daemon/options.hpp"

namespace netft::daemon {

// Which file this process was started from; another one after an upgrade, under the same name.
std::string program_id();

enum class Reload : std::uint8_t { done, needs_take_over };
// Asks the netftd at the socket of `options`. Where this program is to take over, what was not
// given to it is as that one was started: files, user, node, whatever the host is called now.
Result<Reload> reload_running(Options& options);

// What a netftd tells of itself to the next one, and what that makes of it.
nlohmann::json to_json(const Options& options, const std::string& node);
void start_like(const nlohmann::json& running, Options& options);

// Goes on in a child. Here, in the child, the descriptor comes back to which say_ready() is to be
// told; the parent exits, with 0 when it was told, else as the child does.
Result<int> go_to_background();
void say_ready(int fd);

}  // namespace netft::daemon
