"""tools/soak in short: random faults under traffic, and what must hold after them.

    n1 ------ n2 ------ n3     net0
     \\________|________/       net1
"""
from lab.shell import batch
from lab.soak import Soak
from lab.spec import Spec, namespace_of
from support.registry import test

SPEC = Spec(nodes=3, networks=2, heartbeat=("100ms", 5))
SEED = 5


@test(SPEC, fresh=True, figure=True)
def seven_seconds_of_random_faults_leave_nothing_behind(lab):
    said = []
    soak = Soak(lab, SEED, said.append)
    assert not soak.run(7), "\n".join([*said, soak.summary()])
    assert sum(soak.counts.values()) >= 3, soak.summary()


@test(SPEC, fresh=True)
def a_soak_finds_what_is_left_behind(lab):
    soak = Soak(lab, SEED, str)
    before, usage = soak.held()
    batch(namespace_of("n1"), ["link add left type bridge"])
    soak.check_leaks(before, usage)
    assert any("left" in violation for violation in soak.violations), soak.violations
