// Any sequence of handshakes, honest and not, replays, cards, events, reloads and passing time,
// into the coordinator of n2. Whatever comes: at most kSessionsMax sessions a peer, all with keys
// of their own; a bounded answer to each input, every datagram of which is one of ours; what does
// not authenticate changes nothing. And the same input gives the same output.
//
// Input: the security mode, then steps of a byte (what to do) and its operands.
#include <set>

#include "netft/base/assert.hpp"
#include "tests/fuzz/town.hpp"
#include "tests/fuzz/toy_primitives.hpp"

using namespace netft;
using namespace netft::fuzz;

namespace {

constexpr std::size_t kStepsMax = 200;
constexpr std::size_t kKeptMax = 32;
constexpr std::size_t kSendsOfAStep = 64;  // two peers, few paths each

class Run {
 public:
    explicit Run(Bytes input)
        : in_(input),
          mode_(static_cast<SecurityMode>(in_.u8() % 8 > 2 ? 2 : input[0] % 8)),
          settings_(town_.settings(mode_)),
          coordinator_(settings_, town_.identity(), 5) {
        set_interface(true);
    }

    std::uint64_t run() {
        drain();
        for (std::size_t i = 0; i < kStepsMax && in_.remaining() > 0; ++i) {
            step();
            drain();
        }
        return outcome_;
    }

 private:
    void step() {
        switch (in_.u8() % 12) {
            case 0:
            case 1: return initiate();
            case 2: return respond();
            case 3: return give_cookie();
            case 4:
            case 5: return replay();
            case 6: return receive_raw();
            case 7: return pass_time();
            case 8: return tell_event();
            case 9: return reload();
            case 10: return receive_control();
            case 11: return change_surroundings();
        }
    }

    // --- what is received
    void receive(Actor from, Bytes bytes, std::optional<PeerId> peer = {}) {
        if (coordinator_.endpoints().empty()) return;
        coordinator_.handle_datagram(now_, coordinator_.endpoints()[0].id, Town::endpoint(from),
                                     peer, bytes);
    }
    void keep(Bytes bytes) {
        if (kept_.size() == kKeptMax) kept_.erase(kept_.begin());
        kept_.emplace_back(bytes.begin(), bytes.end());
    }
    Actor actor() { return static_cast<Actor>(in_.u8() % kActors); }

