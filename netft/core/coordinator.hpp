// The coordinator: everything that control decides, as one pure object.
//
// PURE and sans I/O. It holds the settings, the interface manager, the topology manager and, per
// peer, the session opening and the card; it makes the plan that the engine follows. The daemon
// (or the simulator) feeds it facts, datagrams, engine events and the time, and carries out what
// it asks: publish plan(), send datagrams, log notices, open and close ports for endpoints().
// Order after every input: publish a new plan first, then send what poll_send() gives, so that an
// answer to our answer finds its session.
// Threads: control only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "netft/base/random.hpp"
#include "netft/base/token_bucket.hpp"
#include "netft/core/card_judge.hpp"
#include "netft/core/events.hpp"
#include "netft/core/knocks.hpp"
#include "netft/core/path_errors.hpp"
#include "netft/core/peer_view.hpp"
#include "netft/core/plan.hpp"
#include "netft/core/settings.hpp"
#include "netft/session/doorkeeper.hpp"
#include "netft/session/handshake.hpp"
#include "netft/session/opening_machine.hpp"
#include "netft/session/opening_pacer.hpp"
#include "netft/wire/control.hpp"
#include "netft/wire/header.hpp"
#include "netft/wire/view.hpp"
#include "routing/topology/cluster_view.hpp"
#include "routing/topology/state_tracker.hpp"
#include "routing/topology/view_inbox.hpp"

namespace netft::core {

struct CoordinatorIdentity {
    std::uint64_t incarnation = 0;  // random, new at every start
    MacAddress adapter_mac;
    // For the modes encrypt and sign:
    Secret32 private_key;
    // Wall clock less monotonic clock at the start, in ns: timestamps of handshakes.
    std::int64_t wall_offset_ns = 0;
    session::Primitives* primitives = nullptr;  // outlives the coordinator
};

// A datagram of type 1, 2 or 6 to send.
struct ControlSend {
    EndpointId local;
    Endpoint remote;
    std::vector<std::uint8_t> bytes;
    // Our index of the session whose keys are to seal it (a tag is added); 0: goes as it is.
    SessionIndex seal;
};

// What a node hands to its next life, so that routes to a peer are known before the peer speaks.
struct RememberedPeer {
    PublicKey key{};
    Card card;
    bool reachable = false;  // when it was handed over
};

class Coordinator {
 public:
    // A peer unreachable for this long is asked for a new session.
    // And again when the new one did not help: after as long, doubled each time up to a minute.
    static constexpr Duration kReopenAfter = 3s;
    static constexpr Duration kReopenMost = 60s;
    static constexpr Duration kCardFirstRetry = 100ms;
    static constexpr Duration kCardLastRetry = 1s;
    // A peer that cannot be reached may come with an old timestamp this often.
    static constexpr Duration kStaleInterval = 1s;
    // Lives remembered of a peer, and how many of them as those of clones.
    static constexpr std::size_t kLivesMax = 64;
    // A wall clock that jumps this far may be that of a machine restored from a snapshot. It is,
    // if nobody is in reach any more so long after it.
    static constexpr Duration kClockJump = 5s;
    static constexpr Duration kJumpRemembered = 60s;
    static constexpr std::size_t kRefusedMax = 8;
    // Of one peer: initiations that authenticate, and tries of answers to one of ours that come
    // without a cookie under load.
    static constexpr Rate kInitiationsOfPeer = Rate::of(10, 30);
    static constexpr Rate kAnswersUnproven = Rate::of(1, 3);
    // Cards taken of each peer: of those that come faster the last is repeated until it is taken.
    static constexpr Rate kCardRate = Rate::of(5, 20);
    // Nodes that were taken out of the configuration and are remembered.
    static constexpr std::size_t kParkedMax = 1024;
    // How long a route that is no longer up still counts for the adapter's MTU: that it comes back
    // is likely, and every change of an MTU is felt by those who use it.
    static constexpr Duration kMtuRemembered = 10min;
    // While the nodes are reloaded one after the other they differ: said later than this.
    static constexpr Duration kDigestGrace = 10s;
    // Views: changes are gathered for this long; the least time between two views, and what each
    // message of one adds to it; and how often one goes out unchanged.
    static constexpr unsigned kUnshownMax = 2;  // more than a lost answer
    static constexpr Duration kViewGathering = 10ms;
    static constexpr Duration kViewInterval = 100ms;
    static constexpr Duration kViewMessageInterval = 500us;
    static constexpr Duration kViewPause = 10ms;  // when the pacer says no
    static constexpr Duration kViewRefresh = 30s;
    static constexpr Duration kStallRemembered = 10s;
    // States are worked out anew this long after a change at the earliest, and what each route of
    // the cluster adds to it.
    static constexpr Duration kStatesInterval = 100ms;
    static constexpr Duration kStatesRouteInterval = 5us;
    // Session openings taken per second in mode none, and how many at once.
    static constexpr unsigned kOpeningsPerSecond = 1000;
    static constexpr unsigned kOpeningsBurst = 256;
    static constexpr std::size_t kSendsMax = 65536;
    // A packet from a wrong source address is a warning for so long.
    static constexpr Duration kRefusalShown = 60s;

