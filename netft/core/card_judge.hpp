// What of the peers' cards can be believed.
//
// PURE. The key is the identity: who has a card was shown by its session, so nothing in a card
// makes it another node's. What contradicts the configuration or another node is not used, and
// said; the rest of the card is. Refused as a whole is only a card without which nothing could be
// sent to the node: one whose MAC cannot be used.
//  - A name that differs is said.
//  - Virtual addresses are those of our configuration; others are said.
//  - A MAC is the one that derives from the key, where the card says that it does. From a node that
//    does not say so (an older version): any unicast one that is not ours, does not derive from
//    another node's key and is in no earlier card.
//  - An endpoint that our configuration gives to another node is not used. Where two cards name one
//    address, the one whose route there is up has it; as long as none is, both are tried, and
//    whose address it is shows by who answers. Link-local addresses are not compared: every link
//    has its own.
//  - An endpoint at a loopback, multicast, broadcast or virtual address, or with an MTU below what
//    IPv6 asks for, is not used.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "netft/core/settings.hpp"
#include "netft/wire/control.hpp"
#include "routing/interfaces/interface_manager.hpp"

namespace netft::core {

struct CardClaim {
    PeerId peer;
    const NodeSettings* node = nullptr;  // the peer's
    const Card* card = nullptr;          // as it came
};

struct CardVerdict {
    std::optional<Card> card;           // what of it is used; nullopt: it is refused
    std::string refusal;                // why
    std::vector<std::string> warnings;  // what of it is not used or not as it should be
    bool contradicts = false;           // something in it hinders traffic
};

struct CardContext {
    const Settings& settings;
    MacAddress own_mac;
    std::span<const routing::LocalEndpoint> own_endpoints;
    // Where routes are up.
    const std::set<std::pair<PeerId, IpAddress>>& proven;
};

constexpr std::uint16_t kEndpointMtuMin = 1280;  // RFC 8200 §5

// Of each claim, in order. Claims: the oldest card first.
std::vector<CardVerdict> judge_cards(const CardContext& context, std::span<const CardClaim> claims);

}  // namespace netft::core
