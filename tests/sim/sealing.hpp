// The cryptography of the simulator. Datagrams carry a cheap tag in place of AES-GCM's, which a
// wrong key or a changed byte spoils just as surely. Handshakes are real, with seeded randomness;
// or, in most storms, made of the same cheap stuff: the same messages, keys, hashes and refusals
// but for an attacker who calculates.
#pragma once

#include <memory>
#include <vector>

#include "netft/session/primitives.hpp"
#include "netft/wire/header.hpp"

namespace netft::sim {

std::unique_ptr<session::Primitives> real_primitives(std::uint64_t seed);
std::unique_ptr<session::Primitives> cheap_primitives(std::uint64_t seed);

// plain -> plain ‖ tag.
void seal(const Secret32& key, std::vector<std::uint8_t>& datagram);
// The plain part; nullopt: another key or a changed byte.
std::optional<Bytes> open(const Secret32& key, Bytes sealed);

}  // namespace netft::sim
