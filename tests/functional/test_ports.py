"""The same story over every kind of port: what a kernel socket does, the others must do as well.

    n1 ------ n2 ------ n3     net0, net1; every fault is at n1's or n2's cable to net0
"""
import json
import os
import signal

from lab.shell import is_alive, succeeds, wait_until
from lab.spec import (ROUTER, Spec, address_of, gateway_of, host_of, interface_of,
                      namespace_of, nic_of)
from support.registry import test
from support.sessions import wait_for

KINDS = ("socket", "af_packet", "af_xdp", "device")
PROGRAM = "prog/xdp"


def link(node, interface):
    return node.run("ip", "-d", "link", "show", "dev", interface).stdout


def has_interface(lab, name):
    return succeeds("ip", "-n", namespace_of("n1"), "link", "show", name)


def forget_neighbours(lab, interface):
    """netftd asks for them at once, and so ip(8) may find that it did not finish."""
    lab["n1"].run("ip", "neighbour", "flush", "dev", interface, check=False)


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
    if lab.spec.port == "device":  # the NIC follows its exception TAP
        wait_for("the NIC's MAC", lambda: "02:00:00:00:77:01" in link(
            lab["n2"], nic_of(lab.spec, "net0")))
    wait_route(lab, True)
    ping(lab)


def leaves_nothing(lab):
    interfaces = [interface_of(network) for network in lab.spec.network_names()]
    pid = lab["n1"].pid()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), 5)
    for interface in interfaces:
        if lab.spec.port == "device":
            wait_for("no exception TAP", lambda name=interface: not has_interface(lab, name))
        else:
            wait_for("no XDP program", lambda name=interface: PROGRAM not in link(lab["n1"], name))
    wait_for("no adapter", lambda: not succeeds("ip", "-n", namespace_of("n1"), "link", "show",
                                                "netft0"))
    lab["n1"].start()
    lab.wait_all_up()
    assert lab["n1"].stop(), "SIGTERM was not enough"
    for interface in interfaces:
        if lab.spec.port == "device":
            assert not has_interface(lab, interface), interface
        else:
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


def router(lab, *words):
    lab["n1"].run("ip", "-n", ROUTER, *words)


def survives_a_router_with_a_new_mac(lab, interface, mac):
    router(lab, "link", "set", interface, "down")
    router(lab, "link", "set", interface, "address", mac, "up")
    wait_route(lab, True)


def survives_another_router(lab, interface, mac):
    """The same box by a second address."""
    second = gateway_of("n1", "net0").replace(".254", ".253")
    router(lab, "address", "add", f"{second}/24", "dev", interface)
    lab["n1"].run("ip", "route", "replace", "10.0.0.0/8", "via", second, "dev", interface,
                  "metric", 100)
    forget_neighbours(lab, interface)
    wait_for("the new router asked for", lambda: mac in lab["n1"].run(
        "ip", "neighbour", "show", second, "dev", interface).stdout)
    wait_route(lab, True)
    ping(lab)
    return second


def wait_moved(lab, *nodes):
    """Until no end sends to or from net0's endpoint of any of `nodes`."""
    gone = {address_of(lab.spec, node, "net0")[0] for node in nodes}
    wait_for("traffic moved", lambda: not any(
        gone & {host_of(route["local"]), host_of(route["remote"])}
        for here, there in (("n1", "n2"), ("n2", "n1"))
        for route in lab.routes(here, there) if route["in_use"]))


def survives_a_silent_router(lab, interface, gateway):
    """It forwards, but no longer answers ARP."""
    before = lab["n1"].show()["drops"].get("tx_no_neighbour", 0)
    router(lab, "link", "set", interface, "arp", "off")
    lab["n1"].run("ip", "neighbour", "replace", gateway, "dev", interface, "nud", "failed")
    wait_for("datagrams without a neighbour",
             lambda: lab["n1"].show()["drops"].get("tx_no_neighbour", 0) > before)
    wait_moved(lab, "n1", "n2")
    ping(lab)
    router(lab, "link", "set", interface, "arp", "on")
    wait_route(lab, True)


def survives_a_lost_link(lab):
    lab.cut("n1", "net0", "carrier")
    wait_for("carrier lost", lambda: lab.route("n1", "n2", "net0")["reason"] == "carrier lost")
    wait_moved(lab, "n1")
    ping(lab)
    lab.heal("n1", "net0")
    wait_route(lab, True)
    ping(lab)


def declare_router_change(kind):
    def story(lab):
        interface, mac = interface_of("net0"), "02:00:00:00:99:01"
        survives_a_router_with_a_new_mac(lab, interface, mac)
        gateway = survives_another_router(lab, interface, mac)
        survives_a_silent_router(lab, interface, gateway)
        survives_a_lost_link(lab)
    story.__name__ = f"a_router_that_changes_over_{kind}"
    story.__module__ = __name__
    test(Spec(nodes=2, port=kind, addresses="routed"), fresh=True)(story)


