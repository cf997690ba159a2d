"""A route that flaps is kept out of use, says why, and is used again when it is calm.

    n1 ------ n2     net0   preferred; its cable is pulled again and again
     \\________|      net1
"""
from lab.demo import Probe
from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

TWO = Spec(nodes=2, networks=2, heartbeat=("20ms", 5), damping=True,
           extra='[damping]\nhalf_life = "6s"\nmax = "60s"\n'
                 '[traffic]\nhold_down = "100ms"\n'
                 '[[network]]\nsubnet = "10.0.0.0/24"\nmetric = 10\n')


def route(lab, node="n1"):
    return lab.route(node, "n2" if node == "n1" else "n1", "net0")


def tool(lab, node, *args, **more):
    return lab[node].run(lab.binaries.find("netft-route"), *args, **more)


def flap(lab):
    lab.cut("n1", "net0")
    wait_for("net0 down", lambda: not lab.is_up("n1", "n2", "net0"))
    lab.heal("n1", "net0")
    wait_for("net0 up", lambda: lab.is_up("n1", "n2", "net0"))


def is_damped(lab):
    return all(route(lab, node)["state"] == "damped" for node in ("n1", "n2"))


def flap_until_damped(lab, times=12):
    for _ in range(times):
        flap(lab)
        if is_damped(lab):
            return
    wait_for("net0 damped", lambda: is_damped(lab), 2)


def check_fails_of_flapping(lab):
    done = tool(lab, "n1", "check", check=False)
    return done.returncode == 1 and "damped: flapping: penalty" in done.stdout


@test(TWO)
def a_route_that_flaps_is_kept_out_of_use_until_it_is_calm(lab):
    wait_for("net0 in use", lambda: lab.network_in_use("n1", "n2") == "net0")
    flap_until_damped(lab)
    wait_for("net1 in use", lambda: lab.network_in_use("n1", "n2") == "net1")
    shown = route(lab)
    assert shown["reason"].startswith("flapping: penalty "), shown["reason"]
    assert shown["damping"]["penalty"] > 1000, shown["damping"]
    assert check_fails_of_flapping(lab)
    wait_for("n2 says so", lambda: "n2 says: the route to n1 on 10.0.0.0/24 is up, damped: flapping"
             in tool(lab, "n1", "why", "n2").stdout)
    with Probe(lab, lab.peer("n1", "n2")["ipv4"]) as probe:
        flap(lab)
        result = probe.finish()
    assert result["lost"] == 0, result
    wait_for("net0 free and in use", lambda: lab.network_in_use("n1", "n2") == "net0", 60)
    assert route(lab)["state"] == "up"


@test(TWO)
def undamp_frees_it_at_once(lab):
    flap_until_damped(lab)
    for node in ("n1", "n2"):
        tool(lab, node, "undamp")
    wait_for("net0 free", lambda: not any(route(lab, n)["state"] == "damped" for n in ("n1", "n2")),
             2)
    assert route(lab)["damping"]["penalty"] == 0
