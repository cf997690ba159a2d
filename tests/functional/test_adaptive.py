"""The threshold of a route follows the gaps between its heartbeats, within its bounds.

    n1 ------ n2     net0: holds its breath now and then
"""
import time

from lab.shell import wait_until
from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

GAP_SECONDS = 0.36
ADAPTIVE = Spec(nodes=2, networks=1,
                extra="[heartbeat]\nadaptive = { min = 3, max = 10 }\n")


def hold_breath(lab):
    """Nothing passes for a while: the pause is the fault."""
    lab.cut("n1", "net0")
    time.sleep(GAP_SECONDS)
    lab.heal("n1", "net0")


def adapted(lab, node="n1", peer="n2"):
    """In force; 0: nothing was measured yet."""
    return (lab.route(node, peer, "net0")["adaptive"] or {"threshold": 0})["threshold"]


def rises(lab):
    hold_breath(lab)
    return wait_until(lambda: adapted(lab) > 5, 1)


@test(ADAPTIVE)
def a_path_with_gaps_is_given_more_time_and_told_so(lab):
    for _ in range(20):  # a gap that a busy machine made too long takes the route down, untold
        if rises(lab):
            break
        lab.wait_all_up()
    route = lab.route("n1", "n2", "net0")
    threshold = adapted(lab)
    assert 5 < threshold <= 10, route
    assert route["detection_time_ms"] == 100 * threshold, route
    text = lab["n1"].run("netft-route").stdout
    assert "threshold raised from 5: gaps of up to" in text, text
    # Another interval: what was measured in intervals of the old one is forgotten.
    before = lab.config.read_text(encoding="utf-8")
    faster = '[heartbeat]\nsame_subnet = { delay = "50ms" }\n'
    lab.config.write_text(before.replace("[heartbeat]\n", faster), encoding="utf-8")
    try:
        for node in lab.nodes.values():
            node.reload()
        wait_for("the threshold of the new interval",
                 lambda: lab.route("n1", "n2", "net0")["detection_time_ms"] == 250)
    finally:
        lab.config.write_text(before, encoding="utf-8")
        for node in lab.nodes.values():
            node.reload()
