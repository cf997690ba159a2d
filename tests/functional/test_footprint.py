"""What an idle netftd costs at its defaults.

    n1 ------ n2 ------ n3     net0
     \\________|_________/      net1
"""
import os
import pathlib

from lab.shell import wait_until
from lab.spec import Spec
from support.registry import test

THREE = Spec(nodes=3, networks=2)
SECONDS = 10


def cpu_seconds(pid):
    """User and system time of all threads."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"no VmRSS of {pid}")


def window(pids):
    before = sum(map(cpu_seconds, pids))
    wait_until(lambda: False, SECONDS)  # nothing to wait for: the figure is a rate
    return 100 * (sum(map(cpu_seconds, pids)) - before) / SECONDS / len(pids)


@test(THREE, figure=True)
def an_idle_node_takes_little_of_a_core_and_of_memory(lab):
    pids = [daemon.pid() for daemon in lab.nodes.values()]
    # Whatever else runs on the machine makes caches cold and the figure larger, never smaller: so
    # the best of a few windows is what netftd itself costs.
    percent = min(window(pids) for _ in range(3))
    memory = max(map(resident_mb, pids))
    print(f"     {percent:.2f} % of a core per node, {memory:.0f} MB", flush=True)
    # The clock ticks are 10 ms: 0.03 % of three nodes' ten seconds.
    assert percent <= 0.3, f"{percent:.2f} % of a core per node"
    assert memory <= 100, f"{memory:.0f} MB"
