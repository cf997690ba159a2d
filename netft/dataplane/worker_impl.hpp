// The inside of the worker, shared by worker*.cpp. Everything but `link` and `snapshots` is the
// worker thread's alone.
#pragma once

#include "netft/base/token_bucket.hpp"
#include "netft/core/spin.hpp"
#include "netft/core/train_assembler.hpp"
#include "netft/dataplane/control_link.hpp"
#include "netft/dataplane/crypto_device.hpp"
#include "netft/dataplane/key_ring.hpp"
#include "netft/dataplane/poller.hpp"
#include "netft/dataplane/relay_run.hpp"
#include "netft/dataplane/relay_train.hpp"
#include "netft/dataplane/small_run.hpp"
#include "netft/dataplane/snapshot_slot.hpp"
#include "netft/dataplane/train_buffer.hpp"
#include "netft/dataplane/train_run.hpp"
#include "netft/dataplane/transmitter.hpp"
#include "netft/dataplane/worker.hpp"
#include "tap/datagram_join.hpp"
#include "tap/frame.hpp"

namespace netft::dataplane {

struct Worker::Impl {
    // What one cycle may take from the adapter before the ports are looked at again.
    static constexpr unsigned kFramesMax = 64;
    static constexpr std::size_t kFrameBytesMax = 256 * 1024;
    // Ports that cannot wake us are polled: this soon after traffic, ever more rarely without.
    static constexpr Duration kPollIntervalMin = 20us;
    static constexpr Duration kPollIntervalMax = 1ms;
    // A port without room is asked again so often; the adapter waits meanwhile.
    static constexpr Duration kRetryInterval = 100us;
    // How often a worker that is not the first looks whether awaited peers are reachable.
    static constexpr Duration kHoldLook = 1ms;
    // What is read at most from each port after a stall, before anybody is judged.
    static constexpr int kCatchUpBursts = 64;
    // How often a restart is told to the peers: one of them that arrives is enough.
    static constexpr int kRestartTellings = 2;
    // ICMP host-unreachable to local programs.
    static constexpr std::int64_t kUnreachablePerSecond = 1'000;
    static constexpr std::int64_t kUnreachableBurst = 100;

    // Datagrams opened in one call.
    static constexpr std::size_t kOpenMax = 128;
    // Heartbeats sealed in one call.
    static constexpr std::size_t kHeartbeatRunMax = 32;
    // Handshake messages for control, of each type: what it can deal with beside its other work.
    static constexpr std::int64_t kHandshakesPerSecond = 10'000;
    static constexpr std::int64_t kHandshakesBurst = 256;

    Impl(const WorkerSettings& s, const tap::DeviceInterface& device,
         std::unique_ptr<ControlLink> l, Poller p, std::unique_ptr<CryptoDevice> c)
        : settings(s),
          adapter(device),
          link(std::move(l)),
          crypto(std::move(c)),
          keys(crypto.get()),
          poller(std::move(p)),
          engine(s.seed, s.role),
          assembler(s.secret),
          spin(s.spin) {}

    // --- worker_run.cpp
    void cycle();
    void shut_down();
    void sleep();
    std::optional<TimePoint> next_deadline(TimePoint at) const;
    bool look_around();
    bool holds_adapter();
    void handle_timers();
    bool measure_stall();
    void catch_up();
    void retry_ports();

    // --- worker_receive.cpp
    void receive_from_ports();
    bool receive_from(std::size_t port, std::uint32_t ready);
    void handle_received(const core::Path& path, const Received& received);
    void gather(MutableBytes datagram, const core::Path& path);
    void open_gathered(const core::Path& path);
    void open_all(SessionIndex session, std::span<const MutableBytes> datagrams,
                  const core::Path& path);
    void handle_datagram(Bytes datagram, const core::Path& path);
    void handle_data(const core::Verdict& data);
    void assemble(const core::TrainAssembler::Piece& piece);
    void spill_run();
    void deliver_run();
    void deliver(PeerId peer, std::span<const iovec> train, std::size_t bytes, bool may_wait);
    bool is_welcome(const core::PlanPeer& sender, Bytes frame);
    bool wait_for_more(std::span<const iovec> train);
    void deliver_joined();
    bool is_above_limit(MessageType type, const core::Path& path);
    void pass_to_control(const core::Verdict& verdict, const core::Path& path, Bytes datagram);

