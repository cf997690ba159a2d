#include "netft/control/identity.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "netft/control/identity_file.hpp"
#include "tests/unit/control/folder.hpp"

using namespace netft;
using namespace netft::control;

namespace {

template <class Key>
Key hex(std::string_view text) {
    Key key{};
    BOOST_REQUIRE(from_hex(text, key));
    return key;
}

bool same(const PrivateKey& a, const PrivateKey& b) {
    return std::ranges::equal(a.bytes(), b.bytes());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(identity)

// libcrypto is the oracle: with such a key no secret can be derived.
BOOST_AUTO_TEST_CASE(points_of_low_order_are_no_keys) {
    for (const char* text : {"0000000000000000000000000000000000000000000000000000000000000000",
                             "0100000000000000000000000000000000000000000000000000000000000000",
                             "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                             "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"})
        BOOST_TEST(is_low_order(hex<PublicKey>(text)), text);
    BOOST_TEST(!is_low_order(
        hex<PublicKey>("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")));
}

BOOST_AUTO_TEST_CASE(public_keys_are_those_of_rfc_7748_section_6_1) {
    struct {
        const char* secret;
        const char* shown;
    } const kRows[] = {{"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
                        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"},
                       {"5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
                        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"}};
    for (const auto& row : kRows) {
        auto key = PrivateKey::of(hex<PublicKey>(row.secret));
        BOOST_TEST((*public_of(key) == hex<PublicKey>(row.shown)));
    }
}

BOOST_AUTO_TEST_CASE(generated_keys_differ_and_are_clamped) {
    auto a = PrivateKey::generate();
    auto b = PrivateKey::generate();
    BOOST_REQUIRE((a.has_value() && b.has_value()));
    BOOST_TEST(!same(*a, *b));
    BOOST_TEST((a->bytes()[0] & 7) == 0);
    BOOST_TEST((a->bytes()[31] & 0xc0) == 0x40);
}

BOOST_AUTO_TEST_CASE(keys_survive_the_way_through_text) {
    auto key = *PrivateKey::generate();
    BOOST_TEST(key.to_text().size() == 44);
    BOOST_TEST(same(*PrivateKey::parse(key.to_text()), key));
    auto shown = *public_of(key);
    BOOST_TEST((parse_public_key(to_text(shown)) == shown));
    BOOST_TEST(!parse_public_key("short"));
}

BOOST_AUTO_TEST_CASE(a_key_that_is_moved_away_leaves_zeros) {
    auto key = *PrivateKey::generate();
    PrivateKey other = std::move(key);
    BOOST_TEST(std::ranges::all_of(key.bytes(), [](auto byte) { return byte == 0; }));
    BOOST_TEST(!same(key, other));
}

BOOST_AUTO_TEST_CASE(a_saved_key_is_private_and_is_read_back) {
    Folder folder;
    std::string path = folder.path + "/node.key";
    auto key = *PrivateKey::generate();
    BOOST_REQUIRE(save_private_key(path, key).has_value());
    BOOST_TEST(mode_of(path) == 0600u);
    auto loaded = load_private_key(path);
    BOOST_REQUIRE(loaded.has_value());
    BOOST_TEST(same(*loaded, key));
}

BOOST_AUTO_TEST_CASE(a_key_is_never_overwritten) {
    Folder folder;
    std::string path = folder.path + "/node.key";
    auto key = *PrivateKey::generate();
    BOOST_REQUIRE(save_private_key(path, key).has_value());
    auto again = save_private_key(path, *PrivateKey::generate());
    BOOST_REQUIRE(!again.has_value());
    BOOST_TEST(again.error().what == path + ": exists already, and a key is never overwritten");
    BOOST_TEST(same(*load_private_key(path), key));
}

BOOST_AUTO_TEST_CASE(a_key_that_others_may_read_is_refused_with_the_remedy) {
    Folder folder;
    std::string path = folder.path + "/node.key";
    for (mode_t mode : {0640, 0604, 0620, 0602, 0601, 0777}) {
        write(path, PrivateKey::generate()->to_text(), mode);
        auto loaded = load_private_key(path);
        BOOST_REQUIRE(!loaded.has_value());
        BOOST_TEST(loaded.error().what.find("run: chmod 0600 " + path) != std::string::npos);
    }
    for (mode_t mode : {0600, 0400}) {
        write(path, PrivateKey::generate()->to_text(), 0600);
        BOOST_REQUIRE(chmod(path.c_str(), mode) == 0);
        BOOST_TEST(load_private_key(path).has_value());
        BOOST_REQUIRE(chmod(path.c_str(), 0600) == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_credential_of_systemd_may_show_access_of_the_group) {
    Folder folder;
    Folder elsewhere;
    std::string path = folder.path + "/node.key";
    write(path, PrivateKey::generate()->to_text(), 0440);
    ::setenv("CREDENTIALS_DIRECTORY", elsewhere.path.c_str(), 1);
    BOOST_TEST(!load_private_key(path).has_value());
    ::setenv("CREDENTIALS_DIRECTORY", folder.path.c_str(), 1);
    BOOST_TEST(load_private_key(path).has_value());
    for (mode_t mode : {0460, 0444, 0450, 0442}) {
        BOOST_REQUIRE(chmod(path.c_str(), mode) == 0);
        BOOST_TEST(!load_private_key(path).has_value());
    }
    ::unsetenv("CREDENTIALS_DIRECTORY");
}

BOOST_AUTO_TEST_CASE(a_key_of_somebody_else_is_no_key_of_netftds) {
    BOOST_TEST(is_trusted({0600, 0, 0}, 7, 9));
    BOOST_TEST(is_trusted({0600, 7, 0}, 7, 9));
    BOOST_TEST(is_trusted({0600, 9, 0}, 7, 9));
    BOOST_TEST(!is_trusted({0600, 8, 0}, 7, 9));
    if (::geteuid() != 0) return;
    Folder folder;
    std::string path = folder.path + "/node.key";
    write(path, PrivateKey::generate()->to_text());
    BOOST_REQUIRE(::chown(path.c_str(), 54321, 54321) == 0);
    BOOST_TEST(load_private_key(path, 54321).has_value());
    BOOST_TEST(load_private_key(path).has_value());
    auto refused = load_private_key(path, 0);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().what.find("belongs to user number 54321") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_key_for_a_directory_that_is_not_there_names_the_directory) {
    Folder folder;
    auto saved = save_private_key(folder.path + "/netft/node.key", *PrivateKey::generate());
    BOOST_REQUIRE(!saved.has_value());
    BOOST_TEST(saved.error().what == folder.path + "/netft/node.key: there is no directory " +
                                         folder.path + "/netft; run: mkdir -p " + folder.path +
                                         "/netft");
}

BOOST_AUTO_TEST_CASE(what_is_no_key_file_is_refused) {
    Folder folder;
    std::string path = folder.path + "/node.key";
    std::string text = PrivateKey::generate()->to_text();
    for (const std::string& bad : {std::string(), text.substr(1), text + "\n" + text, " " + text,
                                   text + "=", std::string(4096, 'A'), std::string(44, '\0')}) {
        write(path, bad);
        auto loaded = load_private_key(path);
        BOOST_REQUIRE(!loaded.has_value());
        BOOST_TEST(loaded.error().what ==
                   path + ": not a private key; allowed: the base64 of 32 bytes (44 characters)");
    }
    BOOST_TEST(load_private_key(folder.path).error().what == folder.path + ": not a plain file");
    BOOST_TEST(load_private_key(path + "x").error().errno_value == ENOENT);
}

BOOST_AUTO_TEST_SUITE_END()
