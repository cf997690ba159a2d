// What is wrong with a text that the TOML parser refuses, in words for who writes cluster.toml.
//
// PURE. The parser stops at its first error and speaks of tokens. This goes over the whole text
// again, statement by statement, and names each slip: quotation marks that are missing, [node] for
// [[node]], a key that stands twice, an array that does not end. It judges nothing: what it says
// is told only of a text that the parser refused.
// Parts: config_syntax (statements, headers, what stands twice), config_syntax_values (keys and
// values), config_text (limits, before both).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "netft/control/config_reader.hpp"

namespace netft::control {

struct SyntaxErrors {
    ConfigErrors errors;
    // The text with the bad statements blank, to look for more in; nullopt: too little is left.
    std::optional<std::string> rest;
};

// `parser_line` is where the parser stopped.
SyntaxErrors explain_syntax(std::string_view text, std::uint32_t parser_line);

}  // namespace netft::control
