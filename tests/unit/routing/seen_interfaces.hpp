// An interface manager as a test sees it: facts in, endpoints as text out.
#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/routing/builders.hpp"

namespace netft::routing::test {

using Strings = std::vector<std::string>;

// Feeds facts and reads endpoints as "1 10.0.0.1/24 eth0 up", "… address gone".
class Node {
 public:
    explicit Node(InterfaceSettings settings = {}) : im(std::move(settings)) {}

    Strings see(std::vector<InterfaceFact> facts) {
        changed = im.handle_facts({}, facts);
        return show();
    }
    Strings set(InterfaceSettings settings) {
        changed = im.handle_settings({}, std::move(settings));
        return show();
    }
    Strings show() const {
        Strings out;
        for (const LocalEndpoint& e : im.endpoints()) {
            BOOST_TEST(e.usable == (e.reason == Diagnostic::none));
            out.push_back(std::to_string(e.id.value) + " " + e.endpoint.address.to_string() + "/" +
                          std::to_string(e.prefix_length) + " " + e.interface + " " +
                          (e.usable ? "up" : std::string(to_string(e.reason))));
        }
        return out;
    }
    Strings events() {
        Strings out;
        while (auto event = im.poll_event()) out.push_back(event->interface + ": " + event->what);
        return out;
    }

    InterfaceManager im;
    bool changed = false;
};

inline std::string reason(Diagnostic d) { return std::string(to_string(d)); }

inline InterfaceFact down(InterfaceFact f) {
    f.admin_up = f.carrier = false;
    return f;
}

inline InterfaceFact unplugged(InterfaceFact f) {
    f.carrier = false;
    return f;
}

inline InterfaceFact of_kind(InterfaceFact f, const char* kind) {
    f.kind = kind;
    return f;
}

inline const std::string kNoCarrier = reason(Diagnostic::carrier_lost);
inline const std::string kNoAddress = reason(Diagnostic::address_gone);
inline const std::string kNoInterface = reason(Diagnostic::interface_gone);
inline const std::string kSetDown = reason(Diagnostic::interface_admin_down);

}  // namespace netft::routing::test
