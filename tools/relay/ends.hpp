// The two ends of the relay, as descriptors that give and take Ethernet frames, each behind a
// virtio_net_hdr: a frame of the kernel's segmentation offload (64 KiB) crosses as one, its
// checksum still partial.
#pragma once

#include <string>

#include "netft/base/result.hpp"

namespace netft::relay {

// A TAP of that name, down and joined to nothing; it goes when the descriptor does.
Result<int> open_tap(const std::string& name);
// All that comes in on an interface (and nothing that we send there).
Result<int> open_port(const std::string& name);
bool exists(const std::string& interface);

}  // namespace netft::relay
