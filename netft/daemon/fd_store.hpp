// systemd's store of descriptors (FileDescriptorStoreMax= of the unit, sd_notify(3) FDSTORE=1).
//
// The adapter lives as long as anybody holds it open. systemd does while the unit restarts, for
// whatever reason (systemctl restart, a crash, the watchdog), and lets go when the unit stops: then
// the adapter is gone with netftd. So there is nothing that a crash leaves behind, and nothing to
// tell a stop from a restart by. Without systemd, or without FileDescriptorStoreMax=, all of this
// does nothing.
// Threads: control, at start.
#pragma once

namespace netft::daemon {

// What a netftd before us has stored; −1: nothing. The caller owns it. Once a process.
int take_stored_adapter();
void store_adapter(int fd);
// It is of no use any more: another name is configured.
void forget_stored_adapter();

}  // namespace netft::daemon
