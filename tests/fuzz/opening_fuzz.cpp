#include "netft/wire/opening.hpp"
#include "tests/fuzz/roundtrip.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    netft::fuzz::check_roundtrip(netft::Bytes(data, size), netft::decode_opening);
    return 0;
}
