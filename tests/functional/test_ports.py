"""The same story over every kind of port: what a kernel socket does, the others must do as well.

    n1 ------ n2 ------ n3     net0, net1; every fault is at n1's or n2's cable to net0
"""
import json
import os
import signal

from lab.shell import is_alive, succeeds, wait_until
from lab.spec import ROUTER, Spec, address_of, gateway_of, interface_of, namespace_of
from support.registry import test
from support.sessions import wait_for

KINDS = ("socket", "af_packet", "af_xdp")
PROGRAM = "prog/xdp"


def link(node, interface):
    return node.run("ip", "-d", "link", "show", "dev", interface).stdout


def ping(lab):
    for address in (lab.peer("n1", "n2")["ipv4"], f"{lab.peer('n1', 'n2')['ipv6']}%netft0"):
        lab["n1"].run("ping", "-c", 3, "-i", 0.05, "-W", 2, address)


def wait_route(lab, up, here="n1", there="n2", network="net0"):
    wait_for(f"route of {here} to {there} on {network} {'up' if up else 'down'}",
             lambda: lab.is_up(here, there, network) == up)


def carries_a_stream(lab):
    address = lab.peer("n1", "n2")["ipv4"]
    server = lab["n2"].popen("iperf3", "-s", "-1", "-p", "5999", stdout=-3)
    try:
        lab["n2"].run("timeout", 5, "sh", "-c",
                      "until ss -Hltn sport = :5999 | grep -q .; do sleep 0.05; done")
        done = lab["n1"].run("iperf3", "-J", "-c", address, "-p", 5999, "-t", 1)
        assert json.loads(done.stdout)["end"]["sum_received"]["bytes"] > 1_000_000, done.stdout
    finally:
        server.kill()
        server.wait()


def survives(lab, kind):
    lab.cut("n1", "net0", kind)
    wait_route(lab, False)
    ping(lab)
    lab.heal("n1", "net0")
    wait_route(lab, True)


def survives_a_killed_peer(lab):
    lab["n2"].kill()
    wait_for("peer gone", lambda: lab.peer("n1", "n2")["state"] == "unreachable")
    lab["n2"].start()
    lab.wait_all_up()
    ping(lab)


def survives_a_new_mac(lab):
    """Nobody tells n1: its kernel finds the MAC, its port takes it from there."""
    interface = interface_of("net0")
    lab["n2"].run("ip", "link", "set", interface, "down")
    wait_route(lab, False)
    lab["n2"].run("ip", "link", "set", interface, "address", "02:00:00:00:77:01", "up")
    wait_route(lab, True)
    ping(lab)


def leaves_nothing(lab):
    interfaces = [interface_of(network) for network in lab.spec.network_names()]
    pid = lab["n1"].pid()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), 5)
    for interface in interfaces:
        wait_for("no XDP program", lambda name=interface: PROGRAM not in link(lab["n1"], name))
    wait_for("no adapter", lambda: not succeeds("ip", "-n", namespace_of("n1"), "link", "show",
                                                "netft0"))
    lab["n1"].start()
    lab.wait_all_up()
    assert lab["n1"].stop(), "SIGTERM was not enough"
    for interface in interfaces:
        assert PROGRAM not in link(lab["n1"], interface), link(lab["n1"], interface)
    assert not lab["n1"].run("ss", "-Hlun", "sport", "=", ":3343").stdout
    lab["n1"].start()
    lab.wait_all_up()


def tell_the_story(lab):
    kinds = {port["kind"] for port in lab["n1"].show()["ports"]}
    assert kinds == {lab.spec.port}, lab["n1"].show()["ports"]
    ping(lab)
    carries_a_stream(lab)
    survives(lab, "silent")
    survives(lab, "carrier")
    survives_a_killed_peer(lab)
    survives_a_new_mac(lab)
    leaves_nothing(lab)


def declare_story(kind):
    def story(lab):
        tell_the_story(lab)
    story.__name__ = f"the_story_over_{kind}"
    story.__module__ = __name__
    test(Spec(nodes=3, port=kind), fresh=True)(story)


for one in KINDS:
    declare_story(one)


def declare_router_change(kind):
    def story(lab):
        """The router gets another MAC, then n1 another router: the same box by a second address."""
        new = "02:00:00:00:99:01"
        interface, gateway = interface_of("net0"), gateway_of("n1", "net0")
        lab["n1"].run("ip", "-n", ROUTER, "link", "set", interface, "down")
        lab["n1"].run("ip", "-n", ROUTER, "link", "set", interface, "address", new, "up")
        wait_route(lab, True)
        second = gateway.replace(".254", ".253")
        lab["n1"].run("ip", "-n", ROUTER, "address", "add", f"{second}/24", "dev", interface)
        lab["n1"].run("ip", "route", "replace", "10.0.0.0/8", "via", second, "dev", interface,
                      "metric", 100)
        lab["n1"].run("ip", "neighbour", "flush", "dev", interface)
        wait_for("the new router asked for", lambda: new in lab["n1"].run(
            "ip", "neighbour", "show", second, "dev", interface).stdout)
        wait_route(lab, True)
        ping(lab)
    story.__name__ = f"a_router_that_changes_over_{kind}"
    story.__module__ = __name__
    test(Spec(nodes=2, port=kind, addresses="routed"), fresh=True)(story)


for one in KINDS[1:]:
    declare_router_change(one)


@test(Spec(nodes=2, port="af_packet"))
def a_neighbour_that_fails_is_counted_and_found_again(lab):
    interface = interface_of("net0")
    address = address_of(lab.spec, "n2", "net0")[0]
    lab["n2"].run("ip", "link", "set", interface, "arp", "off")
    lab["n1"].run("ip", "neighbour", "replace", address, "dev", interface, "nud", "failed")
    wait_for("datagrams without a neighbour",
             lambda: lab["n1"].show()["drops"].get("tx_no_neighbour", 0) > 0)
    assert lab.is_up("n1", "n2", "net1")
    lab["n2"].run("ip", "link", "set", interface, "arp", "on")
    wait_route(lab, True)


@test(Spec(nodes=2, port="af_xdp", mtu=3000), fresh=True)
def where_xdp_is_not_to_be_had_a_socket_serves_and_says_so(lab):
    shown = lab["n1"].show()
    assert {port["kind"] for port in shown["ports"]} == {"socket"}, shown["ports"]
    assert all("af_xdp" in port["note"] for port in shown["ports"]), shown["ports"]
    assert any("MTU 3000" in text for text in shown["warnings"]), shown["warnings"]
    assert "a kernel socket instead" in lab["n1"].run("netft-route").stdout
    assert "a kernel socket instead" in lab["n1"].log.read_text()
    ping(lab)


@test(Spec(nodes=2, port="af_xdp"), fresh=True)
def ends_of_different_mtu_find_what_fits(lab):
    lab["n2"].run("ip", "link", "set", interface_of("net0"), "mtu", 1400)
    wait_for("the smaller MTU used",
             lambda: lab.route("n1", "n2", "net0")["mtu"] <= 1400)
    carries_a_stream(lab)
