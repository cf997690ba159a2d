#include "netft/daemon/device_keeper.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace netft::daemon {

Result<DeviceKeeper> DeviceKeeper::create() {
    dataplane::Fd fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!fd.is_open()) return fail_errno("eventfd", errno);
    return DeviceKeeper(std::move(fd));
}

bool DeviceKeeper::sync(TimePoint now, const std::vector<core::PortDevice>& wanted,
                        std::vector<Error>& failures) {
    std::size_t gone = std::erase_if(entries_, [&wanted](const Entry& entry) {
        return std::none_of(wanted.begin(), wanted.end(), [&entry](const auto& settings) {
            return settings.interface == entry.settings.interface &&
                   settings.device == entry.settings.device;
        });
    });
    bool changed = gone > 0;
    for (const core::PortDevice& settings : wanted) {
        auto entry = std::find_if(entries_.begin(), entries_.end(), [&settings](const Entry& e) {
            return e.settings.interface == settings.interface;
        });
        if (entry == entries_.end()) {
            entries_.push_back(
                {.settings = settings, .device = {}, .retry_at = now, .problem = {}});
            entry = std::prev(entries_.end());
        }
        if (entry->settings != settings && entry->device) {
            entry->settings = settings;
            if (Status done = entry->device->handle_settings(settings); !done)
                failures.push_back(done.error());
        }
        if (entry->device || now < entry->retry_at) continue;
        std::string before = entry->problem;
        Status opened = open(now, *entry);
        if (opened)
            changed = true;
        else if (entry->problem != before)
            failures.push_back(opened.error());
    }
    return changed;
}

Status DeviceKeeper::open(TimePoint now, Entry& entry) const {
    auto device = dataplane::NativeDevice::open(entry.settings, event_fd_.get());
    if (!device) {
        entry.retry_at = now + entry.retry_in;
        entry.retry_in = std::min(kRetryMax, entry.retry_in * 2);
        entry.problem = device.error().what;
        return tl::unexpected(device.error());
    }
    entry.problem.clear();
    entry.retry_in = kRetryMin;
    entry.device = std::move(*device);
    return {};
}

bool DeviceKeeper::handle_links(TimePoint now) {
    std::uint64_t count = 0;
    [[maybe_unused]] ssize_t n = read(event_fd_.get(), &count, sizeof(count));
    look_at_ = now + kLook;
    bool changed = false;
    for (const Entry& entry : entries_)
        if (entry.device) changed |= entry.device->handle_link();
    return changed;
}

void DeviceKeeper::handle_facts(const std::vector<routing::InterfaceFact>& facts) {
    for (const Entry& entry : entries_)
        if (entry.device) entry.device->handle_facts(facts);
}

std::optional<TimePoint> DeviceKeeper::next_deadline() const {
    std::optional<TimePoint> next;
    for (const Entry& entry : entries_) {
        if (entry.device && !entry.device->needs_look()) continue;
        TimePoint at = entry.device ? look_at_ : entry.retry_at;
        next = next ? std::min(*next, at) : at;
    }
    return next;
}

std::shared_ptr<dataplane::NativeDevice> DeviceKeeper::find(const std::string& interface) const {
    for (const Entry& entry : entries_)
        if (entry.settings.interface == interface) return entry.device;
    return {};
}

std::vector<std::shared_ptr<dataplane::NativeDevice>> DeviceKeeper::devices() const {
    std::vector<std::shared_ptr<dataplane::NativeDevice>> out;
    for (const Entry& entry : entries_)
        if (entry.device) out.push_back(entry.device);
    return out;
}

std::vector<std::string> DeviceKeeper::warnings() const {
    std::vector<std::string> out;
    for (const Entry& entry : entries_) {
        if (!entry.device)
            out.push_back("no device: " + entry.problem);
        else if (!entry.device->complaint().empty())
            out.push_back(entry.device->complaint());
    }
    return out;
}

}  // namespace netft::daemon
