#include "netft/client/human.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace netft::client {

namespace {

template <class... Args>
std::string format(const char* pattern, Args... args) {
    std::array<char, 64> buffer;
    int n = std::snprintf(buffer.data(), buffer.size(), pattern, args...);
    return std::string(buffer.data(),
                       std::min(buffer.size() - 1, static_cast<std::size_t>(std::max(n, 0))));
}

}  // namespace

std::string age_text(std::chrono::milliseconds age) {
    long long ms = std::max<long long>(age.count(), 0);
    long long s = ms / 1000;
    if (s < 10) return format("%lld.%llds", s, ms % 1000 / 100);
    if (s < 60) return format("%llds", s);
    if (s < 3600) return format("%lldm%02llds", s / 60, s % 60);
    if (s < 86400) return format("%lldh%02lldm", s / 3600, s % 3600 / 60);
    return format("%lldd%02lldh", s / 86400, s % 86400 / 3600);
}

std::optional<std::chrono::system_clock::time_point> parse_rfc3339(const std::string& text) {
    std::tm tm{};
    const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest == nullptr) return {};
    long long us = 0;
    if (*rest == '.') {
        ++rest;
        for (long long unit = 100'000; *rest >= '0' && *rest <= '9'; unit /= 10)
            us += unit * (*rest++ - '0');
    }
    if (std::string(rest) != "Z") return {};
    return std::chrono::system_clock::from_time_t(::timegm(&tm)) + std::chrono::microseconds(us);
}

std::string since_text(const std::string& instant, std::chrono::system_clock::time_point now) {
    auto then = parse_rfc3339(instant);
    if (!then) return "";
    return age_text(std::chrono::duration_cast<std::chrono::milliseconds>(now - *then));
}

std::string microseconds_text(double us) {
    if (us < 1000) return format("%.0f µs", us);
    return us < 1'000'000 ? format("%.2f ms", us / 1000) : format("%.2f s", us / 1'000'000);
}

std::string percent_text(double fraction) {
    double percent = fraction * 100;
    return percent == 0 || percent >= 10 ? format("%.0f", percent) : format("%.1f", percent);
}

}  // namespace netft::client
