"""Nonsense on the wire and on the control socket: counted by name, and nothing else happens.

    n1 <--- garbage --- n2     net0
     \\__________________|      net1
"""
import contextlib
import json
import random
import socket
import sys

from lab.shell import wait_until
from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

TWO = Spec(nodes=2, networks=2)
PLAIN = Spec(nodes=2, networks=2, security="none")
SEND = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for line in sys.stdin:
    s.sendto(bytes.fromhex(line), ("10.0.0.1", 3343))
"""


def header(version=1, kind=4, space=0, receiver=0, counter=1):
    """The 16 bytes every datagram begins with; no flags."""
    return (bytes([version << 4 | kind, 0]) + space.to_bytes(2, "big")
            + receiver.to_bytes(4, "big") + counter.to_bytes(8, "big"))


def opening(cluster=bytes(16)):
    return cluster + bytes(32) + bytes(32) + (7).to_bytes(4, "big") + bytes(8) + bytes(4)


def send(lab, datagrams):
    lab["n2"].run(sys.executable, "-c", SEND, input="\n".join(d.hex() for d in datagrams) + "\n")


def is_counted(lab, datagram, *reasons, times=5):
    """Every one of the datagrams is counted under one of the reasons, and no route flaps."""
    def count():
        drops = lab["n1"].show()["drops"]
        return sum(drops.get(reason, 0) for reason in reasons)
    before, since = count(), lab.flaps()
    send(lab, [datagram] * times)
    wait_until(lambda: count() >= before + times, 5)
    assert count() >= before + times, f"{reasons}: {count() - before} of {times} counted"
    assert lab.flaps() == since, "a route flapped"


@test(TWO)
def truncated_datagrams_are_counted(lab):
    is_counted(lab, b"\x01", "rx_truncated")
    is_counted(lab, header()[:15], "rx_truncated")
    is_counted(lab, header(kind=1), "rx_truncated", "rx_malformed", "rx_rate_limited")


@test(TWO)
def datagrams_of_another_version_are_counted(lab):
    is_counted(lab, header(version=2) + bytes(64), "rx_bad_version")


@test(TWO)
def datagrams_of_an_unknown_type_are_counted(lab):
    is_counted(lab, header(kind=15) + bytes(64), "rx_bad_type")


@test(TWO)
def datagrams_of_no_known_session_are_counted(lab):
    # State up, threshold 5, route ids 1 (as the header's space) and 1, both intervals 100 ms.
    heartbeat = bytes.fromhex("c0000500 00010001 000186a0 000186a0") + bytes(48)
    for kind, payload in ((4, heartbeat), (5, bytes(64)), (6, bytes(64))):
        is_counted(lab, header(kind=kind, space=1, receiver=0xdeadbeef) + payload, "rx_no_session")


@test(PLAIN)
def openings_of_a_foreign_cluster_are_counted(lab):
    is_counted(lab, header(kind=1) + opening(b"another cluster!"), "rx_foreign_cluster")


@test(TWO)
def oversized_datagrams_are_counted(lab):
    is_counted(lab, header(kind=5, receiver=0xdeadbeef) + bytes(60000), "rx_no_session",
               "rx_port_error", "rx_malformed", "rx_no_buffer")


@test(TWO)
def random_datagrams_harm_nothing(lab):
    dice = random.Random(1)
    since = lab.flaps()
    send(lab, [dice.randbytes(dice.randrange(1, 1400)) for _ in range(3000)])
    # The first two bytes right: past the first checks.
    send(lab, [bytes([0x10 | dice.randrange(1, 7)]) + dice.randbytes(dice.randrange(1, 400))
               for _ in range(3000)])
    lab["n1"].run("ping", "-c", 3, "-i", 0.05, "-W", 1, lab.peer("n1", "n2")["ipv4"])
    assert lab.flaps() == since, "a route flapped"
    drops = lab["n1"].show()["drops"]
    assert sum(drops.values()) >= 3000, drops


@contextlib.contextmanager
def client_of(daemon):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        client.connect(str(daemon.socket))
        yield client


def still_well(lab, since):
    wait_for("netftd answers", lambda: lab["n1"].show())
    assert lab.flaps() == since, "a route flapped"


@test(TWO)
def clients_that_send_nonsense_are_answered_or_sent_away(lab):
    since = lab.flaps()
    for nonsense in (b"\0" * 1000 + b"\n", b"{\n", b'{"request":7}\n', b'{"request":"nonsense"}\n',
                     b"[" * 50000 + b"\n", b'{"request":"get"}\n', b"\xff\xfe\n",
                     b'{"request":"history","peer":"nobody"}\n'):
        with client_of(lab["n1"]) as client:
            client.sendall(nonsense)
            answer = client.makefile("rb").readline()
            assert not answer or "error" in json.loads(answer), answer
    still_well(lab, since)


@test(TWO)
def a_client_that_never_ends_its_line_is_sent_away(lab):
    since = lab.flaps()
    with client_of(lab["n1"]) as client, contextlib.suppress(OSError):
        for _ in range(64):
            client.sendall(b"x" * 65536)
    still_well(lab, since)


@test(TWO)
def clients_that_stop_reading_or_vanish_harm_nothing(lab):
    since = lab.flaps()
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            slow = stack.enter_context(client_of(lab["n1"]))
            slow.sendall(b'{"request":"stream","stream":"trace"}\n')
        for _ in range(50):
            with client_of(lab["n1"]) as vanishing:
                vanishing.sendall(b'{"request":"show"}\n')
        flood = stack.enter_context(client_of(lab["n1"]))
        flood.setblocking(False)
        with contextlib.suppress(OSError):
            for _ in range(2000):
                flood.sendall(b'{"request":"show"}\n')  # and never reads an answer
        still_well(lab, since)
    still_well(lab, since)


@test(TWO)
def more_clients_than_allowed_are_refused_and_the_rest_served(lab):
    since = lab.flaps()
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            with contextlib.suppress(OSError):
                stack.enter_context(client_of(lab["n1"]))
    still_well(lab, since)
