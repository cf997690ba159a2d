"""What netft is to reach, in figures of the same run."""
import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Target:
    text: str
    metric: str
    peer: str
    limit: float
    base: typing.Optional[str] = None  # the value is the median ratio to this peer
    at_least: bool = False  # else: at most
    is_goal: bool = False  # wished for, not demanded

    def value(self, results):
        """None when what it needs was not measured."""
        if self.base:
            return results.ratio(self.metric, self.peer, self.base)
        return results.median(self.metric, self.peer)

    def is_reached(self, value):
        return value >= self.limit if self.at_least else value <= self.limit


def _ratio(text, metric, peer, limit, base, **more):
    return Target(text, metric, peer, limit, base, at_least=True, **more)


TARGETS = (
    _ratio("one TCP stream, mode none, × VXLAN", "tcp1", "netft-none", 0.75, "vxlan"),
    _ratio("one TCP stream, mode none, × VXLAN", "tcp1", "netft-none", 1.0, "vxlan", is_goal=True),
    _ratio("one TCP stream, encrypted, × VXLAN", "tcp1", "netft", 0.5, "vxlan"),
    _ratio("one TCP stream, encrypted, × VXLAN", "tcp1", "netft", 0.7, "vxlan", is_goal=True),
    _ratio("one TCP stream, encrypted, × kronosnet aes256", "tcp1", "netft", 25, "knet-aes"),
    _ratio("one TCP stream, encrypted, × wireguard-go", "tcp1", "netft", 10, "wireguard-go"),
    _ratio("one TCP stream, encrypted, × mode none", "tcp1", "netft", 0.6, "netft-none"),
    _ratio("UDP of 64 bytes, encrypted, × kronosnet clear", "udp64", "netft", 5, "knet"),
    _ratio("the same, handed over in batches", "udp64-batch", "netft", 5, "knet"),
    Target("round trip, awake, p50, × the path below", "rtt-x-bare", "netft-spin", 1.3),
    Target("round trip, asleep, p50, × the path below", "rtt-x-bare", "netft", 2.0),
    Target("round trip, asleep, p50, × the path below", "rtt-x-bare", "netft", 1.5, is_goal=True),
    Target("round trip after rests of 1 ms, p50, × the path below", "rtt-rest-x-bare", "netft", 2.0),
    Target("round trip, p99, × kronosnet clear", "rtt-p99", "netft", 1.0, "knet"),
    Target("round trip after rests of 1 ms, p99, × kronosnet clear", "rtt-rest-p99", "netft", 1.0, "knet"),
    Target("round trip beside one TCP stream, p99, µs", "rtt-load-p99", "netft", 5000),
    Target("  the same: times a route was suspect", "rtt-load-suspect", "netft", 0),
    Target("failover, silent cut, 100 ms × 5, longest gap, ms", "failover-gap", "netft", 500),
    Target("idle, 3 nodes × 2 networks, % of a core", "idle-cpu", "netft", 0.2),
    Target("idle, 3 nodes × 2 networks, MB", "idle-rss", "netft", 64),
    Target("10,000 routes, 100 ms × 5, % of a core", "routes-cpu", "netft", 25),
    Target("10,000 routes, false downs in 60 s", "routes-down", "netft", 0),
    Target("10,000 routes, bytes a route", "routes-bytes", "netft", 1024),
    Target("seal a datagram of 1,424 bytes, ns", "seal", "netft", 250),
    Target("open a datagram of 1,424 bytes, ns", "open", "netft", 250),
    Target("worker alone, mode none, cycles received", "worker-none-rx", "netft", 150),
    Target("worker alone, mode none, cycles sent", "worker-none-tx", "netft", 150),
    Target("worker alone, encrypted, cycles received", "worker-encrypt-rx", "netft", 350),
    Target("worker alone, encrypted, cycles sent", "worker-encrypt-tx", "netft", 350),
)


def judged(results):
    """(target, value, "reached", "not reached" or "not measured") for all."""
    out = []
    for target in TARGETS:
        value = target.value(results)
        word = "not measured" if value is None else \
            "reached" if target.is_reached(value) else "not reached"
        out.append((target, value, word))
    return out
