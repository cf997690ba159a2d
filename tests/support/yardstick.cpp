// What sleeping and waking costs on this machine, now: fifty times a second a datagram is sent over
// the loopback, waited for and read, as an idle netftd does with its heartbeats. Prints the
// processor time it took, in per cent of a core.
//
//   yardstick SECONDS
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr int kWakesPerSecond = 50;

double processor_seconds() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

int open_socket() {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in self{};
    self.sin_family = AF_INET;
    self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof self;
    auto* address = reinterpret_cast<sockaddr*>(&self);
    bool good = fd >= 0 && bind(fd, address, size) == 0 && getsockname(fd, address, &size) == 0 &&
                connect(fd, address, size) == 0;
    return good ? fd : -1;
}

}  // namespace

int main(int argc, char** argv) {
    int seconds = argc == 2 ? std::atoi(argv[1]) : 0;
    int fd = open_socket();
    int epoll = epoll_create1(0);
    epoll_event event{};
    event.events = EPOLLIN;
    if (seconds <= 0 || fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) return 2;
    std::array<char, 112> datagram{};
    for (int i = 0; i < seconds * kWakesPerSecond; ++i) {
        if (send(fd, datagram.data(), datagram.size(), 0) < 0) return 1;
        if (epoll_wait(epoll, &event, 1, 1000) != 1) return 1;
        if (recv(fd, datagram.data(), datagram.size(), 0) < 0) return 1;
        epoll_wait(epoll, &event, 1, 1000 / kWakesPerSecond);
    }
    std::printf("%.3f\n", 100 * processor_seconds() / seconds);
    return 0;
}
