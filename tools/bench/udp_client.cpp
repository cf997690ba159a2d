// What netft-bench sends and receives by UDP: small, so that the path is measured and not the
// client.
//
//   bench_udp echo PORT                            answers every datagram until it is ended
//   bench_udp sink PORT BYTES                      counts datagrams of BYTES until SIGTERM
//   bench_udp flood ADDRESS PORT SECONDS BYTES [N] as many datagrams as the path takes; N at a time
//                                                  are handed over as one (UDP_SEGMENT)
//   bench_udp ping ADDRESS PORT SECONDS PAUSE_US   one at a time: the next goes PAUSE_US after the
//                                                  answer (0: at once)
//   bench_udp probe ADDRESS PORT SECONDS           one a millisecond, whatever becomes of the
//   others
//
// IPv4. Each says "ready" when it is (ping and probe: at the first answer) and prints one JSON
// object at its end. ping and probe end early on SIGTERM.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
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
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::size_t kBurst = 64;
constexpr std::size_t kPayloadMax = 65'535;
constexpr std::size_t kPingBytes = 64;
constexpr int kBufferBytes = 8 << 20;
constexpr milliseconds kProbeInterval{1};
constexpr milliseconds kLinger{300};      // how long answers may come after the last probe
constexpr milliseconds kPatience{1'000};  // a ping without an answer is lost then
constexpr milliseconds kRetry{10};        // between two attempts to get the first answer
constexpr std::uint64_t kHello = ~std::uint64_t{0};

volatile std::sig_atomic_t is_over = 0;

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "bench_udp: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

void say_ready() {
    std::puts("ready");
    std::fflush(stdout);
}

double seconds_between(Instant from, Instant to) {
    return std::chrono::duration<double>(to - from).count();
}

int open_socket() {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0) give_up("socket");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kBufferBytes, sizeof kBufferBytes);
    return fd;
}

int open_server(const char* port) {
    int fd = open_socket();
    sockaddr_in self{};
    self.sin_family = AF_INET;
    self.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
    if (bind(fd, reinterpret_cast<sockaddr*>(&self), sizeof self) != 0) give_up(port);
    return fd;
}

int open_client(const char* address, const char* port) {
    int fd = open_socket();
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1) give_up(address);
    if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) give_up(address);
    return fd;
}

// A burst of messages of one size, for sendmmsg() and recvmmsg().
class Burst {
 public:
    explicit Burst(std::size_t bytes) : payloads_(kBurst * bytes) {
        for (std::size_t i = 0; i < kBurst; ++i) {
            vectors_[i] = {payloads_.data() + i * bytes, bytes};
            messages_[i].msg_hdr.msg_iov = &vectors_[i];
            messages_[i].msg_hdr.msg_iovlen = 1;
        }
    }
    // How many; 0 when there is none or the path refuses them now.
    std::uint64_t send(int fd) { return counted(sendmmsg(fd, messages_.data(), kBurst, 0)); }
    // Bytes that came.
    std::uint64_t receive(int fd) {
        std::uint64_t bytes = 0;
        std::uint64_t count =
            counted(recvmmsg(fd, messages_.data(), kBurst, MSG_WAITFORONE, nullptr));
        for (std::size_t i = 0; i < count; ++i) bytes += messages_[i].msg_len;
        return bytes;
    }

 private:
    static std::uint64_t counted(int result) {
        return result > 0 ? static_cast<std::uint64_t>(result) : 0;
    }
    std::vector<char> payloads_;
    std::array<iovec, kBurst> vectors_{};
    std::array<mmsghdr, kBurst> messages_{};
};

int echo(int fd) {
    std::array<char, kPayloadMax> data;
    say_ready();
    while (is_over == 0) {
        sockaddr_in from{};
        socklen_t size = sizeof from;
        auto* sender = reinterpret_cast<sockaddr*>(&from);
        ssize_t length = recvfrom(fd, data.data(), data.size(), 0, sender, &size);
        if (length >= 0) sendto(fd, data.data(), static_cast<std::size_t>(length), 0, sender, size);
    }
    return 0;
}

