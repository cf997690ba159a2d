"""What somebody on the way, or this host itself, does to a route: named as what it is; and where there
is a way round it, netftd takes it.

    n1 ------ n2 ------ n3     net0, net1
"""
import contextlib
import json
import os
import pathlib
import subprocess

from lab.shell import wait_until
from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

THREE = Spec(nodes=3, networks=2)
PAIR = Spec(nodes=2, networks=1)
LOST = "{ type filter hook ingress device eth0 priority 0; }"
BULK_LEAST = 1_000_000  # bytes a second


@contextlib.contextmanager
def rule(node, family, chain, *rules):
    """A table of nft for as long as the block lasts."""
    node.run("nft", "add", "table", family, "hinder")
    node.run("nft", "add", "chain", family, "hinder", "c", chain)
    try:
        for words in rules:
            node.run("nft", "add", "rule", family, "hinder", "c", *words.split())
        yield
    finally:
        node.run("nft", "delete", "table", family, "hinder", check=False)


def said(lab, node, *words):
    """All that the tools on the node say of what hinders."""
    shown = "\n".join(lab[node].show()["warnings"])
    return shown + lab[node].run("netft-route", "why", *words, check=False).stdout


def wait_said(lab, node, what, *words):
    seen = []

    def is_said():
        seen[:] = [said(lab, node, *words)]
        return what in seen[0]
    assert wait_until(is_said, 15, every=0.2), f"not {what!r} but: {seen[0]}"


def bulk(lab, seconds):
    """Bytes a second in the last two thirds of a TCP stream from n1 to n2."""
    server = lab["n2"].popen("iperf3", "-s", "-1", "-p", "5999", stdout=subprocess.DEVNULL)
    try:
        lab["n2"].run("timeout", 5, "sh", "-c",
                      "until ss -Hltn sport = :5999 | grep -q .; do sleep 0.05; done")
        done = lab["n1"].run("timeout", seconds + 10, "iperf3", "-J", "-c",
                             lab.peer("n1", "n2")["ipv4"], "-p", 5999, "-t", seconds)
        parts = json.loads(done.stdout)["intervals"][seconds // 3:]
        return sum(one["sum"]["bytes"] for one in parts) / len(parts)
    finally:
        server.kill()
        server.wait()


@test(PAIR, fresh=True)
def swallowed_segmentation_stops_bulk_for_seconds_only_and_is_said(lab):
    with rule(lab["n2"], "netdev", LOST, "meta length > 1600 drop"):
        rate = bulk(lab, 12)
        assert rate > BULK_LEAST, f"{rate} bytes a second"
        wait_said(lab, "n1", "UDP segmentation does not work", "n2")
    assert "UDP segmentation does not work" in lab["n1"].last_words(200)


SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>
int sendmmsg(int fd, struct mmsghdr *m, unsigned n, int f) {
    int (*real)(int, struct mmsghdr *, unsigned, int) = dlsym(RTLD_NEXT, "sendmmsg");
    if (m[0].msg_hdr.msg_controllen) { errno = %s; return -1; }
    for (unsigned i = 1; i < n; i++) if (m[i].msg_hdr.msg_controllen) n = i;
    return real(fd, m, n, f);
}
"""


@contextlib.contextmanager
def preloaded(shim):
    """netftd that is started in the block has it."""
    os.environ["LD_PRELOAD"] = str(shim)
    try:
        yield
    finally:
        del os.environ["LD_PRELOAD"]


@test(PAIR, fresh=True, seconds=120)
def segmentation_that_fails_with_any_errno_goes_on_singly_and_is_said(lab):
    directory = pathlib.Path(lab["n1"].directory)
    for error in ("EINVAL", "EIO", "EOPNOTSUPP", "ENOPROTOOPT", "EMSGSIZE"):
        source, shim = directory / "shim.c", directory / f"{error}.so"
        source.write_text(SHIM % error, encoding="utf-8")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, source, "-ldl"], check=True)
        lab["n1"].stop()
        with preloaded(shim):
            lab["n1"].start()
        lab.wait_all_up()
        rate = bulk(lab, 3)
        assert rate > BULK_LEAST, f"{error}: {rate} bytes a second"
        wait_said(lab, "n1", "UDP segmentation fails on eth0", "n2")


@test(THREE, fresh=True)
def nat_that_rewrites_the_source_is_named(lab):
    chain = "{ type filter hook postrouting priority 0; }"
    for what, seen in (("udp sport set 51234", "10.1.0.1:51234"),
                       ("ip saddr set 10.1.0.77", "10.1.0.77:3343")):
        with rule(lab["n1"], "ip", chain, f"oifname eth1 ip daddr 10.1.0.2 udp sport 3343 {what}"):
            wait_for("net1 down", lambda: not lab.is_up("n2", "n1", "net1"))
            wait_said(lab, "n2", f"heartbeats come from {seen}", "n1")
            wait_said(lab, "n3", "NAT", "n1", "n2")
        lab.wait_all_up()


@test(THREE, fresh=True)
def a_peers_firewall_that_rejects_is_named(lab):
    chain = "{ type filter hook input priority 0; }"
    with rule(lab["n2"], "ip", chain, "iifname eth1 udp dport 3343 reject"):
        wait_for("net1 down", lambda: not lab.is_up("n1", "n2", "net1"))
        wait_said(lab, "n1", "10.1.0.2 answers ICMP port unreachable", "n2")
        wait_said(lab, "n3", "rejects", "n1", "n2")
    lab.wait_all_up()


@test(THREE, fresh=True)
def this_hosts_own_firewall_is_named(lab):
    chain = "{ type filter hook output priority 0; }"
    with rule(lab["n1"], "ip", chain, "oifname eth1 udp dport 3343 drop"):
        wait_for("net1 down", lambda: not lab.is_up("n1", "n2", "net1"))
        wait_said(lab, "n1", "this host's firewall", "n2")
        assert lab["n1"].show()["drops"]["tx_forbidden"] > 0
    lab.wait_all_up()


@test(THREE, fresh=True)
def an_interface_set_down_and_up_at_once_gives_no_false_alarm(lab):
    for number in range(1, 4):
        address = "10.1.0.1/24"
        lab["n1"].run("sh", "-c", "ip link set eth1 down; ip link set eth1 up" if number % 2 else
                      f"ip address del {address} dev eth1; ip address add {address} dev eth1")
        lab.wait_all_up()
    assert "port taken" not in lab["n1"].last_words(1000)
