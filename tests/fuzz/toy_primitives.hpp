// Primitives that cost next to nothing and keep no secret: for fuzzers of what is built on them.
//
// They do what the real ones do as far as honest people can tell: both ends of a dh() agree, what
// was sealed opens with the same key, nonce and associated data and with no others.
#pragma once

#include <cstring>

#include "netft/base/random.hpp"
#include "netft/session/primitives.hpp"

namespace netft::fuzz {

class ToyPrimitives : public session::Primitives {
 public:
    explicit ToyPrimitives(std::uint64_t seed) : random_(seed) {}

    std::optional<Secret32> dh(const Secret32& own, const PublicKey& other) override {
        Secret32 shared;
        for (std::size_t i = 0; i < 32; ++i)
            shared.room()[i] = static_cast<std::uint8_t>(own.bytes()[i] ^ other[i] ^ kPoint);
        if (shared.is_zero()) return {};
        return shared;
    }
    PublicKey public_of(const Secret32& key) override {
        PublicKey out{};
        for (std::size_t i = 0; i < 32; ++i)
            out[i] = static_cast<std::uint8_t>(key.bytes()[i] ^ kPoint);
        return out;
    }
    session::Digest hash(std::initializer_list<Bytes> parts) override {
        Mixer mixer;
        for (Bytes part : parts) mixer.add(part);
        return mixer.digest();
    }
    session::Digest hmac(Bytes key, std::initializer_list<Bytes> parts) override {
        Mixer mixer;
        mixer.add(key);
        mixer.end_part();
        for (Bytes part : parts) mixer.add(part);
        return mixer.digest();
    }
    void seal(const Secret32& key, const session::AeadNonce& nonce, Bytes associated, Bytes plain,
              MutableBytes out) override {
        apply_stream(key, nonce, plain, out.first(plain.size()));
        Tag tag = tag_of(key, nonce, associated, out.first(plain.size()));
        std::copy(tag.begin(), tag.end(), out.begin() + static_cast<long>(plain.size()));
    }
    bool open(const Secret32& key, const session::AeadNonce& nonce, Bytes associated, Bytes sealed,
              MutableBytes out) override {
        if (sealed.size() < session::kAeadTagSize) return false;
        Bytes body = sealed.first(sealed.size() - session::kAeadTagSize);
        Tag tag = tag_of(key, nonce, associated, body);
        if (!std::equal(tag.begin(), tag.end(), sealed.last(session::kAeadTagSize).begin()))
            return false;
        apply_stream(key, nonce, body, out);
        return true;
    }
    void random(MutableBytes out) override {
        for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random_.next());
    }

 private:
    static constexpr std::uint8_t kPoint = 0x5a;
    using Tag = std::array<std::uint8_t, session::kAeadTagSize>;

    // FNV-1a over words, finished four times over.
    class Mixer {
     public:
        void add(Bytes bytes) {
            for (; bytes.size() >= 8; bytes = bytes.subspan(8)) step(word_of(bytes.data(), 8));
            step(word_of(bytes.data(), bytes.size()));
        }
        void end_part() { step(0x100); }
        session::Digest digest() const {
            std::array<std::uint64_t, 4> lanes{};
            Random random(state_);
            for (std::uint64_t& lane : lanes) lane = random.next();
            session::Digest out{};
            std::memcpy(out.data(), lanes.data(), out.size());
            return out;
        }

     private:
        static std::uint64_t word_of(const std::uint8_t* data, std::size_t size) {
            std::uint64_t word = size;
            if (size > 0) std::memcpy(&word, data, size);
            return word;
        }
        void step(std::uint64_t value) {
            state_ = (state_ ^ value) * 0x100000001b3;
            state_ ^= state_ >> 29;
        }
        std::uint64_t state_ = 0xcbf29ce484222325;
    };

    static Tag tag_of(const Secret32& key, const session::AeadNonce& nonce, Bytes associated,
                      Bytes body) {
        Mixer mixer;
        for (Bytes part : {key.bytes(), Bytes(nonce), associated, body}) {
            mixer.add(part);
            mixer.end_part();
        }
        return ByteReader(mixer.digest()).array<session::kAeadTagSize>();
    }
    static void apply_stream(const Secret32& key, const session::AeadNonce& nonce, Bytes in,
                             MutableBytes out) {
        Mixer mixer;
        mixer.add(key.bytes());
        mixer.add(nonce);
        session::Digest pad = mixer.digest();
        for (std::size_t i = 0; i < in.size(); ++i)
            out[i] = static_cast<std::uint8_t>(in[i] ^ pad[i % pad.size()]);
    }

    Random random_;
};

}  // namespace netft::fuzz
