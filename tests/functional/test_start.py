"""A cluster starts, and the adapter is an adapter like any other.

    n1 ------ n2 ------ n3     net0
     \\________|_________/      net1
"""
import os
import sys
import time

from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

THREE = Spec(nodes=3, networks=2)
METADATA_SERVICE = "169.254.169.254"


@test(THREE, figure=True)
def all_routes_are_up_two_seconds_after_the_last_start(lab):
    for daemon in lab.nodes.values():
        daemon.stop()
    for daemon in lab.nodes.values():
        daemon.launch()
    began = time.monotonic()
    lab.wait_all_up()
    took = time.monotonic() - began
    assert took <= 2.0, f"it took {took:.2f} s"


@test(THREE)
def ping_reaches_every_peer_over_the_adapter(lab):
    for name in lab.nodes:
        for peer in lab[name].show()["peers"]:
            lab[name].run("ping", "-c", 3, "-i", 0.05, "-W", 1, peer["ipv4"])
            lab[name].run("ping", "-c", 3, "-i", 0.05, "-W", 1, f"{peer['ipv6']}%netft0")


@test(Spec(nodes=2), fresh=True)
def a_node_works_on_the_one_core_it_may_have_and_on_another_it_is_moved_to(lab):
    allowed = sorted(os.sched_getaffinity(0))
    lab["n1"].stop()
    os.sched_setaffinity(0, {allowed[0]})
    try:
        lab["n1"].start()
    finally:
        os.sched_setaffinity(0, allowed)
    threads = [int(name) for name in os.listdir(f"/proc/{lab['n1'].pid()}/task")]
    assert all(os.sched_getaffinity(thread) == {allowed[0]} for thread in threads)
    lab.wait_all_up()
    for thread in threads:
        os.sched_setaffinity(thread, {allowed[-1]})
    lab["n1"].run("ping", "-c", 3, "-i", 0.05, "-W", 2, lab.peer("n1", "n2")["ipv4"])
    assert all(route["state"] == "up" for route in lab.routes("n1", "n2"))


@test(THREE)
def large_packets_cross_whole(lab):
    for size in (1300, 9000, 60000):
        lab["n1"].run("ping", "-c", 2, "-i", 0.1, "-W", 2, "-s", size,
                      lab.peer("n1", "n2")["ipv4"])


@test(THREE)
def ipv6_multicast_is_answered_by_every_peer(lab):
    text = lab["n1"].run("ping", "-c", 2, "-i", 0.3, "ff02::1%netft0").stdout
    for name in ("n2", "n3"):
        address = lab.peer("n1", name)["ipv6"]
        assert address in text, f"no answer of {name} ({address}) in:\n{text}"


RECEIVER = """
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 5555))
index = socket.if_nametoindex("netft0")
group = socket.inet_aton("239.1.2.3")
member = struct.pack("4s4si", group, bytes(4), index)
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
s.settimeout(10)
print("ready", flush=True)
print(s.recv(100).decode(), flush=True)
"""
SENDER = """
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
index = socket.if_nametoindex("netft0")
way_out = struct.pack("4s4si", bytes(4), bytes(4), index)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, way_out)
s.sendto(b"hello", ("239.1.2.3", 5555))
"""


@test(THREE)
def ipv4_multicast_reaches_every_peer(lab):
    receivers = [lab[name].popen(sys.executable, "-c", RECEIVER, stdout=-1)
                 for name in ("n2", "n3")]
    try:
        for receiver in receivers:
            assert receiver.stdout.readline() == "ready\n"
        lab["n1"].run(sys.executable, "-c", SENDER)
        for receiver in receivers:
            assert receiver.stdout.readline() == "hello\n"
    finally:
        for receiver in receivers:
            receiver.kill()
            receiver.wait()


@test(THREE)
def the_way_to_the_metadata_service_is_not_taken(lab):
    # A default route makes the question worth asking.
    lab["n1"].run("ip", "route", "add", "default", "via", "10.0.0.2")
    try:
        ask = ("ip", "-o", "route", "get", METADATA_SERVICE)
        during = lab["n1"].run(*ask).stdout.split("uid")[0].split()
        lab["n1"].stop()
        before = lab["n1"].run(*ask).stdout.split("uid")[0].split()
        assert during == before, f"{during} with netftd, {before} without"
    finally:
        lab["n1"].run("ip", "route", "del", "default")


@test(THREE)
def only_host_routes_of_the_peers_are_on_the_adapter(lab):
    routes = lab["n1"].run("ip", "-4", "route", "show", "dev", "netft0").stdout.splitlines()
    peers = {peer["ipv4"] for peer in lab["n1"].show()["peers"]}
    assert {line.split()[0].removesuffix("/32") for line in routes} == peers, routes


@test(THREE)
def hosts_file_names_every_node(lab):
    lines = (lab["n1"].run_dir / "hosts").read_text(encoding="utf-8").splitlines()
    named = {line.split()[1]: line.split()[0] for line in lines if line and line[0] != "#"}
    assert set(named) >= {"n1", "n2", "n3"}, lines
    assert named["n2"] == lab.peer("n1", "n2")["ipv4"]


@test(THREE)
def an_unreachable_peer_is_answered_for_at_once(lab):
    address = lab.peer("n1", "n3")["ipv4"]
    lab["n3"].kill()
    wait_for("n3 unreachable", lambda: lab.peer("n1", "n3")["state"] == "unreachable")
    began = time.monotonic()
    text = lab["n1"].run("ping", "-c", 1, "-W", 5, address, check=False).stdout
    assert "Unreachable" in text, text
    connect = f"import socket; socket.create_connection(('{address}', 9), 5)"
    refused = lab["n1"].run(sys.executable, "-c", connect, check=False).stderr
    assert "No route to host" in refused, refused
    assert time.monotonic() - began < 3, "the answers did not come at once"


@test(THREE)
def virtual_addresses_stay_the_same_over_a_restart(lab):
    before = lab["n1"].show()["adapter"]
    lab["n1"].stop()
    lab["n1"].start()
    after = lab["n1"].show()["adapter"]
    assert all(before[key] == after[key] for key in ("ipv4", "ipv6", "mac")), (before, after)
