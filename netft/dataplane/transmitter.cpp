#include "netft/dataplane/transmitter.hpp"

#include <rte_mbuf.h>

namespace netft::dataplane {

void Transmitter::set_ports(std::span<const PortBinding> ports, DropCounters& drops) {
    flush(drops);
    ports_.clear();
    queues_.clear();
    place_of_.clear();
    is_blocked_ = false;
    for (const PortBinding& binding : ports) {
        if (binding.port == nullptr) continue;
        if (binding.endpoint.value >= place_of_.size())
            place_of_.resize(binding.endpoint.value + std::size_t{1}, kNone);
        place_of_[binding.endpoint.value] = static_cast<std::uint16_t>(ports_.size());
        ports_.push_back(binding.port);
        queues_.emplace_back().endpoint = binding.endpoint;
        is_blocked_ |= binding.port->is_blocked();
    }
}

bool Transmitter::has_ports(std::span<const PortBinding> ports) const {
    std::size_t i = 0;
    for (const PortBinding& binding : ports) {
        if (binding.port == nullptr) continue;
        if (i == ports_.size() || ports_[i] != binding.port ||
            queues_[i].endpoint != binding.endpoint)
            return false;
        ++i;
    }
    return i == ports_.size();
}

bool Transmitter::add(EndpointId local, const Outgoing& outgoing, DropCounters& drops) {
    std::size_t place = local.value < place_of_.size() ? place_of_[local.value] : kNone;
    if (place == kNone) {
        drops.count(DropReason::tx_no_port);
        rte_pktmbuf_free(outgoing.mbuf);
        return false;
    }
    Queue& queue = queues_[place];
    queue.waiting[queue.count++] = outgoing;
    queue.bytes += outgoing.mbuf->data_len;
    if (queue.count == queue.waiting.size() || queue.bytes >= kBytesMax) flush(place, drops);
    return true;
}

void Transmitter::flush(std::size_t i, DropCounters& drops) {
    Queue& queue = queues_[i];
    if (queue.count == 0) return;
    ports_[i]->send(std::span(queue.waiting).first(queue.count), drops);
    queue.count = 0;
    queue.bytes = 0;
    look(i);
}

void Transmitter::retry(TimePoint now, DropCounters& drops) {
    is_blocked_ = false;
    for (Port* port : ports_) {
        port->retry(now, drops);
        is_blocked_ |= port->is_blocked();
    }
}

void Transmitter::flush(DropCounters& drops) {
    for (std::size_t i = 0; i < queues_.size(); ++i) flush(i, drops);
}

}  // namespace netft::dataplane
