// The ports of two workers at one endpoint, and a plain one that sends to it.
#include "netft/dataplane/shared_port.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <thread>
#include <utility>

#include "exchange.hpp"
#include "netft/dataplane/socket_port.hpp"
#include "netft/dataplane/transmitter.hpp"
#include "netft/wire/header.hpp"

namespace netft::dataplane::test {
namespace {

// `spaces`: of data datagrams of equal length, one after the other.
std::vector<std::uint8_t> data_of(const std::vector<std::uint16_t>& spaces, std::size_t size) {
    std::vector<std::uint8_t> bytes = train(5, spaces.size(), size, size);
    for (std::size_t i = 0; i < spaces.size(); ++i) {
        bytes[i * size + 2] = 0;
        bytes[i * size + 3] = static_cast<std::uint8_t>(spaces[i]);
    }
    return bytes;
}

std::vector<std::uint16_t> spaces_in(const std::vector<Arrived>& all) {
    std::vector<std::uint16_t> out;
    for (const Arrived& one : all)
        for (std::size_t at = 0; at < one.bytes.size(); at += one.segment)
            out.push_back(one.bytes[at + 3]);
    return out;
}

struct Shared {
    Namespace a;
    Namespace b;
    std::array<Pools, 2> pools{make_pools(), make_pools()};
    Pools far_pools = make_pools();
    std::array<const Pools*, 2> both{&pools[0], &pools[1]};
    Endpoint at_a = endpoint("10.0.0.1");
    Endpoint at_b = endpoint("10.0.0.2");
    std::unique_ptr<Port> far;
    std::vector<std::unique_ptr<Port>> ports;
    DropCounters drops;

