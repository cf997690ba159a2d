#include "netft/client/connection.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "netft/control/server.hpp"

namespace netft::client {

namespace {

using nlohmann::json;

int milliseconds_until(std::optional<SteadyTime> deadline) {
    if (!deadline) return -1;
    auto left =
        std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

std::string hint(int error) {
    if (error == ENOENT || error == ECONNREFUSED) return " (is netftd running?)";
    if (error == EACCES || error == EPERM) return " (are you root or in group netft?)";
    return "";
}

}  // namespace

std::string socket_path(const std::string& option) {
    if (!option.empty()) return option;
    const char* environment = std::getenv("NETFT_SOCKET");
    if (environment != nullptr && *environment != '\0') return environment;
    return control::kDefaultSocketPath;
}

Result<Connection> Connection::open(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return fail(path + ": path too long for a socket");
    std::memcpy(address.sun_path, path.data(), path.size());
    control::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return fail_errno("socket", errno);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        int error = errno;
        return fail(path + ": " + std::strerror(error) + hint(error), error);
    }
    return Connection(std::move(fd), path);
}

Status Connection::send(const json& document) {
    std::string line = document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    for (std::size_t done = 0; done < line.size();) {
        ssize_t n = ::send(fd_.get(), line.data() + done, line.size() - done, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno(path_, errno);
        done += static_cast<std::size_t>(n);
    }
    return {};
}

namespace {

// "10", "0.5".
std::string seconds_text(std::chrono::milliseconds time) {
    std::string text = std::to_string(time.count() / 1000);
    std::string rest = std::to_string(1000 + time.count() % 1000).substr(1);
    while (!rest.empty() && rest.back() == '0') rest.pop_back();
    return rest.empty() ? text : text + "." + rest;
}

}  // namespace

Result<json> Connection::request(const json& question, std::chrono::milliseconds patience) {
    if (Status sent = send(question); !sent) return tl::unexpected(sent.error());
    auto answer = receive(std::chrono::steady_clock::now() + patience);
    if (!answer) return tl::unexpected(answer.error());
    if (!*answer)
        return fail(path_ + ": no answer from netftd within " + seconds_text(patience) + " s");
    return std::move(**answer);
}

Status Connection::subscribe(const std::string& stream) {
    return send({{"request", "stream"}, {"stream", stream}});
}

Result<std::optional<json>> Connection::receive(std::optional<SteadyTime> deadline) {
    while (true) {
        if (std::optional<std::string> line = take_line()) {
            json document = json::parse(*line, nullptr, false);
            if (!document.is_object()) return fail(path_ + ": what answers there is no netftd");
            auto error = document.find("error");
            if (error != document.end() && error->is_string())
                return fail(error->get<std::string>());
            return document;
        }
        pollfd wanted{.fd = fd_.get(), .events = POLLIN, .revents = 0};
        int n = ::poll(&wanted, 1, milliseconds_until(deadline));
        if (n < 0 && errno != EINTR) return fail_errno(path_, errno);
        if (n == 0 && deadline && std::chrono::steady_clock::now() >= *deadline)
            return std::optional<json>{};
        if (n <= 0) continue;
        if (Status filled = fill(); !filled) return tl::unexpected(filled.error());
    }
}

std::optional<std::string> Connection::take_line() {
    std::size_t end = input_.find('\n', searched_);
    searched_ = input_.size();
    if (end == std::string::npos) return {};
    std::string line = input_.substr(taken_, end - taken_);
    searched_ = taken_ = end + 1;
    return line;
}

Status Connection::fill() {
    input_.erase(0, taken_);
    searched_ -= taken_;
    taken_ = 0;
    std::array<char, 64 * 1024> buffer;
    ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) return {};
    if (n < 0 && errno != ECONNRESET) return fail_errno(path_, errno);
    if (n <= 0) return fail(path_ + ": netftd closed the connection", ECONNRESET);
    if (input_.size() + static_cast<std::size_t>(n) > kLineBytesMax)
        return fail(path_ + ": a line without end; what answers there is no netftd");
    input_.append(buffer.data(), static_cast<std::size_t>(n));
    return {};
}

}  // namespace netft::client
