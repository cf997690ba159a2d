"""How long n1 and n2 do not hear each other when the network in use fails.

    n1 ====== n2     net0 and net1: the one that carries the traffic is cut at n1
"""
from lab.demo import Probe
from lab.spec import Spec
from lab.shell import wait_until
from support.registry import test
from support.sessions import longest_gap_ms, wait_for

DEFAULTS = Spec(nodes=2, networks=2)
FAST = Spec(nodes=2, networks=2, heartbeat=("10ms", 3))
# Of two networks that cost the same, none is gone back to.
PREFERRED = Spec(nodes=2, networks=2, extra='[[network]]\nsubnet = "10.0.0.0/24"\nmetric = 10\n')
CALM_SECONDS = 0.5  # probes before and after the fault, which show what is normal


def gap_of(lab, kind, value=None):
    address = lab.peer("n1", "n2")["ipv4"]

    def measure():
        network = wait_for("a route in use", lambda: lab.network_in_use("n1", "n2"))
        with Probe(lab, address) as probe:
            wait_until(lambda: False, CALM_SECONDS)
            lab.cut("n1", network, kind, value)
            wait_for("route down", lambda: not lab.is_up("n1", "n2", network))
            wait_until(lambda: False, CALM_SECONDS)
            result = probe.finish()
        lab.heal("n1", network)
        lab.wait_all_up()
        return result
    return measure


def check(lab, limit_ms, kind, value=None):
    gap = longest_gap_ms(gap_of(lab, kind, value), limit_ms)
    print(f"     longest gap {gap} ms, allowed {limit_ms} ms", flush=True)
    assert gap <= limit_ms, f"longest gap {gap} ms, allowed {limit_ms} ms"


@test(DEFAULTS, figure=True)
def a_silent_cut_at_defaults_costs_at_most_300_ms(lab):
    check(lab, 300, "silent")


@test(DEFAULTS, figure=True)
def a_one_way_cut_at_defaults_costs_at_most_700_ms(lab):
    check(lab, 700, "oneway", "out")


@test(DEFAULTS, figure=True)
def a_lost_carrier_costs_at_most_50_ms(lab):
    check(lab, 50, "carrier")


@test(FAST, figure=True)
def a_silent_cut_at_10_ms_times_3_costs_at_most_40_ms(lab):
    check(lab, 40, "silent")


@test(PREFERRED, figure=True)
def traffic_goes_back_to_the_cheaper_network_and_loses_nothing(lab):
    address = lab.peer("n1", "n2")["ipv4"]
    assert lab.network_in_use("n1", "n2") == "net0"
    lab.cut("n1", "net0")
    wait_for("traffic moved", lambda: lab.network_in_use("n1", "n2") == "net1")

    with Probe(lab, address) as probe:
        lab.heal("n1", "net0")
        wait_for("traffic back", lambda: lab.network_in_use("n1", "n2") == "net0", 20)
        wait_until(lambda: False, CALM_SECONDS)
        result = probe.finish()
    assert result["lost"] == 0, f"lost while traffic went back: {result}"
