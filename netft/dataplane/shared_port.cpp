#include "netft/dataplane/shared_port.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "netft/base/assert.hpp"
#include "netft/wire/header.hpp"

namespace netft::dataplane {
namespace {

constexpr std::size_t kSpaceAt = 2;  // in the header
constexpr const char* kRelayed = "relayed";
// What others hand over to be sent: so much at most in one call, which shall not keep the worker
// from its heartbeats, and looking after each step whether the device still takes it.
constexpr std::size_t kHandedBytesMax = 256 * 1024;
constexpr std::size_t kStepBytes = 32 * 1024;

// Whose a datagram is. One that is too short to say is the first worker's to refuse.
std::size_t owner_of(Bytes datagram, std::size_t workers) {
    if (datagram.size() < kHeaderSize) return 0;
    if ((datagram[0] & 0x0f) != static_cast<std::uint8_t>(MessageType::data)) return 0;
    return (std::size_t{datagram[kSpaceAt]} << 8 | datagram[kSpaceAt + 1]) % workers;
}

std::size_t datagrams_in(const rte_mbuf* mbuf, std::size_t segment) {
    return (mbuf->data_len + segment - 1) / segment;
}

class SharedPort final : public Port {
 public:
    SharedPort(std::size_t worker, std::unique_ptr<Port> inner,
               std::shared_ptr<PortExchange> exchange, const Pools& pools, const char* kind)
        : worker_(worker),
          inner_(std::move(inner)),
          exchange_(std::move(exchange)),
          pools_(pools),
          kind_(kind),
          is_relayed_(kind == kRelayed) {
        if (inner_) fds_.assign(inner_->wake_fds().begin(), inner_->wake_fds().end());
        fds_.push_back(exchange_->wake_fd(worker_));
    }

    std::size_t receive(std::span<Received> room, std::uint32_t ready,
                        DropCounters& drops) override {
        std::size_t used = 0;
        std::uint32_t handed = 1u << (fds_.size() - 1);
        std::uint32_t from_inner = ready & ~handed;
        if (inner_ && from_inner != 0)
            used = keep_own(room.first(inner_->receive(room, from_inner, drops)), drops);
        if ((ready & handed) != 0) used += take_handed(room.subspan(used), drops);
        return used;
    }

    void send(std::span<Outgoing> burst, DropCounters& drops) override {
        if (inner_) return inner_->send(burst, drops);
        if (is_relayed_) return hand_over(burst, drops);
        for (Outgoing& outgoing : burst) {
            Parcel parcel{outgoing.remote, outgoing.segment, true, outgoing.is_heartbeat,
                          outgoing.source};
            if (!exchange_->push(worker_, 0, parcel, bytes_of(outgoing.mbuf)))
                drops.count(DropReason::worker_queue_full,
                            datagrams_in(outgoing.mbuf, outgoing.segment));
            rte_pktmbuf_free(std::exchange(outgoing.mbuf, nullptr));
        }
        exchange_->wake(worker_, 0);
    }

    // Of the first worker: its device has no room, or what others handed over waits for an mbuf. Of
    // one that has no device: the first does not keep up.
    bool is_blocked() const override {
        if (has_left_behind_) return true;
        if (inner_) return inner_->is_blocked();
        return !is_relayed_ && exchange_->is_half_full(worker_, 0);
    }
    // What gets free goes to the others and to our own worker in turn: the one that is always asked
    // first would leave the other nothing.
    void retry(TimePoint now, DropCounters& drops) override {
        if (inner_) inner_->retry(now, drops);
        if (!has_left_behind_ || is_inner_blocked() || !has_mbufs()) return;
        is_others_turn_ = !is_others_turn_;
        has_left_behind_ = false;
        if (is_others_turn_)
            (void)take_handed({}, drops);
        else
            exchange_->wake_again(worker_);
    }
    std::span<const int> wake_fds() const override { return fds_; }
    bool must_be_polled() const override { return inner_ && inner_->must_be_polled(); }
    void count_losses(DropCounters& drops) override {
        if (inner_) inner_->count_losses(drops);
    }
    PortHealth* health() override { return inner_ ? inner_->health() : nullptr; }
    void hear_errors() override {
        if (inner_) inner_->hear_errors();
    }
    const PortCounters& counters() const override {
        return inner_ ? inner_->counters() : no_counters_;
    }
    const char* kind() const override { return kind_; }

