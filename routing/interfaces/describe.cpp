#include "routing/interfaces/describe.hpp"

#include <algorithm>

namespace netft::routing {

namespace {

std::string address_text(const LocalEndpoint& e) {
    if (e.prefix_length == 0) return e.endpoint.address.to_string();
    return Prefix{e.endpoint.address, e.prefix_length}.to_string();
}

std::string reason_text(const LocalEndpoint& e) {
    if (e.usable) return "address " + address_text(e) + " usable";
    if (e.reason == Diagnostic::address_gone) return "address " + address_text(e) + " gone";
    if (e.reason == Diagnostic::interface_admin_down) return "set down";
    return std::string(to_string(e.reason));
}

class Describer {
 public:
    std::vector<InterfaceEvent> take() { return std::move(events_); }

    void changed(const LocalEndpoint& old, const LocalEndpoint& now) {
        if (old.interface != now.interface && !old.interface.empty())
            say(now, old.interface_index == now.interface_index
                         ? "renamed from " + old.interface
                         : "address " + address_text(now) + " moved here from " + old.interface);
        if (old.usable != now.usable || old.reason != now.reason) say(now, reason_text(now));
        if (old.mtu != now.mtu && old.mtu != 0)
            say(now, "mtu " + std::to_string(old.mtu) + " -> " + std::to_string(now.mtu));
        if (old.prefix_length != now.prefix_length && old.prefix_length != 0)
            say(now, "address " + address_text(old) + " is now " + address_text(now));
    }

    void say(const LocalEndpoint& e, std::string what) {
        // Two endpoints of one interface tell of one loss of carrier.
        bool told = std::any_of(events_.begin(), events_.end(), [&](const InterfaceEvent& event) {
            return event.interface == e.interface && event.what == what;
        });
        if (!told) events_.push_back({e.interface, std::move(what)});
    }

 private:
    std::vector<InterfaceEvent> events_;
};

const LocalEndpoint* find(std::span<const LocalEndpoint> list, EndpointId id) {
    auto found = std::lower_bound(list.begin(), list.end(), id,
                                  [](const LocalEndpoint& e, EndpointId i) { return e.id < i; });
    return found != list.end() && found->id == id ? &*found : nullptr;
}

}  // namespace

std::vector<InterfaceEvent> describe(std::span<const LocalEndpoint> before,
                                     std::span<const LocalEndpoint> after) {
    Describer describer;
    for (const LocalEndpoint& old : before)
        if (find(after, old.id) == nullptr)
            describer.say(old, "address " + address_text(old) + " no longer an endpoint");
    for (const LocalEndpoint& now : after) {
        if (const LocalEndpoint* old = find(before, now.id))
            describer.changed(*old, now);
        else
            describer.say(now, reason_text(now));
    }
    return describer.take();
}

}  // namespace netft::routing
