// `netftd --reload`: what is on disk takes effect in the netftd that runs; for ExecReload= of the
// unit.
//
// The same program: its configuration is read again. Another program (an upgrade): it takes over,
// in the background, so that a service manager finds it in its unit.
// Threads: called while there is one.
#pragma once

#include <string>

#include "netft/base/result.hpp"

namespace netft::daemon {

// Which file this process was started from; another one after an upgrade, under the same name.
std::string program_id();

enum class Reload : std::uint8_t { done, needs_take_over };
// Asks the netftd at `socket`.
Result<Reload> reload_running(const std::string& socket);

// Goes on in a child. Here, in the child, the descriptor comes back to which say_ready() is to be
// told; the parent exits, with 0 when it was told, else as the child does.
Result<int> go_to_background();
void say_ready(int fd);

}  // namespace netft::daemon
