#include "routing/netlink/fact_table.hpp"

#include <linux/if.h>
#include <linux/if_addr.h>

#include <algorithm>

namespace netft::routing::netlink {

namespace {

// IFA_F_TEMPORARY is the same bit as IPv4's IFA_F_SECONDARY.
bool is_usable(const AddressMessage& address) {
    if (address.prefix.address.is_v4()) return true;
    if ((address.flags & (IFA_F_DADFAILED | IFA_F_TEMPORARY)) != 0) return false;
    return (address.flags & IFA_F_TENTATIVE) == 0 || (address.flags & IFA_F_OPTIMISTIC) != 0;
}

OwnAddress own_address(const AddressMessage& said) {
    OwnAddress own(said.prefix);
    own.peer = said.peer;
    own.deprecated = (said.flags & IFA_F_DEPRECATED) != 0;
    own.secondary = said.prefix.address.is_v4() && (said.flags & IFA_F_SECONDARY) != 0;
    own.dynamic = (said.flags & IFA_F_PERMANENT) == 0;
    return own;
}

// What makes two messages speak of one address: IPv4 may have it with several lengths and peers.
bool is_same(const AddressMessage& a, const AddressMessage& b) {
    return a.prefix == b.prefix && a.peer == b.peer;
}

}  // namespace

void FactTable::apply(const LinkMessage& message, bool is_gone) {
    if (message.of_bridge || message.is_partial) return;
    if (is_gone) {
        links_.erase(message.index);
        addresses_.erase(message.index);
        return;
    }
    Link& link = links_[message.index];
    link.details_due |= link.said.flags != message.flags || link.said.name != message.name;
    link.said = message;
    link.reading = reading_;
}

void FactTable::apply(const AddressMessage& message, bool is_gone) {
    std::vector<Address>& list = addresses_[message.index];
    auto known = std::find_if(list.begin(), list.end(),
                              [&](const Address& a) { return is_same(a.said, message); });
    auto link = links_.find(message.index);
    bool is_news = known == list.end() || is_gone;
    if (is_news && link != links_.end()) link->second.details_due = true;
    if (is_gone && known != list.end()) list.erase(known);
    if (list.empty() && is_gone) addresses_.erase(message.index);
    if (is_gone) return;
    if (known == list.end())
        list.push_back({message, reading_});
    else
        *known = {message, reading_};
}

void FactTable::end_dump(bool is_whole) {
    if (!is_whole) return;
    std::erase_if(links_, [this](const auto& e) { return e.second.reading != reading_; });
    for (auto& [index, list] : addresses_)
        std::erase_if(list, [this](const Address& a) { return a.reading != reading_; });
    std::erase_if(addresses_, [](const auto& e) { return e.second.empty(); });
}

// Ports of these do not take IP packets for themselves; those of a VRF do.
bool FactTable::is_swallowed(const Link& link) const {
    auto master = links_.find(link.said.master);
    if (link.said.master == 0 || master == links_.end()) return false;
    const std::string& kind = master->second.said.kind;
    return kind == "bridge" || kind == "bond" || kind == "team" || kind == "openvswitch";
}

InterfaceFact FactTable::fact_of(const Link& link) const {
    const LinkMessage& said = link.said;
    InterfaceFact fact{.index = said.index,
                       .master = said.master,
                       .lower = said.lower == said.index ? 0 : said.lower,
                       .name = said.name,
                       .kind = said.kind,
                       .mac = said.mac,
                       .mtu = said.mtu,
                       .speed_mbps = link.details.speed_mbps,
                       .loopback = (said.flags & IFF_LOOPBACK) != 0,
                       .admin_up = (said.flags & IFF_UP) != 0,
                       .carrier = (said.flags & IFF_LOWER_UP) != 0,
                       .default_route = link.details.default_route,
                       .strict_filter = link.details.strict_filter};
    auto list = addresses_.find(said.index);
    if (list == addresses_.end() || is_swallowed(link)) return fact;
    std::vector<const AddressMessage*> usable;
    for (const Address& address : list->second)
        if (is_usable(address.said)) usable.push_back(&address.said);
    // The kernel lists the newest IPv6 address first; events come in the order of adding.
    std::stable_sort(usable.begin(), usable.end(),
                     [](const auto* a, const auto* b) { return a->created < b->created; });
    for (const AddressMessage* address : usable) fact.addresses.push_back(own_address(*address));
    return fact;
}

std::vector<InterfaceFact> FactTable::facts() const {
    std::vector<InterfaceFact> out;
    for (const auto& [index, link] : links_) out.push_back(fact_of(link));
    return out;
}

bool FactTable::wants_details(std::uint32_t index) const {
    auto link = links_.find(index);
    return link != links_.end() && link->second.details_due;
}

void FactTable::set_details(std::uint32_t index, const Details& details) {
    auto link = links_.find(index);
    if (link == links_.end()) return;
    link->second.details = details;
    link->second.details_due = false;
}

void FactTable::forget_details(std::optional<std::uint32_t> index) {
    for (auto& [known, link] : links_) link.details_due |= !index || known == *index;
}

}  // namespace netft::routing::netlink
