// Limits on the text of the configuration, checked before the TOML parser sees it.
//
// PURE. The parser builds one table per part of a dotted key and takes them down again by
// recursion, so a megabyte of "a.a.a.…" would exhaust the stack. No configuration needs more than
// kDotsPerLineMax dots outside of strings on a line, nor strings over several lines.
#pragma once

#include <cstddef>
#include <string_view>

#include "netft/control/config_reader.hpp"

namespace netft::control {

constexpr std::size_t kDotsPerLineMax = 16;
constexpr std::size_t kLineBytesMax = 64 * 1024;

Checked check_text(std::string_view text);

}  // namespace netft::control