int sink(int fd, std::size_t size) {
    Burst burst(kPayloadMax);
    int yes = 1;
    setsockopt(fd, IPPROTO_UDP, UDP_GRO, &yes, sizeof yes);
    std::uint64_t received = 0;  // bytes
    Instant first{}, last{};
    say_ready();
    while (is_over == 0) {
        std::uint64_t bytes = burst.receive(fd);
        if (bytes == 0) continue;
        last = Clock::now();
        if (received == 0) first = last;
        received += bytes;
    }
    std::printf("{\"received\": %llu, \"seconds\": %.4f}\n",
                static_cast<unsigned long long>(received / size), seconds_between(first, last));
    return 0;
}

int flood(int fd, double limit, std::size_t bytes, std::size_t at_a_time) {
    Burst burst(std::clamp<std::size_t>(bytes * at_a_time, 1, kPayloadMax));
    int segment = static_cast<int>(bytes);
    if (at_a_time > 1 && setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) != 0)
        give_up("UDP_SEGMENT");
    std::uint64_t sent = 0;
    double seconds = 0;
    say_ready();
    for (Instant began = Clock::now(); is_over == 0 && seconds < limit;) {
        sent += burst.send(fd) * at_a_time;
        seconds = seconds_between(began, Clock::now());
    }
    std::printf("{\"sent\": %llu, \"seconds\": %.4f}\n", static_cast<unsigned long long>(sent),
                seconds);
    return 0;
}

// Datagrams that carry a number, and their echoes.
class Line {
 public:
    explicit Line(int fd) : fd_(fd) {}

    void send(std::uint64_t number) {
        std::array<char, kPingBytes> data{};
        std::memcpy(data.data(), &number, sizeof number);
        // An error is an ICMP message of an earlier datagram, or no way now: this one is lost.
        (void)::send(fd_, data.data(), data.size(), 0);
    }
    bool wait_readable(Instant deadline) {
        auto left = std::max(deadline - Clock::now(), Clock::duration::zero());
        auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
        timespec timeout{.tv_sec = whole.count(), .tv_nsec = (left - whole).count()};
        pollfd one{.fd = fd_, .events = POLLIN, .revents = 0};
        return ppoll(&one, 1, &timeout, nullptr) > 0;
    }
    // The number of an echo that has come; false when there is none.
    bool take(std::uint64_t& number) {
        std::array<char, kPingBytes> data{};
        if (recv(fd_, data.data(), data.size(), MSG_DONTWAIT) < 0) return false;
        std::memcpy(&number, data.data(), sizeof number);
        return true;
    }
    // False when the echo of `wanted` does not come in time; others are thrown away.
    bool wait_for(std::uint64_t wanted, Instant deadline) {
        std::uint64_t number = 0;
        while (wait_readable(deadline))
            while (take(number))
                if (number == wanted) return true;
        return false;
    }
    void wait_first_answer() {
        do {
            if (is_over != 0) return;
            send(kHello);
        } while (!wait_for(kHello, Clock::now() + kRetry));
        say_ready();
    }

 private:
    int fd_;
};

double percentile(std::vector<double>& sorted, double share) {
    if (sorted.empty()) return 0;
    auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
    return sorted[at];
}

int ping(int fd, double limit, microseconds pause) {
    Line line(fd);
    line.wait_first_answer();
    std::vector<double> times;
    std::uint64_t sent = 0;
    for (Instant began = Clock::now(); is_over == 0;) {
        Instant now = Clock::now();
        if (seconds_between(began, now) >= limit) break;
        line.send(sent);
        if (line.wait_for(sent++, now + kPatience))
            times.push_back(seconds_between(now, Clock::now()) * 1e6);
        if (pause.count() > 0) std::this_thread::sleep_for(pause);
    }
    std::sort(times.begin(), times.end());
    std::printf(
        "{\"sent\": %llu, \"lost\": %llu, \"p50_us\": %.1f, \"p99_us\": %.1f, "
        "\"max_us\": %.1f}\n",
        static_cast<unsigned long long>(sent), static_cast<unsigned long long>(sent - times.size()),
        percentile(times, 0.5), percentile(times, 0.99), percentile(times, 1));
    return 0;
}

