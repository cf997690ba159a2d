#include "netft/wire/drop_reason.hpp"

namespace netft {

std::string_view to_string(DropReason reason) {
    static constexpr std::string_view kNames[] = {
#define NETFT_NAME(name, help) #name,
        NETFT_DROP_REASONS(NETFT_NAME)
#undef NETFT_NAME
    };
    return kNames[static_cast<std::size_t>(reason)];
}

std::string_view help(DropReason reason) {
    static constexpr std::string_view kHelp[] = {
#define NETFT_HELP(name, help) help,
        NETFT_DROP_REASONS(NETFT_HELP)
#undef NETFT_HELP
    };
    return kHelp[static_cast<std::size_t>(reason)];
}

std::uint64_t DropCounters::total() const {
    std::uint64_t sum = 0;
    for (std::uint64_t count : counts_) sum += count;
    return sum;
}

void DropCounters::add(const DropCounters& other) {
    for (std::size_t i = 0; i < kDropReasons; ++i) counts_[i] += other.counts_[i];
}

}  // namespace netft
