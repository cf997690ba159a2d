#include "netft/daemon/fd_store.hpp"

#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace netft::daemon {

namespace {

constexpr const char* kName = "netft-adapter";

}  // namespace

int take_stored_adapter() {
    char** names = nullptr;
    int count = sd_listen_fds_with_names(1, &names);
    int adapter = -1;
    for (int i = 0; i < count; ++i) {
        int fd = SD_LISTEN_FDS_START + i;
        bool is_ours = adapter < 0 && std::strcmp(names[i], kName) == 0;
        if (is_ours)
            adapter = fd;
        else
            close(fd);
        free(names[i]);
    }
    free(names);
    return adapter;
}

// FDPOLL=0: systemd would drop a TAP whose interface somebody takes down.
void store_adapter(int fd) {
    (void)sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=netft-adapter\nFDPOLL=0", &fd, 1);
}

void forget_stored_adapter() { (void)sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=netft-adapter"); }

}  // namespace netft::daemon
