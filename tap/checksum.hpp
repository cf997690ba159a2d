// The Internet checksum (RFC 1071), over pieces.
#pragma once

#include <cstdint>

#include "netft/base/address.hpp"
#include "netft/base/bytes.hpp"

namespace netft::tap {

class Checksum {
 public:
    // Every piece but the last must have even length.
    Checksum& add(Bytes piece) {
        for (std::size_t i = 0; i + 1 < piece.size(); i += 2) sum_ += piece[i] << 8 | piece[i + 1];
        if (piece.size() % 2 != 0) sum_ += piece.back() << 8;
        return *this;
    }
    Checksum& add(std::uint32_t number) {
        sum_ += (number >> 16) + (number & 0xffff);
        return *this;
    }
    // RFC 8200 §8.1; `length` of the upper-layer message.
    Checksum& add_pseudo_header(const IpAddress& source, const IpAddress& destination,
                                std::uint32_t length, std::uint8_t next_header) {
        return add(source.bytes()).add(destination.bytes()).add(length).add(next_header);
    }
    // What belongs into the checksum field; 0 when what was added holds a right one.
    std::uint16_t value() const {
        std::uint64_t folded = sum_;
        while (folded >> 16 != 0) folded = (folded & 0xffff) + (folded >> 16);
        return static_cast<std::uint16_t>(~folded);
    }

 private:
    std::uint64_t sum_ = 0;
};

}  // namespace netft::tap
