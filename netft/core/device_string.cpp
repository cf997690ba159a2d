#include "netft/core/device_string.hpp"

#include <algorithm>

namespace netft::core {

namespace {

constexpr std::string_view kVdevPrefix = "net_";
constexpr std::size_t kNameMax = 63;  // RTE_DEV_NAME_MAX_LEN is 64

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
bool is_name(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_'; }

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; }

// `text` looks like `shape`, in which 'x' stands for a hexadecimal digit.
bool has_shape(std::string_view text, std::string_view shape) {
    return std::equal(text.begin(), text.end(), shape.begin(), shape.end(),
                      [](char c, char s) { return s == 'x' ? is_hex(c) : c == s; });
}

// Empty where it is none.
std::string pci_name(std::string_view name) {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
    if (has_shape(lower, "xx:xx.x")) lower = "0000:" + lower;
    bool is_function = !lower.empty() && lower.back() >= '0' && lower.back() <= '7';
    return has_shape(lower, "xxxx:xx:xx.x") && is_function ? lower : std::string();
}

bool is_vdev_name(std::string_view name) {
    return name.starts_with(kVdevPrefix) && name.size() > kVdevPrefix.size() + 1 &&
           name.size() <= kNameMax && is_digit(name.back()) && !is_digit(name[4]) &&
           std::all_of(name.begin(), name.end(), is_name);
}

// "key=value" or "key", none empty.
bool are_arguments(std::string_view text) {
    for (;;) {
        std::size_t comma = text.find(',');
        std::string_view one = text.substr(0, comma);
        if (one.empty() || one.front() == '=' ||
            std::any_of(one.begin(), one.end(), [](char c) { return c <= ' ' || c > '~'; }))
            return false;
        if (comma == std::string_view::npos) return true;
        text.remove_prefix(comma + 1);
    }
}

}  // namespace

std::string DeviceString::driver() const {
    if (bus == Bus::pci) return {};
    std::size_t end = name.find_last_not_of("0123456789");
    return name.substr(0, end + 1);
}

std::string_view DeviceString::argument(std::string_view key) const {
    std::string_view rest = arguments;
    while (!rest.empty()) {
        std::string_view one = rest.substr(0, rest.find(','));
        if (one.starts_with(key) && one.substr(key.size()).starts_with('='))
            return one.substr(key.size() + 1);
        rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    }
    return {};
}

Result<DeviceString> parse_device_string(std::string_view text) {
    std::size_t comma = text.find(',');
    std::string_view name = text.substr(0, comma);
    DeviceString out;
    if (comma != std::string_view::npos) {
        out.arguments = text.substr(comma + 1);
        if (!are_arguments(out.arguments))
            return fail("its arguments must be key=value, separated by single commas");
    }
    if (out.name = pci_name(name); !out.name.empty()) {
        out.bus = DeviceString::Bus::pci;
        return out;
    }
    if (!is_vdev_name(name))
        return fail(
            "is no device; allowed: a PCI address (0000:03:00.0) or a virtual device of "
            "DPDK, net_DRIVER and a number (net_memif0,role=client)");
    out.name = name;
    return out;
}

}  // namespace netft::core
