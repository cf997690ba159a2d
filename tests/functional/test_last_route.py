"""The last route to a peer goes, again and again, while small frames are sent to it.

    n1 ------ n2     net0 alone
"""
import contextlib
import subprocess
import sys

from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

LOAD = """
import socket, sys, threading
address = sys.argv[1]
def datagrams():
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while True:
        try:
            out.sendto(bytes(64), (address, 9))
        except OSError:
            pass
def stream():
    while True:
        try:
            out = socket.create_connection((address, 9009), timeout=0.5)
            out.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while out.send(bytes(64)):
                pass
        except OSError:
            pass
for work in [datagrams] * 4 + [stream] * 2:
    threading.Thread(target=work, daemon=True).start()
sys.stdin.read()
"""
SINK = """
import socket, threading
server = socket.create_server(("0.0.0.0", 9009))
def drain(peer):
    try:
        while peer.recv(65536):
            pass
    except OSError:
        pass
while True:
    threading.Thread(target=drain, args=(server.accept()[0],), daemon=True).start()
"""


def spec_of(workers):
    return Spec(nodes=2, networks=1, extra=f"[worker]\ncount = {workers}\n")


@contextlib.contextmanager
def small_frames(lab):
    """UDP and TCP in pieces of 64 bytes from n1 to n2, in several flows."""
    address = lab.peer("n1", "n2")["ipv4"]
    running = [lab["n2"].popen(sys.executable, "-c", SINK)]
    running += [lab["n1"].popen(sys.executable, "-c", LOAD, address, stdin=subprocess.PIPE,
                                stderr=subprocess.DEVNULL) for _ in range(3)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def refused(lab):
    return sum(w["drops"].get("frame_peer_unreachable", 0) for w in lab["n1"].show()["workers"])


def cut_and_heal(lab, cuts):
    pids = [lab[node].pid() for node in lab.nodes]
    with small_frames(lab):
        for _ in range(cuts):
            before = refused(lab)
            lab.cut("n1", "net0", "carrier")
            wait_for("route down", lambda: not lab.is_up("n1", "n2", "net0"))
            wait_for("frames refused", lambda known=before: refused(lab) > known)
            lab.heal("n1", "net0")
            wait_for("route up", lambda: lab.is_up("n1", "n2", "net0"))
    assert [lab[node].pid() for node in lab.nodes] == pids
    lab["n1"].run("ping", "-c", 5, "-i", "0.01", "-q", lab.peer("n1", "n2")["ipv4"])


@test(spec_of(2))
def two_workers_live_through_it(lab):
    cut_and_heal(lab, 4)


@test(spec_of(2), long=True, seconds=900)
def two_workers_live_through_200_cuts(lab):
    cut_and_heal(lab, 200)


@test(spec_of(4), long=True, seconds=900)
def four_workers_live_through_200_cuts(lab):
    cut_and_heal(lab, 200)