    Coordinator(const Settings& settings, const CoordinatorIdentity& identity, std::uint64_t seed);

    // --- inputs
    void handle_interfaces(TimePoint now, std::span<const routing::InterfaceFact> facts);
    // A reload. What cannot change while running (cluster, adapter name, port, our own node, the
    // security mode) is refused as a whole: the reasons come back, nothing changes.
    std::vector<std::string> handle_settings(TimePoint now, const Settings& settings);
    // The machine goes on from a snapshot, maybe as one of several: what was sealed since then was
    // sealed with the same keys and counters as what will be. All sessions end, and a new life
    // begins. `wall_offset_ns`: as in the identity.
    void handle_machine_restored(TimePoint now, std::int64_t wall_offset_ns);
    // Forgets what damping has counted of the routes to this peer; empty: to all. False: no such
    // peer.
    bool undamp(std::string_view name);
    // `reason` empty: the port of that endpoint is open.
    void handle_port(TimePoint now, EndpointId endpoint, const std::string& reason);
    void handle_datagram(TimePoint now, EndpointId local, const Endpoint& remote,
                         std::optional<PeerId> peer, Bytes datagram);
    // Explains a route that is not up; what is no route of ours is nobody's business.
    void handle_path_error(TimePoint now, EndpointId local, const PathError& error);
    void handle_event(TimePoint now, const Event& event);
    // The addresses on our adapter that are not our own: those that are ours to have are told to
    // the others.
    void handle_adapter_addresses(TimePoint now, std::span<const IpAddress> addresses);
    void handle_timers(TimePoint now);
    std::optional<TimePoint> next_deadline() const;

    // --- a restart: what the former life knew of those peers that are still in the configuration.
    // Cards are checked as those that come by the network; a peer's own word replaces them. Ids of
    // peers that were reachable come back.
    std::vector<RememberedPeer> memory() const;
    std::vector<PeerId> handle_memory(TimePoint now, std::span<const RememberedPeer> memory);

    // --- outputs
    // The plan when it changed since the last call.
    std::optional<Plan> poll_plan();
    std::optional<ControlSend> poll_send();
    std::optional<Notice> poll_notice();
    // Ports are to be open for exactly the usable ones of these.
    const std::vector<routing::LocalEndpoint>& endpoints() const { return im_.endpoints(); }
    // An endpoint may be on that interface.
    bool may_use(const routing::InterfaceFact& fact) const { return im_.may_use(fact); }
    // Floating addresses that peers have now.
    std::vector<IpAddress> claimed_by_peers() const;
    std::uint16_t adapter_mtu() const;
    std::uint16_t datagram_bytes_max() const;

    // Whether peer `who`, which we reach, says that it reaches `whom` by a route of its own.
    // nullopt: it says nothing of it, or cannot be asked.
    std::optional<bool> says_it_reaches(PeerId who, PeerId whom) const;

    // The cluster as it looks from here: nodes()[0] is ours.
    routing::ClusterView cluster_view(TimePoint now) const;
    // States of networks and interfaces as all nodes see them; and what of them changed.
    const routing::ClusterStates& states() const { return tracker_.states(); }
    std::optional<routing::StateChange> poll_change() { return tracker_.poll_change(); }

