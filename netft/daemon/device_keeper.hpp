// Keeps every device of [node.port] open, whatever becomes of its endpoints: NICs taken from the
// kernel, with their exception TAPs.
//
// A device that cannot be opened does not keep netftd from starting: the node may have other paths.
// It is tried again, ever less often, and warnings() say why it is missing. Links are told by an
// interrupt where the device has it, by the kernel's carrier where it lies on an interface of the
// kernel, and else looked at every kLook.
// Threads: control only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "netft/base/result.hpp"
#include "netft/base/time.hpp"
#include "netft/core/settings.hpp"
#include "netft/dataplane/fd.hpp"
#include "netft/dataplane/native_device.hpp"
#include "routing/interfaces/interface_manager.hpp"

namespace netft::daemon {

class DeviceKeeper {
 public:
    static constexpr Duration kRetryMin = 1s;
    static constexpr Duration kRetryMax = 30s;
    static constexpr Duration kLook = 50ms;

    static Result<DeviceKeeper> create();

    // Opens and lets go to match `wanted`. `failures`: why some could not be opened, each told when
    // it is new. True when there is another device, or one fewer.
    bool sync(TimePoint now, const std::vector<core::PortDevice>& wanted,
              std::vector<Error>& failures);

    // Readable when some link may have changed; then handle_links().
    int fd() const { return event_fd_.get(); }
    // True when a link changed: the kernel's list is worth reading.
    bool handle_links(TimePoint now);
    // The kernel's list, as read.
    void handle_facts(const std::vector<routing::InterfaceFact>& facts);
    std::optional<TimePoint> next_deadline() const;

    // nullptr: the interface is no device's.
    std::shared_ptr<dataplane::NativeDevice> find(const std::string& interface) const;
    std::vector<std::shared_ptr<dataplane::NativeDevice>> devices() const;
    // What people should know: devices that are missing, or do not follow.
    std::vector<std::string> warnings() const;

 private:
    explicit DeviceKeeper(dataplane::Fd event_fd) : event_fd_(std::move(event_fd)) {}
    struct Entry {
        core::PortDevice settings;
        std::shared_ptr<dataplane::NativeDevice> device;  // null: could not be opened
        TimePoint retry_at;
        Duration retry_in = kRetryMin;
        std::string problem;
    };
    Status open(TimePoint now, Entry& entry) const;

    dataplane::Fd event_fd_;
    std::vector<Entry> entries_;
    TimePoint look_at_;
};

}  // namespace netft::daemon