for one in ("af_packet", "af_xdp", "device"):
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
    for here, there, mtus in (("n1", "n2", (1500, 1400)), ("n2", "n1", (1400, 1500))):
        told = (f"{there}: MTU differs on {lab.route(here, there, 'net0')['network']}: "
                f"our eth0 ({address_of(lab.spec, here, 'net0')[0]}) has {mtus[0]}, "
                f"its eth0 ({address_of(lab.spec, there, 'net0')[0]}) has {mtus[1]}")
        wait_for(f"{here}'s warning", lambda here=here, told=told:
                 told in lab[here].show()["warnings"])
        assert told in lab[here].run("netft-route").stdout
        assert told in lab[here].log.read_text()
    lab["n2"].run("ip", "link", "set", interface_of("net0"), "mtu", 1500)
    for name in ("n1", "n2"):
        wait_for(f"no warning at {name}", lambda name=name: not lab[name].show()["warnings"])


@test(Spec(nodes=2, port="socket"), fresh=True)
def a_configured_address_that_is_replaced_gives_way_to_the_new_one(lab):
    """The address of the file is gone for good; the interface has another of the same subnet."""
    interface = interface_of("net0")
    lab["n1"].run("ip", "address", "delete", "10.0.0.1/24", "dev", interface)
    lab["n1"].run("ip", "address", "add", "10.0.0.77/24", "dev", interface)
    wait_for("a route from the new address", lambda: any(
        route["local"] == "10.0.0.77:3343" and route["state"] == "up"
        for route in lab.routes("n1", "n2")))
    lab["n1"].run("ip", "address", "delete", "10.0.0.77/24", "dev", interface)
    lab["n1"].run("ip", "address", "add", "10.0.0.1/24", "dev", interface)
    lab.wait_all_up()


# --- native devices


def kernel_ping(lab, network="net0"):
    """The nodes' kernels talk by their exception TAPs: ARP, ICMP, ND."""
    address = address_of(lab.spec, "n2", network)[0]
    lab["n1"].run("ping", "-c", 2, "-i", 0.05, "-W", 2, address)
    interface = interface_of(network)
    forget_neighbours(lab, interface)
    lab["n1"].run("ping", "-c", 2, "-i", 0.05, "-W", 2, address)
    shown = lab["n2"].run("ip", "-j", "address", "show", "dev", interface).stdout
    link_local = next(a["local"] for a in json.loads(shown)[0]["addr_info"]
                      if a["family"] == "inet6")
    lab["n1"].run("ping", "-c", 2, "-i", 0.05, "-W", 2, f"{link_local}%{interface}")


@test(Spec(nodes=3, port="device"))
def the_kernel_keeps_a_captured_nic_by_its_exception_tap(lab):
    kernel_ping(lab)
    shown = json.loads(lab["n1"].run("ip", "-j", "link").stdout)
    macs = {entry["ifname"]: entry["address"] for entry in shown}
    assert macs[interface_of("net0")] == macs[nic_of(lab.spec, "net0")], macs
    ports = lab["n1"].show()["ports"]
    assert {port["device"] for port in ports} == {
        "net_af_packet1000 (net_af_packet)", "net_af_packet1001 (net_af_packet)"}, ports
    # Not a datagram of netft's passes there: what the kernel got is a handful of ARP and ICMP.
    lab["n1"].run("ping", "-c", 50, "-i", 0.002, lab.peer("n1", "n2")["ipv4"])
    stats = json.loads(lab["n1"].run("ip", "-j", "-s", "link", "show", "dev",
                                     interface_of("net0")).stdout)[0]["stats64"]
    assert stats["rx"]["packets"] < 50, stats


@test(Spec(nodes=2, port="device"), fresh=True)
def a_tap_without_an_address_serves_the_kernel_and_gets_its_endpoint_later(lab):
    interface = interface_of("net0")
    address, length = address_of(lab.spec, "n1", "net0")
    lab["n1"].run("ip", "address", "delete", f"{address}/{length}", "dev", interface)
    wait_route(lab, False)
    lab["n1"].run("ip", "address", "add", f"10.0.0.99/{length}", "dev", interface)
    kernel_ping(lab)
    wait_for("the other address used", lambda: any(
        route["local"].startswith("10.0.0.99:") and route["state"] == "up"
        for route in lab.routes("n1", "n2")))
    lab["n1"].run("ip", "address", "add", f"{address}/{length}", "dev", interface)
    wait_route(lab, True)


