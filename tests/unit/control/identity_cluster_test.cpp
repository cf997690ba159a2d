#include "netft/control/identity_cluster.hpp"

#include <boost/test/unit_test.hpp>

#include "netft/control/config.hpp"
#include "netft/control/config_values.hpp"
#include "netft/control/identity_file.hpp"
#include "netft/control/status.hpp"
#include "tests/unit/control/config_samples.hpp"
#include "tests/unit/control/folder.hpp"

using namespace netft;
using namespace netft::control;

namespace {

Secret32 secret(std::uint8_t n) {
    Secret32 key;
    key.room()[0] = n;
    return key;
}

std::string text(std::uint8_t n) { return to_base64(secret(n).bytes()); }

bool holds(const std::string& path, const std::vector<Secret32>& keys) {
    auto loaded = load_cluster_keys(path);
    return loaded && *loaded == keys;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(identity_cluster)

BOOST_AUTO_TEST_CASE(a_file_has_one_or_two_keys_and_comments) {
    std::vector<Secret32> one{secret(1)};
    std::vector<Secret32> two{secret(1), secret(2)};
    BOOST_TEST((parse_cluster_keys(text(1)) == one));
    BOOST_TEST((parse_cluster_keys("# of May\n\n " + text(1) + "\t# old\r\n#\n") == one));
    BOOST_TEST((parse_cluster_keys(text(1) + "\n" + text(2) + "\n") == two));
}

BOOST_AUTO_TEST_CASE(what_is_no_key_file_is_refused_without_its_text) {
    struct {
        std::string text;
        const char* what;
    } const rows[] = {{"", "no key"},
                      {"# only words\n", "no key"},
                      {"\nsecret\n", "line 2: not a key"},
                      {text(1).substr(1), "line 1: not a key"},
                      {text(1) + "=", "line 1: not a key"},
                      {text(1) + " " + text(2), "line 1: not a key"},
                      {text(0), "line 1: a key of zeros is none"},
                      {text(1) + "\n\n" + text(1), "line 3: the same key twice"},
                      {text(1) + "\n" + text(2) + "\n" + text(3), "line 3: a third key"},
                      {std::string(kSecretFileBytesMax, '\n'), "too long"}};
    for (const auto& row : rows) {
        auto parsed = parse_cluster_keys(row.text);
        BOOST_REQUIRE(!parsed.has_value());
        BOOST_TEST(parsed.error().what == std::string(row.what) +
                                              "; allowed: one or two lines, each the base64 of 32 "
                                              "bytes (44 characters), and comments");
    }
}

BOOST_AUTO_TEST_CASE(only_the_owner_may_have_access) {
    for (mode_t mode : {0600, 0400, 0700}) BOOST_TEST(is_private({mode, 7, 99}));
    for (mode_t mode : {0640, 0604, 0620, 0602, 0610, 0601, 0777})
        BOOST_TEST(!is_private({mode, 0, 0}), "mode " << mode);
}

BOOST_AUTO_TEST_CASE(a_new_key_is_private_and_never_overwrites) {
    Folder folder;
    std::string path = folder.path + "/cluster.key";
    Secret32 key = *make_cluster_key();
    BOOST_TEST(!key.is_zero());
    BOOST_TEST(!(key == *make_cluster_key()));
    BOOST_REQUIRE(save_cluster_key(path, key).has_value());
    BOOST_TEST(mode_of(path) == 0600u);
    BOOST_TEST(save_cluster_key(path, secret(2)).error().errno_value == EEXIST);
    BOOST_TEST(holds(path, {key}));
}

BOOST_AUTO_TEST_CASE(a_key_changes_in_three_steps) {
    Folder folder;
    std::string path = folder.path + "/cluster.key";
    write(path, "# first\n" + text(1) + " # of May", 0400);
    BOOST_TEST(!promote_cluster_key(path).has_value());
    BOOST_TEST(!retire_cluster_key(path).has_value());
    BOOST_REQUIRE(add_cluster_key(path, secret(2)).has_value());
    BOOST_TEST(holds(path, {secret(1), secret(2)}));
    BOOST_TEST(!add_cluster_key(path, secret(3)).has_value());
    BOOST_REQUIRE(promote_cluster_key(path).has_value());
    BOOST_TEST(holds(path, {secret(2), secret(1)}));
    BOOST_REQUIRE(retire_cluster_key(path).has_value());
    BOOST_TEST(content(path) == "# first\n" + text(2) + "\n");
    BOOST_TEST(mode_of(path) == 0400u);
    auto files = std::filesystem::directory_iterator(folder.path);
    BOOST_TEST(std::distance(begin(files), end(files)) == 1);  // no half-written one is left
}

BOOST_AUTO_TEST_CASE(a_step_goes_through_a_symbolic_link) {
    Folder folder;
    write(folder.path + "/real.key", text(1) + "\n");
    std::filesystem::create_symlink("real.key", folder.path + "/cluster.key");
    BOOST_REQUIRE(add_cluster_key(folder.path + "/cluster.key", secret(2)).has_value());
    BOOST_TEST(std::filesystem::is_symlink(folder.path + "/cluster.key"));
    BOOST_TEST(holds(folder.path + "/real.key", {secret(1), secret(2)}));
}

BOOST_AUTO_TEST_CASE(the_configuration_brings_the_keys_of_its_key_file) {
    Folder folder;
    std::string config = folder.path + "/cluster.toml";
    std::string key = folder.path + "/cluster.key";
    write(config, kHead + "[security]\nkey_file = \"" + key + "\"\n" + two_nodes());
    BOOST_TEST(load_config(config, "n1").error().what ==
               config + ":3: security.key_file: " + key +
                   ": No such file or directory; allowed: a file that netft-key cluster made");
    write(key, "secret\n");
    BOOST_TEST(load_config(config, "n1")
                   .error()
                   .what.starts_with(config + ":3: security.key_file: " + key +
                                     ": line 1: not a key; allowed: "));
    write(key, text(1) + "\n", 0644);
    BOOST_TEST(load_config(config, "n1").error().what.find("others than its owner") !=
               std::string::npos);
    write(key, text(1) + "\n" + text(2) + "\n", 0600);
    auto settings = load_config(config, "n1");
    BOOST_REQUIRE(settings.has_value());
    BOOST_TEST((settings->cluster_keys == std::vector<Secret32>{secret(1), secret(2)}));
    BOOST_TEST(security_summary(*settings) == "encrypt, two cluster keys (a change is under way)");
}

BOOST_AUTO_TEST_CASE(the_default_key_file_need_not_be_there_but_must_be_good) {
    Folder folder;
    std::string config = folder.path + "/cluster.toml";
    std::string key = folder.path + "/cluster.key";
    write(config, kHead + two_nodes());
    auto settings = load_config(config, "n1", key);
    BOOST_REQUIRE(settings.has_value());
    BOOST_TEST(settings->cluster_keys.empty());
    BOOST_TEST(security_summary(*settings) == "encrypt, no cluster key");
    write(key, text(1) + "\n");
    BOOST_TEST(security_summary(*load_config(config, "n1", key)) == "encrypt, one cluster key");
    write(key, "secret\n");
    BOOST_TEST(
        load_config(config, "n1", key).error().what.starts_with(key + ": line 1: not a key"));
    write(config, kHead + kOpen + two_nodes());  // mode none has no use for it
    BOOST_TEST(security_summary(*load_config(config, "n1", key)) == "none");
}

BOOST_AUTO_TEST_SUITE_END()
