// cluster.toml: any text gives settings or an error, and settings hold what the rest relies on.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "netft/control/config.hpp"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace netft;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto settings = control::parse_config(text, "cluster.toml", "n1");
    if (!settings) {
        require(settings.error().what.starts_with("cluster.toml:"));
        return 0;
    }
    require(settings->self.value < settings->nodes.size());
    require(settings->nodes.size() <= control::kNodesMax);
    for (const core::NodeSettings& node : settings->nodes) {
        require(node.ipv4.is_v4() && node.ipv4.is_link_local());
        require(node.ipv6.is_v6() && node.ipv6.is_link_local());
    }
    require(settings->cluster_keys.empty());  // no text makes it read a file
    require(settings->rekey_after >= 1s && settings->rekey_after <= 24h);
    require(settings->topology.same_subnet.delay >= 1ms);
    require(settings->topology.same_subnet.threshold >= 1);
    return 0;
}
