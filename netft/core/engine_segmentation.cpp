// Whether what is sent together arrives: the engine's part.
#include "netft/core/engine_state.hpp"

namespace netft::core {

TrialPlace* Engine::State::trial_of(std::uint32_t slot) {
    Route& route = *routes[slot];
    RouteId id = route.plan().id;
    if (TrialPlace* known = trials.find(route.trial(), id)) return known;
    route.set_trial(trials.take(id, [this](RouteId other, std::uint8_t place) {
        std::uint32_t at = route_slot(other);
        return at != Path::kNoRoute && routes[at]->trial() == place;
    }));
    return trials.find(route.trial(), id);
}

// After the heartbeat has been handled.
void Engine::State::try_segmentation(TimePoint now, std::uint32_t slot,
                                     const Heartbeat& heartbeat) {
    Route& route = *routes[slot];
    if (route.trial() == 0 && !route.has_data_lately()) return;
    auto report = route.data_report(heartbeat);
    TrialPlace* place = report ? trial_of(slot) : nullptr;
    if (place == nullptr) return;
    SegmentationTrial& trial = place->trial;
    bool was_avoided = trial.is_avoided();
    constexpr Duration kPause = 2s;  // the route was down meanwhile, or its heartbeats are rare
    if (now - place->reported > kPause) trial.reset();
    place->reported = now;
    trial.handle_report(now, report->sent, report->received, report->heartbeats_lost);
    if (trial.is_avoided() != was_avoided)
        emit(SegmentationRecord{now, route.plan().id, route.plan().peer, trial.is_avoided()});
    if (trial.is_single() != route.is_single()) {
        route.set_single(trial.is_single());
        route.forgive_data_loss();
        publish_selection(peer_slot(route.plan().peer));
    }
    if (trial.is_idle() && !route.has_data_lately()) route.set_trial(0);
}

}  // namespace netft::core
