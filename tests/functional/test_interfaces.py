"""Interfaces come, go and change under a running netftd.

    n1 ------ n2     net0
     \\________|      net1   the changes are here, at n1
"""
from lab import topology
from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

LISTED = Spec(nodes=2, networks=2)
# eth1's addresses are not in cluster.toml: they are found, and the peer learns them by the card.
FOUND = Spec(nodes=2, networks=2, one_endpoint=True)


def locals_of(lab, state="up"):
    return {route["local"] for route in lab.routes("n1", "n2") if route["state"] == state}


@test(LISTED)
def an_interface_that_vanishes_takes_its_routes_down_and_brings_them_back(lab):
    topology.unplug("n1", "net1")
    try:
        wait_for("route down", lambda: not lab.is_up("n1", "n2", "net1"))
        reason = lab.route("n1", "n2", "net1")["reason"]
        assert "gone" in reason or "carrier" in reason, reason
        assert lab.is_up("n1", "n2", "net0")
    finally:
        topology.plug(lab.spec, "n1", "net1")
    wait_for("route up again", lambda: lab.is_up("n1", "n2", "net1"))


@test(LISTED)
def an_interface_set_down_and_up_comes_back(lab):
    lab["n1"].run("ip", "link", "set", "eth1", "down")
    wait_for("route down", lambda: not lab.is_up("n1", "n2", "net1"))
    lab["n1"].run("ip", "link", "set", "eth1", "up")
    wait_for("route up again", lambda: lab.is_up("n1", "n2", "net1"))


@test(LISTED)
def a_lost_carrier_is_given_as_the_reason(lab):
    lab.cut("n1", "net1", "carrier")
    wait_for("route down", lambda: not lab.is_up("n1", "n2", "net1"))
    reason = lab.route("n1", "n2", "net1")["reason"]
    assert "carrier" in reason, reason


@test(LISTED)
def a_changed_interface_mtu_is_followed(lab):
    assert lab.route("n1", "n2", "net1")["mtu"] == 1500
    lab["n1"].run("ip", "link", "set", "eth1", "mtu", 1400)
    try:
        wait_for("mtu 1400 on the route",
                 lambda: (lab.route("n1", "n2", "net1") or {}).get("mtu") == 1400)
        for size in (1200, 20000):
            lab["n1"].run("ping", "-c", 2, "-i", 0.1, "-W", 2, "-s", size,
                          lab.peer("n1", "n2")["ipv4"])
    finally:
        lab["n1"].run("ip", "link", "set", "eth1", "mtu", 1500)
    wait_for("mtu 1500 again", lambda: lab.route("n1", "n2", "net1")["mtu"] == 1500)


@test(LISTED)
def a_one_way_cut_takes_the_route_down_at_both_ends(lab):
    for direction in ("in", "out"):
        lab.cut("n1", "net1", "oneway", direction)
        for here, there in (("n1", "n2"), ("n2", "n1")):
            wait_for(f"{here} marks the route down (cut {direction})",
                     lambda h=here, t=there: not lab.is_up(h, t, "net1"))
        lab.heal("n1", "net1")
        lab.wait_all_up()


@test(FOUND)
def one_reachable_endpoint_in_the_file_is_enough(lab):
    assert len(locals_of(lab)) == 2, lab.routes("n1", "n2")


@test(FOUND)
def a_changed_address_is_learned_by_the_peer(lab):
    # In this order: as the second address of its subnet the new one would go with the first.
    lab["n1"].run("ip", "address", "del", "10.1.0.1/24", "dev", "eth1")
    lab["n1"].run("ip", "address", "add", "10.1.0.77/24", "dev", "eth1")
    try:
        wait_for("n1 uses the new address", lambda: "10.1.0.77:3343" in locals_of(lab))
        wait_for("n2 uses the new address", lambda: "10.1.0.77:3343" in {
            r["remote"] for r in lab.routes("n2", "n1") if r["state"] == "up"})
    finally:
        lab["n1"].run("ip", "address", "del", "10.1.0.77/24", "dev", "eth1")
        lab["n1"].run("ip", "address", "add", "10.1.0.1/24", "dev", "eth1")
    wait_for("n1 uses the old address again", lambda: "10.1.0.1:3343" in locals_of(lab))
