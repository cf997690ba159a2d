#include "netft/client/fields.hpp"

namespace netft::client {

using nlohmann::json;

const json& member(const json& object, const char* key) {
    static const json none;
    if (!object.is_object()) return none;
    auto found = object.find(key);
    return found == object.end() ? none : *found;
}

std::string text(const json& object, const char* key) {
    const json& value = member(object, key);
    return value.is_string() ? value.get<std::string>() : "";
}

std::optional<double> number(const json& object, const char* key) {
    const json& value = member(object, key);
    if (!value.is_number()) return {};
    return value.get<double>();
}

std::uint64_t whole(const json& object, const char* key) {
    const json& value = member(object, key);
    if (value.is_number_unsigned()) return value.get<std::uint64_t>();
    if (!value.is_number_integer() || value.get<std::int64_t>() < 0) return 0;
    return static_cast<std::uint64_t>(value.get<std::int64_t>());
}

bool flag(const json& object, const char* key) {
    const json& value = member(object, key);
    return value.is_boolean() && value.get<bool>();
}

std::string plain(const json& object, const char* key) {
    const json& value = member(object, key);
    if (value.is_string()) return value.get<std::string>();
    return value.is_number() || value.is_boolean() ? value.dump() : "";
}

std::string without_default_port(const std::string& endpoint) {
    constexpr std::string_view kPort = ":3343";
    if (!endpoint.ends_with(kPort)) return endpoint;
    std::string address = endpoint.substr(0, endpoint.size() - kPort.size());
    if (address.starts_with('[') && address.ends_with(']'))
        return address.substr(1, address.size() - 2);
    return address;
}

bool is_up(const std::string& route_state) {
    return route_state == "up" || route_state == "suspect" || route_state == "damped";
}

}  // namespace netft::client
