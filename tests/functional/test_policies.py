"""Which routes carry what, by policy.

    n1 ====== n2     net0 and net1
"""
import json
import os
import subprocess

from lab.demo import Probe
from lab.shell import wait_until
from lab.spec import Spec
from support.registry import test
from support.schema import validate
from support.sessions import wait_for

DUPLICATE = Spec(nodes=2, networks=2, policy="duplicate")
SMALL = Spec(nodes=2, networks=2, extra="[traffic]\nduplicate_small = 256\n")
SPREAD = Spec(nodes=2, networks=2, policy="spread")
# A longer run for figures: NETFT_PROBES=5000.
PROBES = int(os.environ.get("NETFT_PROBES", "1500"))
FLOWS = 16


def data_sent(lab):
    return {network: lab.route("n1", "n2", network)["counters"]["data_sent"]
            for network in lab.spec.network_names()}


def lost_around_a_cut(lab):
    """One silent cut and its heal under 1 ms probes; what was sent and what was lost."""
    address = lab.peer("n1", "n2")["ipv4"]
    network = wait_for("a route in use", lambda: lab.network_in_use("n1", "n2"))
    with Probe(lab, address) as probe:
        lab.cut("n1", network)
        wait_for("route down", lambda: not lab.is_up("n1", "n2", network))
        wait_until(lambda: False, PROBES / 2000)
        lab.heal("n1", network)
        wait_for("route up", lambda: lab.is_up("n1", "n2", network))
        wait_until(lambda: False, PROBES / 2000)
        result = probe.finish()
    lab.wait_all_up()
    return result


def check_nothing_lost(lab):
    result = lost_around_a_cut(lab)
    print(f"     {result['lost']} of {result['sent']} probes lost, longest gap "
          f"{result['longest_gap_ms']} ms, prober stood still {result['stall_ms']} ms", flush=True)
    assert result["lost"] == 0, result


@test(DUPLICATE)
def duplicate_loses_nothing_in_a_silent_cut(lab):
    check_nothing_lost(lab)
    routes = lab.routes("n1", "n2")
    assert all(route["in_use"] for route in routes), routes
    assert sorted(route["use"] for route in routes) == ["copy", "main"], routes


@test(DUPLICATE)
def copies_do_not_reach_the_adapter(lab):
    address = lab.peer("n1", "n2")["ipv4"]
    result = lab["n1"].run("ping", "-c", 200, "-i", "0.002", "-q", address)
    assert "duplicates" not in result.stdout and " 0% packet loss" in result.stdout, result.stdout
    drops = lab.node("n2").show()["drops"]
    assert drops.get("rx_duplicate", 0) >= 200, drops


@test(SMALL)
def small_frames_lose_nothing_in_a_silent_cut(lab):
    check_nothing_lost(lab)
    assert "frames of up to 256 bytes duplicated" in lab["n1"].run("netft-route").stdout


@test(SMALL)
def get_says_what_a_packet_of_that_kind_would_get(lab):
    def get(*words):
        answer = json.loads(lab["n1"].run("netft-route", "get", "n2", "--json", *words).stdout)
        validate(answer, "get.json")
        return answer["policy"], sorted(route["use"] for route in answer["routes"])
    assert get() == ("failover", ["copy", "main"]), get()
    assert get("--size", 256) == ("duplicate", ["copy", "main"])
    assert get("--size", 257) == ("failover", ["main"])
    assert get("--port", 5405, "--protocol", "udp") == ("failover", ["main"])
    text = lab["n1"].run("netft-route", "get", "n2", "--dscp", 46, "--size", 64).stdout
    assert text.startswith("policy duplicate\n") and "copies" in text, text
    done = lab["n1"].run("netft-route", "get", "n2", "--dscp", 64, check=False)
    assert done.returncode == 1 and "dscp: 0 to 63" in done.stderr, done


@test(SPREAD)
def spread_uses_both_networks(lab):
    address = lab.peer("n1", "n2")["ipv4"]
    before = data_sent(lab)
    server = lab["n2"].popen("iperf3", "-s", "-1", stdout=subprocess.DEVNULL)
    try:
        lab["n1"].run("timeout", 30, "sh", "-c",
                      f"until iperf3 -c {address} -P {FLOWS} -t 2 -b 5M >/dev/null 2>&1; "
                      "do sleep 0.1; done")
    finally:
        server.kill()
        server.wait()
    sent = {network: count - before[network] for network, count in data_sent(lab).items()}
    print(f"     datagrams by network: {sent}", flush=True)
    assert min(sent.values()) > sum(sent.values()) / 5, sent
    assert all(route["use"] == "share" for route in lab.routes("n1", "n2"))
