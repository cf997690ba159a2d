#include "netft/dataplane/crypto_vdev.hpp"

#include <openssl/provider.h>
#include <rte_cryptodev.h>
#include <rte_dev.h>
#include <rte_errno.h>

#include <atomic>

namespace netft::dataplane {
namespace {

// Names are process-wide, and a process has a device for each worker.
std::atomic<unsigned> next_device{0};

// crypto_openssl loads libcrypto's default provider when a device comes and unloads it when one
// goes; after the last, nothing in the process could encrypt or hash any more. So we hold it too,
// until the process ends: given back before libcrypto tidies up, or it could not free all.
void hold_libcrypto() {
    struct Held {
        OSSL_PROVIDER* provider = OSSL_PROVIDER_load(nullptr, "default");
        ~Held() {
            if (provider != nullptr) OSSL_PROVIDER_unload(provider);
        }
    };
    static const Held held;
}

}  // namespace

Result<std::unique_ptr<CryptoVdev>> CryptoVdev::create(std::string_view driver) {
    hold_libcrypto();
    std::string name = std::string(driver) + "_netft" + std::to_string(next_device++);
    if (int code = rte_eal_hotplug_add("vdev", name.c_str(), ""); code != 0)
        return fail(name + ": cannot create device: " + rte_strerror(-code), -code);
    std::unique_ptr<CryptoVdev> device(new CryptoVdev(driver, name));  // from here on it is removed
    int id = rte_cryptodev_get_dev_id(name.c_str());
    if (id < 0) return fail(name + ": not a crypto device", ENODEV);
    device->id_ = static_cast<std::uint8_t>(id);
    Status started = device->start();
    if (!started) return with_context(name, started.error());
    return device;
}

Status CryptoVdev::start() {
    rte_cryptodev_config configuration{};
    configuration.socket_id = SOCKET_ID_ANY;
    configuration.nb_queue_pairs = 1;
    configuration.ff_disable = RTE_CRYPTODEV_FF_ASYMMETRIC_CRYPTO;
    rte_cryptodev_qp_conf queue{.nb_descriptors = kQueueRoom + 1, .mp_session = nullptr};
    int code = rte_cryptodev_configure(id_, &configuration);
    if (code == 0) code = rte_cryptodev_queue_pair_setup(id_, 0, &queue, SOCKET_ID_ANY);
    if (code == 0) code = rte_cryptodev_start(id_);
    if (code != 0) return fail(std::string("cannot start: ") + rte_strerror(-code), -code);
    is_started_ = true;
    return {};
}

CryptoVdev::~CryptoVdev() {
    if (is_started_) rte_cryptodev_stop(id_);
    rte_eal_hotplug_remove("vdev", name_.c_str());
}

}  // namespace netft::dataplane
