#include "tools/trace/sink.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace netft::trace {

Result<Sink> Sink::open(const std::string& path) {
    bool output = path == "-";
    control::Fd fd(output ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                          : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd) return fail_errno(output ? "standard output" : path, errno);
    return Sink(std::move(fd), output ? "standard output" : path);
}

Result<bool> Sink::write(const std::string& bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
        ssize_t n = ::write(fd_.get(), bytes.data() + done, bytes.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EPIPE) return false;
        if (n < 0) return fail_errno(name_, errno);
        done += static_cast<std::size_t>(n);
    }
    return true;
}

bool Sink::is_terminal() const { return ::isatty(fd_.get()) == 1; }

}  // namespace netft::trace
