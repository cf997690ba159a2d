#include "netft/daemon/adapter_keeper.hpp"

#include <net/if.h>

#include <array>
#include <cerrno>
#include <utility>

namespace netft::daemon {

namespace {

tap::AdapterState adapter_state(const core::Settings& settings,
                                const AdapterKeeper::Wanted& wanted) {
    const core::NodeSettings& self = settings.self_node();
    tap::AdapterState out;
    out.mac = wanted.mac;
    out.mtu = wanted.mtu;
    out.gso_max_size = wanted.gso_max_size;
    out.ipv4 = self.ipv4;
    out.ipv6 = self.ipv6;
    for (const auto& extra : {self.extra_ipv4, self.extra_ipv6})
        if (extra) out.extra.push_back(*extra);
    for (const core::NodeSettings& node : settings.nodes)
        if (node.public_key != self.public_key) out.peers_ipv4.push_back(node.ipv4);
    return out;
}

// Link-local IPv6 is not among them: who sends to it names the adapter, and no rule changes that.
tap::GuardState guard_state(const core::Settings& settings, std::uint32_t index,
                            const std::vector<IpAddress>& floating) {
    const core::NodeSettings& self = settings.self_node();
    tap::GuardState out{.interface_index = index, .routes = {}};
    auto add = [&](const IpAddress& peer, std::optional<IpAddress> own) {
        std::uint8_t length = peer.is_v4() ? 32 : 128;
        if (index == 0 || !peer.is_v4()) own.reset();
        out.routes.push_back({{peer, length}, own});
    };
    for (const core::NodeSettings& node : settings.nodes) {
        if (node.public_key == self.public_key) continue;
        add(node.ipv4, self.ipv4);
        if (node.extra_ipv4) add(node.extra_ipv4->address, self.extra_ipv4->address);
        if (node.extra_ipv6) add(node.extra_ipv6->address, std::nullopt);
    }
    for (const IpAddress& address : floating) {
        bool is_in = self.extra_ipv4 && self.extra_ipv4->contains(address);
        add(address, is_in ? self.extra_ipv4->address : self.ipv4);
    }
    return out;
}

std::string name_of(std::uint32_t index) {
    std::array<char, IF_NAMESIZE> name{};
    return if_indextoname(index, name.data()) != nullptr ? std::string(name.data())
                                                         : "interface " + std::to_string(index);
}

}  // namespace

void AdapterKeeper::guard_first(const core::Settings& settings) {
    auto guard = tap::Guard::open(settings.adapter_name, settings.rule_priority);
    if (!guard) return say_once(guard.error().what);
    guard_.emplace(std::move(*guard));
    // Where it is there already, another netftd or its predecessor has seen to it.
    if (if_nametoindex(settings.adapter_name.c_str()) != 0) return;
    std::vector<std::string> made;
    if (auto done = guard_->apply(guard_state(settings, 0, {}), made); !done)
        say_once(done.error().what);
    guarded_first_ = !made.empty();
}

Status AdapterKeeper::open(const std::string& name, std::uint32_t interface_index) {
    auto adapter = tap::Adapter::open(name, interface_index);
    if (!adapter) return with_context("adapter", adapter.error());
    adapter_ = std::make_unique<tap::Adapter>(std::move(*adapter));
    name_ = name;
    index_ = interface_index;
    return {};
}

Status AdapterKeeper::sync(TimePoint now, const core::Settings& settings, const Wanted& wanted) {
    tap::AdapterState state = adapter_state(settings, wanted);
    bool is_repair = state_ == state && floating_ == wanted.floating;
    if (is_repair && !is_touched_) {
        if (now >= next_look_) {
            next_look_ = now + kLook;
            look_at_fib(settings);
        }
        return {};
    }
    is_touched_ = false;
    state_ = state;
    floating_ = wanted.floating;
    std::vector<std::string> repaired;
    auto done = adapter_->apply(state, repaired);
    take_others();
    if (is_repair)
        for (const std::string& what : repaired)
            log_.warn("adapter", control::Fault::local, name_ + ": restored " + what);
    if (!done && done.error().errno_value == ENODEV)
        return fail("adapter " + name_ + " was deleted by somebody", ENODEV);
    if (!done) log_.warn("adapter", control::Fault::local, done.error().what);
    sync_guard(settings, is_repair);
    next_look_ = now + kLook;
    look_at_fib(settings);
    return {};
}

void AdapterKeeper::take_others() {
    if (adapter_->others() == others_) return;
    others_ = adapter_->others();
    others_changed_ = true;
}

void AdapterKeeper::sync_guard(const core::Settings& settings, bool is_repair) {
    if (!guard_) return;
    tap::GuardState wanted = guard_state(settings, index_, floating_);
    bool is_known = std::exchange(guarded_, wanted) == wanted;
    std::vector<std::string> repaired;
    auto done = guard_->apply(wanted, repaired);
    guarded_first_ = false;
    if (is_repair && is_known)
        for (const std::string& what : repaired)
            log_.warn("adapter", control::Fault::local, name_ + ": restored " + what);
    if (done)
        guard_failure_.clear();
    else
        say_once(done.error().what);
}

void AdapterKeeper::say_once(const std::string& what) {
    if (std::exchange(guard_failure_, what) == what) return;
    log_.warn("adapter", control::Fault::local,
              what + ": other rules and routes may take packets for the peers away");
}

void AdapterKeeper::remove_guard() {
    if (guard_) guard_->remove();
}

void AdapterKeeper::undo_guard_first() {
    if (guard_ && guarded_first_) guard_->remove();
}

// Empty: by the adapter.
std::string AdapterKeeper::way_of(const IpAddress& own, const IpAddress& peer) {
    auto hop = monitor_.resolve(own, peer, 0);
    if (!hop) return {};  // it cannot be asked: nothing is known
    if (!*hop) return "do not leave by " + name_;
    if ((*hop)->interface_index == index_) return {};
    return "leave by " + name_of((*hop)->interface_index) + ", not by " + name_;
}

void AdapterKeeper::look_at_fib(const core::Settings& settings) {
    const core::NodeSettings& self = settings.self_node();
    std::map<std::string, std::string> stray;
    for (const core::NodeSettings& node : settings.nodes) {
        if (node.public_key == self.public_key) continue;
        std::string way = way_of(self.ipv4, node.ipv4);
        if (way.empty()) continue;
        stray[node.name] = "packets for " + node.name + " (" + node.ipv4.to_string() + ") " + way +
                           ": a rule ahead of netft's own (" +
                           std::to_string(settings.rule_priority) +
                           "), or an address of this machine; see 'ip rule', 'ip route get " +
                           node.ipv4.to_string() + "'";
    }
    for (const auto& [peer, what] : stray)
        if (auto known = stray_.find(peer); known == stray_.end() || known->second != what)
            log_.error("adapter", control::Fault::local, what);
    stray_ = std::move(stray);
}

std::string AdapterKeeper::stray_of(const std::string& peer) const {
    auto known = stray_.find(peer);
    return known == stray_.end() ? std::string() : known->second;
}

std::vector<std::string> AdapterKeeper::warnings() const {
    std::vector<std::string> out;
    for (const auto& [peer, what] : stray_) out.push_back(what);
    if (!guard_failure_.empty()) out.push_back(guard_failure_);
    return out;
}

}  // namespace netft::daemon
