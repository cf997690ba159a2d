// Replay windows of a peer's data: one for each of its workers' counter spaces that is received
// here.
//
// PURE. A window is made when the first data of its space comes: a peer that sends none costs 16
// bytes. Of several workers here each has the windows of its own spaces and touches no others.
// Threads: the worker's only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "netft/base/assert.hpp"
#include "netft/session/replay_window.hpp"
#include "netft/wire/data.hpp"

namespace netft::session {

class DataWindows {
 public:
    // 131,008 datagrams: 100 ms at 15 Gbit/s.
    using Window = ReplayWindow<2048>;

    // `place`: which of the spaces received here, below kDataSpacesMax; mostly 0.
    Freshness take(std::size_t place, std::uint64_t counter) {
        std::unique_ptr<Window>& window = place == 0 ? first_ : other(place);
        if (!window) window = std::make_unique<Window>();
        return window->take(counter);
    }
    void reset() {
        first_.reset();
        others_.reset();
    }

 private:
    using Others = std::array<std::unique_ptr<Window>, kDataSpacesMax - 1>;

    std::unique_ptr<Window>& other(std::size_t place) {
        NETFT_ASSERT(place < kDataSpacesMax);
        if (!others_) others_ = std::make_unique<Others>();
        return (*others_)[place - 1];
    }

    std::unique_ptr<Window> first_;
    std::unique_ptr<Others> others_;
};

}  // namespace netft::session
