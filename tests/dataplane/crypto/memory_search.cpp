#include "memory_search.hpp"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

namespace netft::dataplane::test {
namespace {

constexpr std::uint8_t kMask = 0xa5;

// Of a line of /proc/self/maps: readable and writable memory, empty for anything else.
Bytes memory_of(const std::string& line) {
    unsigned long begin = 0;
    unsigned long end = 0;
    char access[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, access) != 3) return {};
    if (access[0] != 'r' || access[1] != 'w') return {};
    return Bytes(reinterpret_cast<const std::uint8_t*>(begin), end - begin);
}

}  // namespace

Needle::Needle(Bytes bytes) {
    for (std::uint8_t byte : bytes) masked_.push_back(byte ^ kMask);
}

std::vector<const std::uint8_t*> Needle::find() const {
    std::vector<const std::uint8_t*> found;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) find_in(memory_of(line), found);
    return found;
}

void Needle::find_in(Bytes memory, std::vector<const std::uint8_t*>& found) const {
    const std::uint8_t* at = memory.data();
    const std::uint8_t* last = at + memory.size() - masked_.size();
    int first = masked_[0] ^ kMask;
    while (!memory.empty() && at <= last) {
        auto left = static_cast<std::size_t>(last - at) + 1;
        at = static_cast<const std::uint8_t*>(std::memchr(at, first, left));
        if (at == nullptr) return;
        if (is_at(at)) found.push_back(at);
        ++at;
    }
}

bool Needle::is_at(const std::uint8_t* at) const {
    for (std::size_t i = 0; i < masked_.size(); ++i)
        if (at[i] != (masked_[i] ^ kMask)) return false;
    return true;
}

}  // namespace netft::dataplane::test
