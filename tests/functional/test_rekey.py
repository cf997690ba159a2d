"""Keys change, nodes come and go, machines are cloned: nobody notices who need not.

    n1 ------ n2 ------ n3     net0
     \\________|_________/      net1
"""
import contextlib
import dataclasses
import json
import shutil
import subprocess

from lab import topology
from lab.daemons import Daemon
from lab.demo import Probe, Stream
from lab.shell import batch, output_of, wait_until
from lab.spec import SWITCH, Spec, namespace_of, switch_port
from support.registry import test
from support.sessions import wait_for

TWO = Spec(nodes=2, networks=2, security="encrypt")
THREE = Spec(nodes=3, networks=2, security="encrypt")
CLONE = "n9"


def changed(lab, old, new):
    text = lab.config.read_text(encoding="utf-8")
    assert old in text, old
    lab.config.write_text(text.replace(old, new), encoding="utf-8")


def reload_one(lab, node):
    """Returns when the node has read its files again."""
    daemon = lab[node]
    before = daemon.last_words(10_000).count("reload")
    daemon.reload()
    wait_for(f"{node} reloads", lambda: daemon.last_words(10_000).count("reload") > before)


@contextlib.contextmanager
def renewed_every_second(lab):
    """[security] rekey = "1s" on all nodes, by a reload."""
    changed(lab, "[security]\n", '[security]\nrekey = "1s"\n')
    try:
        for node in lab.nodes:
            reload_one(lab, node)
        yield
    finally:
        changed(lab, 'rekey = "1s"\n', "")
        for node in lab.nodes:
            reload_one(lab, node)


def opened(lab, node="n1", peer="n2"):
    return lab.peer(node, peer)["session"]["opened"]


def renewal_loses_nothing(lab, seconds):
    address = lab.peer("n1", "n2")["ipv4"]
    with renewed_every_second(lab):
        first = opened(lab)
        wait_for("renewals", lambda: opened(lab) >= first + 2)
        since, before = lab.flaps(), opened(lab)
        stream = Stream(lab, address)
        try:
            with Probe(lab, address) as probe:
                wait_until(lambda: False, seconds)  # the time is what is asked for
                result = probe.finish()
            megabytes, pause_ms, resent = stream.finish()
        finally:
            stream.close()
        renewals = opened(lab) - before
    print(f"     {renewals} renewals in {seconds} s: {result['lost']} of {result['sent']} probes "
          f"lost, longest gap {result['longest_gap_ms']} ms (prober {result['stall_ms']} ms); "
          f"{megabytes:.0f} MB of TCP, longest pause {pause_ms:.0f} ms, {resent} resent", flush=True)
    assert renewals >= seconds / 2, f"only {renewals} renewals in {seconds} s"
    assert result["lost"] == 0, result
    assert pause_ms <= 200, f"TCP stood still for {pause_ms} ms"
    assert lab.flaps() == since, "a route flapped"


@test(TWO, figure=True)
def keys_renewed_every_second_lose_nothing(lab):
    renewal_loses_nothing(lab, 10)


@test(TWO, figure=True, long=True, seconds=400)
def five_minutes_of_renewals_lose_nothing(lab):
    renewal_loses_nothing(lab, 300)


@test(THREE)
def the_cluster_key_is_changed_on_a_running_cluster(lab):
    file = lab.config.with_name("cluster.key")
    good = file.read_bytes()
    tool = lab.binaries.find("netft-key")
    with renewed_every_second(lab):
        since = lab.flaps()
        try:
            for step in ("--add", "--promote", "--retire"):
                output_of(tool, "cluster", step, str(file))
                for node in lab.nodes:
                    reload_one(lab, node)
                    count = {other: opened(lab, node, other) for other in lab.nodes if other != node}
                    wait_for(f"renewals of {node} after {step}", lambda: all(
                        opened(lab, node, other) >= was + 2 for other, was in count.items()), 20)
            assert file.read_bytes() != good
            assert lab.flaps() == since, "a route flapped"
        finally:
            # The old key is back at once: not by the rules, so the nodes start again.
            file.write_bytes(good)
    for daemon in lab.nodes.values():
        daemon.stop()


