// The sealer of one worker: AES-256-GCM over whole trains, in place (protocol.md "Datagrams").
//
// A datagram is header (16) ‖ payload ‖ tag (16) in one piece of memory; the nonce is derived from
// its header. Mode encrypt: the header is associated data, the payload is encrypted. Mode sign:
// header and payload are associated data, nothing is encrypted (GMAC).
//
// The work is DPDK's: crypto_aesni_gcm through its synchronous call, a whole batch per call; where
// the CPU has no AES or no carry-less multiplication, or that driver cannot be made, crypto_openssl
// through a queue that is filled and emptied in the same call. Sealing and opening allocate nothing
// of ours; crypto_aesni_gcm allocates its manager at a thread's first call, crypto_openssl whatever
// libcrypto pleases.
//
// Keys: a driver's session holds the key and what is computed from it. DPDK's
// rte_cryptodev_sym_session_free overwrites the whole session with zeros before it goes back to its
// pool, and libcrypto cleanses its contexts; a test searches the memory of the process for both.
// Session pools are made as keys are added and last as long as the device: 64 keys take 100 KB.
//
// Parts: CryptoVdev (the device), CryptoSessions (pools and keys), CryptoBatch (a batch through one
// of the two drivers). Threads: create anywhere, before the process gives up its privileges; from
// then on one thread, the worker. Devices know nothing of each other.
// Limits: a device is never shared; a datagram has at most kDatagramMax bytes; DPDK 22.11 keeps
// about 1 KB of a removed device's queue, so devices are for workers, not for sessions. Measured: a
// device with a key adds 4 MB to the resident memory (the driver's code and tables among it), 6,000
// keys another 8 MB; adding a key takes 9 µs.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "netft/base/bytes.hpp"
#include "netft/base/result.hpp"
#include "netft/base/secret.hpp"
#include "netft/wire/opening.hpp"

namespace netft::dataplane {

class CryptoBatch;
class CryptoSessions;
class CryptoVdev;

enum class CryptoChoice { automatic, aesni_gcm, openssl };
enum class CryptoUse { seal, open };

// One direction of one session, as the driver wants it. Wiped and freed on destruction, which must
// come before its device's. Moved from, it holds nothing and must not be used.
class CryptoKey {
 public:
    SecurityMode mode() const { return mode_; }
    CryptoUse use() const { return use_; }

 private:
    friend class CryptoDevice;
    struct Free {
        std::uint8_t device = 0;
        void operator()(void* session) const;
    };
    CryptoKey(std::uint8_t device, void* session, SecurityMode mode, CryptoUse use)
        : session_(session, Free{device}), mode_(mode), use_(use) {}

    std::unique_ptr<void, Free> session_;
    SecurityMode mode_;
    CryptoUse use_;
};

class CryptoDevice {
 public:
    using Use = CryptoUse;
    static constexpr std::size_t kKeysMax = 16'384;  // of a device
    static constexpr std::size_t kDatagramMax = 65'535;

    // The EAL must run. automatic: the fastest that works here.
    static Result<std::unique_ptr<CryptoDevice>> create(
        CryptoChoice choice = CryptoChoice::automatic);
    ~CryptoDevice();
    CryptoDevice(const CryptoDevice&) = delete;
    CryptoDevice& operator=(const CryptoDevice&) = delete;

    // "crypto_aesni_gcm" or "crypto_openssl".
    std::string_view name() const;

    // `mode` is sign or encrypt. Nothing refers to `key` afterwards.
    Result<CryptoKey> add_key(const Secret32& key, SecurityMode mode, Use use);
    // Keys that live now.
    std::size_t keys() const;

    // Encrypts and writes the tags. Each of `datagrams` is header ‖ payload ‖ room for the tag; any
    // number of them. False: the driver failed (it has no reason to), and none may be sent.
    [[nodiscard]] bool seal(const CryptoKey& key, std::span<const MutableBytes> datagrams);

    // good[i]: datagrams[i] is authentic, and decrypted in place. Of one that is not, the payload
    // is of no meaning afterwards; shorter than header and tag is not good, and left alone. Returns
    // how many are good. `good` is as long as `datagrams`.
    std::size_t open(const CryptoKey& key, std::span<const MutableBytes> datagrams,
                     std::span<bool> good);

 private:
    CryptoDevice(std::unique_ptr<CryptoVdev> vdev, std::unique_ptr<CryptoBatch> batch);
    static Result<std::unique_ptr<CryptoDevice>> create_aesni_gcm();
    static Result<std::unique_ptr<CryptoDevice>> create_openssl();

    std::unique_ptr<CryptoVdev> vdev_;
    std::unique_ptr<CryptoSessions> sessions_;
    std::unique_ptr<CryptoBatch> batch_;
};

}  // namespace netft::dataplane
