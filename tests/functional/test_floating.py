"""Other people's cluster software moves addresses on the adapter; and sending to many goes on.

    n1 ------ n2     net0   keepalived runs on n1 and n2, n3 uses what they have
     \__ n3 __/
"""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

THREE = Spec(nodes=3, networks=1)
ADAPTER = '\n[adapter]\nipv4_prefix = "10.99.0.0/24"\nipv6_prefix = "fd99::/64"\n'
VIP = ("10.99.0.250", "fd99::250")
MOVES = int(os.environ.get("NETFT_FLOATING_MOVES", "4"))

INSTANCE = """
vrrp_instance cluster {{
  interface netft0
  state BACKUP
  nopreempt
  version 3
  virtual_router_id 51
  priority {priority}
  advert_int 0.1
  virtual_ipaddress {{
    {0}/32 dev netft0
  }}
  virtual_ipaddress_excluded {{
    {1}/128 dev netft0
  }}
}}
"""

# Joins a group on the adapter, says that it did, and prints the first datagram's text.
LISTEN = """
import socket, struct, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
index = socket.if_nametoindex("netft0")
s = socket.socket(family, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 5353))
group = socket.inet_pton(family, sys.argv[1])
if family == socket.AF_INET6:
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + struct.pack("@I", index))
else:
    there = struct.pack("=4s4si", group, bytes(4), index)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, there)
print("joined", flush=True)
s.settimeout(20)
print(s.recv(100).decode(), flush=True)
"""
SEND = """
import socket, struct, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
index = socket.if_nametoindex("netft0")
s = socket.socket(family, socket.SOCK_DGRAM)
if family == socket.AF_INET6:
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
else:
    there = struct.pack("=4s4si", bytes(4), bytes(4), index)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, there)
s.sendto(b"to all", (sys.argv[1], 5353))
"""


@contextlib.contextmanager
def prefixes(lab):
    before = lab.config.read_text(encoding="utf-8")
    try:
        reload_all(lab, before + ADAPTER)
        wait_for("the prefix on n3", lambda: "10.99.0." in lab["n3"].run(
            "ip", "address", "show", "netft0").stdout)
        yield
    finally:
        reload_all(lab, before)


def reload_all(lab, text):
    lab.config.write_text(text, encoding="utf-8")
    for daemon in lab.nodes.values():
        daemon.reload()
    lab.wait_all_up()


class Keepalived:
    """One on a node, with files of its own."""

    def __init__(self, lab, node, priority, directory):
        self._node = lab[node]
        self._files = pathlib.Path(directory) / node
        self._files.mkdir()
        self._config = self._files / "keepalived.conf"
        self._config.write_text(INSTANCE.format(*VIP, priority=priority), encoding="utf-8")
        self._process = None

    def start(self):
        log = open(self._files / "log", "ab")
        pids = [str(self._files / name) for name in ("pid", "vrrp", "checkers")]
        self._process = self._node.popen(
            "keepalived", "--dont-fork", "--log-console", "--vrrp", "-f", self._config,
            "-p", pids[0], "-r", pids[1], "-c", pids[2], stdout=log, stderr=subprocess.STDOUT)
        log.close()

    def stop(self):
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(10)
        self._process = None

    def is_backup(self):
        text = (self._files / "log").read_text(encoding="utf-8", errors="replace")
        return "Entering BACKUP STATE" in text.split("Starting Keepalived")[-1]

    def has_addresses(self):
        text = self._node.run("ip", "address", "show", "netft0").stdout
        return all(address in text for address in VIP)


def answers(lab, node, address):
    return lab[node].run("ping", "-c", 1, "-W", 1, "-n", address, check=False).returncode == 0


@test(THREE)
def keepalived_moves_its_addresses_and_every_node_follows_within_a_second(lab):
    assert shutil.which("keepalived"), "keepalived is missing (tools/support/packages.txt)"
    with prefixes(lab), tempfile.TemporaryDirectory() as directory:
        both = [Keepalived(lab, "n1", 110, directory), Keepalived(lab, "n2", 90, directory)]
        try:
            both[0].start()
            wait_for("n1 is master", both[0].has_addresses)
            slowest = 0.0
            for move in range(MOVES):
                old, new = both if move % 2 == 0 else both[::-1]
                new.start()
                wait_for("the other one waits", new.is_backup)
                assert not new.has_addresses(), "two masters: VRRP does not get through"
                old.stop()
                wait_for("the other one is master", new.has_addresses)
                start = time.monotonic()
                for address in VIP:
                    wait_for(f"n3 reaches {address}", lambda a=address: answers(lab, "n3", a))
                    slowest = max(slowest, time.monotonic() - start)
            assert slowest < 1.0, f"{slowest:.2f} s"
            print(f"{MOVES} moves, reached after {slowest:.2f} s at the latest", file=sys.stderr)
        finally:
            for one in both:
                one.stop()


@test(THREE)
def what_is_sent_to_many_reaches_all(lab):
    for group in ("224.0.0.251", "239.1.2.3", "ff02::fb", "ff02::1:7"):
        listeners = [lab[node].popen("python3", "-c", LISTEN, group, stdout=subprocess.PIPE)
                     for node in ("n2", "n3")]
        try:
            for one in listeners:
                assert one.stdout.readline().strip() == "joined"
            lab["n1"].run("python3", "-c", SEND, group)
            for one in listeners:
                assert one.stdout.readline().strip() == "to all", f"{group} is lost"
        finally:
            for one in listeners:
                one.kill()
                one.wait()
