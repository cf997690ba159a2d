#include "netft/daemon/run_directory.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

using namespace netft;
using namespace netft::daemon;

namespace {

struct Folder {
    Folder() { BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr); }
    ~Folder() { std::filesystem::remove_all(name); }
    void fill() const {
        std::ofstream(name + "/run/hosts") << "x";
        std::ofstream(name + "/run/other") << "x";
        std::filesystem::create_directories(name + "/run/dpdk/netft");
    }
    bool has(const char* file) const { return std::filesystem::exists(name + "/run/" + file); }
    std::string name = "/tmp/netft-run-directory-test-XXXXXX";
};

}  // namespace

BOOST_AUTO_TEST_SUITE(run_directory)

BOOST_AUTO_TEST_CASE(what_netftd_made_goes_with_it_and_nothing_else) {
    Folder folder;
    {
        auto claimed = RunDirectory::claim(folder.name + "/run");
        BOOST_REQUIRE(claimed.has_value());
        folder.fill();
    }
    BOOST_TEST(!folder.has("hosts"));
    BOOST_TEST(!folder.has("dpdk"));
    BOOST_TEST(folder.has("other"));
}

BOOST_AUTO_TEST_CASE(a_second_netftd_is_refused_and_takes_nothing_away) {
    Folder folder;
    auto first = RunDirectory::claim(folder.name + "/run");
    BOOST_REQUIRE(first.has_value());
    folder.fill();
    {
        auto second = RunDirectory::claim(folder.name + "/run");
        BOOST_REQUIRE(!second.has_value());
        BOOST_TEST(second.error().errno_value == EBUSY);
        BOOST_TEST(second.error().what.find("another netftd") != std::string::npos);
    }
    BOOST_TEST(folder.has("hosts"));
    BOOST_TEST(folder.has("dpdk/netft"));
}

BOOST_AUTO_TEST_CASE(the_next_netftd_gets_it_as_it_is) {
    Folder folder;
    std::optional<RunDirectory> first(*RunDirectory::claim(folder.name + "/run"));
    folder.fill();
    first->give_away();
    first.reset();
    BOOST_TEST(folder.has("hosts"));
    BOOST_TEST(RunDirectory::claim(folder.name + "/run").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
