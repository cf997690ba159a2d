// Records of any length from one thread to one other, without a lock: buffers that change workers.
//
// A record lies in one piece; at the end of the ring a short one is skipped. What does not fit is
// refused. Memory that was never used is never touched.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "netft/base/bytes.hpp"

namespace netft::dataplane {

class ByteRing {
 public:
    // `bytes`: a power of two; a record may have half of it.
    explicit ByteRing(std::size_t bytes) : size_(bytes), bytes_(new std::uint8_t[bytes]) {}

    // --- the producer. False: no room.
    bool push(Bytes head, Bytes body) {
        std::size_t length = head.size() + body.size();
        std::size_t whole = kPrefix + (length + kPrefix - 1) / kPrefix * kPrefix;
        if (whole > size_ / 2) return false;
        std::uint64_t end = end_.load(std::memory_order_relaxed);
        std::size_t at = end & (size_ - 1);
        std::size_t skipped = at + whole > size_ ? size_ - at : 0;
        if (end + skipped + whole - begin_.load(std::memory_order_acquire) > size_) return false;
        if (skipped > 0) write_prefix(at, kSkip);
        at = skipped > 0 ? 0 : at;
        write_prefix(at, length);
        std::memcpy(&bytes_[at + kPrefix], head.data(), head.size());
        if (!body.empty())
            std::memcpy(&bytes_[at + kPrefix + head.size()], body.data(), body.size());
        end_.store(end + skipped + whole, std::memory_order_release);
        return true;
    }
    // Bytes that are not free; the consumer may have freed more by now.
    std::size_t used() const {
        return static_cast<std::size_t>(end_.load(std::memory_order_relaxed) -
                                        begin_.load(std::memory_order_acquire));
    }

    // --- the consumer
    // The oldest record, borrowed until pop(); empty: none.
    Bytes front() {
        std::uint64_t begin = begin_.load(std::memory_order_relaxed);
        if (begin == end_.load(std::memory_order_acquire)) return {};
        if (read_prefix(begin) == kSkip) {
            begin += size_ - (begin & (size_ - 1));
            begin_.store(begin, std::memory_order_release);
        }
        return Bytes(&bytes_[(begin & (size_ - 1)) + kPrefix], read_prefix(begin));
    }
    void pop() {
        std::uint64_t begin = begin_.load(std::memory_order_relaxed);
        std::size_t whole = kPrefix + (read_prefix(begin) + kPrefix - 1) / kPrefix * kPrefix;
        begin_.store(begin + whole, std::memory_order_release);
    }
    bool is_empty() const {
        return begin_.load(std::memory_order_relaxed) == end_.load(std::memory_order_acquire);
    }

 private:
    static constexpr std::size_t kPrefix = 8;
    static constexpr std::uint64_t kSkip = ~std::uint64_t{0};

    void write_prefix(std::size_t at, std::uint64_t value) {
        std::memcpy(&bytes_[at], &value, sizeof(value));
    }
    std::size_t read_prefix(std::uint64_t position) const {
        std::uint64_t value = 0;
        std::memcpy(&value, &bytes_[position & (size_ - 1)], sizeof(value));
        return value;
    }

    std::size_t size_;
    std::unique_ptr<std::uint8_t[]> bytes_;
    alignas(64) std::atomic<std::uint64_t> end_{0};    // producer: w, consumer: ro
    alignas(64) std::atomic<std::uint64_t> begin_{0};  // consumer: w, producer: ro
};

}  // namespace netft::dataplane
