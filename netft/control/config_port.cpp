#include "netft/control/config_port.hpp"

#include "netft/control/config_values.hpp"

namespace netft::control {

namespace {

constexpr std::size_t kDevicesMax = 16;
constexpr std::size_t kDeviceAddressesMax = 16;

Result<core::DeviceString> parse_device(std::string_view value) {
    auto device = core::parse_device_string(value);
    if (!device) return fail(quoted(value) + " " + device.error().what);
    return device;
}

// An address with the length of its subnet's prefix, host bits and all.
Result<Prefix> parse_interface_address(std::string_view value) {
    auto prefix = value.find('%') == std::string_view::npos ? Prefix::parse(value) : std::nullopt;
    bool good = prefix && !prefix->address.is_multicast() && !prefix->address.is_loopback() &&
                !prefix->address.is_unspecified();
    if (good) return *prefix;
    return fail(quoted(value) +
                " is no address of an interface; allowed: a unicast address and a prefix length, "
                "as in \"10.0.0.1/24\"");
}

Read addresses(core::PortDevice& out) {
    return texts([&out](std::string_view value, std::uint32_t) -> Status {
        auto address = parse_interface_address(value);
        if (!address) return tl::unexpected(address.error());
        if (out.addresses.size() == kDeviceAddressesMax) return fail("too many; allowed: 16");
        out.addresses.push_back(*address);
        return {};
    });
}

// "net_memif0" or { device = "net_memif0", addresses = [...] }.
Checked read_device(const toml::node& value, core::PortDevice& out) {
    if (value.is_string()) return text(parse_device, out.device)(value);
    return table_of(
        {{"device", text(parse_device, out.device), true}, {"addresses", addresses(out)}})(value);
}

// Two ports on one NIC would take each other's datagrams.
Checked check_device(const core::PortDevice& device, const core::NodeSettings& node,
                     const std::string& adapter, std::uint32_t line) {
    if (device.interface == adapter)
        return refuse(line, quoted(device.interface) + " is the adapter's name, too");
    std::string below(device.device.argument("iface"));
    for (const core::PortDevice& other : node.port_devices) {
        if (other.device.name == device.device.name)
            return refuse(line, quoted(device.device.name) + " is the device of " +
                                    quoted(other.interface) + " too; each has its own");
        if (!below.empty() && other.device.argument("iface") == below)
            return refuse(line, quoted("iface=" + below) + " is that of " +
                                    quoted(other.interface) + " too; each has its own");
    }
    if (node.port_devices.size() == kDevicesMax) return refuse(line, "too many; allowed: 16");
    return {};
}

}  // namespace

Read node_port(core::NodeSettings& node, const std::string& adapter) {
    auto take = [&node, &adapter](std::string_view key, const toml::node& value) -> Checked {
        std::uint32_t line = line_of(value);
        auto name = parse_interface_name(key);
        if (!name) return refuse(line, name.error().what);
        core::PortDevice device;
        device.interface = *name;
        if (auto read = read_device(value, device); !read) return read;
        if (auto good = check_device(device, node, adapter, line); !good) return good;
        node.port_devices.push_back(std::move(device));
        return {};
    };
    Read table = table_of(
        {{"kind", text(parse_port_kind, node.port)}, {"devices", entries_of("interfaces", take)}});
    return [table](const toml::node& value) -> Checked {
        if (!value.is_integer()) return table(value);
        return refuse(line_of(value),
                      "an integer is not allowed; allowed: a table, [node.port]; the cluster's "
                      "UDP port stands above the first [table], a node's own in its endpoints, "
                      "as in \"10.0.0.1:3344\"");
    };
}

}  // namespace netft::control
