// A descriptor of a TAP interface, made or taken over from a dead owner.
#pragma once

#include <string>
#include <utility>

#include "netft/base/result.hpp"

namespace netft::tap {

class Descriptor {
 public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

 private:
    int fd_;
};

// `what` the interface is, for errors ("adapter"), and what to do where its name is taken
// ("choose another [adapter] name"). `flags`: IFF_TAP and kin. Non-blocking; gone with its last
// descriptor. A persistent interface that nobody holds is made anew: it carries whatever its dead
// owner left.
struct AttachWish {
    std::string what;
    std::string name;
    std::string advice;
    unsigned flags = 0;
};
Result<Descriptor> attach(const AttachWish& wish);
// One more queue of a TAP that attach() made with IFF_MULTI_QUEUE.
Result<Descriptor> add_queue_to(const AttachWish& wish);

}  // namespace netft::tap