    Shared() {
        join(a, b, "lan0", "10.0.0.1/24", "10.0.0.2/24");
        a.inside([&] {
            far = *open_socket_port({.local = at_a, .interface = "lan0", .pools = &far_pools});
        });
    }
    ~Shared() {
        for (Pools& own : pools) BOOST_TEST(own.in_use() == 0u);
        BOOST_TEST(far_pools.in_use() == 0u);
    }
    void open(bool one_port) {
        b.inside([&] {
            ports = *open_socket_ports({.local = at_b, .interface = "lan0"},
                                       std::span(both).first(one_port ? 1 : 2));
        });
        ports = *share_port(std::move(ports), both);
        // What waits for a neighbour's address waits in a short queue.
        send(*far, far_pools, at_b, train(4, 1, 80, 80), 80, drops);
        (void)receive_bytes(*ports[0], 80, drops);
    }
};

BOOST_FIXTURE_TEST_SUITE(shared_port, Shared)

BOOST_AUTO_TEST_CASE(the_kernel_gives_each_worker_its_spaces) {
    open(false);
    for (std::uint16_t space : {0, 1, 2, 3}) {
        auto bytes = data_of({space}, 200);
        send(*far, far_pools, at_b, bytes, 200, drops);
        auto arrived = receive_bytes(*ports[space % 2], bytes.size(), drops);
        BOOST_TEST((arrived[0].bytes == bytes));
    }
    auto heartbeat = train(4, 1, 80, 80);
    heartbeat[3] = 1;  // a route's id is no worker's
    send(*far, far_pools, at_b, heartbeat, 80, drops);
    BOOST_TEST(receive_bytes(*ports[0], 80, drops).size() == 1u);
    BOOST_TEST(drops.total() == 0u);
}

// As GRO makes them of what several workers send.
BOOST_AUTO_TEST_CASE(a_buffer_with_datagrams_of_several_is_taken_apart) {
    for (bool one_port : {false, true}) {
        ports.clear();
        open(one_port);
        auto bytes = data_of({0, 1, 1, 2, 0, 3}, 200);
        send(*far, far_pools, at_b, bytes, 200, drops);
        auto first = receive_bytes(*ports[0], 600, drops);
        BOOST_TEST((spaces_in(first) == std::vector<std::uint16_t>{0, 2, 0}));
        BOOST_TEST(is_readable(ports[1]->wake_fds().back()));
        auto second = receive_bytes(*ports[1], 600, drops);
        BOOST_TEST((spaces_in(second) == std::vector<std::uint16_t>{1, 1, 3}));
        BOOST_TEST((second[0].remote == at_a));
    }
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_CASE(what_another_worker_sends_goes_out_by_the_first_ones_port) {
    open(true);
    auto bytes = train(5, 40, 1400, 100);
    send(*ports[1], pools[1], at_a, bytes, 1400, drops);
    BOOST_TEST(is_readable(ports[0]->wake_fds().back()));
    (void)receive(*ports[0], drops);
    auto arrived = receive_bytes(*far, bytes.size(), drops);
    BOOST_TEST((arrived[0].bytes == bytes));
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_sent_comes_from_the_source_port_that_it_names) {
    open(false);
    auto bytes = train(5, 3, 200, 100);
    for (std::size_t worker : {0u, 1u})
        for (bool is_heartbeat : {false, true})
            for (std::uint8_t source : {1, 0, 1}) {
                if (worker == 1 && is_heartbeat) continue;  // those are the first one's
                Outgoing one = outgoing(pools[worker], at_a, bytes, 200, is_heartbeat);
                one.source = source;
                ports[worker]->send({&one, 1}, drops);
                auto arrived = receive_bytes(*far, bytes.size(), drops);
                BOOST_TEST(arrived[0].remote.port == at_b.port + source);
                BOOST_TEST((arrived[0].remote.address == at_b.address));
            }
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_CASE(a_source_port_that_somebody_else_has_is_refused_by_name) {
    Endpoint next = at_b;
    ++next.port;
    std::unique_ptr<Port> other;
    b.inside([&] {
        other = *open_socket_port({.local = next, .interface = "lan0", .pools = &pools[0]});
        auto refused = open_socket_ports({.local = at_b, .interface = "lan0"}, both);
        BOOST_REQUIRE(!refused.has_value());
        BOOST_TEST(refused.error().what.find(next.to_string()) != std::string::npos);
        BOOST_TEST(refused.error().errno_value == EADDRINUSE);
    });
}

BOOST_AUTO_TEST_CASE(what_a_relay_brings_is_received_by_its_owner) {
    ports = *make_relayed_ports(both);
    auto bytes = data_of({3}, 200);
    send(*ports[0], pools[0], at_a, bytes, 200, drops);
    BOOST_TEST(is_readable(ports[1]->wake_fds().back()));
    auto arrived = receive_bytes(*ports[1], bytes.size(), drops);
    BOOST_TEST((arrived[0].bytes == bytes));
    BOOST_TEST((arrived[0].remote == at_a));
    BOOST_TEST(drops.total() == 0u);
}

BOOST_AUTO_TEST_CASE(a_full_ring_is_counted_and_got_over) {
    open(true);
    auto bytes = train(5, 40, 1400, 1400);
    for (int i = 0; i < 20; ++i) send(*ports[1], pools[1], at_a, bytes, 1400, drops);
    std::uint64_t lost = drops.of(DropReason::worker_queue_full);
    BOOST_TEST(lost > 0u);
    BOOST_TEST(lost < 20u * 40u);
    while (is_readable(ports[0]->wake_fds().back(), 0)) (void)receive(*ports[0], drops);
    (void)receive_bytes(*far, (20 * 40 - lost) * 1400, drops);
    send(*ports[1], pools[1], at_a, bytes, 1400, drops);
    (void)receive(*ports[0], drops);
    BOOST_TEST(receive_bytes(*far, bytes.size(), drops)[0].bytes.size() == bytes.size());
    BOOST_TEST(drops.of(DropReason::worker_queue_full) == lost);
}

BOOST_AUTO_TEST_SUITE_END()

// A device that can be told to be full, and that keeps what it is given.
class FakePort final : public Port {
 public:
    std::vector<std::vector<std::uint8_t>> sent;
    std::size_t room = SIZE_MAX;  // buffers until it is full
    std::size_t largest_step = 0;

    std::size_t receive(std::span<Received>, std::uint32_t, DropCounters&) override { return 0; }
    void send(std::span<Outgoing> burst, DropCounters&) override {
        std::size_t bytes = 0;
        for (Outgoing& outgoing : burst) {
            Bytes given = bytes_of(outgoing.mbuf);
            bytes += given.size();
            sent.emplace_back(given.begin(), given.end());
            rte_pktmbuf_free(std::exchange(outgoing.mbuf, nullptr));
        }
        largest_step = std::max(largest_step, bytes);
    }
    bool is_blocked() const override { return sent.size() >= room; }
    std::span<const int> wake_fds() const override { return {}; }
    bool must_be_polled() const override { return false; }
    const PortCounters& counters() const override { return counters_; }
    const char* kind() const override { return "fake"; }

 private:
    PortCounters counters_;
};

// Three workers, of which the first has the device.
struct OneDevice {
    static constexpr std::size_t kLong = 16 * 1024;  // big mbufs

    std::array<Pools, 3> pools{make_pools(), make_pools(), make_pools()};
    std::array<const Pools*, 3> all{&pools[0], &pools[1], &pools[2]};
    FakePort* device = nullptr;
    std::vector<std::unique_ptr<Port>> ports;
    Endpoint remote = endpoint("10.0.0.1");
    DropCounters drops;

    OneDevice() {
        auto fake = std::make_unique<FakePort>();
        device = fake.get();
        ports.push_back(std::move(fake));
        ports = *share_port(std::move(ports), all);
    }
    ~OneDevice() {
        BOOST_TEST(drops.total() == 0u);
        for (Pools& own : pools) BOOST_TEST(own.in_use() == 0u);
    }
    // Each says who sent it and in which place.
    void send_from(std::size_t worker, std::size_t count, std::size_t size = 100) {
        for (std::size_t i = 0; i < count; ++i) {
            std::vector<std::uint8_t> bytes(size);
            bytes[0] = static_cast<std::uint8_t>(worker);
            bytes[1] = static_cast<std::uint8_t>(i);
            send(*ports[worker], pools[worker], remote, bytes, size, drops);
        }
    }
    // What the device got in this call.
    template <class Call>
    std::size_t given_by(Call call) {
        std::size_t before = device->sent.size();
        call();
        return device->sent.size() - before;
    }
    std::size_t received() {
        return given_by([&] { BOOST_TEST(receive(*ports[0], drops).empty()); });
    }
    std::size_t retried() {
        return given_by([&] { ports[0]->retry({}, drops); });
    }
    bool is_woken() const { return is_readable(ports[0]->wake_fds().back(), 0); }
    void check_order(std::size_t worker, std::size_t count) const {
        std::size_t next = 0;
        for (const auto& bytes : device->sent)
            if (bytes[0] == worker) BOOST_TEST(bytes[1] == next++);
        BOOST_TEST(next == count);
    }
};

BOOST_FIXTURE_TEST_SUITE(one_device, OneDevice)

BOOST_AUTO_TEST_CASE(one_call_sends_a_burst_of_others_and_leaves_the_rest_to_the_next) {
    send_from(1, 200);
    for (std::size_t left = 200; left > 0;) {
        BOOST_TEST(is_woken());
        std::size_t given = received();
        BOOST_TEST(given == std::min(left, Port::kBurstMax));
        left -= given;
    }
    BOOST_TEST(!is_woken());
    check_order(1, 200);
}

BOOST_AUTO_TEST_CASE(one_call_sends_so_many_bytes_of_others_in_steps) {
    send_from(1, 30, kLong);
    BOOST_TEST(received() == 256 * 1024 / kLong);
    BOOST_TEST(device->largest_step == 32u * 1024);
    BOOST_TEST(is_woken());
    BOOST_TEST(received() == 30 - 256 * 1024 / kLong);
    BOOST_TEST(!is_woken());
    check_order(1, 30);
}

BOOST_AUTO_TEST_CASE(a_full_device_gets_no_more_and_all_workers_wait) {
    device->room = 3;
    send_from(1, 20, kLong);
    BOOST_TEST(ports[1]->is_blocked());
    BOOST_TEST(!ports[2]->is_blocked());
    BOOST_TEST(received() == 4u);  // the second step made it full
    BOOST_TEST(ports[0]->is_blocked());
    BOOST_TEST(ports[1]->is_blocked());
    BOOST_TEST(pools[0].in_use() == 0u);
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(!is_woken());
        BOOST_TEST(retried() + received() == 0u);
    }
    device->room = SIZE_MAX;
    for (int i = 0; i < 3; ++i) (void)(retried() + received());
    BOOST_TEST(!ports[0]->is_blocked());
    BOOST_TEST(!ports[1]->is_blocked());
    BOOST_TEST(!is_woken());
    check_order(1, 20);
}

BOOST_AUTO_TEST_CASE(what_a_full_device_has_room_for_later_is_the_others_and_our_own_in_turn) {
    device->room = 1;
    send_from(1, 30, kLong);
    BOOST_TEST(received() == 2u);
    BOOST_TEST(received() == 0u);
    std::size_t others = 0;
    for (std::size_t turn = 0; turn < 6; ++turn) {
        device->room = device->sent.size() + 1;
        std::size_t given = retried();
        others += given > 0;
        if (given > 0) continue;
        BOOST_TEST(is_woken());
        BOOST_TEST(!ports[0]->is_blocked());
        send_from(0, 1);
        BOOST_TEST(received() == 0u);
    }
    BOOST_TEST(others == 3u);
    device->room = SIZE_MAX;
    for (int i = 0; i < 3; ++i) (void)(retried() + received());
    check_order(1, 30);
}

BOOST_AUTO_TEST_CASE(what_others_send_needs_no_room_for_what_is_received) {
    send_from(1, 10);
    BOOST_TEST(given_by([&] { ports[0]->receive({}, Port::kAllReady, drops); }) == 10u);
    check_order(1, 10);
}

BOOST_AUTO_TEST_CASE(two_that_send_much_take_turns) {
    send_from(1, 200);
    send_from(2, 200);
    std::vector<std::size_t> turns;
    while (is_woken()) {
        BOOST_REQUIRE(received() > 0u);
        turns.push_back(device->sent.back()[0]);
    }
    BOOST_TEST(turns.size() == 7u);
    for (std::size_t i = 1; i < 6; ++i) BOOST_TEST(turns[i] != turns[i - 1]);
    check_order(1, 200);
    check_order(2, 200);
}

// By the descriptor the worker would ask without end.
BOOST_AUTO_TEST_CASE(without_an_mbuf_it_waits_and_is_tried_again) {
    std::vector<MbufPtr> taken;
    while (rte_mbuf* mbuf = pools[0].big()) taken.emplace_back(mbuf);
    send_from(1, 2, kLong);
    BOOST_TEST(received() == 0u);
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(ports[0]->is_blocked());
        BOOST_TEST(!is_woken());
        BOOST_TEST(retried() + received() == 0u);
    }
    taken.clear();
    BOOST_TEST(retried() + received() == 2u);
    BOOST_TEST(!ports[0]->is_blocked());
    check_order(1, 2);
}

// It has no device whose room would show it.
BOOST_AUTO_TEST_CASE(a_worker_learns_by_receiving_that_the_device_is_full) {
    device->room = 1;
    Transmitter transmitter;
    std::array<PortBinding, 1> binding{PortBinding{EndpointId(1), ports[0].get()}};
    transmitter.set_ports(binding, drops);
    send_from(1, 1);
    BOOST_TEST(received() == 1u);
    BOOST_TEST(!transmitter.is_blocked());
    transmitter.look(0);
    BOOST_TEST(transmitter.is_blocked());
    transmitter.set_ports(binding, drops);
    BOOST_TEST(transmitter.is_blocked());
    device->room = SIZE_MAX;
    transmitter.retry({}, drops);
    BOOST_TEST(!transmitter.is_blocked());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(byte_ring)

BOOST_AUTO_TEST_CASE(records_of_any_length_pass_from_thread_to_thread_in_order) {
    ByteRing ring(1 << 12);
    constexpr std::uint32_t kRecords = 100'000;
    auto length_of = [](std::uint32_t n) { return n * 2'654'435'761u % 1'900; };
    std::thread producer([&] {
        std::vector<std::uint8_t> body(2'000);
        for (std::uint32_t n = 0; n < kRecords;) {
            std::array<std::uint8_t, sizeof(n)> head;
            std::memcpy(head.data(), &n, sizeof(n));
            std::fill(body.begin(), body.end(), static_cast<std::uint8_t>(n));
            if (ring.push(head, Bytes(body).first(length_of(n))))
                ++n;
            else
                std::this_thread::yield();
        }
    });
    std::uint32_t wrong = 0;
    for (std::uint32_t n = 0; n < kRecords;) {
        Bytes record = ring.front();
        if (record.empty()) {
            std::this_thread::yield();
            continue;
        }
        std::uint32_t seen = 0;
        std::memcpy(&seen, record.data(), sizeof(seen));
        bool is_right = seen == n && record.size() == sizeof(n) + length_of(n);
        for (std::uint8_t byte : record.subspan(sizeof(n)))
            is_right &= byte == static_cast<std::uint8_t>(n);
        wrong += !is_right;
        ring.pop();
        ++n;
    }
    producer.join();
    BOOST_TEST(wrong == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane::test
