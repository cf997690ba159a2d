#include "netft/dataplane/key_ring.hpp"

#include <algorithm>
#include <utility>

namespace netft::dataplane {

namespace {

// Entries are there but while follow() moves them.
template <class Entry>
bool comes_before(const Entry& entry, SessionIndex local) {
    return entry->local < local;
}

}  // namespace

void KeyRing::follow(const core::Plan& plan) {
    if (device_ == nullptr) return;
    std::vector<std::optional<Entry>> next;
    mode_ = plan.security;
    for (const core::PlanPeer& peer : plan.peers) {
        for (const core::PlanSession& session : peer.sessions) {
            if (!session.keys) continue;
            if (auto entry = take(session)) next.push_back(std::move(entry));
        }
    }
    std::sort(next.begin(), next.end(),
              [](const auto& a, const auto& b) { return a->local < b->local; });
    entries_ = std::move(next);
}

// The entry of a session we have already, or a new one.
std::optional<KeyRing::Entry> KeyRing::take(const core::PlanSession& session) {
    for (auto& entry : entries_)
        if (entry && entry->local == session.local && entry->keys == session.keys)
            return std::exchange(entry, std::nullopt);
    auto seal = device_->add_key(session.keys->send, mode_, CryptoUse::seal);
    auto open = device_->add_key(session.keys->receive, mode_, CryptoUse::open);
    if (!seal || !open) return {};
    return Entry{session.local, session.keys, std::move(*seal), std::move(*open)};
}

const KeyRing::Entry* KeyRing::find(SessionIndex local) const {
    auto found = std::lower_bound(entries_.begin(), entries_.end(), local,
                                  comes_before<std::optional<Entry>>);
    if (found == entries_.end() || (*found)->local != local) return nullptr;
    return &**found;
}

const CryptoKey* KeyRing::sealing(SessionIndex local) const {
    const Entry* entry = find(local);
    return entry == nullptr ? nullptr : &entry->seal;
}

const CryptoKey* KeyRing::opening(SessionIndex local) const {
    const Entry* entry = find(local);
    return entry == nullptr ? nullptr : &entry->open;
}

}  // namespace netft::dataplane
