#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <vector>

#include "netft/daemon/options.hpp"
#include "netft/daemon/reload.hpp"

using namespace netft;
using namespace netft::daemon;

namespace {

Options read(std::vector<const char*> words) {
    words.insert(words.begin(), "netftd");
    int exit_code = 0;
    auto options =
        read_options(static_cast<int>(words.size()), const_cast<char**>(words.data()), exit_code);
    BOOST_REQUIRE(options.has_value());
    return *options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(without_a_name_the_host_says_who_we_are) {
    BOOST_TEST(read({}).wanted_node().is_host);
    BOOST_TEST(!read({"--node", "n1.example.com"}).wanted_node().is_host);
    BOOST_TEST(read({"--node", "n1.example.com"}).wanted_node().name == "n1.example.com");
}

BOOST_AUTO_TEST_CASE(the_next_netftd_starts_as_the_one_before_but_for_what_it_is_given) {
    Options before = read({"--key", "/a/key", "--config", "/a/toml", "--user", "joe", "--run-dir",
                           "/a/run", "--audit-log", "/a/log"});
    nlohmann::json told = to_json(before, "n7");
    Options next = read({"--config", "/b/toml"});
    start_like(told, next);
    BOOST_TEST(next.config == "/b/toml");
    BOOST_TEST(next.key == "/a/key");
    BOOST_TEST(next.node == "n7");  // whatever the host is called now
    BOOST_TEST(next.user == "joe");
    BOOST_TEST(next.run_dir == "/a/run");
    BOOST_TEST(next.audit_log == "/a/log");
}

BOOST_AUTO_TEST_CASE(an_older_netftd_tells_nothing_and_nothing_changes) {
    Options next = read({"--key", "/b/key"});
    start_like(nlohmann::json::object(), next);
    start_like({{"key", 7}, {"node", nullptr}}, next);
    BOOST_TEST(next.key == "/b/key");
    BOOST_TEST(next.node == "");
}

BOOST_AUTO_TEST_SUITE_END()
