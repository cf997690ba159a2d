"""Other networks than two IPv4 subnets.

    n1 ------ n2     net0, net1: IPv6 only · link-local only · jumbo frames · AF_PACKET ports

    n1 --- r1 --- n2     routed: no two nodes share a subnet, r1 forwards; 2 x 2 routes to a peer
"""
from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for


def in_use(lab, here, there):
    return next((r for r in lab.routes(here, there) if r["in_use"]), None)


def cut_what_is_in_use(lab):
    """Cuts n1 off the network in use. Both ends judge for themselves: returns when both have left
    n1's endpoint there, for until then what one asks the other may answer in vain."""
    gone = wait_for("a route in use", lambda: in_use(lab, "n1", "n2"))["local"]
    lab.cut("n1", lab.network_in_use("n1", "n2"))
    for here, there, end in (("n1", "n2", "local"), ("n2", "n1", "remote")):
        wait_for(f"traffic of {here} moved",
                 lambda here=here, there=there, end=end:
                 (in_use(lab, here, there) or {end: gone})[end] != gone)


def failover_works(lab):
    """Ping v4 and v6 over the adapter, also while the network in use is cut."""
    peer = lab.peer("n1", "n2")
    targets = (peer["ipv4"], f"{peer['ipv6']}%netft0")
    for target in targets:
        lab["n1"].run("ping", "-c", 2, "-i", 0.05, "-W", 2, target)
    cut_what_is_in_use(lab)
    for target in targets:
        lab["n1"].run("ping", "-c", 2, "-i", 0.05, "-W", 2, target)


@test(Spec(nodes=2, addresses="ipv6"))
def ipv6_only_networks_carry(lab):
    assert all(r["local"].startswith("[fd00:") for r in lab.routes("n1", "n2"))
    failover_works(lab)


@test(Spec(nodes=2, addresses="link-local"))
def link_local_only_networks_carry(lab):
    assert all(r["local"].startswith("[fe80:") for r in lab.routes("n1", "n2"))
    failover_works(lab)


ROUTED = Spec(nodes=2, addresses="routed")


@test(ROUTED)
def nodes_without_a_shared_subnet_are_joined_across_the_router(lab):
    routes = lab.routes("n1", "n2")
    assert len(routes) == 4, routes
    assert {route["delay_ms"] for route in routes} == {250}, "not the cross-subnet defaults"
    failover_works(lab)


JUMBO = Spec(nodes=2, mtu=9000)


@test(JUMBO)
def jumbo_networks_are_used_in_full(lab):
    assert {route["mtu"] for route in lab.routes("n1", "n2")} == {9000}
    assert lab["n1"].show()["adapter"]["mtu"] > 8000, lab["n1"].show()["adapter"]
    lab["n1"].run("ping", "-c", 2, "-i", 0.1, "-W", 2, "-M", "do", "-s", 8000,
                  lab.peer("n1", "n2")["ipv4"])
    failover_works(lab)


@test(Spec(nodes=2, port="af_packet"))
def af_packet_ports_carry(lab):
    failover_works(lab)


@test(Spec(nodes=2, networks=1))
def a_single_network_is_warned_of(lab):
    warnings = lab["n1"].show()["warnings"]
    assert any("n2" in text and "network" in text for text in warnings), warnings


@test(Spec(nodes=2, networks=4))
def four_networks_fail_one_after_the_other(lab):
    for _ in range(3):
        cut_what_is_in_use(lab)
        lab["n1"].run("ping", "-c", 2, "-i", 0.05, "-W", 2, lab.peer("n1", "n2")["ipv4"])
