// A folder that is gone after the test, and files in it.
#pragma once

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace netft::control {

struct Folder {
    Folder() { BOOST_REQUIRE(mkdtemp(path.data()) != nullptr); }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string path = std::filesystem::temp_directory_path() / "netft-control-XXXXXX";
};

inline void write(const std::string& path, const std::string& text, mode_t mode = 0600) {
    std::ofstream(path) << text;
    BOOST_REQUIRE(chmod(path.c_str(), mode) == 0);
}

inline std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline mode_t mode_of(const std::string& path) {
    struct stat info {};
    BOOST_REQUIRE(stat(path.c_str(), &info) == 0);
    return info.st_mode & 07777u;
}

}  // namespace netft::control
