"""Packets for a peer go by the adapter or nowhere, whatever rules and routes the host has.

    n1 ------ n2     net0, net1; somebody at n1 (a VPN, an administrator) wants all traffic by eth0
"""
import json
import os
import signal

from lab.shell import is_alive, wait_until
from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

TWO = Spec(nodes=2, networks=2, extra='[adapter]\nipv4_prefix = "10.99.0.0/24"\n'
           'ipv6_prefix = "fd99::/64"\n')


def addresses(lab):
    """All of n2's addresses that need no interface to be named."""
    known = {line.split()[0] for line in
             (lab["n1"].run_dir / "hosts").read_text(encoding="utf-8").splitlines()
             if line and not line.startswith("#") and line.split()[1] == "n2"}
    links = json.loads(lab["n2"].run("ip", "-j", "address", "show", "dev", "netft0").stdout)
    known |= {one["local"] for one in links[0]["addr_info"] if one["scope"] == "global"}
    known.add(lab.peer("n1", "n2")["ipv4"])
    return sorted(known)


def way_to(lab, address):
    done = lab["n1"].run("ip", "-j", "route", "get", address, check=False)
    return json.loads(done.stdout)[0]["dev"] if done.returncode == 0 else "nowhere"


def answers(lab, address):
    return lab["n1"].run("ping", "-c", 1, "-W", 1, address, check=False).returncode == 0


def ip(lab, *lines):
    for line in lines:
        lab["n1"].run("ip", *line.split())


def netfts_own(lab):
    """Rules and routes of netft's protocol, the main table's left out."""
    text = ""
    for family in ("-4", "-6"):
        text += lab["n1"].run("ip", family, "rule").stdout
        text += lab["n1"].run("ip", family, "route", "show", "table", "all", "proto", "143",
                              check=False).stdout
    return [line for line in text.splitlines() if "3343" in line]


THIEVES = {
    "a VPN's rule": ("route add default via 10.0.0.254 dev eth0 table 52 onlink",
                     "rule add pref 5270 table 52", "-6 rule add pref 5270 table 52",
                     "-6 route add default via fe80::9 dev eth0 table 52"),
    "a rule far ahead": ("route add default via 10.0.0.254 dev eth0 table 53 onlink",
                         "rule add pref 2 table 53"),
    "all of 169.254": ("route add 169.254.0.0/16 dev eth0",),
    "the prefix on a NIC": ("route add 10.99.0.0/25 dev eth0", "-6 route add fd99::/96 dev eth0"),
}


@test(TWO, fresh=True)
def no_rule_and_no_route_takes_a_peers_packets_away(lab):
    targets = addresses(lab)
    assert len(targets) == 3, targets
    for name, lines in THIEVES.items():
        ip(lab, *lines)
        for target in targets:
            assert way_to(lab, target) == "netft0", f"{name}: {target}: {way_to(lab, target)}"
            # It takes eth0's own neighbours away, too: that route is lost, and the other taken.
            wait_for(f"{name}: {target} answers", lambda target=target: answers(lab, target), 10)
    assert way_to(lab, "192.0.2.9") == "eth0", "others do not get what is theirs"
    warnings = lab["n1"].show()["warnings"]
    assert not any("leave by" in text for text in warnings), warnings


@test(TWO, fresh=True)
def what_is_flushed_is_put_back(lab):
    target = lab.peer("n1", "n2")["ipv4"]
    ip(lab, *THIEVES["a VPN's rule"])
    for lines in (("rule del pref 1",), ("route flush table 3343",), ("rule flush",)):
        ip(lab, *lines)
        wait_for(f"{lines} is mended", lambda: way_to(lab, target) == "netft0")
        if lines == ("rule flush",):  # others' rules are not netft's business
            assert "5270" not in lab["n1"].run("ip", "rule").stdout


@test(TWO, fresh=True)
def a_way_that_netft_cannot_hold_is_said(lab):
    """The peer's address is this machine's own, too: the kernel keeps the packets."""
    target = lab.peer("n1", "n2")["ipv4"]

    def is_said():
        return any(target in text and "do not leave by netft0" in text
                   for text in lab["n1"].show()["warnings"])
    ip(lab, f"address add {target}/32 dev lo")
    wait_for("a warning", is_said, 15)
    done = lab["n1"].run("netft-route", "check", check=False)
    assert done.returncode == 2 and "netft0" in done.stdout, done
    why = json.loads(lab["n1"].run("netft-route", "why", "--json", "n2").stdout)
    assert why["culprit"] != "none" and "netft0" in why["findings"][0]["text"], why
    ip(lab, f"address del {target}/32 dev lo")
    wait_for("its end", lambda: not is_said(), 15)
    lab["n1"].run("netft-route", "check")


@test(TWO, fresh=True)
def nothing_leaves_while_netftd_is_dead_and_nothing_stays_behind(lab):
    targets = addresses(lab)
    ip(lab, "route add default via 10.0.0.254 dev eth0 onlink")
    lab["n1"].kill()
    for target in targets:
        assert way_to(lab, target) == "nowhere", f"killed: {target} {way_to(lab, target)}"
    lab["n1"].start()
    lab.wait_all_up()
    for target in targets:
        assert way_to(lab, target) == "netft0", f"again: {target} {way_to(lab, target)}"
    lab["n1"].take_over()
    lab.wait_all_up()
    for target in targets:
        assert way_to(lab, target) == "netft0", f"taken over: {target}"
    pid = lab["n1"].pid()
    os.kill(pid, signal.SIGTERM)
    assert wait_until(lambda: not is_alive(pid), 10)
    assert not netfts_own(lab), netfts_own(lab)
