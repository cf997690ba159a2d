#include "tests/bench/worker_far.hpp"

#include <algorithm>
#include <stdexcept>

namespace netft::bench {
namespace {

Secret32 key_of(int sender) {
    Secret32 key;
    key.room()[0] = static_cast<std::uint8_t>(sender);
    return key;
}

}  // namespace

double Samples::median() const {
    std::vector<double> sorted = values_;
    if (sorted.empty()) return 0;
    auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    return *middle;
}

MacAddress mac_of(int node) { return MacAddress{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(node)}}; }
Endpoint endpoint_of(int node) {
    return {IpAddress::v4(0x0a000000u | static_cast<std::uint32_t>(node)), kNetftPort};
}

IpAddress inner_address_of(int node) {
    return IpAddress::v4({169, 254, 1, static_cast<std::uint8_t>(node)});
}

core::Plan plan_of(int node, SecurityMode security) {
    int other = 3 - node;
    core::Plan plan;
    plan.version = 1;
    plan.security = security;
    plan.adapter.mac = mac_of(node);
    core::PlanPeer peer;
    peer.id = PeerId(static_cast<std::uint16_t>(other));
    peer.mac = mac_of(other);
    peer.ipv4 = inner_address_of(other);
    session::SessionKeysPtr keys;
    if (security != SecurityMode::none)
        keys = std::make_shared<const session::SessionKeys>(
            session::SessionKeys{key_of(node), key_of(other)});
    peer.sessions.push_back({.local = SessionIndex(static_cast<std::uint32_t>(100 + node)),
                             .remote = SessionIndex(static_cast<std::uint32_t>(100 + other)),
                             .incarnation = 1,
                             .confirmed = true,
                             .serial = 1,
                             .keys = keys});
    plan.peers = {peer};
    plan.routes = {{.id = RouteId(1),
                    .peer = peer.id,
                    .local = EndpointId(1),
                    .local_endpoint = endpoint_of(node),
                    .remote = endpoint_of(other),
                    .timing = {.delay = 50ms, .threshold = 20},
                    .mtu = 1500}};
    return plan;
}

Far::Far(SecurityMode security, const dataplane::Pools& pools)
    : pools_(pools), tag_(security == SecurityMode::none ? 0 : kTagSize) {
    core::Plan plan = plan_of(2, security);
    if (tag_ != 0) {
        auto device = dataplane::CryptoDevice::create();
        if (!device) throw std::runtime_error(device.error().what);
        crypto_ = std::move(*device);
        auto seal = crypto_->add_key(key_of(2), security, dataplane::CryptoUse::seal);
        auto open = crypto_->add_key(key_of(1), security, dataplane::CryptoUse::open);
        if (!seal || !open) throw std::runtime_error("no key");
        seal_.emplace(std::move(*seal));
        open_.emplace(std::move(*open));
    }
    engine_.handle_plan(TimePoint(1h), plan);
}

rte_mbuf* Far::sealed_room(std::size_t bytes) {
    rte_mbuf* mbuf = pools_.small();
    if (mbuf == nullptr) throw std::runtime_error("no mbuf");
    dataplane::set_length(mbuf, bytes + tag_);
    return mbuf;
}

void Far::seal(std::span<const MutableBytes> datagrams) {
    if (tag_ != 0 && !crypto_->seal(*seal_, datagrams)) throw std::runtime_error("not sealed");
}

bool Far::is_up() const { return engine_.is_reachable(PeerId(1)); }

std::size_t Far::heartbeats(TimePoint now, std::span<rte_mbuf*> out) {
    auto deadline = engine_.next_deadline();
    if (deadline && *deadline <= now) engine_.handle_timers(now);
    std::size_t count = 0;
    while (count < out.size()) {
        auto heartbeat = engine_.poll_transmit(now);
        if (!heartbeat) break;
        rte_mbuf* mbuf = sealed_room(heartbeat->datagram.size());
        MutableBytes whole = dataplane::room_of(mbuf).first(mbuf->data_len);
        std::copy(heartbeat->datagram.begin(), heartbeat->datagram.end(), whole.begin());
        seal({&whole, 1});
        out[count++] = mbuf;
    }
    while (engine_.poll_event()) {
    }
    return count;
}

bool Far::make_data(TimePoint now, Bytes frame, std::span<rte_mbuf*> out) {
    std::array<core::TrainTicket, kBurst> tickets;
    std::uint64_t begin = cycles_now();
    for (std::size_t i = 0; i < out.size(); ++i) {
        auto ticket = engine_.begin_train(now, PeerId(1), 1, {frame, frame.size()});
        if (!ticket) return false;
        tickets[i] = *ticket;
    }
    parts.select.add(cycles_now() - begin, out.size());
    std::array<MutableBytes, kBurst> datagrams;
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = sealed_room(kHeaderSize + kTrainPrefixSize + frame.size());
        datagrams[i] = dataplane::room_of(out[i]).first(out[i]->data_len);
        ByteWriter writer(datagrams[i]);
        encode(tickets[i].header, writer);
        encode(TrainPrefix{}, writer);
        writer.bytes(frame);
    }
    begin = cycles_now();
    seal(std::span(datagrams).first(out.size()));
    parts.seal.add(cycles_now() - begin, out.size());
    return true;
}

void Far::take(TimePoint now, std::span<const MutableBytes> datagrams) {
    std::array<bool, kBurst> good{};
    std::uint64_t begin = cycles_now();
    if (tag_ != 0 && crypto_->open(*open_, datagrams, std::span(good).first(datagrams.size())) !=
                         datagrams.size())
        throw std::runtime_error("the worker sent what does not authenticate");
    std::uint64_t opened = cycles_now();
    std::size_t data = 0;
    std::size_t heartbeats = 0;
    for (MutableBytes datagram : datagrams) {
        core::Path path = engine_.path_of(EndpointId(1), endpoint_of(1));
        auto verdict = engine_.handle_datagram(now, path, datagram.first(datagram.size() - tag_));
        data += verdict.kind == core::Verdict::Kind::data;
        heartbeats += verdict.kind == core::Verdict::Kind::consumed;
    }
    if (data + heartbeats != datagrams.size())
        throw std::runtime_error("the worker sent what no peer would take");
    data_taken += data;
    if (data < kBurst / 4) return;  // beside heartbeats
    parts.open.add(opened - begin, data);
    parts.check.add(cycles_now() - opened, data);
}

}  // namespace netft::bench