    // --- for people
    const Settings& settings() const { return settings_; }
    const std::vector<routing::Route>& routes() const { return tm_.routes(); }
    const std::vector<routing::Network>& networks() const { return tm_.networks(); }
    std::vector<std::string> warnings() const;
    // Of these, what costs a route that the set-up promises.
    const std::vector<std::string>& faults() const { return tm_.faults(); }
    // Why a route is not up, as far as somebody outside of us says so.
    std::optional<Diagnostic> outside_reason(const routing::Route& route) const;
    std::vector<PeerView> peers() const;
    const DropCounters& drops() const { return drops_; }

 private:
    // What a route did last.
    struct RouteWord {
        BfdState state = BfdState::down;
        bool suspect = false;
        bool damped = false;
        bool peer_said_so = false;
        Diagnostic reason = Diagnostic::none;
        // Its MTU is one of those that the adapter goes by; from then on it was up no more.
        bool counts_for_mtu = false;
        std::optional<TimePoint> left_up;
    };
    // One life of a peer: from a start of its netftd to the next.
    struct Life {
        std::uint64_t incarnation = 0;
        std::uint64_t newest = 0;  // timestamp of its last initiation taken
        Endpoint remote;           // where its last opening came from
        bool is_refused = false;   // another machine had the key before
        bool is_shown = false;     // it was talked with
    };
    // How an initiation stands to those before it.
    enum class Newness : std::uint8_t { fresh, copy, stale };
    // An initiation that we answered, by its mac1, with the session it made.
    struct Answer {
        Mac mac1{};
        SessionIndex index;  // ours
        std::array<std::uint8_t, kResponseSize> datagram{};
    };
    // What is under way with a peer in modes encrypt and sign.
    struct PeerHandshake {
        std::optional<session::PendingInitiation> pending;
        session::CookieStore cookies;
        std::vector<Answer> answers;  // of the sessions that we did not ask for
        // An old timestamp was let pass, of a life not seen before, and of one that was.
        std::optional<TimePoint> stale_taken;
        std::optional<TimePoint> replay_taken;
        TokenBucket initiations;
        TokenBucket unproven;           // answers to ours, without a cookie
        std::optional<TimePoint> said;  // a warning of this kind, for the log
    };
    struct Peer {
        PeerId id;
        NodeSettings node;
        session::OpeningMachine opening;
        std::optional<Card> said;         // its last card, as it came
        std::uint64_t said_order = 0;     // the cards of others that came before have less
        std::optional<Card> card;         // what of it is believed
        std::uint64_t card_serial = 0;    // of `said`
        std::string refusal;              // why its last card was refused
        std::vector<std::string> doubts;  // what of it is not used, and why
        bool contradicts = false;         // something in it hinders traffic
        std::string differs;              // sections of its configuration
        std::optional<TimePoint> differs_since;
        TokenBucket cards;               // kCardRate
        std::uint64_t acked_serial = 0;  // of our card
        std::optional<TimePoint> next_card;
        Duration card_interval{};
        std::uint64_t control_counter = 0;
        std::uint64_t incarnation = 0;
        std::uint64_t former_incarnation = 0;  // that it replaced
        std::vector<Life> lives;               // newest last, at most kLivesMax
        PeerHandshake handshake;
        std::uint64_t sessions_opened = 0;
        std::uint64_t last_serial = 0;  // of the session counted last
        bool reachable = false;         // directly
        std::optional<PeerId> relay;    // in place of that
        TimePoint unreachable_since;    // of neither
        // The path its last opening or card came by: good for the first answer.
        std::optional<std::pair<EndpointId, Endpoint>> last_path;
        std::optional<RouteId> in_use;
        // Views: what it says, and what of ours it has not acknowledged.
        routing::ViewInbox views;
        std::set<std::uint8_t> view_parts_owed;
        std::optional<TimePoint> next_view;
        Duration view_interval{};
        std::uint32_t undamped = 0;
        std::size_t view_cursor = 0;              // parts below were sent in this round
        Standing trouble = Standing::known;       // with its last handshake
        std::optional<TimePoint> trouble_ends;    // it was only heard of
        unsigned unshown = 0;                     // sessions that it asked for since it showed one
        std::optional<IpAddress> refused_source;  // it sent from there, and may not
        TimePoint refused_at;
        std::string refused_claims;      // as they were said last
        unsigned fruitless = 0;          // sessions opened since it was in reach; the first is none
        bool owes_introduction = false;  // we began a new life
        bool is_overdue = false;         // the session in use should have been renewed long ago
    };