def restarts(lab, times):
    for number in range(times):
        if number % 2:
            lab["n2"].kill()
        else:
            lab["n2"].stop()
        lab["n2"].start()
        for node in ("n1", "n3"):
            wait_for(f"n2 is reachable from {node} after restart {number + 1}",
                     lambda at=node: lab.peer(at, "n2")["state"] == "reachable"
                     and all(lab.is_up(at, "n2", network) for network in lab.spec.network_names()),
                     10)
    lab.wait_all_up()
    lab["n1"].run("ping", "-c", 3, "-i", 0.05, lab.peer("n1", "n2")["ipv4"])


@test(THREE)
def ten_restarts_are_ten_returns(lab):
    restarts(lab, 10)


@test(THREE, long=True, seconds=600)
def fifty_restarts_are_fifty_returns(lab):
    restarts(lab, 50)


def without_node(text, node):
    """cluster.toml without the node's section."""
    head, *sections = text.split("\n[[node]]\n")
    kept = [one for one in sections if f'name = "{node}"' not in one]
    assert len(kept) == len(sections) - 1
    return "\n[[node]]\n".join([head, *kept])


@test(THREE)
def a_removed_nodes_sessions_end_at_once(lab):
    text = lab.config.read_text(encoding="utf-8")
    address = lab.peer("n3", "n1")["ipv4"]
    since = {key: count for key, count in lab.flaps("n1", "n2").items() if key[1] != "n3"}
    try:
        lab.config.write_text(without_node(text, "n3"), encoding="utf-8")
        for node in ("n1", "n2"):
            reload_one(lab, node)
            wait_for(f"{node} has forgotten n3", lambda at=node: lab.peer(at, "n3") is None)
        before = lab["n1"].show()["drops"]
        wait_for("what n3 sends has no session any more", lambda: lab["n1"].show()["drops"].get(
            "rx_no_session", 0) > before.get("rx_no_session", 0))
        wait_for("n3 is not let in again", lambda: lab["n1"].show()["drops"].get(
            "rx_unknown_node", 0) > before.get("rx_unknown_node", 0), 30)
        wait_for("n1 names its key", lambda: any(
            "opens with key" in warning for warning in lab["n1"].show()["warnings"]))
        assert lab["n3"].run("ping", "-c", 1, "-W", 1, address, check=False).returncode
        now = {key: count for key, count in lab.flaps("n1", "n2").items() if key[1] != "n3"}
        assert now == since, "a route between those that stay flapped"
    finally:
        lab.config.write_text(text, encoding="utf-8")
        for node in ("n1", "n2"):
            reload_one(lab, node)
    lab.wait_all_up()  # added again, it is a node like any other


@contextlib.contextmanager
def clone_of(lab, node):
    """A machine on the same networks with the node's key and configuration, but other addresses."""
    name = namespace_of(CLONE)
    output_of("ip", "netns", "add", name)
    directory = lab.config.with_name(CLONE)
    shutil.copytree(lab[node].directory, directory, ignore=shutil.ignore_patterns("*.sock", "*.pid"))
    try:
        batch(name, ["link set lo up"])
        for number, network in enumerate(lab.spec.network_names()):
            port = switch_port(CLONE, network)
            batch(SWITCH, [f"link add {port} type veth peer name eth{number} netns {name}",
                           f"link set {port} master {network} up"])
            batch(name, [f"address add 10.{number}.0.99/24 dev eth{number}",
                         f"link set eth{number} up"])
        clone = CloneDaemon(node, directory, lab.config, lab.binaries)
        clone.log.write_text("", encoding="utf-8")
        try:
            yield clone
        finally:
            clone.stop()
    finally:
        for pid in topology.processes_in(name):
            subprocess.run(["kill", "-9", str(pid)], check=False)
        output_of("ip", "netns", "delete", name)
        shutil.rmtree(directory, ignore_errors=True)


