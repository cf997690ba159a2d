"""Addresses on the adapter: whose they are, and how they move.

    n1 ------ n2     net0
     \\__ n3 __/
"""
import contextlib
import time

from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

THREE = Spec(nodes=3, networks=1)
TWO = Spec(nodes=2, networks=1)
PREFIXES = 'ipv4_prefix = "10.99.0.0/24"\nipv6_prefix = "fd99::/64"\n'
VIP = ("10.99.0.250", "fd99::250")


@contextlib.contextmanager
def configured(lab, text):
    """The file with a table [adapter], at all nodes; as it was behind it."""
    before = lab.config.read_text(encoding="utf-8")
    try:
        reload_all(lab, before + "\n[adapter]\n" + text)
        yield
    finally:
        reload_all(lab, before)


def reload_all(lab, text):
    lab.config.write_text(text, encoding="utf-8")
    for daemon in lab.nodes.values():
        daemon.reload()
    lab.wait_all_up()


def answers(lab, node, address):
    done = lab[node].run("ping", "-c", 1, "-W", 1, "-n", address, check=False)
    return done.returncode == 0


def put(lab, node, address, verb="add"):
    length = 128 if ":" in address else 32
    words = ["ip", "address", verb, f"{address}/{length}", "dev", "netft0"]
    lab[node].run(*words, *(["nodad"] if verb == "add" and ":" in address else []))


def warnings(lab, node):
    return lab[node].show()["warnings"]


@test(THREE)
def a_floating_address_is_reached_by_all_and_followed_when_it_moves(lab):
    with configured(lab, PREFIXES):
        for address in VIP:
            put(lab, "n1", address)
            for node in ("n2", "n3"):
                wait_for(f"{node} reaches {address}", lambda n=node, a=address: answers(lab, n, a))
        assert set(VIP) == set(lab.peer("n3", "n1")["floating"])
        for turn in range(6):
            here, there = ("n1", "n2") if turn % 2 == 0 else ("n2", "n1")
            for address in VIP:
                put(lab, here, address, "del")
                put(lab, there, address)
                start = time.monotonic()
                wait_for(f"n3 reaches {address}", lambda a=address: answers(lab, "n3", a))
                took = time.monotonic() - start
                assert took < 1.0, f"{address}: {took:.2f} s"
        for address in VIP:
            put(lab, "n1", address, "del")


@test(TWO)
def a_floating_address_outside_every_prefix_has_a_way(lab):
    with configured(lab, 'floating = ["192.168.77.0/24", "fd77::5"]\n'):
        for address in ("192.168.77.5", "fd77::5"):
            put(lab, "n1", address)
            wait_for(f"n2 reaches {address}", lambda a=address: answers(lab, "n2", a))
            put(lab, "n1", address, "del")


@test(TWO)
def an_address_that_nobody_allows_is_said_and_refused(lab):
    put(lab, "n1", "192.168.78.5")
    try:
        wait_for("n1 says so", lambda: "192.168.78.5" in "".join(warnings(lab, "n1")))
        peer = lab.peer("n1", "n2")["ipv4"]
        lab["n1"].run("ping", "-c", 2, "-i", 0.2, "-W", 1, "-I", "192.168.78.5", peer, check=False)
        assert lab["n2"].show()["drops"]["frame_bad_source_address"] > 0
        wait_for("n2 names it", lambda: "n1: frames from 192.168.78.5 refused: not in its allowed"
                 in warnings(lab, "n2"))
    finally:
        put(lab, "n1", "192.168.78.5", "del")
