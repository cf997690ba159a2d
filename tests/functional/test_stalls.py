"""A netftd that was stopped calls nobody dead, and its peers have it back at once.

    n1 ------ n2 ------ n3     net0   netftd on n1 is stopped (SIGSTOP) and goes on (SIGCONT)
     \\________|_________/      net1
"""
import datetime
import json
import os
import signal
import time

from lab.shell import wait_until
from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

THREE = Spec(nodes=3, networks=2)


def transitions(lab, node, peer):
    answer = json.loads(lab[node].run("netft-route", "history", peer, "--json").stdout)
    return [record for record in answer["records"] if record["type"] == "transition"]


def freeze(lab, node, seconds):
    pid = lab[node].pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: False, seconds)
    finally:
        os.kill(pid, signal.SIGCONT)
    return time.monotonic()


def all_up(lab):
    return all(lab.is_up(node, peer, network)
               for node, peer in (("n2", "n1"), ("n3", "n1"), ("n1", "n2"), ("n1", "n3"))
               for network in ("net0", "net1"))


def check_freeze(lab, seconds):
    began = datetime.datetime.now(datetime.timezone.utc)
    woke = freeze(lab, "n1", seconds)
    wait_for("all routes up", lambda: all_up(lab))
    recovered = time.monotonic() - woke
    print(f"     frozen for {seconds} s: all routes up {recovered * 1000:.0f} ms after waking",
          flush=True)
    for peer in ("n2", "n3"):
        for record in transitions(lab, "n1", peer):
            if datetime.datetime.fromisoformat(record["at"].replace("Z", "+00:00")) < began:
                continue
            assert record["to"] != "down", f"n1 called its route down on waking: {record}"
        said = [record["reason"] for record in transitions(lab, peer, "n1")]
        assert "peer was stalled" in said, f"{peer} does not name the stall: {said}"
    assert lab["n1"].show()["counters"]["longest_stall_us"] > seconds * 0.9e6
    return recovered


@test(THREE, figure=True)
def a_netftd_frozen_for_1_3_and_8_s_calls_no_route_down_and_is_back_within_1_s(lab):
    for seconds in (1, 3, 8):
        recovered = check_freeze(lab, seconds)
        assert recovered <= 1, f"back {recovered:.2f} s after waking"
