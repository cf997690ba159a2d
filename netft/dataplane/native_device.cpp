#include "netft/dataplane/native_device.hpp"

#include <algorithm>

namespace netft::dataplane {

Result<std::shared_ptr<NativeDevice>> NativeDevice::open(const core::PortDevice& settings,
                                                         int link_event_fd) {
    Result<EthDevice> device = EthDevice::open({.device = settings.device,
                                                .pool = nullptr,
                                                .is_native = true,
                                                .link_event_fd = link_event_fd});
    if (!device) return with_context(settings.interface, device.error());
    Result<tap::ExceptionTap> tap =
        tap::ExceptionTap::open({.name = settings.interface,
                                 .mac = device->mac(),
                                 .mtu = std::min(device->mtu(), EthDevice::kMtuMax),
                                 .addresses = settings.addresses});
    if (!tap) return with_context(settings.device.name, tap.error());
    std::shared_ptr<NativeDevice> native(
        new NativeDevice(settings, std::move(*device), std::move(*tap)));
    native->mac_ = native->tap_.mac();
    (void)native->handle_link();
    return native;
}

bool NativeDevice::handle_link() {
    bool is_up = device_.is_link_up() && has_lower_carrier_;
    if (is_up == is_link_up_) return false;
    // A TAP that is gone is told of by everything else.
    (void)tap_.set_carrier(is_up);
    is_link_up_ = is_up;
    return true;
}

void NativeDevice::handle_facts(const std::vector<routing::InterfaceFact>& facts) {
    complaint_.clear();
    for (const routing::InterfaceFact& fact : facts) {
        if (fact.index == tap_.interface_index()) {
            follow_mtu(fact.mtu);
            follow_mac(fact.mac);
        } else if (device_.lower_interface() != 0 && fact.index == device_.lower_interface()) {
            has_lower_carrier_ = fact.admin_up && fact.carrier;
        }
    }
}

void NativeDevice::follow_mtu(std::uint32_t mtu) {
    Status done = device_.mtu() == mtu ? Status() : device_.set_mtu(mtu);
    if (done || mtu <= device_.mtu()) return;
    complaint_ = tap_.name() + ": MTU " + std::to_string(mtu) + ", but its device keeps " +
                 std::to_string(device_.mtu()) + " (" + done.error().what + ")";
}

void NativeDevice::follow_mac(const MacAddress& mac) {
    if (mac != mac_) {
        mac_ = mac;
        Status done = device_.set_mac(mac);
        mac_complaint_ = done
                             ? std::string()
                             : tap_.name() + ": MAC address " + mac.to_string() +
                                   ", which its device does not follow (" + done.error().what + ")";
    }
    if (complaint_.empty()) complaint_ = mac_complaint_;
}

Status NativeDevice::handle_settings(const core::PortDevice& settings) {
    settings_ = settings;
    return tap_.add_addresses(settings.addresses);
}

}  // namespace netft::dataplane