class CloneDaemon(Daemon):
    """netftd that calls itself by the node's name, in a namespace of its own."""

    def __init__(self, node, directory, config, binaries):
        super().__init__(node, directory, config, binaries)
        self.namespace = namespace_of(CLONE)


@test(dataclasses.replace(THREE, nodes=2), fresh=True)
def a_cloned_machine_is_refused_by_name(lab):
    wait_for("n2 is reachable", lambda: lab.peer("n1", "n2")["state"] == "reachable")
    with clone_of(lab, "n2") as clone:
        clone.start()
        wait_for("n1 counts the clone", lambda: lab["n1"].show()["drops"].get("rx_cloned_node"), 30)
        had = opened(lab)
        wait_for("n1's log names n2", lambda: names_clone(lab["n1"], "n2"))
        wait_for("the clone's log says so", lambda: names_clone(clone, "n1"))
        wait_for("the original is reachable",
                 lambda: lab.peer("n1", "n2")["state"] == "reachable", 30)
        lab["n1"].run("ping", "-c", 5, "-i", 0.2, "-W", 2, lab.peer("n1", "n2")["ipv4"])
        assert lab.peer("n1", "n2")["state"] == "reachable"
        assert opened(lab) <= had + 5, f"{opened(lab) - had} sessions since the refusal"


def names_clone(daemon, word):
    return any("clone" in line and word in line
               for line in daemon.last_words(1000).splitlines())


@contextlib.contextmanager
def filtered(lab, node, source, kind):
    """What comes to the node from the source and is of that type vanishes."""
    rule = f"ip saddr {source} udp dport 3343 @th,64,8 & 0xf == {kind} drop"
    lab[node].run("nft", "\n".join([
        "table inet filtered {", f"chain in {{ type filter hook input priority 0; {rule}; }}",
        "}", ""]))
    try:
        yield
    finally:
        lab[node].run("nft", "delete table inet filtered")


@test(dataclasses.replace(TWO, networks=1), fresh=True)
def handshakes_without_heartbeats_are_not_repeated_without_end(lab):
    with filtered(lab, "n1", "10.0.0.2", 4):
        wait_for("n2 is out of reach", lambda: lab.peer("n1", "n2")["state"] != "reachable")
        had = opened(lab)
        # 33 a second at both ends, before.
        assert not wait_until(lambda: opened(lab) > had + 6, 15), f"{opened(lab) - had} sessions"
    wait_for("n2 is back", lambda: lab.peer("n1", "n2")["state"] == "reachable", 10)


@contextlib.contextmanager
def another_key(lab, node):
    """The node has a key that the others were not told of; its own file knows."""
    daemon = lab[node]
    tool = lab.binaries.find("netft-key")
    key = daemon.directory / "node.key"
    old = key.read_bytes()
    config = daemon.config
    text = config.read_text(encoding="utf-8")
    before = output_of(tool, "public", str(key)).strip()
    daemon.stop()
    try:
        key.unlink()
        output_of(tool, "generate", "-o", str(key))
        after = output_of(tool, "public", str(key)).strip()
        daemon.config = daemon.directory / "other.toml"
        daemon.config.write_text(text.replace(before, after), encoding="utf-8")
        daemon.start()
        yield after
    finally:
        daemon.stop()
        key.write_bytes(old)
        daemon.config = config
        daemon.start()


def culprit(lab, node, *pair):
    asked = json.loads(lab[node].run("netft-route", "why", "--json", *pair).stdout)
    return asked["findings"][0]


@test(THREE, fresh=True)
def a_new_key_that_nobody_was_told_of_is_named_at_both_ends(lab):
    with another_key(lab, "n2") as key:
        wait_for("n1 names the key", lambda: any(
            key in warning and "n2" in warning for warning in lab["n1"].show()["warnings"]), 30)
        for node in ("n1", "n2"):
            wait_for(f"{node} says mismatch",
                     lambda at=node: culprit(lab, at, "n1", "n2")["culprit"] == "mismatch", 30)
            print(f"     {node}: {culprit(lab, node, 'n1', 'n2')['evidence']}", flush=True)
    lab.wait_all_up()
