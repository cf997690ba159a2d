// Result<T>: an operation either gives a T or an Error that says what could not be done.
//
// Use it for operations that can fail in the field. A peer's or the network's misbehaviour is a
// DropReason (netft/wire/drop_reason.hpp); a bug of ours is NETFT_ASSERT.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace netft {

// `what` reads "object: problem" and grows to the left as layers add context.
// `errno_value` is 0 where no system call failed.
struct Error {
    std::string what;
    int errno_value = 0;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(std::string what, int errno_value = 0) {
    return tl::unexpected<Error>(Error{std::move(what), errno_value});
}

// fail() with ": strerror(errno_value)" appended.
tl::unexpected<Error> fail_errno(const std::string& what, int errno_value);

inline tl::unexpected<Error> with_context(const std::string& context, const Error& inner) {
    return tl::unexpected<Error>(Error{context + ": " + inner.what, inner.errno_value});
}

}  // namespace netft
