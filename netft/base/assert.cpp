#include "netft/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace netft {

void assertion_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "netft: bug: %s:%d: assertion failed: %s\n", file, line, expression);
    std::abort();
}

}  // namespace netft
