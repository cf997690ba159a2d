#include "netft/wire/heartbeat.hpp"
#include "tests/fuzz/roundtrip.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    netft::fuzz::check_roundtrip(netft::Bytes(data, size), netft::decode_heartbeat);
    return 0;
}
