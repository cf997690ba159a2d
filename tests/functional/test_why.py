"""`netft-route why` names the culprit of every fault that the lab can make; states of networks and
interfaces follow.

    n1 ------ n2 ------ n3     net0
     \\________|_________/      net1   the faults are here, most of them at n2
"""
import contextlib
import json
import os
import pathlib
import signal

from lab import cluster, topology
from lab.shell import wait_until
from lab.spec import Spec
from support.registry import Skip, test
from support.schema import validate
from support.sessions import wait_for

THREE = Spec(nodes=3, networks=2)
TWO = Spec(nodes=2, networks=2)
NET1 = "10.1.0.0/24"
SECONDS = 15


def ask(lab, where, *nodes):
    return json.loads(lab[where].run("netft-route", "why", "--json", *nodes).stdout)


def names(finding, culprit, facts):
    return finding["culprit"] == culprit and all(finding[key] == facts[key] for key in facts)


def expect(lab, culprit, where=("n1", "n3"), nodes=("n1", "n2"), **facts):
    """Waits until all of `where` name the culprit first, with these facts."""
    for node in where:
        asked = []

        def is_named(node=node, asked=asked):
            asked[:] = [ask(lab, node, *nodes)]
            return names(asked[0]["findings"][0], culprit, facts)
        if not wait_until(is_named, SECONDS, every=0.1):
            raise AssertionError(f"{node} does not name {culprit} {facts}: "
                                 f"{json.dumps(asked[0]['findings'], indent=1)}")
        validate(asked[0], "why.json")
        finding = asked[0]["findings"][0]
        assert finding["text"] and finding["evidence"], finding
    print(f"     {finding['culprit']}: {finding['text']}", flush=True)
    return finding


def states(lab, node, kind):
    shown = lab[node].show()
    if kind == "networks":
        return {network["name"]: network["state"] for network in shown["networks"]}
    return {(i["node"], i["network"]): i["state"] for i in shown["interfaces"]}


def expect_network(lab, state, where=("n1", "n3")):
    for node in where:
        wait_for(f"{node} sees {NET1} {state}",
                 lambda node=node: states(lab, node, "networks").get(NET1) == state, SECONDS)


def expect_interface(lab, state, of="n2", where=("n1", "n3")):
    for node in where:
        wait_for(f"{node} sees the interface of {of} {state}",
                 lambda node=node: states(lab, node, "interfaces").get((of, NET1)) == state, SECONDS)


@contextlib.contextmanager
def cut(lab, *places, kind="silent", value=None):
    for node in places:
        lab.cut(node, "net1", kind, value)
    try:
        yield
    finally:
        lab.heal_all()


def mended(lab):
    lab.wait_all_up()
    expect(lab, "none")
    expect_network(lab, "up")


@test(THREE)
def where_all_is_well_nothing_is_wrong(lab):
    expect(lab, "none")
    expect(lab, "none", where=("n1",), nodes=("n2",))
    expect_network(lab, "up")
    text = lab["n1"].run("netft-route", "why", "n2").stdout
    assert "n1 and n2 reach each other" in text and "none: " in text, text


@test(THREE)
def nodes_that_are_none_are_refused(lab):
    for words, why in ((("n9",), "no node has this name"), (("n1", "n1"), "joined to itself")):
        done = lab["n1"].run("netft-route", "why", *words, check=False)
        assert done.returncode == 1 and why in done.stderr, done
    assert lab["n1"].run("netft-route", "why", check=False).returncode == 2


def history(lab):
    return json.loads(lab["n1"].run("netft-route", "history", "n2", "--json").stdout)


def has_failed(records):
    return any(r["type"] == "state" and r["to"] == "failed" for r in records["records"])


@test(THREE)
def a_silent_cable(lab):
    with cut(lab, "n2"):
        expect(lab, "cable", node="n2", network=NET1, interface="eth1", down=True)
        expect(lab, "cable", where=("n2",), nodes=("n1",), node="n2", network=NET1)
        expect_network(lab, "partitioned")
        expect_interface(lab, "failed")
        expect_interface(lab, "up", of="n1")
        text = lab["n1"].run("netft-route").stdout
        assert f"network {NET1} is partitioned: n1 – n2, n2 – n3 cannot talk" in text, text
        assert f"interface eth1 of n2 ({NET1}) is failed" in text, text
        # What is shown at once is news only when it has lasted a while.
        wait_for("the record of it", lambda: has_failed(history(lab)))
    mended(lab)
    log = lab["n1"].last_words(60)
    assert f"network {NET1} up -> partitioned" in log, log
    records = history(lab)
    validate(records, "history.json")
    assert has_failed(records), "the record is gone"


@test(THREE)
def a_lost_carrier(lab):
    with cut(lab, "n2", kind="carrier"):
        finding = expect(lab, "cable", node="n2", network=NET1)
        assert any("carrier lost" in line for line in finding["evidence"]), finding
        expect_interface(lab, "failed")
    mended(lab)


@test(THREE)
def a_transmit_side(lab):
    with cut(lab, "n2", kind="oneway", value="out"):
        expect(lab, "direction", **{"from": "n2", "to": None, "network": NET1})
        expect_network(lab, "partitioned")
    mended(lab)


