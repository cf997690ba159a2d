#include "tests/sim/sealing.hpp"

#include <cstring>

namespace netft::sim {

namespace {

// FNV-1a over words, begun with the key.
std::array<std::uint8_t, kTagSize> tag_of(const Secret32& key, Bytes bytes) {
    std::uint64_t state = 0xcbf29ce484222325;
    auto mix = [&state](Bytes part) {
        while (!part.empty()) {
            std::uint64_t word = part.size();
            std::size_t size = std::min<std::size_t>(8, part.size());
            std::memcpy(&word, part.data(), size);
            state = (state ^ word) * 0x100000001b3;
            state ^= state >> 29;
            part = part.subspan(size);
        }
    };
    mix(key.bytes());
    mix(bytes);
    std::array<std::uint8_t, kTagSize> tag{};
    ByteWriter out(tag);
    out.u64(state);
    out.u64(state * 0x9e3779b97f4a7c15);
    return tag;
}

}  // namespace

std::vector<std::uint8_t> seal(const Secret32& key, Bytes plain) {
    std::vector<std::uint8_t> sealed(plain.begin(), plain.end());
    auto tag = tag_of(key, plain);
    sealed.insert(sealed.end(), tag.begin(), tag.end());
    return sealed;
}

std::optional<Bytes> open(const Secret32& key, Bytes sealed) {
    if (sealed.size() < kHeaderSize + kTagSize) return {};
    Bytes plain = sealed.first(sealed.size() - kTagSize);
    auto tag = tag_of(key, plain);
    if (!std::equal(tag.begin(), tag.end(), sealed.end() - kTagSize)) return {};
    return plain;
}

}  // namespace netft::sim
