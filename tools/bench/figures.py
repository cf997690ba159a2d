"""What is measured of each peer. A figure has one metric or several, measured together."""
import contextlib
import dataclasses
import json
import time
import typing

from bench import micro, processes
from bench.ground import Program, UdpClient, program
from lab import faults
from lab.shell import LabError, wait_until
from lab.spec import Spec, address_of

TCP_PORT = 5201
UDP_PORT = 7777
SMALL_BYTES = 64
BATCH = 64
PING_PAUSE_US = 1000
FAILOVER_SECONDS = 6  # kronosnet needs two, from a cut that comes after one
LINK = Spec(nodes=2, networks=2)
TRIANGLE = Spec(nodes=3, networks=2)
CROWD = Spec(nodes=12, networks=2)


@dataclasses.dataclass(frozen=True)
class Metric:
    name: str
    unit: str
    more_is_better: bool = False
    title: str = ""


@dataclasses.dataclass(frozen=True)
class Context:
    """What a figure is measured with."""
    peer: typing.Any
    spec: typing.Optional[Spec]
    binaries: typing.Any
    udp: UdpClient
    seconds: float  # how long


@dataclasses.dataclass(frozen=True)
class Figure:
    name: str
    title: str
    metrics: tuple
    measure: typing.Callable  # Context -> {metric name: value}
    spec: typing.Optional[Spec] = LINK  # None: no nodes, a program measures it alone
    program: str = ""  # which one; measured in the first round only
    # Whether it says anything of a peer.
    fits: typing.Callable = lambda peer: True


@contextlib.contextmanager
def iperf_server(node):
    with program(node, "iperf3", "-s", "-1", "--forceflush", "-p", TCP_PORT) as server:
        server.wait_line("listening")
        yield server


def iperf_client(context, streams, seconds):
    return Program("n1", "iperf3", "-J", "-c", context.peer.address("n2"), "-p", TCP_PORT,
                   "-t", max(1, round(seconds)), "-P", streams)


def measure_tcp(streams):
    def measure(context):
        with iperf_server("n2"):
            report = json.loads(iperf_client(context, streams, context.seconds).finish(
                context.seconds + 20))
        if "error" in report:
            raise LabError(f"iperf3: {report['error']}")
        return {f"tcp{streams}": report["end"]["sum_received"]["bits_per_second"] / 1e9}
    return measure


def measure_small(name, at_a_time):
    """As many as come through while more is sent than can."""
    def measure(context):
        with context.udp.running("n2", "sink", UDP_PORT, SMALL_BYTES) as sink:
            context.udp.measure("n1", "flood", context.peer.address("n2"), UDP_PORT,
                                context.seconds, SMALL_BYTES, at_a_time, seconds=context.seconds)
            got = json.loads(sink.stop())
        if not got["seconds"]:
            raise LabError(f"{name}: nothing came through")
        return {name: got["received"] / got["seconds"] / 1e3}
    return measure


def ping(context, address, pause_us, seconds):
    with context.udp.running("n2", "echo", UDP_PORT):
        found = context.udp.measure("n1", "ping", address, UDP_PORT, seconds, pause_us,
                                    seconds=seconds)
    if found["lost"] == found["sent"]:
        raise LabError("ping: no answer")
    return found


def measure_round_trip(name, pause_us):
    """Through the peer, and in the same breath over the bare path below it."""
    def measure(context):
        half = context.seconds / 2
        bare = ping(context, address_of(context.spec, "n2", "net0")[0], pause_us, half)
        found = ping(context, context.peer.address("n2"), pause_us, half)
        return {f"{name}-p50": found["p50_us"], f"{name}-p99": found["p99_us"],
                f"{name}-x-bare": found["p50_us"] / bare["p50_us"]}
    return measure


def measure_loaded_round_trip(context):
    suspicions = context.peer.suspicions()
    with iperf_server("n2"):
        bulk = iperf_client(context, 1, context.seconds + 3)
        try:
            found = ping(context, context.peer.address("n2"), PING_PAUSE_US, context.seconds)
            if not bulk.is_running():
                raise LabError(f"rtt-load: the bulk stream ended: {bulk.finish(1)[:200]}")
        finally:
            bulk.end()
    values = {"rtt-load-p50": found["p50_us"], "rtt-load-p99": found["p99_us"]}
    if suspicions is not None:
        values["rtt-load-suspect"] = context.peer.suspicions() - suspicions
    return values


