// Searches all memory that this process can write: heap, stacks, data, DPDK's pools.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "netft/base/bytes.hpp"

namespace netft::dataplane::test {

// A sanitizer has its own memory mapped all over the process, some of it not to be read.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCanSearchMemory = false;
#else
constexpr bool kCanSearchMemory = true;
#endif

// Bytes to look for, kept in a form that the search itself does not find.
class Needle {
 public:
    explicit Needle(Bytes bytes);
    // Where the bytes lie now.
    std::vector<const std::uint8_t*> find() const;

 private:
    void find_in(Bytes memory, std::vector<const std::uint8_t*>& found) const;
    bool is_at(const std::uint8_t* at) const;
    std::vector<std::uint8_t> masked_;
};

}  // namespace netft::dataplane::test
