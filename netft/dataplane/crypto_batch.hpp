// A batch of datagrams through a driver: how, is the driver's affair. One virtual call a batch.
//
// What all share lies here: which bytes of a datagram are what.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "netft/base/bytes.hpp"
#include "netft/base/result.hpp"
#include "netft/wire/header.hpp"
#include "netft/wire/opening.hpp"

namespace netft::dataplane {

constexpr std::size_t kNonceSize = 12;
// The drivers may read whole words of it.
using NonceRoom = std::array<std::uint8_t, 16>;

class CryptoBatch {
 public:
    static constexpr std::size_t kBatchMax = 128;

    virtual ~CryptoBatch() = default;
    // At most kBatchMax datagrams, each with header and tag. done[i]: sealed, or authentic.
    virtual void process(void* session, SecurityMode mode, std::span<const MutableBytes> datagrams,
                         std::span<bool> done) = 0;
};

// rte_cryptodev_sym_cpu_crypto_process: crypto_aesni_gcm.
std::unique_ptr<CryptoBatch> make_cpu_batch(std::uint8_t device);
// Enqueue and dequeue: crypto_openssl.
Result<std::unique_ptr<CryptoBatch>> make_queue_batch(std::uint8_t device);
// Where in an operation of make_queue_batch's the nonce lies: for the key's transform.
std::uint16_t queue_nonce_offset();

// protocol.md "Datagrams": type (1) ‖ 0 (1) ‖ space (2) ‖ counter (8).
inline void write_nonce(Bytes header, NonceRoom& nonce) {
    nonce[0] = header[0] & 0x0f;
    nonce[1] = 0;
    std::copy_n(header.begin() + 2, 2, nonce.begin() + 2);
    std::copy_n(header.begin() + 8, 8, nonce.begin() + 4);
}

// What the driver encrypts, or in mode sign authenticates.
inline std::size_t first_covered(SecurityMode mode) {
    return mode == SecurityMode::sign ? 0 : kHeaderSize;
}
inline MutableBytes covered(MutableBytes datagram, SecurityMode mode) {
    std::size_t first = first_covered(mode);
    return datagram.subspan(first, datagram.size() - first - kTagSize);
}

}  // namespace netft::dataplane
