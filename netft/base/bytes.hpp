// Checked, big-endian reading and writing of byte strings. No cast ever looks into foreign bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace netft {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

// Reads from the front. The first read past the end makes the reader fail for good: all later
// reads give zeros, so a decoder reads all its fields and asks ok() once.
class ByteReader {
 public:
    explicit ByteReader(Bytes bytes) : rest_(bytes) {}

    std::uint8_t u8() { return static_cast<std::uint8_t>(unsigned_of(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(unsigned_of(2)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(unsigned_of(4)); }
    std::uint64_t u64() { return unsigned_of(8); }

    // The next n bytes, borrowed; empty when there are fewer.
    Bytes take(std::size_t n) {
        if (n > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        Bytes head = rest_.first(n);
        rest_ = rest_.subspan(n);
        return head;
    }

    template <std::size_t N>
    std::array<std::uint8_t, N> array() {
        std::array<std::uint8_t, N> out{};
        Bytes bytes = take(N);
        std::copy(bytes.begin(), bytes.end(), out.begin());
        return out;
    }

    // A string of a u8 length followed by that many bytes.
    std::string string8() {
        Bytes bytes = take(u8());
        return std::string(bytes.begin(), bytes.end());
    }

    bool ok() const { return ok_; }
    Bytes rest() const { return rest_; }
    std::size_t remaining() const { return rest_.size(); }

 private:
    std::uint64_t unsigned_of(std::size_t n) {
        std::uint64_t value = 0;
        for (std::uint8_t byte : take(n)) value = value << 8 | byte;
        return value;
    }

    Bytes rest_;
    bool ok_ = true;
};

// Writes to the front of a caller's buffer. The first write past the end makes it fail for good.
class ByteWriter {
 public:
    explicit ByteWriter(MutableBytes bytes) : all_(bytes) {}

    void u8(std::uint8_t v) { unsigned_of(v, 1); }
    void u16(std::uint16_t v) { unsigned_of(v, 2); }
    void u32(std::uint32_t v) { unsigned_of(v, 4); }
    void u64(std::uint64_t v) { unsigned_of(v, 8); }

    void bytes(Bytes source) {
        MutableBytes room = reserve(source.size());
        std::copy_n(source.begin(), room.size(), room.begin());
    }
    void zeros(std::size_t n) {
        for (std::uint8_t& byte : reserve(n)) byte = 0;
    }
    // A u8 length, then the bytes; longer than 255 makes the writer fail.
    void string8(std::string_view s) {
        if (s.size() > 255) ok_ = false;
        u8(static_cast<std::uint8_t>(s.size()));
        bytes(Bytes(reinterpret_cast<const std::uint8_t*>(s.data()), s.size()));
    }

    bool ok() const { return ok_; }
    std::size_t size() const { return used_; }
    Bytes written() const { return all_.first(used_); }

 private:
    MutableBytes reserve(std::size_t n) {
        if (!ok_ || n > all_.size() - used_) {
            ok_ = false;
            return {};
        }
        MutableBytes room = all_.subspan(used_, n);
        used_ += n;
        return room;
    }
    void unsigned_of(std::uint64_t v, std::size_t n) {
        MutableBytes room = reserve(n);
        for (std::size_t i = room.size(); i-- > 0; v >>= 8) room[i] = static_cast<std::uint8_t>(v);
    }

    MutableBytes all_;
    std::size_t used_ = 0;
    bool ok_ = true;
};

// Lower-case hexadecimal, two digits a byte.
std::string to_hex(Bytes bytes);
// False when the text is not exactly 2 × out.size() hexadecimal digits.
bool from_hex(std::string_view text, MutableBytes out);

}  // namespace netft
