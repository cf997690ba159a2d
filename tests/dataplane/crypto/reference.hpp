// The sealing of protocol.md "Datagrams" once more, by libcrypto's EVP interface and nothing of
// ours.
#pragma once

#include "environment.hpp"

namespace netft::dataplane::test {

// `plain` is as datagram() makes it.
Buffer reference_sealed(const Secret32& key, SecurityMode mode, const Buffer& plain);

}  // namespace netft::dataplane::test
