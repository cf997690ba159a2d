#include "netft/control/server_limits.hpp"

namespace netft::control {

namespace {

std::uint32_t factor_of(uid_t uid) { return uid == 0 ? ServerLimits::kRootFactor : 1; }

}  // namespace

void RequestLimit::forget_when_full(TimePoint now) {
    if (limit_.is_full(now)) told_ = false;
}

bool RequestLimit::take(TimePoint now) {
    forget_when_full(now);
    return limit_.take(now);
}

void RequestLimit::drain(TimePoint now, std::uint32_t count) {
    forget_when_full(now);
    limit_.drain(now, count);
}

bool RequestLimit::tell_once() {
    bool first = !told_;
    told_ = true;
    return first;
}

ServerLimits::User::User(uid_t uid)
    : requests(kRequestsPerSecond * factor_of(uid), kRequestsBurst * factor_of(uid)),
      refused_clients(1, 1) {}

RequestLimit ServerLimits::client_bucket(uid_t uid) {
    return RequestLimit(kRequestsPerSecond * factor_of(uid) / 2,
                        kRequestsBurst * factor_of(uid) / 2);
}

Admission ServerLimits::admit_client(TimePoint now, uid_t uid, std::size_t own, std::size_t all) {
    bool is_root = uid == 0;
    bool room = all < kClientsMax - (is_root ? 0 : kRootClients);
    if (room && (is_root || own < kUserClientsMax)) return {};
    User* user = find(now, uid);
    // One bucket of one: it is full again when nobody was refused for a second.
    bool first = user != nullptr && user->refused_clients.is_full(now);
    if (user != nullptr) user->refused_clients.drain(now, 1);
    return {.admitted = false, .first = first};
}

Admission ServerLimits::admit_request(TimePoint now, uid_t uid, RequestLimit& client) {
    User* user = find(now, uid);
    if (user == nullptr) return {.admitted = false};
    if (!client.take(now)) return {.admitted = false, .first = client.tell_once()};
    if (user->requests.take(now)) return {};
    return {.admitted = false, .first = user->requests.tell_once()};
}

void ServerLimits::handle_refusal(TimePoint now, uid_t uid) {
    if (User* user = find(now, uid)) user->requests.drain(now, kRefusalCost);
}

ServerLimits::User* ServerLimits::find(TimePoint now, uid_t uid) {
    auto known = users_.find(uid);
    if (known != users_.end()) return &known->second;
    // A user whose buckets are full is as good as forgotten.
    if (users_.size() >= kUsersMax)
        std::erase_if(users_, [now](const auto& entry) {
            return entry.second.requests.is_full(now) && entry.second.refused_clients.is_full(now);
        });
    if (users_.size() >= kUsersMax && uid != 0) return nullptr;
    return &users_.try_emplace(uid, uid).first->second;
}

}  // namespace netft::control
