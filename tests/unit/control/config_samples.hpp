// Pieces of cluster.toml that the tests put together.
#pragma once

#include <string>

#include "netft/control/identity.hpp"

namespace netft::control {

inline PublicKey key_number(std::uint32_t n) {
    PublicKey key{};
    ByteWriter writer(key);
    writer.u32(n);
    key[4] = 9;  // 0 alone would be a point of low order
    return key;
}

inline std::string node_text(const std::string& name, std::uint32_t key,
                             const std::string& endpoints) {
    return "[[node]]\nname = \"" + name + "\"\npublic_key = \"" + to_text(key_number(key)) +
           "\"\nendpoints = [" + endpoints + "]\n";
}

inline std::string two_nodes() {
    return node_text("n1", 1, "\"10.0.0.1\", \"10.1.0.1\"") + node_text("n2", 2, "\"10.0.0.2\"");
}

inline const std::string kHead = "cluster = \"demo\"\n";
inline const std::string kOpen = "[security]\nmode = \"none\"\n";

}  // namespace netft::control
