#include "netft/daemon/privileges.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "netft/daemon/sanitizers.hpp"

using namespace netft;
using namespace netft::daemon;

BOOST_AUTO_TEST_SUITE(privileges)

BOOST_AUTO_TEST_CASE(users_are_found_by_name_and_number) {
    Result<User> self = find_user(std::to_string(::geteuid()));
    BOOST_REQUIRE(self.has_value());
    BOOST_TEST(self->uid == ::geteuid());
    BOOST_TEST(!self->is_other);
    BOOST_TEST(!find_user("no-such-user").has_value());
    Result<User> other = find_user("54321");
    BOOST_TEST(other.has_value() == (::geteuid() == 0));
    if (other) BOOST_TEST(other->is_other);
}

BOOST_AUTO_TEST_CASE(a_drop_after_the_first_thread_is_refused) {
    if (kHasSanitizer) return;  // has threads from the start
    Result<Privileges> dropped;
    std::thread([&dropped] { dropped = drop_privileges(User{}, {.lowest_port = 3343}); }).join();
    BOOST_REQUIRE(!dropped.has_value());
    BOOST_TEST(dropped.error().what.find("threads already") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_line_for_the_log_names_what_is_left) {
    Privileges some{{.name = "netft"}, {"CAP_NET_ADMIN", "CAP_NET_RAW"}, 140};
    BOOST_TEST(to_text(some) ==
               "runs as user netft with CAP_NET_ADMIN, CAP_NET_RAW; system calls filtered (140 "
               "allowed)");
    BOOST_TEST(to_text({{.name = "joe"}, {}, 1}).find("joe with no capabilities;") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(only_a_directory_that_is_ours_alone_is_given_away) {
    if (::geteuid() != 0) return;
    char name[] = "/tmp/netft-privileges-test-XXXXXX";
    std::filesystem::path top = ::mkdtemp(name);
    std::filesystem::create_directory(top / "shared");
    std::ofstream(top / "shared/other") << "somebody's";
    User user{.name = "54321", .uid = 54321, .gid = 54321, .is_other = true};
    BOOST_TEST(give_run_directories(top / "shared/netftd.sock", top / "run", user).has_value());
    auto owner = [](const std::filesystem::path& path) {
        struct stat info {};
        ::stat(path.c_str(), &info);
        return info.st_uid;
    };
    BOOST_TEST(owner(top / "run") == 54321u);
    BOOST_TEST(owner(top / "shared") == 0u);
    std::filesystem::remove_all(top);
}

BOOST_AUTO_TEST_SUITE_END()
