#include "tests/bench/engine_pair.hpp"

#include <time.h>

#include <algorithm>
#include <utility>

#include "tests/bench/counted_heap.hpp"

namespace netft::bench {
namespace {

constexpr std::size_t kRunMax = 128;

// Processor time: what others do on the machine is not in it.
Duration spent() {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec);
}

// Endpoint `route` of the near node; of far node `peer`.
Endpoint near_endpoint(std::uint32_t route) {
    return {IpAddress::v4(0x0a000000u | route << 16 | 1), kNetftPort};
}
Endpoint far_endpoint(std::uint32_t route, std::uint32_t peer) {
    return {IpAddress::v4(0x0a000000u | route << 16 | (peer + 2)), kNetftPort};
}

std::uint16_t u16(std::uint32_t value) { return static_cast<std::uint16_t>(value); }

}  // namespace

EnginePair::EnginePair(const Scale& scale, Sealer* sealer) : scale_(scale), sealer_(sealer) {
    for (Side& side : sides_) {
        for (auto* box : {&side.inbox, &side.outbox}) {
            box->resize(2 * scale.routes());  // touched once: no part of what the engines take
            box->clear();
        }
    }
    core::Plan plans[2] = {plan_of(0), plan_of(1)};
    for (Side& side : sides_) side.engine = std::make_unique<core::Engine>(1);
    resident_before_ = resident_bytes();
    for (int side : {1, 0}) {
        std::size_t before = heap_bytes();
        sides_[side].engine->handle_plan(now_, plans[side]);
        near_heap_ = heap_bytes() - before;
    }
}

std::size_t EnginePair::resident() const { return (resident_bytes() - resident_before_) / 2; }

EnginePair::~EnginePair() = default;

core::Plan EnginePair::near_plan() const { return plan_of(0); }

// The near node has one endpoint a network; each far node its own ones.
core::Plan EnginePair::plan_of(int side) const {
    core::Plan plan;
    plan.security = sealer_ == nullptr ? SecurityMode::none : SecurityMode::encrypt;
    for (std::uint32_t peer = 0; peer < scale_.peers; ++peer) {
        core::PlanPeer entry;
        entry.id = PeerId(u16(peer));
        entry.name = "n" + std::to_string(peer);
        entry.mac = {
            {2, 0, 0, 0, static_cast<std::uint8_t>(peer >> 8), static_cast<std::uint8_t>(peer)}};
        entry.sessions = {{.local = SessionIndex(peer + 1),
                           .remote = SessionIndex(peer + 1),
                           .incarnation = 7,
                           .confirmed = true,
                           .serial = 1}};
        plan.peers.push_back(entry);
        for (std::uint32_t route = 0; route < scale_.routes_a_peer; ++route) {
            std::uint32_t number = peer * scale_.routes_a_peer + route;
            Endpoint ends[2] = {near_endpoint(route), far_endpoint(route, peer)};
            plan.routes.push_back({.id = RouteId(u16(number + 1)),
                                   .peer = entry.id,
                                   .local = EndpointId(u16(side == 0 ? route : number)),
                                   .local_endpoint = ends[side],
                                   .remote = ends[1 - side],
                                   .timing = scale_.timing,
                                   .priority = 10 + route,
                                   .mtu = 1500});
        }
    }
    return plan;
}

Duration EnginePair::handle_plan(const core::Plan& plan) {
    Duration begin = spent();
    sides_[0].engine->handle_plan(now_, plan);
    return spent() - begin;
}

void EnginePair::run(Duration virtual_time) {
    for (TimePoint end = now_ + virtual_time; now_ < end;) {
        now_ += kCycle;
        for (int side : {0, 1}) {
            std::swap(sides_[side].inbox, sides_[1 - side].outbox);
            sides_[1 - side].outbox.clear();
            Duration begin = spent();
            cycle(side);
            Duration took = spent() - begin;
            busy_ += took;
            longest_cycle_ = std::max(longest_cycle_, took);
            count_events(sides_[side]);
        }
    }
}