@test(Spec(nodes=2, port="device"), fresh=True)
def an_mtu_set_at_the_tap_is_the_nics_and_the_routes(lab):
    interface, nic = interface_of("net0"), nic_of(lab.spec, "net0")
    lab["n1"].run("ip", "link", "set", interface, "mtu", 1400)
    wait_for("the NIC's MTU", lambda: "mtu 1400 " in link(lab["n1"], nic))
    wait_for("the route's MTU", lambda: lab.is_up("n1", "n2", "net0")
             and lab.route("n1", "n2", "net0")["mtu"] <= 1400)
    lab["n1"].run("ip", "link", "set", interface, "mtu", 9000)
    wait_for("a warning", lambda: any("MTU 9000, but its device keeps 1400" in text
                                      for text in lab["n1"].show()["warnings"]))
    lab["n1"].run("ip", "link", "set", interface, "mtu", 1500)
    wait_for("no warning", lambda: not lab["n1"].show()["warnings"])
    wait_route(lab, True)


@test(Spec(nodes=2, port="device"), fresh=True)
def a_device_comes_and_goes_by_reload(lab):
    old = lab.config.read_text()
    line = next(text for text in old.splitlines() if text.startswith("eth0 ="))
    lab.config.write_text(old.replace(line, "", 1))  # n1's
    lab["n1"].reload()
    wait_for("no eth0", lambda: not has_interface(lab, "eth0"))
    wait_route(lab, False)
    ping(lab)
    lab.config.write_text(old)
    lab["n1"].reload()
    wait_route(lab, True)
    kernel_ping(lab)


@test(Spec(nodes=2, port="device"), fresh=True)
def devices_that_cannot_be_had_are_named_and_the_rest_works(lab):
    pci = sorted(os.listdir("/sys/bus/pci/devices")) if os.path.isdir("/sys/bus/pci/devices") else []
    text = lab.config.read_text()
    bad = ['nope0 = "0000:ff:1f.7"', 'nope1 = "net_af_packet77,iface=nosuch"']
    if pci:  # the machine's own, and none of them is bound to vfio-pci
        bad.append(f'nope2 = "{pci[0]}"')
    lab.config.write_text(text.replace("[node.port.devices]\n",
                                       "[node.port.devices]\n" + "\n".join(bad) + "\n", 1))
    lab["n1"].stop()
    lab["n1"].start()
    lab.wait_all_up()
    warnings = lab["n1"].show()["warnings"]
    assert any("nope0" in w and "no such PCI device" in w for w in warnings), warnings
    assert any("nope1" in w and "cannot create device" in w for w in warnings), warnings
    assert not pci or any("nope2" in w and pci[0] in w for w in warnings), warnings
    assert "no such PCI device" in lab["n1"].log.read_text()
    # What is missing is tried again: here is the interface that nope1 wanted.
    lab["n1"].run("ip", "link", "add", "nosuch", "type", "bridge")
    lab["n1"].run("ip", "link", "set", "nosuch", "up")
    wait_for("nope1", lambda: has_interface(lab, "nope1"))
    lab["n1"].run("ip", "link", "delete", "nosuch")
    lab.wait_all_up()


@test(Spec(nodes=2, port="device"), fresh=True)
def a_second_address_on_a_captured_nic_is_refused_as_an_endpoint(lab):
    text = lab.config.read_text()
    first = f'endpoints = ["{address_of(lab.spec, "n1", "net0")[0]}"'
    assert first in text
    lab.config.write_text(text.replace(first, first + ', "10.0.0.88"', 1))
    lab["n1"].run("ip", "address", "add", "10.0.0.88/24", "dev", interface_of("net0"))
    lab["n1"].reload()
    wait_for("the refusal in the log", lambda: "a device has one endpoint, and that is "
             "10.0.0.1:3343" in lab["n1"].log.read_text())
    assert lab.is_up("n1", "n2", "net0")


@test(Spec(nodes=2, port="memif"), fresh=True)
def two_netftd_joined_by_memif(lab):
    ping(lab)
    kernel_ping(lab)
    carries_a_stream(lab)
    lab["n2"].kill()  # the far end goes: the link is down, and the route at once
    wait_for("carrier lost", lambda: lab.route("n1", "n2", "net0")["reason"] == "carrier lost")
    assert "NO-CARRIER" in link(lab["n1"], interface_of("net0"))
    lab["n2"].start()
    lab.wait_all_up()
    ping(lab)
    kernel_ping(lab)


@test(Spec(nodes=2, port="device", addresses="ipv6"))
def a_native_device_on_ipv6(lab):
    ping(lab)
    carries_a_stream(lab)


@test(Spec(nodes=2, port="device"))
def a_neighbour_that_fails_on_a_native_device_is_found_again(lab):
    interface = interface_of("net0")
    lab["n2"].run("ip", "link", "set", interface, "arp", "off")
    lab["n1"].run("ip", "neighbour", "replace", address_of(lab.spec, "n2", "net0")[0], "dev",
                  interface, "nud", "failed")
    wait_for("datagrams without a neighbour",
             lambda: lab["n1"].show()["drops"].get("tx_no_neighbour", 0) > 0)
    assert lab.is_up("n1", "n2", "net1")
    lab["n2"].run("ip", "link", "set", interface, "arp", "on")
    wait_route(lab, True)