    void initiate() {
        Actor who = actor();
        std::uint8_t how = in_.u8();
        auto identity = town_.as(who, 1 + (how & 15));
        if (mode_ != SecurityMode::none) identity.mode = mode_;
        std::uint64_t timestamp = 1'000'000'000'000 + in_.u8() * 1'000'000'000ull;
        auto pending = session::PendingInitiation::make(crypto_, identity, town_.key_of(n2),
                                                        SessionIndex(1 + (how >> 4)), timestamp);
        if (!pending) return;
        keep(pending->datagram(crypto_, {}));
        receive(who, kept_.back());
    }
    // n2's initiation that went out last to `who`; nullptr: none.
    const std::vector<std::uint8_t>* asked(Actor who) const {
        auto found = asked_.find(who);
        return found == asked_.end() ? nullptr : &found->second;
    }
    void respond() {
        Actor who = in_.u8() % 2 == 0 ? n1 : n3;
        std::uint8_t how = in_.u8();
        auto initiation = asked(who);
        if (initiation == nullptr || mode_ == SecurityMode::none) return;
        auto identity = town_.as(who, 1 + (how & 15), 1 + (how >> 6));
        identity.mode = mode_;
        DropReason why{};
        auto read = session::read_initiation(crypto_, identity, *initiation, why);
        if (!read) return;
        auto status = how & 32 ? HandshakeStatus::cloned : HandshakeStatus::done;
        auto response = session::write_response(crypto_, identity, *read,
                                                SessionIndex(100 + (how & 15)), status);
        if (!response) return;
        keep(response->datagram);
        receive(who, kept_.back());
    }
    void give_cookie() {
        Actor who = in_.u8() % 2 == 0 ? n1 : n3;
        auto initiation = asked(who);
        if (initiation == nullptr || initiation->size() != kInitiationSize) return;
        session::CookieJar jar(town_.key_of(who));
        keep(jar.answer(crypto_, now_, Town::endpoint(n2), *initiation));
        receive(who, kept_.back());
    }
    // Something that was sent before, by whomever, perhaps changed or cut.
    void replay() {
        if (kept_.empty()) return;
        const auto& good = kept_[in_.u8() % kept_.size()];
        auto bytes = good;
        Actor from = actor();
        std::uint8_t how = in_.u8();
        for (int i = 0; i < (how & 3); ++i) {
            std::size_t at = in_.u8() % bytes.size();
            bytes[at] ^= in_.u8();
        }
        bool changed = (how & 8) != 0;
        for (std::size_t i = kHeaderSize; i + 2 * kMacSize < bytes.size(); ++i)
            changed |= bytes[i] != good[i];
        if (how & 8) bytes.resize(in_.u8() % bytes.size());
        if (how & 4 && bytes.size() > 2 * kMacSize) make_mac1_right(bytes);
        if (changed && mode_ != SecurityMode::none)
            expect_no_change([&] { receive(from, bytes); });
        else
            receive(from, bytes);
    }
    void make_mac1_right(MutableBytes bytes) {
        Mac mac1 = session::make_mac1(crypto_, town_.key_of(n2), before_mac1(bytes));
        std::copy(mac1.begin(), mac1.end(), bytes.last(2 * kMacSize).begin());
    }
    void receive_raw() {
        Actor from = actor();
        Bytes raw = in_.take(std::min<std::size_t>(in_.u8(), in_.remaining()));
        std::vector<std::uint8_t> bytes(raw.begin(), raw.end());
        if (!bytes.empty()) bytes[0] = static_cast<std::uint8_t>(0x10 | (bytes[0] & 7));
        if (mode_ == SecurityMode::none) return receive(from, bytes);
        expect_no_change([&] { receive(from, bytes); });
    }
    // Authenticated by the caller's contract.
    void receive_control() {
        Actor who = in_.u8() % 2 == 0 ? n1 : n3;
        std::uint8_t how = in_.u8();
        std::array<std::uint8_t, kHeaderSize + kControlBytesMax> bytes{};
        ByteWriter out(bytes);
        encode(Header{MessageType::control, 0, 0, SessionIndex(1), 1}, out);
        if (how & 1)
            out.bytes(in_.take(std::min<std::size_t>(how, in_.remaining())));
        else if (how & 2)
            encode(ControlMessage{how, town_.card(how & 4 ? n3 : who, how >> 3)}, out);
        else
            encode(ControlMessage{how, {}}, out);
        receive(who, out.written(), PeerId(who));
    }

    // --- everything else
    void pass_time() {
        now_ += std::chrono::milliseconds(in_.u16());
        coordinator_.handle_timers(now_);
        auto due = coordinator_.next_deadline();
        NETFT_ASSERT(!due || *due > now_);  // what was due is done
    }
    void tell_event() {
        std::uint8_t how = in_.u8();
        PeerId peer(how & 1 ? n1 : n3);
        SessionIndex session(how);
        for (const core::PlanPeer& p : plan_.peers)
            if (p.id == peer && !p.sessions.empty())
                session = p.sessions[(how >> 1 & 3) % p.sessions.size()].local;
        switch (how >> 4 & 3) {
            case 0:
            case 1: return coordinator_.handle_event(now_, core::SessionShown{peer, session});
            case 2:
                return coordinator_.handle_event(now_,
                                                 core::SessionWorn{peer, session, (how & 64) != 0});
            case 3: break;
        }
        core::SelectionChange change{now_, peer, {}, {}};
        if (how & 64) change.to = RouteId(1);
        coordinator_.handle_event(now_, change);
    }
    void reload() {
        std::uint8_t how = in_.u8();
        core::Settings next = settings_;
        next.cluster_keys = {Town::cluster_key(1 + (how & 3))};
        if (how & 4) next.cluster_keys.push_back(Town::cluster_key(1));
        if (how & 8) next.nodes.erase(next.nodes.begin() + n3);
        next.rekey_after = how & 16 ? Duration(1s) : Duration(120s);
        NETFT_ASSERT(coordinator_.handle_settings(now_, next).empty());
    }
    void set_interface(bool up) {
        std::vector facts{Town::interface(up)};
        coordinator_.handle_interfaces(now_, facts);
    }
    void change_surroundings() {
        std::uint8_t how = in_.u8();
        if (how == 0x80) return coordinator_.handle_machine_restored(now_, 2'000'000'000'000);
        if (how == 0x90)
            return coordinator_.handle_event(
                now_, core::StallRecord{now_, {core::StallKind::clock_stepped, 1h}});
        if (how & 1) return set_interface((how & 2) != 0);
        if (coordinator_.endpoints().empty()) return;
        coordinator_.handle_port(now_, coordinator_.endpoints()[0].id, how & 2 ? "gone" : "");
    }

