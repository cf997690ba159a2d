// Reading fields of a JSON document that another version of netftd may have written: what is
// missing or of another type reads as empty, never as an exception.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace netft::client {

// The member; null when there is none.
const nlohmann::json& member(const nlohmann::json& object, const char* key);
std::string text(const nlohmann::json& object, const char* key);
std::optional<double> number(const nlohmann::json& object, const char* key);
// 0 when there is none.
std::uint64_t whole(const nlohmann::json& object, const char* key);
bool flag(const nlohmann::json& object, const char* key);
// Text or number as text; "" for null and the rest.
std::string plain(const nlohmann::json& object, const char* key);

// "10.0.0.1" of "10.0.0.1:3343", "fe80::1" of "[fe80::1]:3343"; other ports stay.
std::string without_default_port(const std::string& endpoint);
// Up, suspect or damped.
bool is_up(const std::string& route_state);

}  // namespace netft::client
