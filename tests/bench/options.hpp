// The command lines of the benches: words that take a value or none.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

namespace netft::bench {

// The words after the program's name, one by one.
class Words {
 public:
    Words(int count, char** words) : count_(count), words_(words) {}
    bool next(std::string_view& word) {
        if (++at_ >= count_) return false;
        word = words_[at_];
        return true;
    }
    // Of the option that next() gave; empty or 0 where there is none.
    std::string text() { return ++at_ < count_ ? words_[at_] : ""; }
    int number() { return std::atoi(text().c_str()); }

 private:
    int count_;
    char** words_;
    int at_ = 0;
};

// What main() returns. `parse` reads the words; false: they are not understood.
template <class Options>
int run_bench(const char* usage, Words words, bool (*parse)(Words, Options&),
              int (*run)(const Options&)) {
    Options options;
    if (!parse(words, options)) {
        std::fprintf(stderr, "usage: %s\n", usage);
        return 2;
    }
    try {
        return run(options);
    } catch (const std::exception& problem) {
        std::string_view name = usage;
        std::fprintf(stderr, "%s: %s\n", std::string(name.substr(0, name.find(' '))).c_str(),
                     problem.what());
        return 1;
    }
}

}  // namespace netft::bench