    // What outlives a peer that is taken out of the configuration.
    struct Parked {
        PeerId id;
        std::uint64_t incarnation = 0;
        std::uint64_t former_incarnation = 0;
        std::vector<Life> lives;
        std::optional<Card> said;
        std::uint64_t said_order = 0;
        std::uint64_t card_serial = 0;
    };

    PeerId id_of(const PublicKey& key);
    void add_peer(TimePoint now, PeerId id, const NodeSettings& node);
    void park(const Peer& peer);
    void sync_peers(TimePoint now);
    void note_moved_addresses(const Settings& next);
    void apply_interface_settings(TimePoint now);
    void update_topology(TimePoint now);
    OtherAddresses other_addresses(const Peer& peer) const;
    void update_card(TimePoint now);
    std::vector<routing::PeerEndpoints> peer_endpoints() const;
    routing::InterfaceSettings interface_settings() const;

    // coordinator_evidence.cpp
    Peer* owner_of(const IpAddress& address);
    void note_knock(TimePoint now, const Endpoint& remote, Standing trouble);
    void forget_knocks(TimePoint now);
    void say_knock(TimePoint now, const Endpoint& remote, const std::string& text);
    void say_unknown_key(TimePoint now, const Endpoint& remote, const PublicKey& key);
    void judge_address(TimePoint now, const Peer& peer, const Endpoint& remote);
    // coordinator_sessions.cpp
    static bool is_in_reach(const Peer& peer) { return peer.reachable || peer.relay; }
    static std::optional<TimePoint> reopens_at(const Peer& peer);
    void judge_age(TimePoint now, Peer& peer);
    std::string overdue_text(const Peer& peer) const;
    void end_spent(TimePoint now, Peer& peer, SessionIndex local);
    void note_clock_jump(TimePoint now, Duration by);
    void judge_clock_jump(TimePoint now);
    void begin_life(TimePoint now);
    std::uint64_t fresh_incarnation();
    Peer* find_peer(PeerId id);
    Peer* find_peer(const PublicKey& key);
    SessionIndex fresh_index();
    void service_peer(TimePoint now, Peer& peer);
    void keep_sessions(TimePoint now, Peer& peer);
    void renew_after_loss(TimePoint now, PeerId id);
    void ask_by_relay(PeerId id);
    ControlMessage card_message() const;
    void initiate_where_due(TimePoint now);
    void send_initiation(TimePoint now, Peer& peer);
    void send_control(Peer& peer, const ControlMessage& message,
                      const std::vector<std::pair<EndpointId, Endpoint>>& paths);
    std::vector<std::pair<EndpointId, Endpoint>> paths_to(const Peer& peer) const;
    static void remember_path(Peer& peer, EndpointId local, const Endpoint& remote);
    void handle_opening(TimePoint now, EndpointId local, const Endpoint& remote,
                        const Header& header, Bytes payload);
    void answer_opening(TimePoint now, Peer& peer, EndpointId local, const Endpoint& remote,
                        const Opening& opening);
    std::vector<std::uint8_t> make_initiation(TimePoint now, Peer& peer);
    Opening own_opening(const Peer& peer, SessionIndex index) const;
    void meet_initiation(TimePoint now, Peer& peer, EndpointId local, const Endpoint& remote,
                         bool is_fresh);
    // coordinator_handshakes.cpp
    void begin_secure();
    std::uint64_t timestamp(TimePoint now) const;
    std::vector<std::uint8_t> make_handshake(TimePoint now, Peer& peer, SessionIndex index);
    void handle_handshake(TimePoint now, EndpointId local, const Endpoint& remote,
                          const Header& header, Bytes datagram);
    void handle_initiation(TimePoint now, EndpointId local, const Endpoint& remote, Bytes datagram);
    void remember_answer(Peer& peer, Answer answer);
    bool answer_copy(TimePoint now, EndpointId local, const Endpoint& remote, Bytes datagram);
    void send_answer(TimePoint now, const Peer& peer, EndpointId local, const Endpoint& remote,
                     std::array<std::uint8_t, kResponseSize> answer);
    // coordinator_admission.cpp
    bool admit(TimePoint now, EndpointId local, const Endpoint& remote, Bytes datagram);
    void refuse_initiation(TimePoint now, const Endpoint& remote, DropReason why);
    void count_failed_answer(TimePoint now, const Endpoint& remote);
    void take_initiation(TimePoint now, Peer& peer, EndpointId local, const Endpoint& remote,
                         Bytes datagram, session::ReceivedInitiation& initiation);
    bool admit_answer(TimePoint now, Peer& peer, EndpointId local, const Endpoint& remote,
                      Bytes datagram);
    bool admit_proven(TimePoint now, const Endpoint& remote);
    void ask_for_cookie(TimePoint now, EndpointId local, const Endpoint& remote, Bytes datagram);
    void count_waste(TimePoint now, const Endpoint& remote, std::uint32_t agreements);
    bool is_known_address(const IpAddress& address) const;
    void answer_initiation(TimePoint now, Peer& peer, EndpointId local, const Endpoint& remote,
                           Bytes datagram, session::ReceivedInitiation& initiation);
    void count_unshown(TimePoint now, Peer& peer);
    static Newness newness_of(const Peer& peer, const InitiationPayload& payload);
    static bool takes_stale(TimePoint now, Peer& peer, std::uint64_t incarnation);
    static void forget_a_life(Peer& peer);
    void refuse_clone(EndpointId local, const Endpoint& remote,
                      session::ReceivedInitiation& initiation);
    void handle_response(TimePoint now, EndpointId local, const Endpoint& remote,
                         const Header& header, Bytes datagram);
    void handle_cookie(TimePoint now, const Header& header, Bytes datagram);
    Peer* find_initiating(SessionIndex index);
    std::optional<Mac> mac1_of_answer(const Peer& peer, SessionIndex index) const;
    Life& life_of(Peer& peer, std::uint64_t incarnation);
    void name_clone(Peer& peer, std::uint64_t incarnation);
    void say_own_key(TimePoint now, const Endpoint& remote);
    void say_now_and_then(TimePoint now, Peer& peer, std::string text);
    void send_plain(EndpointId local, const Endpoint& remote, Bytes bytes);
    std::optional<Duration> renew_after() const;
    void handle_control(TimePoint now, Peer& peer, EndpointId local, const Endpoint& remote,
                        Bytes payload);
    // coordinator_cards.cpp
    void handle_card(TimePoint now, Peer& peer, const ControlMessage& message);
    void send_card(TimePoint now, Peer& peer);
    void judge_cards(TimePoint now);
    void apply(TimePoint now, Peer& peer, CardVerdict verdict);
    void compare_digests(TimePoint now, Peer& peer);
    void service_digests(TimePoint now);
    std::vector<std::string> card_warnings(const Peer& peer) const;
    void note_proof(TimePoint now, RouteId route);
    void count_for_mtu(TimePoint now, RouteId route, bool is_up);
    void service_mtu(TimePoint now);
    // coordinator_views.cpp
    void touch_view(TimePoint now);
    NodeView make_view(TimePoint now) const;
    ViewRoute view_of(const routing::Route& route, std::uint8_t interface) const;
    Standing standing_of(const Peer& peer) const;
    void note_trouble(TimePoint now, Peer& peer, Standing trouble);
    void service_view(TimePoint now);
    void owe_view(TimePoint now, Peer& peer);
    void send_view(TimePoint now, Peer& peer);
    std::vector<std::pair<EndpointId, Endpoint>> up_paths_to(const Peer& peer) const;
    void handle_view(TimePoint now, Peer& peer, std::uint64_t serial, const ViewPart& part);
    void handle_view_ack(Peer& peer, std::uint64_t serial, std::uint8_t part);
    void handle_reach(TimePoint now, Peer& peer);
    void forget_routes(TimePoint now);
    // coordinator_cluster.cpp
    void touch_states(TimePoint now);
    void service_states(TimePoint now);
    std::vector<routing::SeenInterface> seen_interfaces(const Peer* peer) const;
    void add_own_routes(routing::ClusterView& view) const;
    void add_routes_of(routing::ClusterView& view, std::size_t node, const NodeView& said,
                       const std::map<IpAddress, std::size_t>& nodes) const;
    // coordinator_paths.cpp
    void handle_rewritten(TimePoint now, const SourceRewritten& rewritten);
    void handle_segmentation(const SegmentationRecord& record);
    void forget_path_errors(TimePoint now);
    void add_path_warnings(std::vector<std::string>& out) const;
    bool is_route_up(RouteId route) const;
    std::string name_of(PeerId peer) const;
    void note_transition(TimePoint now, const RouteTransition& transition);
    void begin_session(TimePoint now, Peer& peer);
    void introduce(TimePoint now, Peer& peer);
    // coordinator_addresses.cpp
    std::set<IpAddress> endpoint_addresses() const;
    void handle_claims(Peer& peer);
    void settle_claims();
    void handle_refused_source(TimePoint now, const SourceRefused& refused);
    void forget_sends();
    void note(Notice::Severity severity, Notice::Fault fault, const char* module, std::string text);
    void drain_interface_events();

