// A virtual crypto device of DPDK, with a name of its own and one queue, running; removed on
// destruction.
//
// crypto_aesni_gcm wants the queue too: it borrows the queue's memory when a key is added.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "netft/base/result.hpp"

namespace netft::dataplane {

class CryptoVdev {
 public:
    static constexpr std::size_t kQueueRoom = 255;  // operations

    // `driver` has static lifetime.
    static Result<std::unique_ptr<CryptoVdev>> create(std::string_view driver);
    ~CryptoVdev();
    CryptoVdev(const CryptoVdev&) = delete;
    CryptoVdev& operator=(const CryptoVdev&) = delete;

    std::uint8_t id() const { return id_; }
    std::string_view driver() const { return driver_; }

 private:
    CryptoVdev(std::string_view driver, std::string name)
        : driver_(driver), name_(std::move(name)) {}
    Status start();

    std::string_view driver_;
    std::string name_;
    std::uint8_t id_ = 0;
    bool is_started_ = false;
};

}  // namespace netft::dataplane
