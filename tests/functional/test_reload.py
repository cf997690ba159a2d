"""A reload (SIGHUP) changes a running cluster without a flap.

    n1 ------ n2     net0
     \\________|      net1
"""
from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

TWO = Spec(nodes=2, networks=2, heartbeat=("100ms", 5))


def delays(lab):
    return {route["delay_ms"] for node, peer in (("n1", "n2"), ("n2", "n1"))
            for route in lab.routes(node, peer)}


def write(lab, old, new):
    text = lab.config.read_text(encoding="utf-8")
    assert old in text
    lab.config.write_text(text.replace(old, new), encoding="utf-8")


def reload_all(lab):
    for daemon in lab.nodes.values():
        daemon.reload()


@test(TWO)
def a_changed_delay_is_taken_over_without_a_flap(lab):
    since = lab.flaps()
    write(lab, '"100ms"', '"20ms"')
    try:
        reload_all(lab)
        wait_for("20 ms on all routes", lambda: delays(lab) == {20})
        assert lab.flaps() == since, "a route flapped"
    finally:
        write(lab, '"20ms"', '"100ms"')
        reload_all(lab)
    wait_for("100 ms on all routes", lambda: delays(lab) == {100})
    assert lab.flaps() == since, "a route flapped on the way back"


@test(TWO)
def one_end_reloaded_before_the_other_does_not_flap(lab):
    since = lab.flaps()
    write(lab, '"100ms"', '"10ms"')
    try:
        lab["n1"].reload()
        wait_for("n1 has changed", lambda: 10 in delays(lab))
        lab["n1"].run("ping", "-c", 10, "-i", 0.1, "-W", 1, lab.peer("n1", "n2")["ipv4"])
        assert lab.flaps() == since, "a route flapped"
    finally:
        write(lab, '"10ms"', '"100ms"')
        reload_all(lab)
    wait_for("100 ms on all routes", lambda: delays(lab) == {100})
    assert lab.flaps() == since, "a route flapped on the way back"


@test(TWO)
def a_reload_of_a_bad_file_changes_nothing_and_says_so(lab):
    since = lab.flaps()
    good = lab.config.read_text(encoding="utf-8")
    lab.config.write_text(good + "\nnonsense = 1\n", encoding="utf-8")
    try:
        lab["n1"].reload()
        wait_for("the log names the key", lambda: "nonsense" in lab["n1"].last_words())
        assert lab["n1"].pid() and lab.flaps() == since
        assert delays(lab) == {100}
    finally:
        lab.config.write_text(good, encoding="utf-8")
