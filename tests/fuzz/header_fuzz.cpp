#include "netft/wire/header.hpp"
#include "tests/fuzz/roundtrip.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    netft::DropReason why{};
    netft::fuzz::check_roundtrip(netft::Bytes(data, size), [&why](netft::Bytes bytes) {
        return netft::decode_header(bytes, why);
    });
    return 0;
}