void EnginePair::cycle(int side) {
    Side& s = sides_[side];
    Datagram* at = s.inbox.data();
    Datagram* end = at + s.inbox.size();
    while (at != end) {
        Datagram* run = at++;
        while (at != end && at->session == run->session && at - run < 128) ++at;
        receive(side, run, at);
    }
    auto deadline = s.engine->next_deadline();
    if (deadline && *deadline <= now_) s.engine->handle_timers(now_);
    send(side);
}

// Of one session.
void EnginePair::receive(int side, Datagram* begin, Datagram* end) {
    if (sealer_ != nullptr) {
        std::array<MutableBytes, kRunMax> run;
        std::size_t count = 0;
        for (Datagram* d = begin; d != end; ++d)
            run[count++] = MutableBytes(d->bytes).first(d->size + kTagSize);
        sealer_->open(side, begin->session, std::span(run).first(count));
    }
    for (Datagram* d = begin; d != end; ++d) {
        core::Path path =
            sides_[side].engine->path_of(destination_of(side, *d), source_of(side, *d));
        sides_[side].engine->handle_datagram(now_, path, Bytes(d->bytes).first(d->size));
    }
}

// Whose endpoints they are follows from the address plan of plan_of().
Endpoint EnginePair::source_of(int side, const Datagram& d) const {
    if (side == 1) return near_endpoint(d.from.value);
    return far_endpoint(d.from.value % scale_.routes_a_peer, d.from.value / scale_.routes_a_peer);
}
EndpointId EnginePair::destination_of(int side, const Datagram& d) const {
    std::uint32_t address = d.to.address.v4_value();
    std::uint32_t route = address >> 16 & 0xff;
    if (side == 0) return EndpointId(u16(route));
    return EndpointId(u16(((address & 0xffff) - 2) * scale_.routes_a_peer + route));
}

void EnginePair::send(int side) {
    Side& s = sides_[side];
    while (auto heartbeat = s.engine->poll_transmit(now_)) {
        Datagram& d = s.outbox.emplace_back();
        d.from = heartbeat->local;
        d.to = heartbeat->remote;
        d.session = heartbeat->session;
        d.size = u16(static_cast<std::uint32_t>(heartbeat->datagram.size()));
        std::copy(heartbeat->datagram.begin(), heartbeat->datagram.end(), d.bytes.begin());
    }
    datagrams_ += s.outbox.size();
    if (sealer_ != nullptr) seal_outbox(side);
}

// What goes out in one cycle, a call for each run of one key.
void EnginePair::seal_outbox(int side) {
    std::vector<Datagram>& out = sides_[side].outbox;
    std::array<MutableBytes, kRunMax> run;
    for (std::size_t at = 0; at < out.size();) {
        SessionIndex session = out[at].session;
        std::size_t count = 0;
        for (; at < out.size() && out[at].session == session && count < kRunMax; ++at)
            run[count++] = MutableBytes(out[at].bytes).first(out[at].size + kTagSize);
        sealer_->seal(side, session, std::span(run).first(count));
    }
}

void EnginePair::count_events(Side& side) {
    while (auto event = side.engine->poll_event()) {
        auto* moved = std::get_if<core::RouteTransition>(&*event);
        if (moved != nullptr && moved->from == BfdState::up && moved->to != BfdState::up) ++losses_;
    }
}

std::uint32_t EnginePair::routes_up() const {
    core::Report report;
    report.routes.reserve(scale_.routes());
    sides_[0].engine->report(now_, report);
    return u16(static_cast<std::uint32_t>(
        std::count_if(report.routes.begin(), report.routes.end(),
                      [](const core::RouteReport& r) { return r.state == BfdState::up; })));
}

void EnginePair::reset() {
    losses_ = datagrams_ = 0;
    busy_ = longest_cycle_ = {};
}

}  // namespace netft::bench
