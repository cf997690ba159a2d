// The adapter seen from programs: sockets of this process on one or two nodes, joined by hand.
#include <arpa/inet.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstring>
#include <thread>

#include "tap/frame.hpp"
#include "tap/virtio.hpp"
#include "tests/dataplane/tap/namespace.hpp"

namespace netft::tap {

using namespace test;

namespace {

constexpr int kDeadlineMs = 10'000;
constexpr std::uint16_t kPort = 5001;
constexpr std::size_t kStreamBytes = 16'000'000;

struct Socket {
    explicit Socket(int family, int type) : fd(::socket(family, type | SOCK_CLOEXEC, 0)) {
        BOOST_REQUIRE(fd >= 0);
        const timeval deadline{kDeadlineMs / 1000, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
        ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline));
    }
    explicit Socket(int accepted) : fd(accepted) { BOOST_REQUIRE(fd >= 0); }
    ~Socket() { ::close(fd); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    int fd;
};

struct Name {
    sockaddr_storage storage{};
    socklen_t size = 0;

    Name(const IpAddress& address, std::uint32_t interface) {
        if (address.is_v4()) {
            sockaddr_in in{};
            in.sin_family = AF_INET;
            in.sin_port = htons(kPort);
            std::memcpy(&in.sin_addr, address.bytes().data(), 4);
            std::memcpy(&storage, &in, size = sizeof(in));
        } else {
            sockaddr_in6 in{};
            in.sin6_family = AF_INET6;
            in.sin6_port = htons(kPort);
            in.sin6_scope_id = interface;
            std::memcpy(&in.sin6_addr, address.bytes().data(), 16);
            std::memcpy(&storage, &in, size = sizeof(in));
        }
    }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

class FrameBuffer {
 public:
    // virtio header ‖ frame; empty: nothing waits.
    Bytes read(const Device& device) {
        const iovec room{bytes_.data(), bytes_.size()};
        const std::ptrdiff_t size = device.read({&room, 1});
        return Bytes(bytes_).first(size > 0 ? static_cast<std::size_t>(size) : 0);
    }