    // --- what must hold
    // Cookies and the answers of before may go out; nothing else may happen.
    template <class Input>
    void expect_no_change(Input input) {
        drain();
        auto due = coordinator_.next_deadline();
        input();
        NETFT_ASSERT(!coordinator_.poll_plan());
        NETFT_ASSERT(coordinator_.next_deadline() == due);
        while (auto send = coordinator_.poll_send()) {
            std::uint8_t type = send->bytes[0] & 15;
            NETFT_ASSERT(type == 3 || (type == 2 && answers_.contains(send->bytes)));
        }
    }
    void drain() {
        if (auto plan = coordinator_.poll_plan()) check_plan(*plan);
        std::size_t sends = 0;
        while (auto send = coordinator_.poll_send()) {
            NETFT_ASSERT(++sends <= kSendsOfAStep);
            check_send(*send);
        }
        while (auto notice = coordinator_.poll_notice()) {
            NETFT_ASSERT(!notice->text.empty());
            mix(notice->text.size());
        }
    }
    void check_plan(core::Plan& plan) {
        std::set<SessionIndex> indexes;
        std::set<std::uint64_t> versions;
        NETFT_ASSERT(plan.version > plan_.version);
        for (const core::PlanPeer& peer : plan.peers) {
            NETFT_ASSERT(peer.sessions.size() <= core::kSessionsMax);
            for (const core::PlanSession& session : peer.sessions) {
                NETFT_ASSERT(session.local.value != 0 && indexes.insert(session.local).second);
                NETFT_ASSERT((session.keys != nullptr) == (mode_ != SecurityMode::none));
                check_keys_kept(session);
                mix(session.local.value + session.confirmed);
            }
        }
        plan_ = std::move(plan);
    }
    // A session's keys are those it was made with.
    void check_keys_kept(const core::PlanSession& session) const {
        for (const core::PlanPeer& peer : plan_.peers)
            for (const core::PlanSession& before : peer.sessions)
                NETFT_ASSERT(before.local != session.local || before.keys == session.keys);
    }
    void check_send(const core::ControlSend& send) {
        DropReason why{};
        auto header = decode_header(send.bytes, why);
        NETFT_ASSERT(header && send.bytes.size() <= kHeaderSize + kControlBytesMax);
        bool is_control = header->type == MessageType::control;
        NETFT_ASSERT(is_control || send.seal.value == 0);
        NETFT_ASSERT(header->type != MessageType::heartbeat && header->type != MessageType::data);
        if (is_control) check_seal(send);
        if (header->type == MessageType::response) answers_.insert(send.bytes);
        if (header->type == MessageType::initiation)
            for (Actor who : {n1, n3})
                if (send.remote == Town::endpoint(who)) asked_[who] = send.bytes;
        if (send.bytes.size() > kHeaderSize + 2 * kMacSize && !is_control) keep(send.bytes);
        for (std::uint8_t byte : send.bytes) mix(byte);
    }
    // Nothing is to be sealed with keys of a session that is no more.
    void check_seal(const core::ControlSend& send) const {
        bool found = mode_ == SecurityMode::none;
        for (const core::PlanPeer& peer : plan_.peers)
            for (const core::PlanSession& session : peer.sessions)
                found |= session.local == send.seal;
        NETFT_ASSERT(found);
    }
    void mix(std::uint64_t value) { outcome_ = (outcome_ ^ value) * 0x100000001b3; }

    ByteReader in_;
    ToyPrimitives crypto_{1};
    Town town_{crypto_};
    SecurityMode mode_;
    core::Settings settings_;
    core::Coordinator coordinator_;
    TimePoint now_{1h};
    core::Plan plan_;
    std::vector<std::vector<std::uint8_t>> kept_;
    std::map<Actor, std::vector<std::uint8_t>> asked_;
    std::set<std::vector<std::uint8_t>> answers_;
    std::uint64_t outcome_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    Bytes input(data, size);
    NETFT_ASSERT(Run(input).run() == Run(input).run());
    return 0;
}
