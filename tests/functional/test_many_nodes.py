"""Many nodes on one small machine: all routes up, and none flaps.

    n1 … n8 (n16 with --long), all on net0 and net1
"""
from lab.shell import wait_until
from lab.spec import Spec
from support.registry import test


def none_flaps(lab, seconds):
    before = lab.flaps()
    expected = lab.spec.nodes * (lab.spec.nodes - 1) * lab.spec.networks
    assert len(before) == expected, f"{len(before)} route ends, expected {expected}"
    flapped = wait_until(lambda: {k: v for k, v in lab.flaps().items() if before[k] != v},
                         seconds, every=2)
    assert not flapped, f"{len(flapped)} route ends flapped: {list(flapped.items())[:5]}"


@test(Spec(nodes=8), fresh=True)
def eight_nodes_stay_up(lab):
    none_flaps(lab, 8)


@test(Spec(nodes=16), fresh=True, long=True, seconds=240)
def sixteen_nodes_stay_up_for_a_minute(lab):
    none_flaps(lab, 60)
