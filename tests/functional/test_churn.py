"""Containers come and go by the hundred beside netftd.

    n1 ------ n2     net0
     \\________|      net1   n1 has 500 interfaces more; links are added and removed there
"""
import contextlib
import threading
import time

from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

TWO = Spec(nodes=2, networks=2)
PAIRS = 250
EVENTS_PER_SECOND = 100
SHORT_SECONDS, LONG_SECONDS = 8, 60


def batch(daemon, lines):
    daemon.run("ip", "-force", "-batch", "-", input="\n".join(lines) + "\n", check=False)


@contextlib.contextmanager
def many_interfaces(daemon):
    batch(daemon, [f"link add c{i} up type veth peer name d{i}" for i in range(PAIRS)])
    try:
        yield
    finally:
        batch(daemon, [f"link del c{i}" for i in range(PAIRS)])


class Churn:
    """A pair is added and removed: that many link events a second, and more of addresses."""

    def __init__(self, daemon):
        self._daemon = daemon
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        pace = 10 / EVENTS_PER_SECOND  # a round makes some ten events
        due = time.monotonic()
        while not self._stop.is_set():
            batch(self._daemon, ["link add t0 up type veth peer name u0", "link del t0"])
            due = max(due + pace, time.monotonic() - 1)
            self._stop.wait(max(0, due - time.monotonic()))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


def slowest_answer(daemon, seconds):
    slowest = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        asked = time.monotonic()
        daemon.show()
        slowest = max(slowest, time.monotonic() - asked)
        time.sleep(0.2)
    return slowest


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def live_through(lab, seconds):
    n1 = lab["n1"]
    with many_interfaces(n1):
        pid, flaps = n1.pid(), lab.flaps("n1", "n2")
        before = cpu_seconds(pid)
        with Churn(n1):
            slowest = slowest_answer(n1, seconds)
        used = (cpu_seconds(pid) - before) / seconds
        print(f"    slowest answer {slowest * 1000:.0f} ms, processor {used * 100:.1f} %")
        assert n1.pid() == pid
        assert slowest <= 1, slowest
        assert lab.flaps("n1", "n2") == flaps
        assert all(lab.is_up("n1", "n2", net) for net in ("net0", "net1"))


@test(TWO, seconds=120)
def five_hundred_interfaces_and_a_hundred_events_a_second_harm_nothing(lab):
    live_through(lab, SHORT_SECONDS)


@test(TWO, long=True, seconds=240)
def they_harm_nothing_for_a_minute(lab):
    live_through(lab, LONG_SECONDS)


@test(TWO, fresh=True, seconds=120)
def a_start_among_interfaces_that_come_and_go_works(lab):
    n1 = lab["n1"]
    with many_interfaces(n1), Churn(n1):
        for _ in range(3):
            n1.stop()
            n1.start()
            wait_for("routes up", lambda: all(lab.is_up("n1", "n2", net)
                                              for net in ("net0", "net1")), seconds=20)


@test(TWO)
def a_hundred_links_at_once_are_taken(lab):
    n1 = lab["n1"]
    pid = n1.pid()
    for _ in range(3):
        batch(n1, [f"link add b{i} type veth peer name e{i}" for i in range(100)])
        batch(n1, [f"link del b{i}" for i in range(100)])
    n1.run("ip", "link", "set", "eth1", "down")
    wait_for("the loss of eth1 is seen", lambda: not lab.is_up("n1", "n2", "net1"), seconds=2)
    n1.run("ip", "link", "set", "eth1", "up")
    wait_for("route up again", lambda: lab.is_up("n1", "n2", "net1"))
    assert n1.pid() == pid
