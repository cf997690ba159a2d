#include "tests/sim/sealing.hpp"

#include <algorithm>

#include "netft/base/random.hpp"
#include "tests/sim/mixing.hpp"
#include "tests/sim/seeded_libcrypto.hpp"

namespace netft::sim {

namespace {

// Diffie-Hellman among the integers modulo this prime.
constexpr std::uint64_t kPrime = 2'147'483'647;
constexpr std::uint64_t kGenerator = 7;

std::uint64_t power(std::uint64_t base, std::uint64_t exponent) {
    std::uint64_t result = 1;
    for (; exponent != 0; exponent >>= 1) {
        if (exponent & 1) result = result * base % kPrime;
        base = base * base % kPrime;
    }
    return result;
}

session::Digest bytes_of(const std::array<std::uint64_t, 4>& words) {
    session::Digest out{};
    std::memcpy(out.data(), words.data(), out.size());
    return out;
}

std::array<std::uint8_t, session::kAeadTagSize> short_tag(Mixer& mixer) {
    std::array<std::uint8_t, session::kAeadTagSize> tag{};
    std::memcpy(tag.data(), mixer.finish().data(), tag.size());
    return tag;
}

class CheapPrimitives : public session::Primitives {
 public:
    explicit CheapPrimitives(std::uint64_t seed) : random_(seed ^ 0x5ea1) {}

    std::optional<Secret32> dh(const Secret32& own, const PublicKey& other) override {
        std::uint64_t shared = power(read(other) % kPrime, read(own.bytes()));
        if (shared < 2) return {};
        return Secret32(Bytes(spread(shared)));
    }
    PublicKey public_of(const Secret32& key) override {
        PublicKey out{};
        std::uint64_t value = power(kGenerator, read(key.bytes()));
        std::memcpy(out.data(), &value, sizeof value);
        // The rest is of no meaning, but a key looks like one.
        auto rest = spread(value);
        std::copy(rest.begin() + sizeof value, rest.end(), out.begin() + sizeof value);
        return out;
    }
    session::Digest hash(std::initializer_list<Bytes> parts) override {
        static constexpr session::Digest kNoKey{};
        return hmac(kNoKey, parts);
    }
    session::Digest hmac(Bytes key, std::initializer_list<Bytes> parts) override {
        session::Digest whole{};
        std::copy_n(key.begin(), std::min(key.size(), whole.size()), whole.begin());
        message_.clear();
        for (Bytes part : parts) message_.insert(message_.end(), part.begin(), part.end());
        Mixer mixer(whole);
        mixer.add(message_);
        return bytes_of(mixer.finish());
    }
    void seal(const Secret32& key, const session::AeadNonce& nonce, Bytes associated, Bytes plain,
              MutableBytes out) override {
        auto stream = bytes_of(start(key, nonce).finish());
        for (std::size_t i = 0; i < plain.size(); ++i)
            out[i] = static_cast<std::uint8_t>(plain[i] ^ stream[i % stream.size()]);
        auto tag = tag_of(key, nonce, associated, out.first(plain.size()));
        std::copy(tag.begin(), tag.end(), out.begin() + static_cast<std::ptrdiff_t>(plain.size()));
    }
    bool open(const Secret32& key, const session::AeadNonce& nonce, Bytes associated, Bytes sealed,
              MutableBytes out) override {
        if (sealed.size() < session::kAeadTagSize) return false;
        Bytes body = sealed.first(sealed.size() - session::kAeadTagSize);
        auto tag = tag_of(key, nonce, associated, body);
        if (!std::equal(tag.begin(), tag.end(), body.end())) return false;
        auto stream = bytes_of(start(key, nonce).finish());
        for (std::size_t i = 0; i < body.size(); ++i)
            out[i] = static_cast<std::uint8_t>(body[i] ^ stream[i % stream.size()]);
        return true;
    }
    void random(MutableBytes out) override { fill(random_, out); }

 private:
    static std::uint64_t read(Bytes bytes) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), sizeof word);
        return word;
    }
    static session::Digest spread(std::uint64_t value) {
        static constexpr session::Digest kNoKey{};
        std::array<std::uint8_t, sizeof value> bytes{};
        std::memcpy(bytes.data(), &value, sizeof value);
        Mixer mixer(kNoKey);
        mixer.add(bytes);
        return bytes_of(mixer.finish());
    }
    static Mixer start(const Secret32& key, const session::AeadNonce& nonce) {
        Mixer mixer(key.bytes());
        mixer.add(nonce);
        return mixer;
    }
    static std::array<std::uint8_t, session::kAeadTagSize> tag_of(const Secret32& key,
                                                                  const session::AeadNonce& nonce,
                                                                  Bytes associated, Bytes sealed) {
        Mixer mixer = start(key, nonce);
        mixer.add(associated);
        mixer.add(sealed);
        return short_tag(mixer);
    }

    Random random_;
    std::vector<std::uint8_t> message_;  // scratch
};

std::array<std::uint8_t, kTagSize> tag_of(const Secret32& key, Bytes bytes) {
    static_assert(kTagSize == session::kAeadTagSize);
    Mixer mixer(key.bytes());
    mixer.add(bytes);
    return short_tag(mixer);
}

}  // namespace

std::unique_ptr<session::Primitives> real_primitives(std::uint64_t seed) {
    return std::make_unique<SeededLibcrypto>(seed);
}

std::unique_ptr<session::Primitives> cheap_primitives(std::uint64_t seed) {
    return std::make_unique<CheapPrimitives>(seed);
}

void seal(const Secret32& key, std::vector<std::uint8_t>& datagram) {
    auto tag = tag_of(key, datagram);
    datagram.insert(datagram.end(), tag.begin(), tag.end());
}

std::optional<Bytes> open(const Secret32& key, Bytes sealed) {
    if (sealed.size() < kHeaderSize + kTagSize) return {};
    Bytes plain = sealed.first(sealed.size() - kTagSize);
    auto tag = tag_of(key, plain);
    if (!std::equal(tag.begin(), tag.end(), sealed.end() - kTagSize)) return {};
    return plain;
}

}  // namespace netft::sim
