#include "netft/dataplane/crypto_device.hpp"

#include <rte_cpuflags.h>
#include <rte_cryptodev.h>

#include <algorithm>
#include <array>

#include "netft/base/assert.hpp"
#include "netft/dataplane/crypto_batch.hpp"
#include "netft/dataplane/crypto_sessions.hpp"
#include "netft/dataplane/crypto_vdev.hpp"

namespace netft::dataplane {
namespace {

constexpr std::string_view kAesniGcm = "crypto_aesni_gcm";
constexpr std::string_view kOpenssl = "crypto_openssl";

// Without these crypto_aesni_gcm would exist all the same, and compute AES in tables.
bool has_fast_aes() {
#ifdef RTE_ARCH_X86
    return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AES) == 1 &&
           rte_cpu_get_flag_enabled(RTE_CPUFLAG_PCLMULQDQ) == 1;
#else
    return false;
#endif
}

rte_crypto_sym_xform encrypt_transform(const Secret32& key, CryptoUse use) {
    rte_crypto_sym_xform transform{};
    transform.type = RTE_CRYPTO_SYM_XFORM_AEAD;
    rte_crypto_aead_xform& aead = transform.aead;
    aead.op = use == CryptoUse::seal ? RTE_CRYPTO_AEAD_OP_ENCRYPT : RTE_CRYPTO_AEAD_OP_DECRYPT;
    aead.algo = RTE_CRYPTO_AEAD_AES_GCM;
    aead.key.data = key.bytes().data();
    aead.key.length = static_cast<std::uint16_t>(key.bytes().size());
    aead.iv.offset = queue_nonce_offset();
    aead.iv.length = kNonceSize;
    aead.digest_length = kTagSize;
    aead.aad_length = kHeaderSize;
    return transform;
}

rte_crypto_sym_xform sign_transform(const Secret32& key, CryptoUse use) {
    rte_crypto_sym_xform transform{};
    transform.type = RTE_CRYPTO_SYM_XFORM_AUTH;
    rte_crypto_auth_xform& auth = transform.auth;
    auth.op = use == CryptoUse::seal ? RTE_CRYPTO_AUTH_OP_GENERATE : RTE_CRYPTO_AUTH_OP_VERIFY;
    auth.algo = RTE_CRYPTO_AUTH_AES_GMAC;
    auth.key.data = key.bytes().data();
    auth.key.length = static_cast<std::uint16_t>(key.bytes().size());
    auth.iv.offset = queue_nonce_offset();
    auth.iv.length = kNonceSize;
    auth.digest_length = kTagSize;
    return transform;
}

bool has_room_for_tag(MutableBytes datagram) {
    return datagram.size() >= kHeaderSize + kTagSize &&
           datagram.size() <= CryptoDevice::kDatagramMax;
}

}  // namespace

void CryptoKey::Free::operator()(void* session) const {
    rte_cryptodev_sym_session_free(device, session);
}

Result<std::unique_ptr<CryptoDevice>> CryptoDevice::create(CryptoChoice choice) {
    switch (choice) {
        case CryptoChoice::aesni_gcm: return create_aesni_gcm();
        case CryptoChoice::openssl: return create_openssl();
        case CryptoChoice::automatic: break;
    }
    if (has_fast_aes()) {
        Result<std::unique_ptr<CryptoDevice>> device = create_aesni_gcm();
        if (device) return device;
    }
    return create_openssl();
}

Result<std::unique_ptr<CryptoDevice>> CryptoDevice::create_aesni_gcm() {
    Result<std::unique_ptr<CryptoVdev>> vdev = CryptoVdev::create(kAesniGcm);
    if (!vdev) return tl::unexpected(vdev.error());
    std::unique_ptr<CryptoBatch> batch = make_cpu_batch((*vdev)->id());
    return std::unique_ptr<CryptoDevice>(new CryptoDevice(std::move(*vdev), std::move(batch)));
}

Result<std::unique_ptr<CryptoDevice>> CryptoDevice::create_openssl() {
    Result<std::unique_ptr<CryptoVdev>> vdev = CryptoVdev::create(kOpenssl);
    if (!vdev) return tl::unexpected(vdev.error());
    Result<std::unique_ptr<CryptoBatch>> batch = make_queue_batch((*vdev)->id());
    if (!batch) return tl::unexpected(batch.error());
    return std::unique_ptr<CryptoDevice>(new CryptoDevice(std::move(*vdev), std::move(*batch)));
}

CryptoDevice::CryptoDevice(std::unique_ptr<CryptoVdev> vdev, std::unique_ptr<CryptoBatch> batch)
    : vdev_(std::move(vdev)),
      sessions_(std::make_unique<CryptoSessions>(vdev_->id(), kKeysMax)),
      batch_(std::move(batch)) {}

// A key that outlives its device could not be wiped any more.
CryptoDevice::~CryptoDevice() { NETFT_ASSERT(keys() == 0); }

std::string_view CryptoDevice::name() const { return vdev_->driver(); }
std::size_t CryptoDevice::keys() const { return sessions_->in_use(); }

Result<CryptoKey> CryptoDevice::add_key(const Secret32& key, SecurityMode mode, Use use) {
    NETFT_ASSERT(mode != SecurityMode::none);
    rte_crypto_sym_xform transform =
        mode == SecurityMode::encrypt ? encrypt_transform(key, use) : sign_transform(key, use);
    Result<void*> session = sessions_->create(transform);
    if (!session) return with_context(std::string(name()), session.error());
    return CryptoKey(vdev_->id(), *session, mode, use);
}

bool CryptoDevice::seal(const CryptoKey& key, std::span<const MutableBytes> datagrams) {
    NETFT_ASSERT(key.session_ && key.use_ == Use::seal);
    NETFT_ASSERT(std::all_of(datagrams.begin(), datagrams.end(), has_room_for_tag));
    std::array<bool, CryptoBatch::kBatchMax> done;
    while (!datagrams.empty()) {
        std::size_t count = std::min(datagrams.size(), CryptoBatch::kBatchMax);
        batch_->process(key.session_.get(), key.mode_, datagrams.first(count), done);
        if (std::find(done.begin(), done.begin() + count, false) != done.begin() + count)
            return false;
        datagrams = datagrams.subspan(count);
    }
    return true;
}

// The driver sees the runs between the datagrams that are too short.
std::size_t CryptoDevice::open(const CryptoKey& key, std::span<const MutableBytes> datagrams,
                               std::span<bool> good) {
    NETFT_ASSERT(key.session_ && key.use_ == Use::open);
    NETFT_ASSERT(good.size() == datagrams.size());
    std::size_t at = 0;
    while (at < datagrams.size()) {
        auto rest = datagrams.subspan(at, std::min(datagrams.size() - at, CryptoBatch::kBatchMax));
        auto end = std::find_if_not(rest.begin(), rest.end(), has_room_for_tag);
        auto run = static_cast<std::size_t>(end - rest.begin());
        if (run > 0)
            batch_->process(key.session_.get(), key.mode_, rest.first(run), good.subspan(at, run));
        at += run;
        if (run < rest.size()) good[at++] = false;
    }
    return static_cast<std::size_t>(std::count(good.begin(), good.end(), true));
}

}  // namespace netft::dataplane