struct Probe {
    Instant at{};
    bool answered = false;
};

// The longest step between two instants of sending; all probes, or the answered ones alone. When no
// answer comes any more, the gap lasts to the last probe.
double longest_step_ms(std::span<const Probe> probes, bool answered_only) {
    double longest = 0;
    const Probe* previous = nullptr;
    for (const Probe& one : probes) {
        if (answered_only && !one.answered) continue;
        if (previous != nullptr)
            longest = std::max(longest, seconds_between(previous->at, one.at) * 1e3);
        previous = &one;
    }
    if (previous != nullptr)
        longest = std::max(longest, seconds_between(previous->at, probes.back().at) * 1e3);
    return longest;
}

void take_answers(Line& line, std::vector<Probe>& probes, Instant until) {
    std::uint64_t number = 0;
    while (line.wait_readable(until))
        while (line.take(number))
            if (number < probes.size()) probes[number].answered = true;
}

int probe(int fd, double limit) {
    Line line(fd);
    line.wait_first_answer();
    std::vector<Probe> probes;
    Instant began = Clock::now(), due = began;
    for (Instant now = began; is_over == 0 && seconds_between(began, now) < limit;) {
        probes.push_back({.at = now});
        line.send(probes.size() - 1);
        // After a stall the next probe goes out at once, but missed ones are not made up for.
        due = std::max(due + kProbeInterval, now);
        take_answers(line, probes, due);
        now = Clock::now();
    }
    take_answers(line, probes, Clock::now() + kLinger);
    auto lost = std::count_if(probes.begin(), probes.end(), [](auto& p) { return !p.answered; });
    std::printf("{\"sent\": %zu, \"lost\": %lld, \"longest_gap_ms\": %.1f, \"stall_ms\": %.1f}\n",
                probes.size(), static_cast<long long>(lost), longest_step_ms(probes, true),
                longest_step_ms(probes, false));
    return 0;
}

// No SA_RESTART: a signal ends the system call that waits.
void end_on_signals() {
    struct sigaction action {};
    action.sa_handler = [](int) { is_over = 1; };
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
}

int usage() {
    std::fprintf(
        stderr,
        "bench_udp: usage: bench_udp echo PORT | sink PORT BYTES | flood ADDRESS PORT "
        "SECONDS BYTES [N] | ping ADDRESS PORT SECONDS PAUSE_US | probe ADDRESS PORT SECONDS\n");
    return 2;
}

std::size_t size_of(const char* word) {
    return static_cast<std::size_t>(std::max(1, std::atoi(word)));
}

// A client that is not run on time measures the scheduler.
void hurry() { (void)setpriority(PRIO_PROCESS, 0, -15); }

}  // namespace

int main(int count, char** words) {
    std::string_view what = count > 1 ? words[1] : "";
    end_on_signals();
    if (what == "sink" && count == 4) return sink(open_server(words[2]), size_of(words[3]));
    if (what == "flood" && (count == 6 || count == 7))
        return flood(open_client(words[2], words[3]), std::atof(words[4]), size_of(words[5]),
                     count == 7 ? size_of(words[6]) : 1);
    hurry();
    if (what == "echo" && count == 3) return echo(open_server(words[2]));
    if (what == "ping" && count == 6)
        return ping(open_client(words[2], words[3]), std::atof(words[4]),
                    microseconds(std::atoi(words[5])));
    if (what == "probe" && count == 5)
        return probe(open_client(words[2], words[3]), std::atof(words[4]));
    return usage();
}
