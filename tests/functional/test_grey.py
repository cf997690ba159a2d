"""A path that is up but sick is left before users notice, each for its own reason.

    n1 ====== n2     net0 (the cheaper one, in use) is made sick at n1, net1 stays well
"""
import json
import subprocess
import time

from lab.demo import Probe
from lab.shell import wait_until
from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

PREFERRED = Spec(nodes=2, networks=2, extra='[[network]]\nsubnet = "10.0.0.0/24"\nmetric = 10\n')
ALONE = Spec(nodes=2, networks=1)
INTERVAL = 0.1  # of iperf3's figures


def in_use(lab, network):
    return all(lab.network_in_use(node, peer) == network
               for node, peer in (("n1", "n2"), ("n2", "n1")))


def reasons(lab, network="net0"):
    """Why the routes on it are, or were, suspect: history included."""
    found = set()
    for node, peer in (("n1", "n2"), ("n2", "n1")):
        answer = json.loads(lab[node].run("netft-route", "history", peer, "--json").stdout)
        found |= {record["reason"].split(" (")[0] for record in answer["records"]
                  if record["type"] == "transition" and record["to"] == "suspect"
                  and record["local"].startswith(f"10.{network[3:]}.")}
    return found


class Stream:
    """iperf3 from n2 to n1: what comes in, in steps of 100 ms."""

    def __init__(self, lab, seconds):
        address = lab.peer("n1", "n2")["ipv4"]
        self._server = lab["n2"].popen("iperf3", "-s", "-1", stdout=subprocess.DEVNULL)
        wait_for("iperf3 listens", lambda: ":5201" in lab["n2"].run("ss", "-ltn").stdout)
        self._client = lab["n1"].popen("iperf3", "-c", address, "-R", "-J", "-i", INTERVAL,
                                       "-t", seconds, stdout=subprocess.PIPE)
        self.began = time.monotonic()

    def steps(self):
        """Bits a second of each step; ends with the stream."""
        try:
            answer = json.loads(self._client.communicate()[0])
        finally:
            for process in (self._client, self._server):
                process.kill()
                process.wait()
        assert "error" not in answer, answer["error"]
        return [step["sum"]["bits_per_second"] for step in answer["intervals"]]


def mean(steps, first, last):
    chosen = steps[int(first / INTERVAL):int(last / INTERVAL)]
    return sum(chosen) / max(1, len(chosen))


def longest_standstill(steps):
    longest = run = 0
    for bits in steps:
        run = run + 1 if bits < 1e6 else 0
        longest = max(longest, run)
    return longest * INTERVAL


@test(PREFERRED, figure=True)
def a_network_that_loses_a_fifth_is_left_within_3_s(lab):
    address = lab.peer("n1", "n2")["ipv4"]
    assert in_use(lab, "net0")
    with Probe(lab, address) as probe:
        lab.cut("n1", "net0", "loss", 20)
        wait_until(lambda: False, 3)
        first = probe.finish()
    with Probe(lab, address) as probe:
        wait_until(lambda: False, 5)
        after = probe.finish()
    print(f"     lost of 1 ms probes: {first['lost']} of {first['sent']} in the first 3 s, then "
          f"{after['lost']} of {after['sent']}; {sorted(reasons(lab))}", flush=True)
    assert after["lost"] <= after["sent"] / 1000, after


@test(PREFERRED, figure=True)
def tcp_goes_on_within_2_s_of_an_mtu_black_hole_and_the_path_is_measured(lab):
    wait_for("the path's MTU", lambda: lab.route("n1", "n2", "net0")["mtu"] == 1500)
    stream = Stream(lab, 8)
    wait_until(lambda: False, 2)
    lab.cut("n1", "net0", "mtu", 1400)
    standstill = longest_standstill(stream.steps())
    print(f"     longest standstill of TCP {standstill:.1f} s; {sorted(reasons(lab))}", flush=True)
    assert standstill <= 2, f"TCP stood still for {standstill} s"
    assert "MTU black hole" in reasons(lab), reasons(lab)
    wait_for("what gets through", lambda: 1384 <= lab.route("n1", "n2", "net0")["mtu"] <= 1400)
    lab.heal("n1", "net0")
    wait_for("the whole again", lambda: lab.route("n1", "n2", "net0")["mtu"] == 1500, 30)


@test(ALONE)
def tcp_goes_on_over_the_only_path_when_its_mtu_shrinks(lab):
    wait_for("the path's MTU", lambda: lab.route("n1", "n2", "net0")["mtu"] == 1500)
    lab.cut("n1", "net0", "mtu", 1400)
    wait_for("what gets through", lambda: 1384 <= lab.route("n1", "n2", "net0")["mtu"] <= 1400)
    steps = Stream(lab, 3).steps()
    print(f"     {mean(steps, 0, 3) / 1e6:.0f} Mbit/s in trains cut to fit", flush=True)
    assert mean(steps, 0, 3) > 20e6


@test(PREFERRED, figure=True)
def a_bottleneck_is_left_for_the_other_network_within_5_s(lab):
    lab.cut("n1", "net0")
    wait_for("net1 in use", lambda: in_use(lab, "net1"))
    steps = Stream(lab, 4).steps()
    other = mean(steps, 1, 4)
    lab.heal("n1", "net0")
    wait_for("net0 in use", lambda: in_use(lab, "net0"), 20)
    flaps = lab.route("n1", "n2", "net1")["counters"]["transitions"]
    stream = Stream(lab, 17)
    wait_until(lambda: False, 2)
    lab.cut("n1", "net0", "rate", "1mbit")
    steps = stream.steps()
    share, later = mean(steps, 7, 11) / other, mean(steps, 11, 17) / other
    print(f"     the other network alone {other / 1e6:.0f} Mbit/s; from 5 s after the bottleneck "
          f"{share:.0%} of it, from 9 s {later:.0%}; {sorted(reasons(lab))}", flush=True)
    assert share >= 0.8, f"{share:.0%} of the other network's speed"
    assert lab.route("n1", "n2", "net1")["counters"]["transitions"] == flaps, "net1 flapped"
