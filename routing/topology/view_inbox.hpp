// The views of one peer as they come: parts in any order, repeated, late, of a newer view before
// the older one is whole. PURE.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "netft/wire/view.hpp"

namespace netft::routing {

class ViewInbox {
 public:
    // True when a newer view is whole: view() has changed.
    bool handle_part(std::uint64_t serial, const ViewPart& part);
    // The peer began anew: its serials do, too.
    void forget();

    // The newest view that came whole.
    const std::optional<NodeView>& view() const { return view_; }

 private:
    std::optional<NodeView> view_;
    std::uint64_t serial_ = 0;  // of the view that is being collected, or was last
    bool is_whole_ = true;      // there is nothing to collect
    std::vector<std::optional<ViewPart>> parts_;
};

}  // namespace netft::routing
