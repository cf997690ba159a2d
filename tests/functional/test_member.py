"""A member with true keys and no good will, against three honest nodes: they lose nothing, hear
nothing forged, and are afterwards what they were before.

    n1 ------ n2 ------ n3 ------ n4     net0, net1; n3 is the member
"""
import contextlib
import itertools
import json
import os
import random
import subprocess
import sys

from lab.demo import Probe
from lab.shell import wait_until
from lab.spec import Spec, address_of
from support.registry import test
from support.sessions import wait_for

from stranger import inner
from stranger.driver import Stranger

FOUR = Spec(nodes=4, networks=2, security="encrypt")
MEMBER = "n3"
HONEST = ("n1", "n2", "n4")
LOST_SHARE_MAX = 0.001
RSS_GROWTH_MAX_KB = 1024
ALL = ("arp", "neighbour_discovery", "other_protocols", "inner_sources", "virtio_headers", "cards",
       "control_flood", "trains", "initiations", "responses", "heartbeats", "flaps", "relays")

SINK = """
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(("::", int(sys.argv[1])))
print("ready", flush=True)
while True:
    data, sender = s.recvfrom(100)
    print(data.decode(errors="replace"), sender[0], flush=True)
"""


def kinds():
    """All; NETFT_MEMBER_KINDS names fewer."""
    wanted = os.environ.get("NETFT_MEMBER_KINDS")
    return wanted.split(",") if wanted else list(ALL)


def seed():
    """The same at every run, unless another is asked for ("any" takes one by chance)."""
    wanted = os.environ.get("NETFT_MEMBER_SEED", "3")
    chosen = random.randrange(1 << 32) if wanted == "any" else int(wanted)
    print(f"     NETFT_MEMBER_SEED={chosen}", flush=True)
    return chosen


def honest_flaps(lab):
    addresses = {address_of(lab.spec, node, network)[0] for node in HONEST
                 for network in lab.spec.network_names()}
    return {key: count for key, count in lab.flaps(*HONEST).items()
            if key[1] in HONEST and key[3].rsplit(":", 1)[0] in addresses}


def neighbours(lab, node):
    """What the node's kernel holds of the other honest nodes on netft0, by their true MACs."""
    peers = {peer[family]: peer["name"] for peer in lab[node].show()["peers"]
             for family in ("ipv4", "ipv6")}
    listed = json.loads(lab[node].run("ip", "-j", "neigh", "show", "dev", "netft0").stdout)
    return {one["dst"]: one["lladdr"] for one in listed
            if "lladdr" in one and peers.get(one["dst"]) in HONEST}


