#include "netft/core/fixed_settings.hpp"

namespace netft::core {

namespace {

std::string_view to_string(SecurityMode mode) {
    switch (mode) {
        case SecurityMode::none: return "none";
        case SecurityMode::sign: return "sign";
        case SecurityMode::encrypt: return "encrypt";
    }
    return "?";
}

std::string_view to_string(CryptoKind kind) {
    switch (kind) {
        case CryptoKind::automatic: return "auto";
        case CryptoKind::aesni_gcm: return "aesni_gcm";
        case CryptoKind::openssl: return "openssl";
    }
    return "?";
}

std::string text_of(const WorkerCount& workers) {
    std::string out = workers.count == 0 ? "auto" : std::to_string(workers.count);
    for (std::size_t i = 0; i < workers.cores.size(); ++i)
        out += (i == 0 ? " on cores " : ", ") + std::to_string(workers.cores[i]);
    return out;
}

// Enough of it to be told from others.
std::string text_of(const PublicKey& key) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < 4; ++i) {
        out += kHex[key[i] >> 4];
        out += kHex[key[i] & 15];
    }
    return out + "…";
}

}  // namespace

std::vector<std::string> find_fixed_changes(const Settings& now, const Settings& next) {
    std::vector<std::string> out;
    auto keep = [&out](const char* what, std::string_view old_value, std::string_view value) {
        if (old_value != value)
            out.push_back(std::string(what) + " cannot change while netftd runs: it is " +
                          std::string(old_value) + ", the file says " + std::string(value));
    };
    const NodeSettings& self = now.self_node();
    const NodeSettings& next_self = next.self_node();
    keep("cluster", now.cluster, next.cluster);
    keep("[security] mode", to_string(now.security), to_string(next.security));
    keep("[security] crypto", to_string(now.crypto), to_string(next.crypto));
    keep("[adapter] name", now.adapter_name, next.adapter_name);
    keep("port", std::to_string(now.port), std::to_string(next.port));
    keep("[adapter] rule_priority", std::to_string(now.rule_priority),
         std::to_string(next.rule_priority));
    keep("[worker] count and cores", text_of(now.own_workers()), text_of(next.own_workers()));
    if (self.public_key != next_self.public_key)
        out.push_back("this node's public key cannot change while netftd runs: it begins with " +
                      text_of(self.public_key) + ", the file's with " +
                      text_of(next_self.public_key));
    return out;
}

}  // namespace netft::core
