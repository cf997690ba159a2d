#include "netft/control/log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdlib>

#include "netft/control/log_limiter.hpp"

using namespace netft;
using namespace netft::control;

namespace {

// A pipe in whose one end a log writes; reading never waits.
struct Pipe {
    Pipe() {
        BOOST_REQUIRE(pipe2(ends, O_CLOEXEC) == 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    }
    ~Pipe() {
        close_reader();
        close(ends[1]);
    }
    void close_reader() {
        if (ends[0] >= 0) close(ends[0]);
        ends[0] = -1;
    }
    std::string read_all() {
        std::string out;
        char buffer[4096];
        for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
            out.append(buffer, static_cast<std::size_t>(n));
        return out;
    }
    int ends[2];
};

std::size_t lines_of(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(log_lines)

BOOST_AUTO_TEST_CASE(a_line_has_time_level_module_text_and_fault) {
    Pipe pipe;
    Log log = Log::open({.foreground = true, .fd = pipe.ends[1]});
    log.warn("im", Fault::local, "carrier lost interface=eth0");
    std::string line = pipe.read_all();
    BOOST_TEST(line.substr(10, 1) == "T");
    BOOST_TEST(line.ends_with("Z warning im: carrier lost interface=eth0 fault=local\n"));
}

BOOST_AUTO_TEST_CASE(under_the_journal_a_line_begins_with_its_priority) {
    Pipe pipe;
    struct stat info {};
    BOOST_REQUIRE(fstat(pipe.ends[1], &info) == 0);
    std::string stream = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
    setenv("JOURNAL_STREAM", stream.c_str(), 1);
    Log log = Log::open({.level = LogLevel::debug, .fd = pipe.ends[1]});
    unsetenv("JOURNAL_STREAM");
    log.debug("a", "1");
    log.info("b", "2");
    log.warn("c", Fault::peer, "3");
    log.error("d", Fault::bug, "4");
    BOOST_TEST(pipe.read_all() == "<7>a: 1\n<6>b: 2\n<4>c: 3 fault=peer\n<3>d: 4 fault=bug\n");
}

BOOST_AUTO_TEST_CASE(lines_below_the_level_are_left_out) {
    Pipe pipe;
    Log log = Log::open({.level = LogLevel::warning, .fd = pipe.ends[1]});
    log.info("a", "quiet");
    BOOST_TEST(pipe.read_all() == "");
}

BOOST_AUTO_TEST_CASE(a_name_with_a_newline_makes_no_line_of_its_own) {
    Pipe pipe;
    Log log = Log::open({.foreground = true, .fd = pipe.ends[1]});
    log.info("tm", "peer=evil\n<0>all is lost {} %s");
    BOOST_TEST(pipe.read_all().ends_with("tm: peer=evil?<0>all is lost {} %s\n"));
}

BOOST_AUTO_TEST_CASE(repeated_lines_are_held_back_and_counted) {
    Pipe pipe;
    TimePoint now = from_ns(1);
    Log log = Log::open({.foreground = true, .fd = pipe.ends[1], .clock = [&now] { return now; }});
    for (int i = 0; i < 25; ++i) log.info("tm", "same");
    BOOST_TEST(lines_of(pipe.read_all()) == LogLimiter::kLinesPerWindow);
    log.handle_timers();
    BOOST_TEST(pipe.read_all() == "");
    now += LogLimiter::kWindow;
    log.handle_timers();
    BOOST_TEST(pipe.read_all().ends_with("tm: held back same suppressed=20\n"));
    log.info("tm", "same");
    BOOST_TEST(lines_of(pipe.read_all()) == 1);
}

BOOST_AUTO_TEST_CASE(a_module_that_floods_is_held_back_and_others_are_not) {
    LogLimiter limiter;
    TimePoint now = from_ns(1);
    std::uint32_t passed = 0;
    for (int i = 0; i < 3000; ++i) passed += limiter.admit(now, "noisy", std::to_string(i));
    BOOST_TEST(passed == LogLimiter::kModuleLinesPerWindow);
    BOOST_TEST(limiter.admit(now, "calm", "x"));
    auto all = limiter.take_all();
    BOOST_REQUIRE(all.size() == 1);
    BOOST_TEST(all[0].module == "noisy");
    BOOST_TEST(all[0].text == "");
    BOOST_TEST(all[0].count == 2500);
}

BOOST_AUTO_TEST_CASE(a_log_that_is_dropped_tells_what_it_held_back) {
    Pipe pipe;
    {
        Log log = Log::open({.foreground = true, .fd = pipe.ends[1]});
        for (int i = 0; i < 7; ++i) log.info("tm", "same");
    }
    BOOST_TEST(pipe.read_all().ends_with("suppressed=2\n"));
}

BOOST_AUTO_TEST_CASE(a_reader_that_stops_reading_costs_lines_and_no_time) {
    Pipe pipe;
    Log log = Log::open({.foreground = true, .fd = pipe.ends[1]});
    std::string long_text(3000, 'x');
    for (int i = 0; i < 100; ++i) log.info("tm", std::to_string(i) + long_text);
    std::size_t got = lines_of(pipe.read_all());
    BOOST_TEST(got < 100);
    log.info("tm", "awake");
    BOOST_TEST(
        pipe.read_all().ends_with("tm: awake log_lines_lost=" + std::to_string(100 - got) + "\n"));
}

BOOST_AUTO_TEST_CASE(a_line_is_at_most_what_a_pipe_takes_at_once) {
    Pipe pipe;
    Log log = Log::open({.foreground = true, .fd = pipe.ends[1]});
    log.info("tm", std::string(100000, 'x'));
    std::string line = pipe.read_all();
    BOOST_TEST(line.size() == 4096);
    BOOST_TEST(line.ends_with("x\n"));
}

BOOST_AUTO_TEST_CASE(a_closed_reader_a_closed_descriptor_and_a_full_disk_harm_nothing) {
    std::signal(SIGPIPE, SIG_IGN);  // as the daemon does
    Pipe pipe;
    pipe.close_reader();
    int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    for (int fd : {pipe.ends[1], 999, full}) {
        Log log = Log::open({.foreground = true, .fd = fd});
        for (int i = 0; i < 10; ++i) log.error("tm", Fault::local, std::to_string(i));
    }
    if (full >= 0) close(full);
    std::signal(SIGPIPE, SIG_DFL);
}

BOOST_AUTO_TEST_CASE(a_closed_stderr_is_filled_so_that_no_socket_takes_its_place) {
    int saved = dup(STDERR_FILENO);
    close(STDERR_FILENO);
    Log log = Log::open({});
    int next = ::open("/dev/null", O_RDONLY);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(next);
    BOOST_TEST(next != STDERR_FILENO);
}

BOOST_AUTO_TEST_SUITE_END()