 private:
    // Each buffer holds one datagram.
    void hand_over(std::span<Outgoing> burst, DropCounters& drops) {
        for (Outgoing& outgoing : burst) {
            Bytes datagram = bytes_of(outgoing.mbuf);
            std::size_t to = owner_of(datagram, exchange_->workers());
            NETFT_ASSERT(to != worker_);
            if (!exchange_->push(worker_, to, {outgoing.remote, outgoing.segment}, datagram))
                drops.count(DropReason::worker_queue_full);
            exchange_->wake(worker_, to);
            rte_pktmbuf_free(std::exchange(outgoing.mbuf, nullptr));
        }
    }
    // Hands the others what is theirs; how many buffers are left, at the front.
    std::size_t keep_own(std::span<Received> burst, DropCounters& drops) {
        std::size_t kept = 0;
        for (Received& received : burst) {
            if (!has_others(received) || keep_own(received, drops))
                burst[kept++] = received;
            else
                rte_pktmbuf_free(received.mbuf);
        }
        for (std::size_t to = 0; to < exchange_->workers(); ++to)
            if (to != worker_) exchange_->wake(worker_, to);
        return kept;
    }
    bool has_others(const Received& received) const {
        for (Bytes rest = bytes_of(received.mbuf); !rest.empty();) {
            if (owner_of(rest, exchange_->workers()) != worker_) return true;
            rest = rest.subspan(std::min<std::size_t>(received.segment, rest.size()));
        }
        return false;
    }
    // Closes the gaps; only the last datagram may be shorter, and it stays the last. False: nothing
    // is left.
    bool keep_own(const Received& received, DropCounters& drops) {
        MutableBytes all = room_of(received.mbuf).first(received.mbuf->data_len);
        std::size_t kept = 0;
        for (std::size_t at = 0; at < all.size();) {
            Bytes datagram =
                all.subspan(at, std::min<std::size_t>(received.segment, all.size() - at));
            at += datagram.size();
            std::size_t to = owner_of(datagram, exchange_->workers());
            if (to == worker_) {
                if (all.data() + kept != datagram.data())
                    std::memmove(all.data() + kept, datagram.data(), datagram.size());
                kept += datagram.size();
                continue;
            }
            auto segment = static_cast<std::uint16_t>(datagram.size());
            if (!exchange_->push(worker_, to, {received.remote, segment}, datagram))
                drops.count(DropReason::worker_queue_full);
        }
        set_length(received.mbuf, kept);
        return kept > 0;
    }

    // What one call takes of what others have handed over.
    struct Haul {
        std::span<Received> room;
        std::size_t used = 0;
        std::array<Outgoing, kBurstMax> step;  // is to be sent next
        std::size_t step_count = 0;
        std::size_t step_bytes = 0;
        std::size_t sent_count = 0;  // with what is in the step
        std::size_t sent_bytes = 0;
        bool is_full = false;  // something is for the next call
    };

