// The cluster key: 32 random bytes that all nodes share, the pre-shared key of every handshake. It
// keeps out whoever knows only public keys, and its file is the same on all nodes.
//
// The file: one or two lines, each the base64 of 32 bytes; '#' begins a comment. A node answers a
// handshake with its first key and accepts both, so that a running cluster changes its key in three
// steps, the file copied to all nodes and reloaded after each:
//   add       old new    everybody accepts the new key
//   promote   new old    everybody uses it
//   retire    new        nobody accepts the old one
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "netft/base/result.hpp"
#include "netft/base/secret.hpp"

namespace netft::control {

constexpr const char* kClusterKeyFile = "/etc/netft/cluster.key";

// One or two keys. No error repeats the text.
Result<std::vector<Secret32>> parse_cluster_keys(std::string_view text);
Result<std::vector<Secret32>> load_cluster_keys(const std::string& path,
                                                std::optional<uid_t> user = {});

// Fails only when the system has no randomness to give.
Result<Secret32> make_cluster_key();
// A new file of mode 0600; never overwrites.
Status save_cluster_key(const std::string& path, const Secret32& key);

// The three steps. Each replaces the file at once, keeping its comments, mode and owner.
Status add_cluster_key(const std::string& path, const Secret32& key);
Status promote_cluster_key(const std::string& path);
Status retire_cluster_key(const std::string& path);

}  // namespace netft::control
