// The kernel's interface in place of a NIC that netft has taken: the kernel does ARP, neighbour
// discovery, ICMP and whatever else the NIC carries through it. Plain frames, no offloads: what is
// netft's own never passes here.
//
// Not persistent: it goes with netftd, however that ends.
// Threads: read() and write() by the worker, all else by control.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "netft/base/address.hpp"
#include "netft/base/bytes.hpp"
#include "netft/base/result.hpp"
#include "tap/attach.hpp"

namespace netft::tap {

struct ExceptionTapSettings {
    std::string name;
    MacAddress mac;                 // zero: the kernel chooses one
    std::uint32_t mtu = 0;          // bytes of IP packet
    std::vector<Prefix> addresses;  // each with its subnet's prefix length
};

class ExceptionTap {
 public:
    // Made, without carrier, with MAC, MTU and addresses, and set up.
    static Result<ExceptionTap> open(const ExceptionTapSettings& settings);

    // Addresses put on it in addition; those it has already are left alone.
    Status add_addresses(const std::vector<Prefix>& addresses);
    // What is passed on of the NIC's link. The kernel tells everybody at once.
    Status set_carrier(bool is_up);

    const std::string& name() const { return name_; }
    std::uint32_t interface_index() const { return index_; }
    MacAddress mac() const { return mac_; }  // as it was made

    int fd() const { return fd_.get(); }  // non-blocking
    // Bytes of a frame read, 0 when nothing waits, or -errno. A longer frame is cut.
    std::ptrdiff_t read(MutableBytes room) const;
    // Bytes written or -errno (EIO: the interface is set down).
    std::ptrdiff_t write(std::span<const iovec> frame) const;

 private:
    ExceptionTap(Descriptor fd, std::string name, std::uint32_t index)
        : fd_(std::move(fd)), name_(std::move(name)), index_(index) {}
    Status set_up(const ExceptionTapSettings& settings);

    Descriptor fd_;
    std::string name_;
    std::uint32_t index_ = 0;
    MacAddress mac_;
};

}  // namespace netft::tap
