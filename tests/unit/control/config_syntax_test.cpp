// What TOML refuses, in our words: the slips that people make, each with its line.
#include <boost/test/unit_test.hpp>

#include "netft/control/config.hpp"
#include "tests/unit/control/config_samples.hpp"

using namespace netft;
using namespace netft::control;

namespace {

std::string error_of(const std::string& text) {
    auto settings = parse_config(text, "c.toml", "n1");
    return settings ? "" : settings.error().what;
}

struct Case {
    const char* text;  // behind the cluster's name: its first line is line 2
    const char* error;
};

const Case kCases[] = {
    {"x = n1\n", "c.toml:2: \"n1\" stands without quotation marks; write \"n1\" with them"},
    {"x = my node # why\n", "c.toml:2: \"my node\" stands without quotation marks"},
    {"x = 10.0.0.1\n", "c.toml:2: \"10.0.0.1\" stands without quotation marks"},
    {"x = 100ms\n", "c.toml:2: \"100ms\" stands without quotation marks"},
    {"x = [10.0.0.1, fe80::1%eth0]\n", "c.toml:2: \"10.0.0.1\" stands without quotation marks"},
    {"x = { delay = 1s }\n", "c.toml:2: \"1s\" stands without quotation marks"},
    {"x = True\n", "c.toml:2: \"True\" is not allowed; allowed: true or false"},
    {"x = yes\n", "c.toml:2: \"yes\" is not allowed; allowed: true or false"},
    {"x = 0123\n", "c.toml:2: \"0123\" begins with 0"},
    {"x = 1 2\n", "c.toml:2: behind the value stands \" 2\""},
    {"x = \"a\" b\n", "c.toml:2: \"b\" stands behind; allowed: nothing, or a comment"},
    {"x = “n1”\n", "c.toml:2: has typographic quotation marks"},
    {"x = ‘n1’\n", "c.toml:2: has typographic quotation marks"},
    {"x =\n", "c.toml:2: a value is missing behind '=' of \"x\""},
    {"x = # soon\n", "c.toml:2: a value is missing behind '=' of \"x\""},
    {"x: \"n1\"\n", "c.toml:2: between key and value stands ':'; write x = VALUE"},
    {"x \"n1\"\n", "c.toml:2: '=' is missing behind \"x\""},
    {"x = \"n1\n", "c.toml:2: the closing quotation mark is missing"},
    {"x = \"C:\\path\"\n", "c.toml:2: '\\' in a string"},
    {"x = [\"a\"\n[[node]]\n", "c.toml:2: the array does not end: its ']' is missing"},
    {"x = [\"a\",\ny = 1\n", "c.toml:2: the array does not end"},
    {"x = [\"a\"\n", "c.toml:2: the array does not end"},
    {"x = [\"a\"\n\"b\"]\n", "c.toml:3: in the array a comma or its ']' is missing"},
    {"x = [\"a\",, \"b\"]\n", "c.toml:2: a comma too many in the array"},
    {"x = { a = 1,\nb = 2 }\n", "c.toml:2: a table in { } does not go on in the next line"},
    {"x = { a = 1, }\n", "c.toml:2: a comma too many before '}'"},
    {"x = { a = 1 b = 2 }\n", "c.toml:2: "},
    {"[adapter\n", "c.toml:2: the header of table \"adapter\" does not end; write [adapter]"},
    {"[[node]\n", "c.toml:2: the header of table \"node\" does not end; write [[node]]"},
    {"[]\n", "c.toml:2: a table without a name"},
    {"[adapter] x\n", "c.toml:2: \"x\" stands behind"},
    {"[adapter]\n[adapter]\n", "c.toml:3: [adapter] stands in line 2 already"},
    {"[node]\nname = 1\n[node]\n", "c.toml:2: [node] has one bracket; write [[node]]"},
    {"[node]\nname = 1\n[node]\n", "c.toml:4: [node] has one bracket; write [[node]]"},
    {"[[node]]\n[node]\n", "c.toml:3: [node] has one bracket; write [[node]]"},
    {"[node]\n[[node]]\n", "c.toml:2: [node] has one bracket; write [[node]]"},
    {"[node.traffic]\n[[node]]\n",
     "c.toml:2: a table of [[node]] stands above the first [[node]]; it belongs below"},
    {"[[node]]\n[node.traffic]\n[node.traffic]\n", "c.toml:4: [node.traffic] stands in line 3"},
    {"cluster = \"b\"\n", "c.toml:2: \"cluster\" stands in line 1 already; each key stands once"},
    {"[heartbeat]\na.b = 1\na.b = 2\n", "c.toml:4: \"a.b\" stands in line 3 already"},
    {"[heartbeat.same_subnet]\n[heartbeat]\nsame_subnet.delay = \"1s\"\n",
     "c.toml:4: \"same_subnet\" stands in line 2 already; put its keys into one place"},
    {"port = 1\n[port.x]\n", "c.toml:3: \"port\" is a key in line 2 already"},
    {"= 1\n", "c.toml:2: \"= 1\" is not understood; allowed: KEY = VALUE"},
    {"x = \"a\001b\"\n", "c.toml:2: has a control character"},
    {"x = \"\xff\"\n", "c.toml:2: is not UTF-8"},
    {"x = 1__0\n", "c.toml:2: \"x = 1__0\" is not understood"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(config_syntax)

BOOST_AUTO_TEST_CASE(each_slip_is_named_with_its_line) {
    for (const Case& row : kCases) {
        std::string error = error_of(kHead + row.text);
        BOOST_TEST(
            error.find(row.error) != std::string::npos,
            "\n  text:   " << row.text << "\n  wanted: " << row.error << "\n  got:    " << error);
    }
}

BOOST_AUTO_TEST_CASE(all_slips_and_what_else_is_wrong_come_at_once) {
    std::string error = error_of("cluster = demo\nport = 70000\n[adapter]\nname = “a”\n" +
                                 node_text("n1", 1, "\"127.0.0.1\"") + "[heartbeat]\ndelya = 1\n");
    for (const char* part :
         {"c.toml:1: \"demo\" stands without", "c.toml:2: port: 70000", "c.toml:4: has typographic",
          "c.toml:8: node.endpoints: \"127.0.0.1\"", "c.toml:10: heartbeat: unknown key"})
        BOOST_TEST(error.find(part) != std::string::npos, part << " in:\n" << error);
    BOOST_TEST(error.find("is missing") == std::string::npos, error);
}

BOOST_AUTO_TEST_CASE(an_array_that_went_wrong_is_one_slip) {
    std::string error = error_of(kHead + "x = [\"a\"\n  \"b\",\n  \"c\",\n]\n" + kOpen);
    BOOST_TEST(error.find("c.toml:4") == std::string::npos, error);
    BOOST_TEST(error.find("c.toml:5") == std::string::npos, error);
}

BOOST_AUTO_TEST_CASE(line_ends_marks_and_tabs_of_other_systems_are_read) {
    std::string text = kHead + kOpen + two_nodes();
    std::string windows;
    for (char c : text) windows += c == '\n' ? "\r\n" : std::string(1, c);
    BOOST_TEST(error_of("\xef\xbb\xbf" + windows) == "");
    BOOST_TEST(error_of(kHead + "\t[security]\t\n\tmode\t=\t\"none\"\t\n" + two_nodes()) == "");
    BOOST_TEST(error_of("\xff\xfe" + std::string("c\0", 2)) ==
               "c.toml:1: is UTF-16; allowed: UTF-8 text");
}

BOOST_AUTO_TEST_CASE(a_key_of_another_table_is_told_where_it_belongs) {
    std::string node = kHead + kOpen + two_nodes();
    BOOST_TEST(error_of(node + "port = 3344\n").find("above the first [table]") !=
               std::string::npos);
    BOOST_TEST(error_of(node + "cluster = \"x\"\n").find("it belongs above the first [table]") !=
               std::string::npos);
    BOOST_TEST(error_of(node + "hold_down = \"1s\"\n").find("it belongs in [traffic]") !=
               std::string::npos);
    BOOST_TEST(error_of(kHead + kOpen + "[[adapter]]\nmtu = 1400\n" + two_nodes()) ==
               "c.toml:4: adapter: stands once; allowed: one bracket, as in [adapter]");
}

BOOST_AUTO_TEST_SUITE_END()
