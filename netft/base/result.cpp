#include "netft/base/result.hpp"

#include <cstring>

namespace netft {

tl::unexpected<Error> fail_errno(const std::string& what, int errno_value) {
    return fail(what + ": " + std::strerror(errno_value), errno_value);
}

}  // namespace netft
