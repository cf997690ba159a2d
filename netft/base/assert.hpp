// NETFT_ASSERT: a broken promise of our own code. Never on data from outside. Stays on in release.
#pragma once

namespace netft {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace netft

#define NETFT_ASSERT(expression) \
    ((expression) ? void(0) : ::netft::assertion_failed(#expression, __FILE__, __LINE__))
