#include "netft/wire/data.hpp"

#include "netft/base/assert.hpp"

// A train prefix decodes only before a body, so its round trip keeps the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    netft::Bytes input(data, size);
    auto prefix = netft::decode_train_prefix(input);
    if (!prefix) return 0;
    NETFT_ASSERT(size > netft::kTrainPrefixSize && prefix->index < prefix->count);
    std::array<std::uint8_t, netft::kTrainPrefixSize> bytes{};
    netft::ByteWriter out(bytes);
    encode(*prefix, out);
    NETFT_ASSERT(out.ok() && out.size() == netft::kTrainPrefixSize);
    NETFT_ASSERT(std::equal(bytes.begin(), bytes.end(), input.begin()));
    return 0;
}
