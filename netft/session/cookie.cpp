#include "netft/session/cookie.hpp"

#include <algorithm>
#include <string_view>

namespace netft::session {

namespace {

Digest labelled(Primitives& primitives, std::string_view label, const PublicKey& key) {
    Bytes text(reinterpret_cast<const std::uint8_t*>(label.data()), label.size());
    return primitives.hash({text, key});
}

Mac cut(const Digest& digest) { return ByteReader(digest).array<kMacSize>(); }

Secret32 cookie_key(Primitives& primitives, const PublicKey& maker) {
    return Secret32(Bytes(labelled(primitives, "netft1 cookie", maker)));
}

}  // namespace

Mac make_mac1(Primitives& primitives, const PublicKey& receiver, Bytes before_mac1) {
    return cut(primitives.hmac(labelled(primitives, "netft1 mac1", receiver), {before_mac1}));
}

Mac make_mac2(Primitives& primitives, const Mac& cookie, Bytes before_mac2) {
    return cut(primitives.hmac(cookie, {before_mac2}));
}

void put_mac2(Primitives& primitives, const Mac& cookie, MutableBytes message) {
    Mac mac2 = make_mac2(primitives, cookie, before_mac2(message));
    std::copy(mac2.begin(), mac2.end(), message.last(kMacSize).begin());
}

bool is_same(const Mac& a, const Mac& b) {
    std::uint8_t difference = 0;
    for (std::size_t i = 0; i < kMacSize; ++i) difference |= static_cast<std::uint8_t>(a[i] ^ b[i]);
    return difference == 0;
}

void CookieJar::renew_secret(Primitives& primitives, TimePoint now) {
    if (secret_since_ && now - *secret_since_ < kCookieAge) return;
    former_ = secret_since_ ? secret_ : Secret32();
    primitives.random(secret_.room());
    if (!secret_since_) former_ = secret_;
    secret_since_ = now;
}

Mac CookieJar::cookie(Primitives& primitives, const Secret32& secret, const Endpoint& sender) {
    std::array<std::uint8_t, 18> name{};
    ByteWriter out(name);
    out.bytes(sender.address.bytes());
    out.u16(sender.port);
    return cut(primitives.hmac(secret.bytes(), {out.written()}));
}

bool CookieJar::is_valid(Primitives& primitives, TimePoint now, const Endpoint& sender,
                         Bytes message) {
    renew_secret(primitives, now);
    Mac given = mac2_of(message);
    bool valid = false;
    for (const Secret32* secret : {&secret_, &former_}) {
        Mac right =
            make_mac2(primitives, cookie(primitives, *secret, sender), before_mac2(message));
        valid |= is_same(given, right);
    }
    return valid;
}

std::array<std::uint8_t, kCookieSize> CookieJar::answer(Primitives& primitives, TimePoint now,
                                                        const Endpoint& sender, Bytes message) {
    renew_secret(primitives, now);
    std::array<std::uint8_t, kCookieSize> bytes{};
    ByteWriter out(bytes);
    encode(Header{MessageType::cookie, 0, 0, handshake_index(message), 0}, out);
    AeadNonce nonce{};
    primitives.random(nonce);
    out.bytes(nonce);
    primitives.seal(cookie_key(primitives, own_), nonce, mac1_of(message),
                    cookie(primitives, secret_, sender),
                    MutableBytes(bytes).subspan(kHeaderSize + kCookieNonceSize));
    return bytes;
}

bool CookieStore::take(Primitives& primitives, TimePoint now, const PublicKey& peer,
                       const Mac& mac1, Bytes message) {
    if (message.size() != kCookieSize) return false;
    AeadNonce nonce = ByteReader(message.subspan(kHeaderSize)).array<kCookieNonceSize>();
    Mac opened{};
    if (!primitives.open(cookie_key(primitives, peer), nonce, mac1,
                         message.subspan(kHeaderSize + kCookieNonceSize), opened))
        return false;
    cookie_ = opened;
    since_ = now;
    return true;
}

std::optional<Mac> CookieStore::current(TimePoint now) const {
    if (!since_ || now - *since_ >= kCookieAge) return {};
    return cookie_;
}

}  // namespace netft::session