def resident_kb(lab, node):
    with open(f"/proc/{lab[node].pid()}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def state_of(lab):
    """All that must be afterwards as it was before."""
    out = {}
    for node in HONEST:
        shown = lab[node].show()
        link = json.loads(lab[node].run("ip", "-j", "-d", "link", "show", "dev", "netft0").stdout)[0]
        out[node] = {
            # What is said of the member is true, and stays for a time.
            "warnings": sorted(one for one in shown["warnings"]
                               if not one.startswith(f"{MEMBER}: ")),
            "peers": {peer["name"]: (peer["ipv4"], peer["ipv6"], peer["state"],
                                     sorted((r["local"], r["remote"], r["state"], r["mtu"])
                                            for r in peer["routes"]))
                      for peer in shown["peers"] if peer["name"] in HONEST},
            "adapter": (link["mtu"], link.get("gso_max_size"), link["address"]),
            "addresses": lab[node].run("ip", "-br", "address", "show", "dev", "netft0").stdout,
            "kernel routes": sorted(lab[node].run("ip", "route", "show").stdout.splitlines())}
    return out


@contextlib.contextmanager
def sinks(lab):
    """What the honest nodes hear of what is forged."""
    processes = {node: lab[node].popen(sys.executable, "-c", SINK, inner.SINK,
                                       stdout=subprocess.PIPE) for node in HONEST}
    heard = {}
    try:
        for one in processes.values():
            assert one.stdout.readline() == "ready\n"
        yield heard
    finally:
        for node, one in processes.items():
            one.kill()
            heard[node] = one.communicate()[0].splitlines()


@contextlib.contextmanager
def probes(lab):
    """A probe a millisecond between all honest pairs."""
    results = {}
    with contextlib.ExitStack() as stack:
        running = {pair: stack.enter_context(Probe(
            lab, lab.peer(*pair)["ipv4"], *pair)) for pair in (("n1", "n2"), ("n2", "n4"),
                                                                ("n4", "n1"))}
        yield results
        for pair, probe in running.items():
            results[pair] = probe.finish()


def attack(lab, slot_s, rounds):
    """Gives what was found wrong."""
    names = kinds()
    before, flaps = state_of(lab), honest_flaps(lab)
    macs = {peer: mac for node in HONEST for peer, mac in neighbours(lab, node).items()}
    lab[MEMBER].stop()
    wrong = []
    with Stranger(lab, MEMBER, list(HONEST), program="member.py", seed=seed(), kinds=names,
                  slot_s=slot_s, rounds=rounds) as member:
        for node in HONEST:
            member.wait("card", peer=node)
        with sinks(lab) as heard, probes(lab) as results:
            # The first round touches what was set aside at start: buffers, windows, tables.
            round_s = len(names) * slot_s * 1.5 + 20
            assert wait_until(lambda: len(member.all("done")) >= len(names), round_s), "no round"
            memory = {node: resident_kb(lab, node) for node in HONEST}
            member.wait("over", seconds=round_s * rounds)
        print("     calls: " + " ".join(f"{one['name']} {one['calls']}"
                                        for one in member.all("done")[:len(names)]), flush=True)
        for pair, result in results.items():
            if result["lost"] > result["sent"] * LOST_SHARE_MAX:
                wrong.append(f"{pair}: {result}")
        wrong += [f"{node} heard {len(lines)} times: {lines[0]}"
                  for node, lines in heard.items() if lines]
        for node in HONEST:
            grown = resident_kb(lab, node) - memory[node]
            if grown > RSS_GROWTH_MAX_KB:
                wrong.append(f"{node}: memory grew by {grown} KB")
            wrong += [f"{node}: {peer} has MAC {mac}" for peer, mac in neighbours(lab, node).items()
                      if macs.get(peer, mac) != mac]
        after = honest_flaps(lab)
        wrong += [f"route flapped: {key}" for key in flaps if after.get(key) != flaps[key]]
    lab[MEMBER].start()
    lab.wait_all_up()
    if not wait_until(lambda: state_of(lab) == before, 15, every=0.5):
        now = state_of(lab)
        wrong += [f"{node}: {what}: {before[node][what]} before, {now[node][what]} now"
                  for node in HONEST for what in before[node] if before[node][what] != now[node][what]]
    return wrong


def withstand(lab, slot_s, rounds):
    for one, other in itertools.permutations(HONEST, 2):
        wait_for(f"{one} pings {other}", lambda one=one, other=other: lab[one].run(
            "ping", "-c", 1, "-W", 1, lab.peer(one, other)["ipv4"], check=False).returncode == 0)
        lab[one].run("ping", "-c", 1, "-W", 2, f"{lab.peer(one, other)['ipv6']}%netft0")
    wrong = attack(lab, slot_s, rounds)
    assert not wrong, "\n".join(wrong)


@test(FOUR, fresh=True, figure=True, seconds=180)
def a_member_with_keys_harms_nobody_else(lab):
    withstand(lab, slot_s=0.8, rounds=2)


@test(FOUR, fresh=True, figure=True, long=True, seconds=1500)
def a_member_with_keys_harms_nobody_else_in_ten_minutes(lab):
    withstand(lab, slot_s=600 / len(kinds()) / 10, rounds=10)