    Settings settings_;
    std::shared_ptr<const InnerAddresses> inner_;  // of the settings
    CoordinatorIdentity identity_;
    Random random_;
    routing::InterfaceManager im_;
    routing::TopologyManager tm_;
    std::map<PublicKey, PeerId> ids_;
    std::map<PeerId, Peer> peers_;
    std::deque<Parked> parked_;     // the oldest first
    std::uint32_t generation_ = 0;  // control counters of a new Peer begin at generation << 32
    std::uint64_t cards_taken_ = 0;
    std::map<EndpointId, std::string> closed_ports_;  // with the reason
    std::vector<CardEndpoint> card_endpoints_;
    std::uint16_t card_mtu_ = 0;
    std::uint64_t card_serial_ = 0;
    std::vector<std::uint32_t> digests_;       // of settings_
    std::vector<std::uint32_t> card_digests_;  // that our card has
    std::optional<TimePoint> digests_due_;
    std::optional<TimePoint> mtu_due_;
    std::uint16_t planned_bytes_max_ = 0;
    std::vector<IpAddress> adapter_addresses_;  // beyond our own
    std::vector<AddressClaim> claims_;          // ours
    std::vector<AddressClaim> card_claims_;     // as the card has them
    std::string unclaimed_;                     // what is on the adapter and nobody else reaches
    std::map<PeerId, std::vector<IpAddress>> claimed_;  // that others have now
    std::uint64_t plan_version_ = 0;
    bool plan_dirty_ = true;
    std::deque<ControlSend> sends_;
    std::deque<Notice> notices_;
    std::vector<std::string> last_warnings_;
    DropCounters drops_;
    RateLimit openings_{kOpeningsPerSecond, kOpeningsBurst};  // mode none
    std::optional<TimePoint> own_key_said_;
    session::OpeningPacer pacer_;
    PathErrors path_errors_;
    std::set<RouteId> singles_;  // data on them goes one by one (SegmentationRecord)
    std::map<RouteId, RouteWord> route_states_;  // by its last transition
    NodeView view_;                              // ours, as it was sent last
    std::vector<ViewPart> view_parts_;
    std::uint64_t view_serial_ = 0;
    std::optional<TimePoint> view_due_;
    TimePoint view_made_;
    std::optional<TimePoint> view_refresh_;
    std::optional<TimePoint> stalled_;  // when we last were
    std::optional<TimePoint> clock_jumped_;
    Knocks knocks_;
    RateLimit knock_searches_{20, 20};
    session::OpeningPacer view_pacer_;  // 2,000 messages a second
    routing::StateTracker tracker_;
    std::optional<TimePoint> states_due_;
    TimePoint states_made_;
    std::size_t states_routes_ = 0;  // that the last states were made from

    // Modes encrypt and sign.
    struct Secure {
        session::HandshakeIdentity identity;
        session::CookieJar jar;
        session::Doorkeeper doorkeeper;
        std::map<Mac, PeerId> answered;  // by mac1: whose initiation it was
    };
    std::optional<Secure> secure_;
};

}  // namespace netft::core
