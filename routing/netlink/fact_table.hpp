// What rtnetlink said of links and addresses, kept as one table. Only for routing/netlink.
//
// Messages of dumps and of events are applied alike. A dump that changed while it was read may
// have left something out, so only a whole one takes away what it did not name; events take away
// what they say is gone. No clock, no socket.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "routing/interfaces/interface_manager.hpp"
#include "routing/netlink/message.hpp"

namespace netft::routing::netlink {

class FactTable {
 public:
    void apply(const LinkMessage& message, bool is_gone);
    void apply(const AddressMessage& message, bool is_gone);

    void begin_dump() { ++reading_; }
    // `is_whole`: what was not named since begin_dump() is gone.
    void end_dump(bool is_whole);

    // In order of index, without addresses of ports whose master has them.
    std::vector<InterfaceFact> facts() const;

    // What no message tells: asked for one by one, where somebody needs it.
    struct Details {
        std::uint32_t speed_mbps = 0;
        bool default_route = false;
        bool strict_filter = false;
    };
    // The link changed since its details were set.
    bool wants_details(std::uint32_t index) const;
    void set_details(std::uint32_t index, const Details& details);
    // nullopt: of all links.
    void forget_details(std::optional<std::uint32_t> index = {});

    bool has_link(std::uint32_t index) const { return links_.contains(index); }

 private:
    struct Link {
        LinkMessage said;
        Details details;
        bool details_due = true;
        unsigned reading = 0;
    };
    struct Address {
        AddressMessage said;
        unsigned reading = 0;
    };

    bool is_swallowed(const Link& link) const;
    InterfaceFact fact_of(const Link& link) const;

    std::map<std::uint32_t, Link> links_;
    std::map<std::uint32_t, std::vector<Address>> addresses_;  // by link; also of unknown ones
    unsigned reading_ = 0;
};

}  // namespace netft::routing::netlink
