#include "netft/dataplane/transmitter.hpp"

#include <rte_mbuf.h>

namespace netft::dataplane {

void Transmitter::set_ports(std::span<const PortBinding> ports, DropCounters& drops) {
    flush(drops);
    ports_.clear();
    queues_.clear();
    for (const PortBinding& binding : ports) {
        if (binding.port == nullptr) continue;
        ports_.push_back(binding.port);
        queues_.emplace_back().endpoint = binding.endpoint;
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
    for (std::size_t i = 0; i < queues_.size(); ++i) {
        Queue& queue = queues_[i];
        if (queue.endpoint != local) continue;
        queue.waiting[queue.count++] = outgoing;
        queue.bytes += outgoing.mbuf->data_len;
        if (queue.count == queue.waiting.size() || queue.bytes >= kBytesMax) flush(i, drops);
        return true;
    }
    drops.count(DropReason::tx_no_port);
    rte_pktmbuf_free(outgoing.mbuf);
    return false;
}

void Transmitter::flush(std::size_t i, DropCounters& drops) {
    Queue& queue = queues_[i];
    if (queue.count == 0) return;
    ports_[i]->send(std::span(queue.waiting).first(queue.count), drops);
    queue.count = 0;
    queue.bytes = 0;
}

void Transmitter::flush(DropCounters& drops) {
    for (std::size_t i = 0; i < queues_.size(); ++i) flush(i, drops);
}

}  // namespace netft::dataplane
