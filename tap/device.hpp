// The virtual adapter's device: a TAP opened directly, with virtio headers and segmentation
// offloads, so that frames of up to 64 KiB cross in one piece.
//
// Every read gives, and every write takes, virtio_net_hdr_v1 (12 bytes, little-endian) ‖ Ethernet
// frame. Offloads asked for: CSUM, TSO4, TSO6 (with ECN) and, where the kernel has them,
// USO4/USO6.
// Threads: read() and write() by the worker whose queue it is, all else by control: before the
// worker starts, but detach_queue() while it runs.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "netft/base/result.hpp"
#include "tap/device_interface.hpp"

namespace netft::tap {

class Device final : public DeviceInterface {
 public:
    // Creates (or, where a dead owner left a persistent one, takes over) the TAP interface `name`
    // in this network namespace. Not up, no address yet. Errors, each with what to do about it:
    // no /dev/net/tun, no rights, a name taken by another interface or a running owner.
    // `several_queues`: add_queue() may be used.
    static Result<Device> open(const std::string& name, bool several_queues = false);
    // Goes on with a TAP that is open already: what a netftd before us has handed over, by way of
    // its control socket or of systemd. Interface, addresses, routes and the frames that wait in it
    // are as they were. `fd` is closed when it is no TAP called `name`, or one of a single queue
    // where several are wanted.
    static Result<Device> adopt(int fd, const std::string& name, bool several_queues = false);
    // One more queue of the same interface, as a device of its own. The kernel gives a flow's
    // frames to the queue that its answers were written to, else to one by the flow's hash. It
    // gives none before attach_queue(): frames wait for nobody while the reader of a queue gets
    // ready. The interface is there until the last of its devices is closed.
    Result<Device> add_queue() const;
    Status attach_queue() const;
    // The kernel gives it no more frames, but to the queues that are left; what waits in it is
    // lost.
    Status detach_queue() const;
    ~Device() override;
    Device(Device&& other) noexcept;
    Device& operator=(Device&& other) noexcept;

    int fd() const override { return fd_; }  // non-blocking
    const std::string& name() const { return name_; }
    std::uint32_t interface_index() const { return index_; }
    bool has_uso() const override { return has_uso_; }

    std::ptrdiff_t read(std::span<const iovec> room) const override;
    std::ptrdiff_t write(std::span<const iovec> frame) const override;

 private:
    Device(int fd, std::string name, std::uint32_t index, bool has_uso);
    static Result<Device> prepare(int fd, const std::string& name);

    int fd_ = -1;
    std::string name_;
    std::uint32_t index_ = 0;
    bool has_uso_ = false;
};

}  // namespace netft::tap
