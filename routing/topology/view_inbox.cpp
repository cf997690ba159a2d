#include "routing/topology/view_inbox.hpp"

#include <algorithm>
#include <utility>

namespace netft::routing {

bool ViewInbox::handle_part(std::uint64_t serial, const ViewPart& part) {
    if (serial < serial_ || (serial == serial_ && is_whole_)) return false;
    if (serial > serial_ || parts_.size() != part.parts) {
        serial_ = serial;
        is_whole_ = false;
        parts_.assign(part.parts, std::nullopt);
    }
    parts_[part.part] = part;
    if (!std::all_of(parts_.begin(), parts_.end(), [](const auto& p) { return p.has_value(); }))
        return false;
    std::vector<ViewPart> whole;
    for (auto& p : std::exchange(parts_, {})) whole.push_back(*std::move(p));
    view_ = join(whole);
    is_whole_ = true;
    return true;
}

void ViewInbox::forget() { *this = ViewInbox(); }

}  // namespace netft::routing
