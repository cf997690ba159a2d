// The keys of all sessions in the plan, by our index of the session: what the worker seals and
// opens with.
//
// Threads: the worker's. Allocates only in follow(); keys that are no longer in the plan are wiped
// there.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "netft/core/plan.hpp"
#include "netft/dataplane/crypto_device.hpp"

namespace netft::dataplane {

class KeyRing {
 public:
    // `device` is null in security mode none, and then there are never keys.
    explicit KeyRing(CryptoDevice* device) : device_(device) {}

    // Keys for exactly the sessions of the plan. A session whose keys cannot be made (no memory)
    // neither sends (tx_not_sealed) nor receives (rx_no_session).
    void follow(const core::Plan& plan);

    // nullptr: no such session.
    const CryptoKey* sealing(SessionIndex local) const;
    const CryptoKey* opening(SessionIndex local) const;

 private:
    struct Entry {
        SessionIndex local;
        std::uint32_t seen_in = 0;     // the last plan that had it
        session::SessionKeysPtr keys;  // the same object: the same keys
        CryptoKey seal;
        CryptoKey open;
    };
    const Entry* find(SessionIndex local) const;
    bool keep(const core::PlanSession& session);
    std::optional<Entry> make(const core::PlanSession& session);

    CryptoDevice* device_;
    SecurityMode mode_ = SecurityMode::none;
    std::uint32_t plans_ = 0;     // followed so far
    std::vector<Entry> entries_;  // by index of the session
};

}  // namespace netft::dataplane