    // --- worker_adapter.cpp
    void read_adapter();
    bool read_frame();
    void handle_frame(std::size_t train_bytes);
    void handle_neighbour_discovery(Bytes frame);
    void handle_unicast(Bytes frame, const MacAddress& destination, std::size_t train_bytes);
    bool join_run(Bytes frame, std::uint64_t destination, std::size_t train_bytes);
    bool begin_run(PeerId peer, const MacAddress& mac, std::size_t train_bytes);
    void send_run();
    void send_run_singly();
    void replicate(std::size_t train_bytes);
    void handle_unreachable(Bytes frame, const MacAddress& peer_mac);
    bool send_train(TrainBuffer& train, PeerId peer, std::size_t train_bytes);
    TrainLayout layout_to(PeerId peer) const;
    TrainBuffer* fitted(PeerId peer, std::size_t train_bytes);
    void send_to_all(const core::TrainTicket& ticket, MbufPtr sealed, std::uint16_t stride);
    bool seal(SessionIndex session, std::span<const MutableBytes> datagrams);
    bool send_sealed(EndpointId local, SessionIndex session, const Outgoing& outgoing);
    void announce_macs(const core::Plan& next);
    void write_answer(Bytes answer);
    bool write_adapter(std::span<const iovec> frame);

    // --- worker_relay.cpp
    bool send_relayed(const TrainBuffer& train, PeerId peer, const core::RelayWay& way,
                      std::size_t train_bytes);
    std::optional<core::TrainTicket> begin_hop(PeerId next, std::uint16_t datagrams);
    bool send_command_relayed(const SendCommand& command);
    void send_reach();
    void forward(const core::Verdict& verdict);
    void flush_relay_run();
    void handle_relayed(const core::Verdict& verdict);
    void hand_over(const core::Verdict& verdict);
    void open_inner_run();
    void handle_inner(PeerId origin, Bytes datagram);

    // --- worker_control.cpp
    void handle_snapshot();
    void take_ports(std::span<const PortBinding> ports);
    void handle_commands();
    void send_heartbeats();
    void send_heartbeat_run(std::size_t count);
    Outgoing small_datagram(Bytes bytes, std::size_t tag, const Endpoint& remote);
    static void pad(rte_mbuf* mbuf, std::size_t at, std::size_t count);
    bool send_plain(EndpointId local, const Outgoing& outgoing);
    void report_to_control();
    void fill_report();

    WorkerSettings settings;
    const tap::DeviceInterface& adapter;
    const bool joins_datagrams = adapter.has_uso();
    tap::DatagramJoin joined;  // of the burst being read; written before its buffers are freed
    std::unique_ptr<ControlLink> link;
    SnapshotSlot snapshots;

    std::unique_ptr<CryptoDevice> crypto;  // null in security mode none
    KeyRing keys;
    Poller poller;
    core::Engine engine;
    core::StallMeter stalls{TimePoint{}};  // set anew by run()
    core::TrainAssembler assembler;
    Transmitter transmitter;
    std::array<MutableBytes, kOpenMax> sealed;  // received, of one session and path: to be opened
    std::size_t sealed_count = 0;
    SessionIndex sealed_session;
    TrainRun run;
    TrainLayout layout;
    TrainBuffer frame_out;                         // room for the next frame
    SmallRun run_out;                              // short frames read before it
    TrainBuffer replica;                           // copies of frames: multicast, smaller MTUs
    RelayTrain relay_out;                          // a frame that goes by way of a relay
    RelayRun relay_run;                            // others' datagrams on their way through
    std::array<MutableBytes, kOpenMax> inner_run;  // relayed to us, of one session, still sealed
    std::size_t inner_count = 0;
    SessionIndex inner_session;
    PeerId inner_origin;
    tap::AnswerBuffer answer{};
    RateLimit refused_limit{1, 8};  // packets told of to control
    RateLimit unreachable_limit{kUnreachablePerSecond, kUnreachableBurst};
    std::array<RateLimit, 3> handshake_limits{
        RateLimit{kHandshakesPerSecond, kHandshakesBurst},
        RateLimit{kHandshakesPerSecond, kHandshakesBurst},
        RateLimit{kHandshakesPerSecond, kHandshakesBurst}};  // types 1, 2 and 3
    struct WaitingHeartbeat {
        EndpointId local;
        Outgoing outgoing;
    };
    std::array<WaitingHeartbeat, kHeartbeatRunMax> heartbeat_run;  // of one session, unsealed
    SessionIndex heartbeat_session;
    core::Spin spin;
    const Snapshot* snapshot = nullptr;
    core::WorkerCounters counters;
    DropCounters drops;

    TimePoint now{};
    Poller::Ready ready;
    bool polls_ports = false;  // some port has no descriptor
    Duration poll_interval = kPollIntervalMin;
    bool adapter_gone = false;
    std::vector<PeerId> awaited;  // whom frames of the adapter wait for, until hold_until
    TimePoint hold_until{};
    bool told_control = false;       // something was queued for it in this cycle
    ControlDatagram datagram_out{};  // scratch: too large for the stack of every call
};

}  // namespace netft::dataplane
