// Checked, big-endian reading and writing of byte strings. No cast ever looks into foreign bytes.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
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

// Whole words with their bytes turned round: headers are read and written for every datagram, and
// loops over bytes were 5 % of the worker's time.
template <class T>
T to_big_endian(T v) {
    if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) return v;
    if constexpr (sizeof(T) == 2) return __builtin_bswap16(v);
    if constexpr (sizeof(T) == 4) return __builtin_bswap32(v);
    if constexpr (sizeof(T) == 8) return __builtin_bswap64(v);
}
// `from` and `to` have sizeof(T) bytes, aligned as they please.
template <class T>
T load_big_endian(const std::uint8_t* from) {
    T v;
    std::memcpy(&v, from, sizeof(T));
    return to_big_endian(v);
}
template <class T>
void store_big_endian(std::uint8_t* to, T v) {
    v = to_big_endian(v);
    std::memcpy(to, &v, sizeof(T));
}

// Reads from the front. The first read past the end makes the reader fail for good: all later
// reads give zeros, so a decoder reads all its fields and asks ok() once.
class ByteReader {
 public:
    explicit ByteReader(Bytes bytes) : rest_(bytes) {}

    std::uint8_t u8() { return unsigned_of<std::uint8_t>(); }
    std::uint16_t u16() { return unsigned_of<std::uint16_t>(); }
    std::uint32_t u32() { return unsigned_of<std::uint32_t>(); }
    std::uint64_t u64() { return unsigned_of<std::uint64_t>(); }

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
        if (bytes.size() == N) std::memcpy(out.data(), bytes.data(), N);
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
    template <class T>
    T unsigned_of() {
        Bytes bytes = take(sizeof(T));
        return bytes.empty() ? T{} : load_big_endian<T>(bytes.data());
    }

    Bytes rest_;
    bool ok_ = true;
};

// Writes to the front of a caller's buffer. The first write past the end makes it fail for good.
class ByteWriter {
 public:
    explicit ByteWriter(MutableBytes bytes) : all_(bytes) {}

    void u8(std::uint8_t v) { unsigned_of(v); }
    void u16(std::uint16_t v) { unsigned_of(v); }
    void u32(std::uint32_t v) { unsigned_of(v); }
    void u64(std::uint64_t v) { unsigned_of(v); }

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
    template <class T>
    void unsigned_of(T v) {
        MutableBytes room = reserve(sizeof(T));
        if (!room.empty()) store_big_endian(room.data(), v);
    }

    MutableBytes all_;
    std::size_t used_ = 0;
    bool ok_ = true;
};

// Lower-case hexadecimal, two digits a byte.
std::string to_hex(Bytes bytes);
// RFC 4648 §4 with padding.
std::string to_base64(Bytes bytes);
// False when the text is not exactly 2 × out.size() hexadecimal digits.
bool from_hex(std::string_view text, MutableBytes out);

}  // namespace netft
