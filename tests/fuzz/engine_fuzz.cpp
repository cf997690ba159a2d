// Any datagrams, on any path, at any time, into an engine with one peer, two routes and a session
// whose index the fuzzer knows (1). Whatever comes, a datagram is dealt with in exactly one way, a
// drop is counted once, and what the engine sends decodes.
//
// Input: records of a byte (bits 0–1: what to do; bit 2: which route; bit 3: a path of no route), a
// length byte and that many bytes.
#include "netft/base/assert.hpp"
#include "netft/core/engine.hpp"

using namespace netft;

namespace {

constexpr std::size_t kRecordsMax = 256;

Endpoint endpoint(std::uint32_t network, std::uint32_t host) {
    return {IpAddress::v4(0x0a000000u | network << 16 | host), kNetftPort};
}

core::PlanRoute route(std::uint16_t number) {
    return {.id = RouteId(number),
            .peer = PeerId(1),
            .local = EndpointId(number),
            .local_endpoint = endpoint(number, 1),
            .remote = endpoint(number, 2),
            .timing = {10ms, 3},
            .priority = 100,
            .mtu = 1500};
}

core::Plan plan(std::uint64_t version) {
    core::PlanPeer peer{.id = PeerId(1),
                        .name = "n2",
                        .mac = {{2, 0, 0, 0, 0, 2}},
                        .ipv4 = IpAddress::v4(0xa9fe0102),
                        .sessions = {{.local = SessionIndex(1),
                                      .remote = SessionIndex(2),
                                      .incarnation = 7,
                                      .confirmed = true,
                                      .serial = 1}}};
    core::Plan out;
    out.version = version;
    out.peers = {std::move(peer)};
    out.routes = {route(1), route(2)};
    return out;
}

void drain(core::Engine& engine, TimePoint now) {
    for (int i = 0; auto sent = engine.poll_transmit(now); ++i) {
        DropReason why{};
        auto header = decode_header(sent->datagram, why);
        NETFT_ASSERT(header && header->type == MessageType::heartbeat);
        NETFT_ASSERT(decode_heartbeat(Bytes(sent->datagram).subspan(kHeaderSize)).has_value());
        NETFT_ASSERT(i < 1000);  // a cycle ends
    }
    while (engine.poll_event()) {
    }
    while (engine.poll_trace()) {
    }
}

void receive(core::Engine& engine, TimePoint now, std::uint8_t what, Bytes datagram) {
    std::uint16_t number = what & 4 ? 2 : 1;
    Endpoint remote = endpoint(number, what & 8 ? 9 : 2);
    std::uint64_t before = engine.drops().total();
    auto path = engine.path_of(EndpointId(number), remote);
    auto verdict = engine.handle_datagram(now, path, datagram);
    bool is_dropped = verdict.kind == core::Verdict::Kind::dropped;
    NETFT_ASSERT(engine.drops().total() - before == (is_dropped ? 1 : 0));
    if (verdict.kind != core::Verdict::Kind::data) return;
    NETFT_ASSERT(verdict.body.data() > datagram.data() && !verdict.body.empty());
    NETFT_ASSERT(verdict.body.data() + verdict.body.size() == datagram.data() + datagram.size());
    NETFT_ASSERT(verdict.train.index < verdict.train.count && verdict.peer == PeerId(1));
}

void act(core::Engine& engine, TimePoint& now, std::uint8_t what, Bytes bytes) {
    switch (what & 3) {
        case 0:
        case 1: receive(engine, now, what, bytes); break;
        case 2:
            now += std::chrono::microseconds(ByteReader(bytes).u16());
            engine.handle_timers(now);
            break;
        case 3:
            if (bytes.empty())
                engine.handle_plan(now, plan(2));
            else if (auto ticket = engine.begin_train(now, PeerId(1), bytes[0] % 128 + 1, {}))
                NETFT_ASSERT(ticket->header.receiver == SessionIndex(2));
            break;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ByteReader in(Bytes(data, size));
    core::Engine engine(1);
    TimePoint now = from_ns(1'000'000'000);
    engine.set_tracing(true);
    engine.handle_plan(now, plan(1));
    for (std::size_t i = 0; i < kRecordsMax && in.remaining() >= 2; ++i) {
        std::uint8_t what = in.u8();
        std::size_t length = in.u8();
        act(engine, now, what, in.take(std::min(length, in.remaining())));
        drain(engine, now);
    }
    core::Report report;
    report.routes.reserve(2);
    report.peers.reserve(1);
    engine.report(now, report);
    engine.handle_shutdown(now);
    drain(engine, now);
    return 0;
}
