// Devices come, go, and live side by side.
#include <algorithm>
#include <array>
#include <thread>

#include "reference.hpp"

namespace netft::dataplane::test {
namespace {

constexpr std::size_t kTrain = 46;

// True: `rounds` trains came back as they were. Runs in threads, so it reports nothing itself.
bool carries(CryptoDevice& from, CryptoDevice& to, std::uint32_t seed, unsigned rounds) {
    Result<CryptoKey> seal = from.add_key(key_of(seed), SecurityMode::encrypt, CryptoUse::seal);
    Result<CryptoKey> open = to.add_key(key_of(seed), SecurityMode::encrypt, CryptoUse::open);
    if (!seal || !open) return false;
    std::vector<Buffer> plain = datagrams(kTrain, 1392);
    for (unsigned round = 0; round < rounds; ++round) {
        std::vector<Buffer> train = plain;
        std::array<bool, kTrain> good{};
        if (!from.seal(*seal, views(train)) || to.open(*open, views(train), good) != kTrain)
            return false;
        for (std::size_t i = 0; i < kTrain; ++i)
            if (!std::equal(plain[i].begin(), plain[i].end() - kTagSize, train[i].begin()))
                return false;
    }
    return true;
}

BOOST_AUTO_TEST_SUITE(device)

BOOST_AUTO_TEST_CASE(each_driver_has_its_name) {
    BOOST_TEST(make_device(CryptoChoice::aesni_gcm)->name() == "crypto_aesni_gcm");
    BOOST_TEST(make_device(CryptoChoice::openssl)->name() == "crypto_openssl");
    std::string_view automatic = make_device(CryptoChoice::automatic)->name();
    BOOST_TEST((automatic == "crypto_aesni_gcm" || automatic == "crypto_openssl"));
}

BOOST_AUTO_TEST_CASE(what_one_driver_seals_the_other_opens) {
    DevicePtr fast = make_device(CryptoChoice::aesni_gcm);
    DevicePtr slow = make_device(CryptoChoice::openssl);
    BOOST_TEST(carries(*fast, *slow, 1, 1));
    BOOST_TEST(carries(*slow, *fast, 2, 1));
}

BOOST_DATA_TEST_CASE(two_workers_use_devices_of_their_own, kDrivers, driver) {
    DevicePtr first = make_device(driver);  // made by control, as in the daemon
    DevicePtr second = make_device(driver);
    std::array<bool, 2> fine{};
    std::thread one([&] { fine[0] = carries(*first, *first, 1, 300); });
    std::thread two([&] { fine[1] = carries(*second, *second, 2, 300); });
    one.join();
    two.join();
    BOOST_TEST(fine[0]);
    BOOST_TEST(fine[1]);
}

BOOST_DATA_TEST_CASE(a_worker_may_make_its_device_itself, kDrivers, driver) {
    bool fine = false;
    std::thread worker([&] {
        Result<DevicePtr> device = CryptoDevice::create(driver);
        fine = device.has_value() && carries(**device, **device, 3, 1);
    });
    worker.join();
    BOOST_TEST(fine);
}

BOOST_DATA_TEST_CASE(a_device_that_goes_leaves_the_others_alone, kDrivers, driver) {
    DevicePtr stays = make_device(driver);
    for (unsigned i = 0; i < 100; ++i) {
        DevicePtr goes = make_device(driver);
        BOOST_REQUIRE(carries(*goes, *stays, i, 1));
    }
}

// crypto_openssl takes libcrypto's ciphers with it when it goes; control needs them.
BOOST_AUTO_TEST_CASE(libcrypto_works_when_the_last_device_is_gone) {
    make_device(CryptoChoice::openssl).reset();
    BOOST_TEST(reference_sealed(key_of(1), SecurityMode::encrypt, datagram(1, 9)).size() == 41u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::dataplane::test
