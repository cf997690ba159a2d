// Where a worker's frames come from and go to: the adapter's device, or what stands for it where
// the worker is measured and tested without a kernel.
//
// A virtual call for each frame: behind it is a system call of 400 ns or more, of which it is less
// than 1 %. Threads: the worker's.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>

namespace netft::tap {

class DeviceInterface {
 public:
    virtual ~DeviceInterface() = default;

    // Readable when read() has something.
    virtual int fd() const = 0;
    // Bytes read (virtio_net_hdr_v1 ‖ frame), 0 when nothing waits, or -errno. A frame longer than
    // the iovecs is cut: give room for 64 KiB. The first iovec must hold the whole virtio header.
    virtual std::ptrdiff_t read(std::span<const iovec> room) const = 0;
    // Bytes written or -errno (EAGAIN, EINVAL for headers the kernel does not believe, …).
    virtual std::ptrdiff_t write(std::span<const iovec> frame) const = 0;
    // What is written may be several UDP datagrams, for the kernel to cut (kGsoUdpL4).
    virtual bool has_uso() const { return false; }
};

}  // namespace netft::tap