@test(THREE)
def a_receive_side(lab):
    with cut(lab, "n2", kind="oneway", value="in"):
        expect(lab, "direction", **{"from": None, "to": "n2", "network": NET1})
    mended(lab)


@test(TWO)
def one_direction_of_two_nodes(lab):
    lab.cut("n1", "net1", "oneway", "out")
    expect(lab, "direction", where=("n1", "n2"), **{"from": "n1", "to": "n2", "network": NET1})
    lab.heal_all()
    lab.wait_all_up()


@test(TWO)
def a_silent_network_of_two_nodes(lab):
    lab.cut("n2", "net1")
    expect(lab, "network", where=("n1", "n2"), network=NET1)
    expect_network(lab, "down", where=("n1", "n2"))
    lab.heal_all()
    lab.wait_all_up()


@test(THREE)
def a_whole_network_that_is_silent(lab):
    with cut(lab, "n1", "n2", "n3"):
        expect(lab, "network", network=NET1, node=None)
        expect_network(lab, "down")
    mended(lab)


@test(THREE)
def a_switch_that_is_off(lab):
    with cut(lab, "n1", "n2", "n3", kind="carrier"):
        finding = expect(lab, "network", network=NET1)
        assert "carrier" in finding["text"], finding
    mended(lab)


@test(THREE)
def only_the_way_between_two_nodes(lab):
    table = "table inet why"
    rules = "\n".join([
        f"{table} {{",
        "chain from_n1 { type filter hook input priority 0; ip saddr 10.1.0.1 drop; }",
        "chain to_n1 { type filter hook output priority 0; ip daddr 10.1.0.1 drop; }",
        "}", ""])
    lab["n2"].run("nft", rules)
    try:
        expect(lab, "path", network=NET1)
        expect_network(lab, "partitioned")
        expect_interface(lab, "unreachable")
    finally:
        lab["n2"].run("nft", f"delete {table}")
    mended(lab)


@test(THREE)
def an_interface_set_down(lab):
    lab["n2"].run("ip", "link", "set", "eth1", "down")
    try:
        expect(lab, "admin", node="n2", network=NET1, interface="eth1")
    finally:
        lab["n2"].run("ip", "link", "set", "eth1", "up")
    mended(lab)


@test(THREE)
def an_address_removed(lab):
    lab["n2"].run("ip", "address", "del", "10.1.0.2/24", "dev", "eth1")
    try:
        expect(lab, "address", node="n2", network=NET1)
    finally:
        lab["n2"].run("ip", "address", "add", "10.1.0.2/24", "dev", "eth1")
    mended(lab)


@test(THREE)
def a_nic_that_is_gone(lab):
    topology.unplug("n2", "net1")
    try:
        expect(lab, "nic", node="n2", network=NET1)
    finally:
        topology.plug(lab.spec, "n2", "net1")
    mended(lab)


@test(THREE)
def packets_lost(lab):
    with cut(lab, "n2", kind="loss", value=20.0):
        expect(lab, "quality", where=("n1",), network=NET1, down=False)
    mended(lab)


@test(THREE)
def large_packets_that_vanish(lab):
    with cut(lab, "n2", kind="mtu", value=1400):
        if not wait_until(lambda: any("MTU" in r["reason"] or "mtu" in r["reason"]
                                      for r in lab.routes("n1", "n2")), SECONDS):
            raise Skip("netftd does not look for MTU black holes yet")
        expect(lab, "mtu", network=NET1)
    mended(lab)


@test(THREE, fresh=True)
def a_netftd_that_was_killed(lab):
    lab["n2"].kill()
    expect(lab, "node", node="n2")
    for node in ("n1", "n3"):
        wait_for("unavailable", lambda node=node: states(lab, node, "interfaces").get(("n2", NET1))
                 == "unavailable", SECONDS)
    expect_network(lab, "up")
    lab["n2"].start()
    mended(lab)


@test(THREE, fresh=True)
def a_netftd_that_is_frozen_and_goes_on(lab):
    pid = lab["n2"].pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        expect(lab, "node", node="n2")
    finally:
        os.kill(pid, signal.SIGCONT)
    expect(lab, "stall", node="n2")
    lab.wait_all_up()


@test(THREE, fresh=True)
def a_netftd_that_was_stopped_on_purpose(lab):
    lab["n2"].stop()
    expect(lab, "admin", node="n2", network=None)
    lab["n2"].start()
    mended(lab)


@test(THREE, fresh=True)
def another_cluster_key(lab):
    lab["n2"].stop()
    directory = pathlib.Path(lab["n2"].directory)
    key = cluster.make_cluster_key(lab.binaries, directory)
    text = lab.config.read_text(encoding="utf-8")
    other = directory / "cluster.toml"
    other.write_text(text.replace(str(lab.config.parent / "cluster.key"), str(key)),
                     encoding="utf-8")
    lab["n2"].config = other
    lab["n2"].start()
    expect(lab, "mismatch", where=("n1",))
    expect(lab, "mismatch", where=("n2",), nodes=("n1",))
