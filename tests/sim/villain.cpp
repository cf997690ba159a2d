#include "tests/sim/villain.hpp"

#include <algorithm>

namespace netft::sim {

namespace {

constexpr std::size_t kKept = 256;

MessageType type_of(Bytes bytes) { return static_cast<MessageType>(bytes[0] & 15); }

// header ‖ the rest, with another counter.
std::vector<std::uint8_t> with_counter(Bytes plain, std::uint64_t counter) {
    std::vector<std::uint8_t> out(plain.begin(), plain.end());
    DropReason why{};
    auto header = decode_header(plain, why);
    if (!header) return out;
    header->counter = counter;
    ByteWriter writer(out);
    encode(*header, writer);
    return out;
}

}  // namespace

Villain::Villain(World& world, std::size_t node) : world_(world), node_(node) {
    world_.on_plain = [this](std::size_t from, EndpointId local, const Endpoint& remote,
                             SessionIndex session, Bytes plain) {
        if (from != node_ || session.value == 0) return;
        keep(said_, Said{local, remote, session, {plain.begin(), plain.end()}});
        if (type_of(plain) != MessageType::control) return;
        auto message = decode_control(plain.subspan(kHeaderSize));
        if (message && message->card) cards_.assign(1, *message->card);
    };
    world_.on_wire = [this](std::size_t from, std::size_t to, std::size_t network, Bytes bytes) {
        if (from == node_ || to == node_)
            keep(sealed_, Sealed{from, to, network, {bytes.begin(), bytes.end()}});
    };
}

Villain::~Villain() {
    world_.on_plain = {};
    world_.on_wire = {};
}

template <class Item>
void Villain::keep(std::vector<Item>& all, Item item) {
    if (all.size() < kKept)
        all.push_back(std::move(item));
    else
        all[world_.random().below(kKept)] = std::move(item);
}

void Villain::strike() {
    ++misdeeds_;
    switch (world_.random().below(9)) {
        case 0:
        case 1: return send_card();
        case 2: return flood();
        case 3: return lie_in_a_view();
        case 4: return lie_in_a_heartbeat();
        case 5: return change_a_bit(MessageType::heartbeat);
        case 6: return change_a_bit(MessageType::relay);
        case 7: return replay();
        case 8: return shake_hands();
    }
}

const Villain::Said* Villain::any_said(MessageType type) {
    if (said_.empty()) return nullptr;
    for (int i = 0; i < 20; ++i) {
        const Said& said = said_[world_.random().below(said_.size())];
        if (type_of(said.plain) == type) return &said;
    }
    return nullptr;
}

void Villain::send_control(const ControlMessage& message) {
    const Said* like = any_said(MessageType::control);
    if (like == nullptr) return;
    std::vector<std::uint8_t> room(kHeaderSize + kControlBytesMax);
    ByteWriter out(room);
    DropReason why{};
    Header header = *decode_header(like->plain, why);
    header.counter = ++counter_;
    encode(header, out);
    encode(message, out);
    if (out.ok()) world_.say(node_, like->local, like->remote, like->session, out.written());
}

CardEndpoint Villain::any_endpoint() {
    Random& random = world_.random();
    CardEndpoint out;
    auto part = [&random] { return static_cast<std::uint8_t>(random.below(256)); };
    std::size_t node = random.below(world_.settings().nodes);
    auto network = static_cast<std::uint8_t>(random.below(world_.settings().networks));
    IpAddress others = IpAddress::v4({10, network, 0, static_cast<std::uint8_t>(node + 1)});
    out.endpoint = {
        random.chance(0.6) ? others : IpAddress::v4({part(), part(), part(), part()}),
        random.chance(0.8) ? kNetftPort : static_cast<std::uint16_t>(1 + random.below(65'535))};
    out.prefix_length = random.chance(0.8) ? 16 : static_cast<std::uint8_t>(random.below(33));
    static constexpr std::uint16_t kMtus[] = {68, 576, 1280, 1500, 9000, 65'535};
    out.mtu = kMtus[random.below(std::size(kMtus))];
    out.available = random.chance(0.9);
    out.metric = static_cast<std::uint32_t>(random.next());
    out.interface = "eth" + std::to_string(random.below(4));
    return out;
}

Card Villain::any_card(const Card& own) {
    Random& random = world_.random();
    Card card = own;
    if (random.chance(0.3)) card.endpoints.clear();
    std::size_t more = random.below(kCardEndpointsMax + 1 - card.endpoints.size());
    for (std::size_t i = 0; i < more; ++i) card.endpoints.push_back(any_endpoint());
    if (random.chance(0.3))  // that of another node
        card.mac = {{2, 0, 0, 0, 0, static_cast<std::uint8_t>(random.below(4))}};
    if (random.chance(0.1)) card.name = "n" + std::to_string(1 + random.below(4));
    if (random.chance(0.1)) card.ipv4 = IpAddress::v4({169, 254, 9, 1});
    if (random.chance(0.3)) card.adapter_mtu = static_cast<std::uint16_t>(random.below(2000));
    return card;
}

void Villain::send_card() {
    if (!cards_.empty()) send_control({.serial = ++counter_, .card = any_card(cards_[0])});
}

void Villain::flood() {
    for (int i = 0; i < 50; ++i) send_control({.serial = world_.random().below(100)});
}

void Villain::lie_in_a_view() {
    Random& random = world_.random();
    ViewPart part;
    auto any_tag = [&random] {
        auto byte = [&random](std::size_t n) { return static_cast<std::uint8_t>(random.below(n)); };
        return tag_of(IpAddress::v4({10, byte(2), 0, static_cast<std::uint8_t>(1 + byte(4))}));
    };
    auto any_reason = [&random] { return static_cast<Diagnostic>(random.below(32)); };
    for (std::size_t i = random.below(4); i > 0; --i)
        part.view.interfaces.push_back({any_tag(), any_reason()});
    for (std::uint8_t i = 1; i <= 4; ++i) {
        ViewPeer peer{IpAddress::v4({169, 254, 9, i}), static_cast<Standing>(random.below(16)), {}};
        for (std::size_t k = part.view.interfaces.empty() ? 0 : random.below(5); k > 0; --k)
            peer.routes.push_back(
                {static_cast<std::uint8_t>(random.below(part.view.interfaces.size())), any_tag(),
                 static_cast<BfdState>(random.below(4)), random.chance(0.5), random.chance(0.5),
                 random.chance(0.5), any_reason()});
        part.view.peers.push_back(std::move(peer));
    }
    ControlMessage message{.serial = ++counter_};
    message.view = part;
    send_control(message);
}

void Villain::lie_in_a_heartbeat() {
    const Said* like = any_said(MessageType::heartbeat);
    if (like == nullptr) return;
    auto heartbeat = decode_heartbeat(Bytes(like->plain).subspan(kHeaderSize));
    if (!heartbeat) return;
    Random& random = world_.random();
    heartbeat->state = static_cast<BfdState>(random.below(4));
    heartbeat->diagnostic = static_cast<Diagnostic>(random.below(32));
    if (random.chance(0.5)) heartbeat->receiver_route = RouteId(random.below(64));
    if (random.chance(0.2)) heartbeat->notice = true;
    if (random.chance(0.2)) heartbeat->graceful_restart = true;
    DropReason why{};
    std::vector<std::uint8_t> plain(kHeaderSize + 2 * kHeartbeatSize);
    ByteWriter out(plain);
    Header header = *decode_header(like->plain, why);
    header.counter += 1 + random.below(1000);
    encode(header, out);
    encode(*heartbeat, out);
    world_.say(node_, like->local, like->remote, like->session, out.written());
}

// Of what follows the header.
void Villain::change_a_bit(MessageType type) {
    const Said* like = any_said(type);
    if (like == nullptr || like->plain.size() <= kHeaderSize) return;
    DropReason why{};
    std::uint64_t counter = decode_header(like->plain, why)->counter;
    auto plain = with_counter(like->plain, counter + 1 + world_.random().below(100));
    std::size_t at = kHeaderSize + world_.random().below(plain.size() - kHeaderSize);
    plain[at] ^= static_cast<std::uint8_t>(1 << world_.random().below(8));
    world_.say(node_, like->local, like->remote, like->session, plain);
}

// From its own address, to whom it likes; of what it heard, too.
void Villain::replay() {
    if (sealed_.empty()) return;
    const Sealed& old = sealed_[world_.random().below(sealed_.size())];
    std::size_t to = world_.random().chance(0.5) ? old.to : world_.random().below(node_);
    if (to != node_) world_.inject(node_, to, old.network, old.bytes);
}

void Villain::shake_hands() {
    SimNode& node = world_.node(node_);
    if (!node.running) return;
    for (const core::PlanPeer& peer : node.engine->peers())
        for (const core::PlanSession& session : peer.sessions)
            node.coordinator->handle_event(world_.local_now(node_),
                                           core::SessionWorn{peer.id, session.local});
}

}  // namespace netft::sim
