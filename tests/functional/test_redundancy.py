"""`netft-route check` is green only while the redundancy is whole.

    n1 ------ n2     net0
     \\________|      net1
"""
import json
import time

from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

FOUND = Spec(nodes=2, networks=2, one_endpoint=True)
ROUTED = Spec(nodes=2, networks=2, addresses="routed")
LINK_LOCAL = Spec(nodes=2, networks=2, addresses="link-local")


def check(lab, *options):
    done = lab["n1"].run("netft-route", "check", *options, check=False)
    return done.returncode, done.stdout


def verdict(lab):
    return json.loads(lab["n1"].run("netft-route", "--json").stdout)["verdict"]


@test(FOUND, fresh=True)
def a_second_network_that_drops_out_of_the_plumbing_is_missed(lab):
    wait_for("two networks are known",
             lambda: verdict(lab)["peers"][0]["networks_expected"] == 2, seconds=15)
    assert check(lab)[0] == 0, check(lab)
    began = time.monotonic()
    wait_for("they count as had", lambda: time.monotonic() - began > 9)
    lab["n2"].run("ip", "address", "del", "10.1.0.2/24", "dev", "eth1")
    lab["n2"].run("ip", "address", "add", "10.1.0.1/24", "dev", "eth1")
    wait_for("it is missed, and the address named",
             lambda: check(lab)[0] == 2 and "10.1.0.1" in check(lab)[1])
    assert any("10.1.0.1" in text for text in
               json.loads(lab["n1"].run("netft-route", "--json").stdout)["warnings"])
    lab["n2"].run("ip", "address", "del", "10.1.0.1/24", "dev", "eth1")
    lab["n2"].run("ip", "address", "add", "10.1.0.2/24", "dev", "eth1")
    wait_for("all is well", lambda: check(lab)[0] == 0, seconds=15)
    assert check(lab, "n2", "--networks", "3")[0] == 2


@test(LINK_LOCAL)
def two_link_local_networks_are_well(lab):
    wait_for("check is green", lambda: check(lab)[0] == 0, seconds=15)
    lab.cut("n1", "net1", "carrier")
    wait_for("and sees a loss", lambda: check(lab)[0] == 2)


@test(ROUTED, fresh=True)
def a_network_of_one_node_alone_is_not_missed(lab):
    n1 = lab["n1"]
    n1.run("ip", "link", "add", "lan0", "type", "veth", "peer", "name", "lan1")
    try:
        n1.run("ip", "address", "add", "192.168.5.1/24", "dev", "lan0")
        for end in ("lan0", "lan1"):
            n1.run("ip", "link", "set", end, "up")
        wait_for("it is tried", lambda: any("192.168.5.1" in route["local"]
                                            for route in lab.routes("n1", "n2")))
        wait_for("check is green", lambda: check(lab)[0] == 0)
    finally:
        n1.run("ip", "link", "del", "lan0")
