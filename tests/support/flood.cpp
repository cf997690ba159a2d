// Sends the same frames or datagrams over and over, as fast as the machine can or at a given rate.
//
//   flood DEVICE FILE SECONDS [RATE]            Ethernet frames, by a packet socket on DEVICE: any
//                                               source address, past the kernel's own queues
//   flood udp:ADDRESS:PORT FILE SECONDS [RATE]  UDP payloads, IPv4, from this host's own address
//
// FILE holds them one after the other, each behind its length (16 bits, big-endian). RATE is a
// number a second. Ends after SECONDS or on SIGTERM and prints {"sent": N, "seconds": S}.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Packet = std::vector<char>;

constexpr std::size_t kBurst = 64;
constexpr int kSendBufferBytes = 4 << 20;

volatile std::sig_atomic_t is_over = 0;

[[noreturn]] void give_up(const std::string& what) {
    std::fprintf(stderr, "flood: %s: %s\n", what.c_str(), std::strerror(errno));
    std::exit(1);
}

std::vector<Packet> read_packets(const char* name) {
    std::ifstream file(name, std::ios::binary);
    std::vector<char> all{std::istreambuf_iterator<char>(file), {}};
    std::vector<Packet> out;
    for (std::size_t at = 0; at + 2 <= all.size();) {
        auto high = static_cast<std::uint8_t>(all[at]),
             low = static_cast<std::uint8_t>(all[at + 1]);
        std::size_t begin = at + 2, length = std::size_t{high} << 8 | low;
        if (begin + length > all.size()) break;
        out.emplace_back(all.begin() + static_cast<long>(begin),
                         all.begin() + static_cast<long>(begin + length));
        at = begin + length;
    }
    if (out.empty()) give_up(std::string(name) + ": nothing to send");
    return out;
}

int open_udp(const std::string& target) {
    std::size_t colon = target.rfind(':');
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(target.c_str() + colon + 1)));
    if (inet_pton(AF_INET, target.substr(4, colon - 4).c_str(), &to.sin_addr) != 1) give_up(target);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) give_up(target);
    return fd;
}

int open_device(const std::string& name) {
    int fd = socket(AF_PACKET, SOCK_RAW, 0);  // protocol 0: it receives nothing
    sockaddr_ll on{};
    on.sll_family = AF_PACKET;
    on.sll_ifindex = static_cast<int>(if_nametoindex(name.c_str()));
    if (fd < 0 || on.sll_ifindex == 0 || bind(fd, reinterpret_cast<sockaddr*>(&on), sizeof on) != 0)
        give_up(name);
    int yes = 1;
    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof yes);
    return fd;
}

int open_target(const std::string& target) {
    int fd = target.starts_with("udp:") ? open_udp(target) : open_device(target);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &kSendBufferBytes, sizeof kSendBufferBytes);
    return fd;
}

class Flood {
 public:
    Flood(int fd, std::vector<Packet> packets) : fd_(fd), packets_(std::move(packets)) {}

    // Gives how many were sent: fewer than wanted when the device had no room.
    std::size_t burst(std::size_t wanted) {
        for (std::size_t i = 0; i < wanted; ++i) {
            Packet& packet = packets_[next_];
            next_ = (next_ + 1) % packets_.size();
            vectors_[i] = {packet.data(), packet.size()};
            messages_[i].msg_hdr = {};
            messages_[i].msg_hdr.msg_iov = &vectors_[i];
            messages_[i].msg_hdr.msg_iovlen = 1;
        }
        int sent = sendmmsg(fd_, messages_.data(), static_cast<unsigned>(wanted), 0);
        return sent > 0 ? static_cast<std::size_t>(sent) : 0;
    }

 private:
    int fd_;
    std::vector<Packet> packets_;
    std::size_t next_ = 0;
    std::array<iovec, kBurst> vectors_{};
    std::array<mmsghdr, kBurst> messages_{};
};

// How many may be sent now so that the rate is kept; 0: wait.
std::size_t allowance(double rate, double seconds, std::uint64_t sent) {
    if (rate <= 0) return kBurst;
    double due = rate * seconds - static_cast<double>(sent);
    return due < 1 ? 0 : std::min(kBurst, static_cast<std::size_t>(due));
}

void run(Flood& flood, double limit, double rate) {
    auto began = Clock::now();
    std::uint64_t sent = 0;
    double seconds = 0;
    while (is_over == 0 && seconds < limit) {
        std::size_t wanted = allowance(rate, seconds, sent);
        if (wanted == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
        sent += wanted == 0 ? 0 : flood.burst(wanted);
        seconds = std::chrono::duration<double>(Clock::now() - began).count();
    }
    std::printf("{\"sent\": %llu, \"seconds\": %.3f}\n", static_cast<unsigned long long>(sent),
                seconds);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4 || argc > 5) {
        std::fprintf(stderr, "flood: usage: flood DEVICE|udp:ADDRESS:PORT FILE SECONDS [RATE]\n");
        return 2;
    }
    std::signal(SIGTERM, [](int) { is_over = 1; });
    Flood flood(open_target(argv[1]), read_packets(argv[2]));
    run(flood, std::atof(argv[3]), argc > 4 ? std::atof(argv[4]) : 0);
    return 0;
}
