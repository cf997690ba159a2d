// Keeps the adapter in the kernel what the settings say, and packets for the peers on it.
//
// Three layers: tap::Adapter (link, addresses, routes of the main table), tap::Guard (a rule and a
// table of netft's own ahead of other rules), and a look at the kernel's FIB: where, in spite of
// both, packets for a peer go elsewhere (a rule ahead of ours, an address that is this machine's
// too), that is a warning for people until it is over.
// Threads: control only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "netft/base/result.hpp"
#include "netft/base/time.hpp"
#include "netft/control/log.hpp"
#include "netft/core/settings.hpp"
#include "routing/netlink/monitor.hpp"
#include "tap/adapter.hpp"
#include "tap/guard.hpp"

namespace netft::daemon {

class AdapterKeeper {
 public:
    // The FIB is asked this often also where no event came: rules by mark are changed unseen.
    static constexpr Duration kLook = 10s;
    static constexpr Duration kSoon = 1s;

    AdapterKeeper(control::Log& log, routing::Monitor& monitor) : log_(log), monitor_(monitor) {}

    // While there is no adapter yet: from now on nothing for the peers leaves by another way.
    void guard_first(const core::Settings& settings);
    Status open(const std::string& name, std::uint32_t interface_index);

    // Somebody touched the adapter, a rule or a route of it.
    void touch() { is_touched_ = true; }
    // Other interfaces and addresses changed: the FIB may answer otherwise.
    void look_soon(TimePoint now) { next_look_ = std::min(next_look_, now + kSoon); }
    struct Wanted {
        MacAddress mac;
        std::uint16_t mtu = 0;
        std::uint32_t gso_max_size = 0;
        std::vector<IpAddress> floating = {};  // that peers have now

        bool operator==(const Wanted&) const = default;
    };
    // ENODEV: the adapter is gone.
    Status sync(TimePoint now, const core::Settings& settings, const Wanted& wanted);
    // Addresses on the adapter beyond our own; and whether they changed since it was asked last.
    const std::vector<IpAddress>& others() const { return others_; }
    bool poll_others_changed() { return std::exchange(others_changed_, false); }
    bool has_ipv6() const { return adapter_ == nullptr || adapter_->has_ipv6(); }
    // For a netftd that ends on purpose.
    void remove_guard();
    // For one that did not get to run: what guard_first() made.
    void undo_guard_first();

    // "packets for n2 (169.254.1.2) leave by eth0, not by netft0: …".
    std::vector<std::string> warnings() const;
    // Of these, that of one peer; "": its packets leave by the adapter.
    std::string stray_of(const std::string& peer) const;
    // Why rules and routes of others are not held off; "": they are.
    const std::string& guard_failure() const { return guard_failure_; }

 private:
    void sync_guard(const core::Settings& settings, bool is_repair);
    void take_others();
    void look_at_fib(const core::Settings& settings);
    std::string way_of(const IpAddress& own, const IpAddress& peer);
    void say_once(const std::string& what);

    control::Log& log_;
    routing::Monitor& monitor_;
    std::string name_;
    std::uint32_t index_ = 0;
    std::unique_ptr<tap::Adapter> adapter_;
    std::optional<tap::Guard> guard_;
    std::optional<tap::AdapterState> state_;
    tap::GuardState guarded_;
    std::vector<IpAddress> floating_;
    std::vector<IpAddress> others_;
    bool others_changed_ = false;
    bool is_touched_ = false;
    bool guarded_first_ = false;
    std::string guard_failure_;                 // as last said
    std::map<std::string, std::string> stray_;  // by peer: what is wrong with its packets' way
    TimePoint next_look_;
};

}  // namespace netft::daemon
