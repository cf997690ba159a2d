#include "netft/control/caller.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <fcntl.h>
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "netft/control/fd.hpp"

using namespace netft::control;

namespace {

constexpr gid_t kReaders = 900;

struct Case {
    const char* who;
    Caller caller;
    std::optional<gid_t> readers;
    Access access;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(callers)

BOOST_AUTO_TEST_CASE(access_follows_uid_and_groups_only) {
    const Case cases[] = {
        {"root", {.uid = 0, .gid = 0}, kReaders, Access::change},
        {"root, no group here", {.uid = 0, .gid = 0}, {}, Access::change},
        {"primary group", {.uid = 1000, .gid = kReaders}, kReaders, Access::read},
        {"supplementary", {.uid = 1000, .gid = 7, .groups = {8, kReaders}}, kReaders, Access::read},
        {"other groups", {.uid = 1000, .gid = 7, .groups = {8, 9}}, kReaders, Access::none},
        {"root's group is no root", {.uid = 1000, .gid = 0, .groups = {0}}, kReaders, Access::none},
        {"no group here", {.uid = 1000, .gid = kReaders}, {}, Access::none},
        {"called root", {.uid = 1000, .gid = 7, .command = "root"}, kReaders, Access::none},
    };
    for (const Case& c : cases) BOOST_TEST((access_of(c.caller, c.readers) == c.access), c.who);
}

BOOST_AUTO_TEST_CASE(what_is_not_known_to_read_needs_root) {
    for (const char* request : {"show", "get", "history", "stream", "version"})
        BOOST_TEST((access_for(request) == Access::read), request);
    for (const char* request : {"reload", "stop", "undamp", "", "Show", "show "})
        BOOST_TEST((access_for(request) == Access::change), request);
}

BOOST_AUTO_TEST_CASE(netftds_own_user_may_reload_and_take_over_and_no_more) {
    Caller owner{.uid = 200, .gid = 200};
    Caller other{.uid = 201, .gid = 200};
    for (const char* request : {"reload", "take-over", "version"}) {
        BOOST_TEST(refusal(request, owner, kReaders, 200) == "", request);
        BOOST_TEST(refusal(request, other, kReaders, 200) != "", request);
        BOOST_TEST(refusal(request, owner, kReaders) != "", request);
    }
    for (const char* request : {"stop", "show", "take-over "})
        BOOST_TEST(refusal(request, owner, kReaders, 200) != "", request);
}

BOOST_AUTO_TEST_CASE(a_refusal_says_who_may) {
    Caller root{};
    Caller reader{.uid = 1000, .gid = kReaders};
    Caller stranger{.uid = 1000, .gid = 7};
    BOOST_TEST(refusal("stop", root, kReaders) == "");
    BOOST_TEST(refusal("show", reader, kReaders) == "");
    BOOST_TEST(refusal("stop", reader, kReaders) == "only root may ask for this");
    BOOST_TEST(refusal("show", stranger, kReaders).find("members of group 900") !=
               std::string::npos);
    BOOST_TEST(refusal("show", stranger, {}).find("only root may") != std::string::npos);
    BOOST_TEST(refusal("stop", stranger, kReaders).find("uid 1000") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_kernel_says_who_is_at_the_other_end) {
    int ends[2];
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    Fd one(ends[0]);
    Fd other(ends[1]);
    Caller caller = caller_of(one.get());
    BOOST_TEST(caller.uid == ::geteuid());
    BOOST_TEST(caller.pid == ::getpid());
    std::ifstream file("/proc/self/comm");
    std::string command;
    std::getline(file, command);
    BOOST_TEST(caller.command == command);
    std::vector<gid_t> groups(static_cast<std::size_t>(::getgroups(0, nullptr)));
    BOOST_REQUIRE(::getgroups(static_cast<int>(groups.size()), groups.data()) >= 0);
    BOOST_TEST(caller.groups == groups);
}

BOOST_AUTO_TEST_CASE(what_is_no_socket_is_nobody) {
    Fd null(::open("/dev/null", 0));
    BOOST_TEST((access_of(caller_of(null.get()), {}) == Access::none));
}

BOOST_AUTO_TEST_CASE(groups_are_found_by_name_and_number) {
    BOOST_TEST((find_group("0") == gid_t{0}));
    BOOST_TEST((find_group("root") == gid_t{0}));
    BOOST_TEST((find_group("no-such-group") == std::nullopt));
    BOOST_TEST((find_group("12x") == std::nullopt));
    BOOST_TEST(user_name(0) == "root");
    BOOST_TEST(user_name(4'000'000'000) == "");
}

BOOST_AUTO_TEST_SUITE_END()
