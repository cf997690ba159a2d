#include "netft/control/audit.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

using namespace netft;
using namespace netft::control;
using nlohmann::json;

namespace {

struct Fixture {
    Fixture() {
        char name[] = "/tmp/netft-audit-test-XXXXXX";
        directory = ::mkdtemp(name);
        path = directory + "/audit.log";
        BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
        log.emplace(Log::open({.foreground = true, .fd = ends[1]}));
    }
    ~Fixture() {
        ::close(ends[0]);
        ::close(ends[1]);
        std::filesystem::remove_all(directory);
    }
    Audit open(const std::string& file) {
        Result<Audit> audit = Audit::open(file, *log, [] { return WallTime(1'000'000'000s); });
        BOOST_REQUIRE(audit.has_value());
        return std::move(*audit);
    }
    std::vector<json> records(const std::string& file) {
        std::vector<json> out;
        std::ifstream stream(file);
        for (std::string line; std::getline(stream, line);) out.push_back(json::parse(line));
        return out;
    }
    std::string logged() {
        char buffer[65536];
        ssize_t n = ::read(ends[0], buffer, sizeof buffer);
        return std::string(buffer, n > 0 ? static_cast<std::size_t>(n) : 0);
    }

    std::string directory;
    std::string path;
    int ends[2];
    std::optional<Log> log;
};

const Caller kRoot{.uid = 0, .gid = 0, .pid = 42, .command = "netft-route"};
const Caller kStranger{.uid = 4'000'000'000, .gid = 7, .pid = 43, .command = "a\"b\n"};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(audit, Fixture)

BOOST_AUTO_TEST_CASE(a_record_says_who_what_and_what_came_of_it_in_both_places) {
    Audit audit = open(path);
    audit.record({kRoot, "reload", {}});
    audit.record({kStranger, "stop", "only root may ask for this"});
    std::vector<json> all = records(path);
    BOOST_REQUIRE(all.size() == 2u);
    json expected{{"version", 1},
                  {"time", "2001-09-09T01:46:40.000000Z"},
                  {"seq", 1},
                  {"uid", 0},
                  {"gid", 0},
                  {"pid", 42},
                  {"user", "root"},
                  {"command", "netft-route"},
                  {"request", "reload"},
                  {"result", "done"}};
    BOOST_TEST(all[0] == expected);
    BOOST_TEST(all[1]["result"] == "refused");
    BOOST_TEST(all[1]["why"] == "only root may ask for this");
    BOOST_TEST(all[1]["command"] == kStranger.command);
    std::string text = logged();
    BOOST_TEST(text.find("audit: reload done seq=1 uid=0 user=root") != std::string::npos);
    BOOST_TEST(text.find("audit: stop refused why=\"only root may ask for this\" seq=2 "
                         "uid=4000000000 user=? gid=7 pid=43") != std::string::npos);
    struct stat info {};
    BOOST_REQUIRE(::stat(path.c_str(), &info) == 0);
    BOOST_TEST((info.st_mode & 037) == 0u);
}

BOOST_AUTO_TEST_CASE(without_a_file_the_log_has_it) {
    Audit audit = open("");
    audit.record({kRoot, "stop", {}});
    audit.reopen();
    BOOST_TEST(logged().find("audit: stop done") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(not_one_of_many_equal_records_is_held_back) {
    Audit audit = open(path);
    for (int i = 0; i < 50; ++i) audit.record({kRoot, "reload", {}});
    BOOST_TEST(records(path).size() == 50u);
    BOOST_TEST(logged().find("seq=50 ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_that_was_moved_away_is_made_again) {
    Audit audit = open(path);
    audit.record({kRoot, "one", {}});
    std::filesystem::rename(path, path + ".1");
    audit.record({kRoot, "two", {}});
    audit.reopen();
    audit.record({kRoot, "three", {}});
    BOOST_TEST(records(path + ".1").size() == 2u);
    BOOST_TEST(records(path).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_opened_again_leaves_the_old_one) {
    Audit audit = open(path);
    std::filesystem::rename(path, path + ".1");
    std::filesystem::create_directory(path);
    audit.reopen();
    audit.record({kRoot, "one", {}});
    BOOST_TEST(records(path + ".1").size() == 1u);
    BOOST_TEST(logged().find("the old file stays in use") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_counted_and_said) {
    Audit audit = open("/dev/full");
    audit.record({kRoot, "one", {}});
    audit.record({kRoot, "two", {}});
    BOOST_TEST(audit.counters().records == 2u);
    BOOST_TEST(audit.counters().not_written == 2u);
    BOOST_TEST(logged().find("records are missing in this file") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_no_plain_file_is_refused_at_start) {
    std::string fifo = directory + "/fifo";
    BOOST_REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    std::filesystem::create_symlink(path, directory + "/link");
    for (const std::string& bad : {fifo, directory, directory + "/link", directory + "/no/such"})
        BOOST_TEST(!Audit::open(bad, *log).has_value(), bad);
}

BOOST_AUTO_TEST_SUITE_END()
