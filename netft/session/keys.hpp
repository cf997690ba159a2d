// The two keys of a session, one a direction; wiped with the last holder.
#pragma once

#include <memory>

#include "netft/base/secret.hpp"

namespace netft::session {

struct SessionKeys {
    Secret32 send;
    Secret32 receive;
};
// Shared by control, the plan and the worker; nullptr in security mode none.
using SessionKeysPtr = std::shared_ptr<const SessionKeys>;

}  // namespace netft::session
