// Digests of what all nodes' configurations must agree on, one a section: they go with the card, so
// that files that differ are noticed.
//
// PURE. Of what the entries mean, not of the bytes of the file. Left out is what may differ from
// node to node or changes on one after the other: cluster keys, names of interfaces to leave out,
// workers, ports. Not a secret and no protection: a member may say what it likes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "netft/core/settings.hpp"

namespace netft::core {

// In the order in which the card has them; later versions add theirs behind.
constexpr std::array<std::string_view, 6> kDigestSections = {"node",    "adapter", "heartbeat",
                                                             "network", "traffic", "damping"};

// One for each of kDigestSections.
std::vector<std::uint32_t> config_digests(const Settings& settings);
// The sections that differ, as far as both sides speak of them: "traffic, heartbeat"; empty: none.
std::string differing_sections(const std::vector<std::uint32_t>& ours,
                               const std::vector<std::uint32_t>& theirs);

}  // namespace netft::core
