#include "netft/session/noise.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "netft/control/libcrypto.hpp"
#include "tests/unit/session/noise_vectors.hpp"

namespace netft::session {
namespace {

std::vector<std::uint8_t> bytes_of(std::string_view hex) {
    std::vector<std::uint8_t> out(hex.size() / 2);
    BOOST_REQUIRE(from_hex(hex, out));
    return out;
}

struct Both {
    control::Libcrypto crypto;
    std::vector<std::uint8_t> prologue = bytes_of(vectors::kPrologue);
    Secret32 psk{bytes_of(vectors::kPsk)};
    NoiseKeyPair initiator = pair(vectors::kInitiatorStatic);
    NoiseKeyPair responder = pair(vectors::kResponderStatic);
    NoiseKeyPair initiator_ephemeral = pair(vectors::kInitiatorEphemeral);
    NoiseKeyPair responder_ephemeral = pair(vectors::kResponderEphemeral);
    std::vector<std::uint8_t> first_payload = bytes_of(vectors::kMessages[0].payload);
    std::vector<std::uint8_t> second_payload = bytes_of(vectors::kMessages[1].payload);
    std::vector<std::uint8_t> first = std::vector<std::uint8_t>(96 + first_payload.size());
    std::vector<std::uint8_t> second = std::vector<std::uint8_t>(48 + second_payload.size());

    NoiseKeyPair pair(std::string_view secret) {
        NoiseKeyPair out;
        out.secret = Secret32(bytes_of(secret));
        out.open = crypto.public_of(out.secret);
        return out;
    }
    std::optional<NoiseInitiator> write_first() {
        return NoiseInitiator::write(crypto, {prologue, &initiator}, responder.open,
                                     initiator_ephemeral, first_payload, first);
    }
    std::optional<NoiseResponder> read_first(MutableBytes payload) {
        return NoiseResponder::read(crypto, {prologue, &responder}, first, payload);
    }
};

BOOST_FIXTURE_TEST_SUITE(noise, Both)

BOOST_AUTO_TEST_CASE(the_published_handshake_comes_out_byte_for_byte) {
    BOOST_TEST(to_hex(responder.open) == vectors::kResponderPublic);
    auto started = write_first();
    BOOST_REQUIRE(started.has_value());
    BOOST_TEST(to_hex(first) == vectors::kMessages[0].sealed);

    std::vector<std::uint8_t> payload(first_payload.size());
    auto answered = read_first(payload);
    BOOST_REQUIRE(answered.has_value());
    BOOST_TEST((payload == first_payload));
    BOOST_TEST((answered->initiator() == initiator.open));
    Digest hash{};
    auto theirs = answered->write(responder_ephemeral, psk, second_payload, second, &hash);
    BOOST_REQUIRE(theirs.has_value());
    BOOST_TEST(to_hex(second) == vectors::kMessages[1].sealed);
    BOOST_TEST(to_hex(hash) == vectors::kHandshakeHash);

    payload.resize(second_payload.size());
    auto ours = started->read(second, psk, payload, &hash);
    BOOST_REQUIRE(ours.has_value());
    BOOST_TEST((payload == second_payload));
    BOOST_TEST(to_hex(hash) == vectors::kHandshakeHash);
    BOOST_TEST((ours->send == theirs->receive && ours->receive == theirs->send));

    // What follows is sealed with the two keys, each with a nonce that counts from 0.
    for (std::size_t i = 2; i < vectors::kMessages.size(); ++i) {
        const Secret32& key = i % 2 == 0 ? ours->send : ours->receive;
        AeadNonce nonce{};
        nonce[11] = static_cast<std::uint8_t>((i - 2) / 2);
        auto plain = bytes_of(vectors::kMessages[i].payload);
        std::vector<std::uint8_t> sealed(plain.size() + kAeadTagSize);
        crypto.seal(key, nonce, {}, plain, sealed);
        BOOST_TEST(to_hex(sealed) == vectors::kMessages[i].sealed);
    }
}

BOOST_AUTO_TEST_CASE(a_changed_bit_anywhere_is_found) {
    auto started = write_first();
    std::vector<std::uint8_t> payload(first_payload.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
        first[i] ^= 0x10;
        BOOST_TEST(!read_first(payload).has_value(), "byte " << i);
        first[i] ^= 0x10;
    }
    auto answered = read_first(payload);
    BOOST_REQUIRE(answered.has_value());
    BOOST_REQUIRE(answered->write(responder_ephemeral, psk, second_payload, second).has_value());
    std::vector<std::uint8_t> second_out(second_payload.size());
    for (std::size_t i = 0; i < second.size(); ++i) {
        second[i] ^= 0x10;
        BOOST_TEST(!started->read(second, psk, second_out).has_value(), "byte " << i);
        second[i] ^= 0x10;
    }
    // None of these false answers has spoilt the state: the right one still counts.
    BOOST_TEST(started->read(second, psk, second_out).has_value());
}

BOOST_AUTO_TEST_CASE(another_prologue_psk_or_key_is_no_match) {
    auto started = write_first();
    std::vector<std::uint8_t> payload(first_payload.size());
    auto answered = read_first(payload);
    BOOST_REQUIRE(answered->write(responder_ephemeral, psk, second_payload, second).has_value());
    std::vector<std::uint8_t> out(second_payload.size());
    BOOST_TEST(!started->read(second, Secret32(), out).has_value());
    std::vector<std::uint8_t> other{1, 2, 3};
    BOOST_TEST(!NoiseResponder::read(crypto, {other, &responder}, first, payload).has_value());
    BOOST_TEST(!NoiseResponder::read(crypto, {prologue, &initiator}, first, payload).has_value());
}

BOOST_AUTO_TEST_CASE(keys_of_low_order_are_refused) {
    PublicKey zero{};
    BOOST_TEST(!NoiseInitiator::write(crypto, {prologue, &initiator}, zero, initiator_ephemeral,
                                      first_payload, first)
                    .has_value());
    BOOST_REQUIRE(write_first().has_value());
    std::fill_n(first.begin(), 32, std::uint8_t{0});  // the ephemeral key
    std::vector<std::uint8_t> payload(first_payload.size());
    BOOST_TEST(!read_first(payload).has_value());
    auto started = write_first();
    std::vector<std::uint8_t> out(second_payload.size());
    BOOST_TEST(!started->read(second, psk, out).has_value());  // never written: all zeros
}

BOOST_AUTO_TEST_CASE(messages_of_another_length_are_refused) {
    BOOST_REQUIRE(write_first().has_value());
    std::vector<std::uint8_t> payload(first_payload.size());
    for (std::size_t size = 0; size < first.size(); size += 5) {
        Bytes part = Bytes(first).first(size);
        BOOST_TEST(!NoiseResponder::read(crypto, {prologue, &responder}, part, payload));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace netft::session
