#include "netft/dataplane/key_ring.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace netft::dataplane {

// Mostly nothing has changed, or the sessions of one peer.
void KeyRing::follow(const core::Plan& plan) {
    if (device_ == nullptr) return;
    ++plans_;
    mode_ = plan.security;
    std::size_t kept = 0;
    std::vector<Entry> fresh;
    for (const core::PlanPeer& peer : plan.peers) {
        for (const core::PlanSession& session : peer.sessions) {
            if (!session.keys) continue;
            if (keep(session))
                ++kept;
            else if (auto entry = make(session))
                fresh.push_back(std::move(*entry));
        }
    }
    if (kept == entries_.size() && fresh.empty()) return;
    std::erase_if(entries_, [this](const Entry& entry) { return entry.seen_in != plans_; });
    std::move(fresh.begin(), fresh.end(), std::back_inserter(entries_));
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& a, const Entry& b) { return a.local < b.local; });
}

// False: we have it not, or with other keys.
bool KeyRing::keep(const core::PlanSession& session) {
    auto* entry = const_cast<Entry*>(find(session.local));
    if (entry == nullptr || entry->keys != session.keys) return false;
    entry->seen_in = plans_;
    return true;
}

std::optional<KeyRing::Entry> KeyRing::make(const core::PlanSession& session) {
    auto seal = device_->add_key(session.keys->send, mode_, CryptoUse::seal);
    auto open = device_->add_key(session.keys->receive, mode_, CryptoUse::open);
    if (!seal || !open) return {};
    return Entry{session.local, plans_, session.keys, std::move(*seal), std::move(*open)};
}

const KeyRing::Entry* KeyRing::find(SessionIndex local) const {
    auto found =
        std::lower_bound(entries_.begin(), entries_.end(), local,
                         [](const Entry& entry, SessionIndex l) { return entry.local < l; });
    if (found == entries_.end() || found->local != local) return nullptr;
    return &*found;
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