 private:
    std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(70'000);
};

bool write(const Device& device, Bytes bytes) {
    const iovec one{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    return device.write({&one, 1}) == static_cast<std::ptrdiff_t>(bytes.size());
}

bool is_readable(int fd) {
    pollfd one{fd, POLLIN, 0};
    return ::poll(&one, 1, kDeadlineMs) == 1;
}

// Answers ARP and ND for the other node; true: `train` was such a question.
bool was_solicitation(const Device& device, Bytes train, int other) {
    const Bytes frame = train.subspan(kVirtioHeaderSize);
    if (!is_neighbour_discovery(frame)) return false;
    AnswerBuffer room;
    const Bytes answer = answer_solicitation(frame, mac_of(other), room);
    if (!answer.empty()) write(device, answer);
    return true;
}

// Carries frames between two nodes as netft will: whole, and checked.
class Pump {
 public:
    Pump(const Device& one, const Device& two) : one_(one), two_(two), thread_([this] { run(); }) {}
    ~Pump() { stop(); }
    void stop() {
        if (thread_.joinable()) {
            ::eventfd_write(stop_, 1);
            thread_.join();
            ::close(stop_);
        }
    }

    std::atomic<std::size_t> longest = 0;
    std::atomic<std::uint64_t> refused = 0;
    std::atomic<std::uint32_t> gso_types = 0;  // a bit each

 private:
    void run() {
        while (true) {
            pollfd all[] = {{one_.fd(), POLLIN, 0}, {two_.fd(), POLLIN, 0}, {stop_, POLLIN, 0}};
            ::poll(all, 3, -1);
            if (all[2].revents != 0) return;
            carry(one_, two_, 2);
            carry(two_, one_, 1);
        }
    }
    void carry(const Device& from, const Device& to, int other) {
        for (Bytes train = buffer_.read(from); !train.empty(); train = buffer_.read(from)) {
            if (was_solicitation(from, train, other)) continue;
            const Bytes head = train.first(std::min<std::size_t>(train.size(), 256));
            const bool is_fine = !check_virtio(head, train.size()) && write(to, train);
            if (!is_fine) ++refused;
            longest = std::max(longest.load(), train.size());
            gso_types |= 1u << (train[1] & 0x1f);
        }
    }

    const Device& one_;
    const Device& two_;
    FrameBuffer buffer_;
    int stop_ = ::eventfd(0, EFD_CLOEXEC);
    std::thread thread_;
};

std::size_t receive_all(int fd) {
    std::vector<char> bytes(1 << 18);
    std::size_t total = 0;
    while (true) {
        const ssize_t n = ::recv(fd, bytes.data(), bytes.size(), 0);
        if (n <= 0) return total;
        for (ssize_t i = 0; i < n; ++i) {
            if (bytes[i] != static_cast<char>((total + i) % 251)) return total;
        }
        total += static_cast<std::size_t>(n);
    }
}

void send_all(int fd) {
    std::vector<char> bytes(kStreamBytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i % 251);
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        const ssize_t n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += static_cast<std::size_t>(n);
    }
    ::shutdown(fd, SHUT_WR);
}

// One stream from node 1 to node 2; returns the GSO types seen on the way.
std::uint32_t stream(IpAddress (*address_of)(int)) {
    const Node one(1);
    const Node two(2);
    const int family = address_of(1).is_v4() ? AF_INET : AF_INET6;
    const Socket listener(family, SOCK_STREAM);
    const Name here(address_of(2), two.device.interface_index());
    BOOST_REQUIRE_EQUAL(::bind(listener.fd, here.get(), here.size), 0);
    BOOST_REQUIRE_EQUAL(::listen(listener.fd, 1), 0);
    one.space.enter();
    const Socket sender(family, SOCK_STREAM);
    const Name there(address_of(2), one.device.interface_index());

    Pump pump(one.device, two.device);
    BOOST_REQUIRE_EQUAL(::connect(sender.fd, there.get(), there.size), 0);
    const Socket receiver(::accept(listener.fd, nullptr, nullptr));
    std::thread sending([&] { send_all(sender.fd); });
    const std::size_t received = receive_all(receiver.fd);
    sending.join();
    pump.stop();
    BOOST_TEST(received == kStreamBytes);
    BOOST_TEST(pump.longest > 60'000u);
    BOOST_TEST(pump.longest <= kTrainBytesMax);
    BOOST_TEST(pump.refused == 0u);
    return pump.gso_types;
}

// What a program gets that connects while every frame is answered with "unreachable".
int connect_error(const IpAddress& peer) {
    const Node node(1);
    const Socket socket(peer.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK);
    const Name name(peer, node.device.interface_index());
    BOOST_REQUIRE(::connect(socket.fd, name.get(), name.size) < 0 && errno == EINPROGRESS);
    FrameBuffer buffer;
    while (true) {
        pollfd all[] = {{node.device.fd(), POLLIN, 0}, {socket.fd, POLLOUT, 0}};
        BOOST_REQUIRE(::poll(all, 2, kDeadlineMs) > 0);
        if (all[1].revents != 0) break;
        const Bytes train = buffer.read(node.device);
        if (train.empty() || was_solicitation(node.device, train, 2)) continue;
        AnswerBuffer room;
        const Bytes answer = answer_unreachable(train.subspan(kVirtioHeaderSize), mac_of(2), room);
        if (!answer.empty()) BOOST_TEST(write(node.device, answer));
    }
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(socket.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(traffic)

BOOST_AUTO_TEST_CASE(a_tcp_stream_crosses_two_adapters_in_64_kib_pieces) {
    BOOST_TEST((stream(ipv4_of) & 1u << kGsoTcpV4) != 0);
    BOOST_TEST((stream(ipv6_of) & 1u << kGsoTcpV6) != 0);
}

BOOST_AUTO_TEST_CASE(a_udp_datagram_to_be_segmented_comes_out_whole) {
    const Node node(1);
    if (!node.device.has_uso()) {
        BOOST_TEST_MESSAGE("this kernel has no USO");
        return;
    }
    const Socket socket(AF_INET, SOCK_DGRAM);
    const int segment = 1300;
    BOOST_REQUIRE_EQUAL(
        ::setsockopt(socket.fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment)), 0);
    const Name there(ipv4_of(2), node.device.interface_index());
    const std::vector<char> payload(40 * 1300, 'x');
    BOOST_REQUIRE_EQUAL(
        ::sendto(socket.fd, payload.data(), payload.size(), 0, there.get(), there.size),
        static_cast<ssize_t>(payload.size()));

    FrameBuffer buffer;
    Bytes train;
    do {
        BOOST_REQUIRE(is_readable(node.device.fd()));
        train = buffer.read(node.device);
    } while (train.empty() || was_solicitation(node.device, train, 2) || train[1] == kGsoNone);
    BOOST_TEST(train.size() == kVirtioHeaderSize + 14 + 20 + 8 + payload.size());
    BOOST_TEST(decode_virtio(train)->gso_type == kGsoUdpL4);
    BOOST_TEST(decode_virtio(train)->gso_size == segment);
    BOOST_CHECK(!check_virtio(train.first(256), train.size()));
}

BOOST_AUTO_TEST_CASE(a_program_learns_at_once_that_its_peer_is_unreachable) {
    BOOST_TEST(connect_error(ipv4_of(2)) == EHOSTUNREACH);
    BOOST_TEST(connect_error(ipv6_of(2)) == EHOSTUNREACH);
}

BOOST_AUTO_TEST_CASE(an_idle_adapter_sends_no_router_solicitations) {
    const Node node(1);
    FrameBuffer buffer;
    // Everything the kernel says by itself when the link comes up is already waiting.
    for (Bytes train = buffer.read(node.device); !train.empty(); train = buffer.read(node.device)) {
        const Bytes frame = train.subspan(kVirtioHeaderSize);
        const bool is_solicitation = frame.size() > 54 && frame[20] == 58 && frame[54] == 133;
        BOOST_TEST(!is_solicitation);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace netft::tap
