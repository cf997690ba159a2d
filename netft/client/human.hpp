// Values as people like to read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace netft::client {

// "0.4s", "12s", "3m12s", "2h05m", "4d03h".
std::string age_text(std::chrono::milliseconds age);
// "2026-11-21T10:00:00.123456Z"; nullopt for anything else.
std::optional<std::chrono::system_clock::time_point> parse_rfc3339(const std::string& text);
// How long ago an RFC 3339 instant is; "" for bad text.
std::string since_text(const std::string& instant, std::chrono::system_clock::time_point now);
// "90 µs", "1.25 ms".
std::string microseconds_text(double us);
// 0.0125 → "1.3".
std::string percent_text(double fraction);

}  // namespace netft::client