    // What has to wait for the device or for mbufs is for retry(): the descriptor would have the
    // worker ask without end.
    std::size_t take_handed(std::span<Received> room, DropCounters& drops) {
        exchange_->on_woken(worker_);
        has_left_behind_ = false;
        Haul haul{room};
        exchange_->drain(worker_, turn_, [&](const Parcel& parcel, Bytes bytes) {
            return parcel.is_outgoing ? take_outgoing(haul, parcel, bytes, drops)
                                      : take_received(haul, parcel, bytes);
        });
        send_step(haul, drops);
        if (haul.sent_count + haul.used > 0) ++turn_;
        if (haul.is_full) exchange_->wake_again(worker_);
        return haul.used;
    }
    bool take_received(Haul& haul, const Parcel& parcel, Bytes bytes) {
        haul.is_full |= haul.used == haul.room.size();
        if (haul.used == haul.room.size()) return false;
        rte_mbuf* mbuf = copy_of(bytes);
        if (mbuf == nullptr) return leave_behind();
        haul.room[haul.used++] = {mbuf, parcel.remote, parcel.segment};
        return true;
    }
    bool take_outgoing(Haul& haul, const Parcel& parcel, Bytes bytes, DropCounters& drops) {
        bool fits =
            haul.sent_count < kBurstMax && haul.sent_bytes + bytes.size() <= kHandedBytesMax;
        haul.is_full |= !fits;
        if (!fits) return false;
        rte_mbuf* mbuf = inner_->is_blocked() ? nullptr : copy_of(bytes);
        if (mbuf == nullptr) return leave_behind();
        haul.step[haul.step_count++] = {mbuf, parcel.remote, parcel.segment, parcel.is_heartbeat,
                                        parcel.source};
        haul.step_bytes += bytes.size();
        haul.sent_bytes += bytes.size();
        ++haul.sent_count;
        if (haul.step_bytes >= kStepBytes) send_step(haul, drops);
        return true;
    }
    void send_step(Haul& haul, DropCounters& drops) {
        if (haul.step_count == 0) return;
        inner_->send(std::span(haul.step).first(haul.step_count), drops);
        haul.step_count = haul.step_bytes = 0;
    }
    bool leave_behind() {
        has_left_behind_ = true;
        return false;
    }
    bool is_inner_blocked() const { return inner_ && inner_->is_blocked(); }
    bool has_mbufs() const {
        return MbufPtr(pools_.big()) != nullptr && MbufPtr(pools_.small()) != nullptr;
    }
    rte_mbuf* copy_of(Bytes bytes) const {
        rte_mbuf* mbuf = bytes.size() <= Pools::kSmallRoom ? pools_.small() : pools_.big();
        if (mbuf == nullptr) return nullptr;
        std::memcpy(room_of(mbuf).data(), bytes.data(), bytes.size());
        set_length(mbuf, bytes.size());
        return mbuf;
    }

    std::size_t worker_;
    std::unique_ptr<Port> inner_;  // null: the first worker sends and receives for us
    std::shared_ptr<PortExchange> exchange_;
    const Pools& pools_;
    const char* kind_;
    bool is_relayed_;
    std::size_t turn_ = 0;          // whose ring is looked at first
    bool has_left_behind_ = false;  // something handed over waits for retry()
    bool is_others_turn_ = false;   // of what retry() got free last
    std::vector<int> fds_;          // inner's, then the exchange's
    PortCounters no_counters_;
};

}  // namespace

Result<std::vector<std::unique_ptr<Port>>> share_port(std::vector<std::unique_ptr<Port>> ports,
                                                      std::span<const Pools* const> pools) {
    NETFT_ASSERT(!ports.empty() && ports.size() <= pools.size());
    if (pools.size() == 1) return ports;
    auto exchange = PortExchange::create(pools.size());
    if (!exchange) return tl::unexpected(exchange.error());
    const char* kind = ports[0]->kind();
    ports.resize(pools.size());
    for (std::size_t worker = 0; worker < pools.size(); ++worker)
        ports[worker] = std::make_unique<SharedPort>(worker, std::move(ports[worker]), *exchange,
                                                     *pools[worker], kind);
    return ports;
}

Result<std::vector<std::unique_ptr<Port>>> make_relayed_ports(std::span<const Pools* const> pools) {
    auto exchange = PortExchange::create(pools.size());
    if (!exchange) return tl::unexpected(exchange.error());
    std::vector<std::unique_ptr<Port>> ports;
    for (std::size_t worker = 0; worker < pools.size(); ++worker)
        ports.push_back(
            std::make_unique<SharedPort>(worker, nullptr, *exchange, *pools[worker], kRelayed));
    return ports;
}

}  // namespace netft::dataplane
