// Nodes of other minor versions, as masks over what a node of this version says and reads. Both are
// used on the plain datagram, in front of the seal and behind it.
//
//   older   knows none of the heartbeat's flags R and S, nothing behind its 64 bytes or behind a
//           card, no kind of control message but the card and its acknowledgement, and no relays
//   newer   sets header flags, and puts words behind heartbeats and cards, that nobody knows
#pragma once

#include <cstdint>
#include <vector>

#include "netft/base/bytes.hpp"

namespace netft::sim {

enum class Version : std::uint8_t { same, older, newer };

// What a node of `version` sends in place of `plain`; a message it does not have becomes one that
// every version ignores.
void make_as_sent_by(Version version, std::vector<std::uint8_t>& plain);
// What a node of `version` understands of `plain`; empty: nothing. May lie in `room`.
Bytes as_read_by(Version version, Bytes plain, std::vector<std::uint8_t>& room);

}  // namespace netft::sim
