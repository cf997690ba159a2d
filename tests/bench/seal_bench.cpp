// How long sealing and opening a datagram takes: 1,424-byte datagrams in trains of 46, each driver,
// each mode. Prints nanoseconds a datagram, the median of five rounds.
//
//     seal_bench [--json]
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "netft/dataplane/crypto_device.hpp"
#include "netft/dataplane/eal.hpp"
#include "netft/wire/header.hpp"

namespace netft::dataplane {
namespace {

constexpr std::size_t kDatagram = 1'424;
constexpr std::size_t kTrain = 46;
constexpr unsigned kRounds = 5;
constexpr unsigned kTrainsARound = 2'000;

template <class T>
T value_of(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().what);
    return std::move(*result);
}

// 46 datagrams one behind the other, as a train lies in an mbuf.
class Train {
 public:
    Train() : bytes_(kTrain * kDatagram) {
        for (std::size_t i = 0; i < kTrain; ++i)
            parts_[i] = MutableBytes(bytes_).subspan(i * kDatagram, kDatagram);
    }
    std::span<const MutableBytes> parts() const { return parts_; }
    void number(std::uint64_t& counter) {
        for (MutableBytes part : parts_) {
            ByteWriter writer(part);
            encode({.type = MessageType::data, .counter = ++counter}, writer);
        }
    }

 private:
    std::vector<std::uint8_t> bytes_;
    std::array<MutableBytes, kTrain> parts_;
};

struct Nanoseconds {
    double seal = 0;
    double open = 0;
};

double since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin)
        .count();
}

double median_of(std::vector<double>& values) {
    auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

class Bench {
 public:
    Bench(CryptoChoice choice, SecurityMode mode)
        : device_(value_of(CryptoDevice::create(choice))),
          seal_(value_of(device_->add_key(Secret32(), mode, CryptoUse::seal))),
          open_(value_of(device_->add_key(Secret32(), mode, CryptoUse::open))) {}

    Nanoseconds median() {
        round();  // warm
        std::vector<double> seals;
        std::vector<double> opens;
        for (unsigned i = 0; i < kRounds; ++i) {
            Nanoseconds one = round();
            seals.push_back(one.seal);
            opens.push_back(one.open);
        }
        return {.seal = median_of(seals), .open = median_of(opens)};
    }
    std::string_view name() const { return device_->name(); }

 private:
    Nanoseconds round() {
        std::vector<double> seals;
        std::vector<double> opens;
        std::array<bool, kTrain> good{};
        for (unsigned i = 0; i < kTrainsARound; ++i) {
            train_.number(counter_);
            auto begin = std::chrono::steady_clock::now();
            bool sealed = device_->seal(seal_, train_.parts());
            seals.push_back(since(begin));
            begin = std::chrono::steady_clock::now();
            std::size_t opened = device_->open(open_, train_.parts(), good);
            opens.push_back(since(begin));
            if (!sealed || opened != kTrain) throw std::runtime_error("a train went wrong");
        }
        return {.seal = median_of(seals) / kTrain, .open = median_of(opens) / kTrain};
    }

    std::unique_ptr<CryptoDevice> device_;
    CryptoKey seal_;
    CryptoKey open_;
    Train train_;
    std::uint64_t counter_ = 0;
};

nlohmann::json measure(CryptoChoice choice, SecurityMode mode) {
    Bench bench(choice, mode);
    Nanoseconds median = bench.median();
    return {{"driver", bench.name()},
            {"mode", mode == SecurityMode::sign ? "sign" : "encrypt"},
            {"seal_ns", median.seal},
            {"open_ns", median.open}};
}

void run(bool as_json) {
    Eal eal = value_of(Eal::start({}));
    nlohmann::json results = nlohmann::json::array();
    for (CryptoChoice choice : {CryptoChoice::aesni_gcm, CryptoChoice::openssl})
        for (SecurityMode mode : {SecurityMode::encrypt, SecurityMode::sign})
            results.push_back(measure(choice, mode));
    if (as_json) {
        nlohmann::json all{{"datagram_bytes", kDatagram}, {"train", kTrain}, {"results", results}};
        std::cout << all.dump(2) << "\n";
        return;
    }
    std::printf("%-18s %-8s %10s %10s   (ns a datagram of %zu bytes, trains of %zu)\n", "driver",
                "mode", "seal", "open", kDatagram, kTrain);
    for (const nlohmann::json& one : results)
        std::printf("%-18s %-8s %10.1f %10.1f\n", one["driver"].get<std::string>().c_str(),
                    one["mode"].get<std::string>().c_str(), one["seal_ns"].get<double>(),
                    one["open_ns"].get<double>());
}

}  // namespace
}  // namespace netft::dataplane

int main(int count, char** words) {
    bool as_json = count == 2 && std::string_view(words[1]) == "--json";
    if (count > 1 && !as_json) {
        std::fprintf(stderr, "usage: seal_bench [--json]\n");
        return 2;
    }
    try {
        netft::dataplane::run(as_json);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "seal_bench: %s\n", problem.what());
        return 1;
    }
    return 0;
}