def measure_failover(context):
    """The path in use is cut silently under probes of 1 ms."""
    seconds = max(context.seconds, FAILOVER_SECONDS)
    with context.udp.running("n2", "echo", UDP_PORT), \
            context.udp.running("n1", "probe", context.peer.address("n2"), UDP_PORT,
                                seconds) as probe:
        wait_until(lambda: not probe.is_running(), 1)
        faults.cut(context.spec, "n1", "net0")
        found = json.loads(probe.finish(seconds + 10))
    return {"failover-gap": found["longest_gap_ms"], "failover-lost": found["lost"]}


def daemon_costs(context, seconds):
    """Of all daemons over some time: per cent of a core and wake-ups a second for each."""
    pids = context.peer.pids()
    before, began = [processes.cost_of(pid) for pid in pids], time.monotonic()
    wait_until(lambda: False, seconds, every=seconds)
    passed = time.monotonic() - began
    spent = [processes.cost_of(pid) - old for pid, old in zip(pids, before)]
    return ([one.nanoseconds / passed / 1e7 for one in spent],
            [one.wakeups / passed for one in spent])


def measure_idle(context):
    wait_until(lambda: False, 2, every=2)  # path MTU probes and cards are over
    percent, wakeups = daemon_costs(context, context.seconds)
    return {"idle-cpu": sum(percent) / len(percent), "idle-wakeups": sum(wakeups) / len(wakeups),
            "idle-rss": max(map(processes.resident_mb, context.peer.pids()))}


def measure_scale(context):
    flaps = context.peer.flaps()
    percent, _ = daemon_costs(context, context.seconds)
    return {"scale-cpu": sum(percent) / len(percent),
            "scale-rss": max(map(processes.resident_mb, context.peer.pids())),
            "scale-flaps": context.peer.flaps() - flaps}


def is_netft(peer):
    return peer.name == "netft"


def _tcp(streams):
    many = "stream" if streams == 1 else "streams"
    return Figure(f"tcp{streams}", f"{streams} TCP {many}, iperf3",
                  (Metric(f"tcp{streams}", "Gbit/s", True),), measure_tcp(streams))


def _round_trip(name, title, pause_us):
    metrics = (Metric(f"{name}-p50", "µs"), Metric(f"{name}-p99", "µs"),
               Metric(f"{name}-x-bare", "×"))
    return Figure(name, title, metrics, measure_round_trip(name, pause_us))


FIGURES = (
    _tcp(1), _tcp(4), _tcp(16),
    Figure("udp64", "datagrams of 64 bytes received, more being sent",
           (Metric("udp64", "k/s", True),), measure_small("udp64", 1)),
    Figure("udp64-batch", f"the same, the sender hands over {BATCH} at a time (UDP_SEGMENT)",
           (Metric("udp64-batch", "k/s", True),), measure_small("udp64-batch", BATCH)),
    _round_trip("rtt", "round trip of 64 bytes, one after the other", 0),
    _round_trip("rtt-rest", "round trip of 64 bytes, 1 ms of rest between two", PING_PAUSE_US),
    Figure("rtt-load", "round trip beside one TCP stream",
           (Metric("rtt-load-p50", "µs"), Metric("rtt-load-p99", "µs"),
            Metric("rtt-load-suspect", "times")), measure_loaded_round_trip),
    Figure("failover", "the path in use is cut silently, 1 ms probes",
           (Metric("failover-gap", "ms"), Metric("failover-lost", "probes")), measure_failover,
           fits=lambda peer: peer.survives_a_cut),
    Figure("idle", "idle daemon, 3 nodes on 2 networks",
           (Metric("idle-cpu", "% core"), Metric("idle-wakeups", "1/s"),
            Metric("idle-rss", "MB")), measure_idle, TRIANGLE,
           fits=lambda peer: peer.has_daemons),
    Figure("scale", f"idle daemon, {CROWD.nodes} nodes on {CROWD.networks} networks",
           (Metric("scale-cpu", "% core"), Metric("scale-rss", "MB"),
            Metric("scale-flaps", "times")), measure_scale, CROWD,
           fits=is_netft),
    Figure("seal", "sealing and opening a datagram of 1,424 bytes, no lab",
           (Metric("seal", "ns"), Metric("open", "ns")), micro.measure_seal, None, "seal_bench",
           is_netft),
    Figure("routes", "10,000 routes on one core, virtual time, no lab",
           (Metric("routes-cpu", "% core"), Metric("routes-down", "times"),
            Metric("routes-bytes", "bytes")), micro.measure_routes, None, "engine_bench", is_netft),
    Figure("worker", "the worker alone, a datagram of 64 bytes, received and sent, no lab",
           tuple(Metric(f"worker-{mode}-{way}", "cycles")
                 for mode in ("none", "encrypt") for way in ("rx", "tx")),
           micro.measure_worker, None, "worker_bench", is_netft),
)
METRICS = {metric.name: metric for figure in FIGURES for metric in figure.metrics}
