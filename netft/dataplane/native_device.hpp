// A NIC taken from the kernel (or a virtual device of DPDK), with the exception TAP that the kernel
// has in its place.
//
// It lives as long as the configuration names it; ports on it come and go with its endpoint. What
// changes at the TAP (MAC, MTU) is passed on to the device, what changes at the device (link), to
// the TAP: the rest of netft, and the kernel, see one interface.
// Threads: control; device() and exceptions() are also the worker's, through one port at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "netft/base/result.hpp"
#include "netft/core/settings.hpp"
#include "netft/dataplane/eth_device.hpp"
#include "netft/dataplane/exception_path.hpp"
#include "routing/interfaces/interface_manager.hpp"
#include "tap/exception_tap.hpp"

namespace netft::dataplane {

class NativeDevice {
 public:
    // `link_event_fd`: see EthDevice::Settings.
    static Result<std::shared_ptr<NativeDevice>> open(const core::PortDevice& settings,
                                                      int link_event_fd);

    const core::PortDevice& settings() const { return settings_; }
    EthDevice& device() { return device_; }
    const tap::ExceptionTap& tap() const { return tap_; }
    const ExceptionPath& exceptions() const { return exceptions_; }

    // Looks at the link and passes it on. True when it changed.
    bool handle_link();
    bool is_link_up() const { return is_link_up_; }
    MacAddress mac() const { return mac_; }  // what is sent from: the TAP's
    // True: somebody has to call handle_link() now and then.
    bool needs_look() const { return !device_.tells_link() && device_.lower_interface() == 0; }
    // Takes from the kernel's list what concerns the TAP and the interface below the device.
    void handle_facts(const std::vector<routing::InterfaceFact>& facts);
    // What the device refused to follow: "nic0: MTU 9000, but …"; empty when all is well.
    const std::string& complaint() const { return complaint_; }
    // Addresses that the configuration names anew.
    Status handle_settings(const core::PortDevice& settings);

 private:
    NativeDevice(core::PortDevice settings, EthDevice device, tap::ExceptionTap tap)
        : settings_(std::move(settings)), device_(std::move(device)), tap_(std::move(tap)) {}
    void follow_mtu(std::uint32_t mtu);
    void follow_mac(const MacAddress& mac);

    core::PortDevice settings_;
    EthDevice device_;
    tap::ExceptionTap tap_;
    ExceptionPath exceptions_{tap_, device_};
    bool is_link_up_ = false;
    bool has_lower_carrier_ = true;
    MacAddress mac_;  // the TAP's, as last seen
    std::string complaint_;
    std::string mac_complaint_;
};

}  // namespace netft::dataplane
