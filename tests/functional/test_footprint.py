"""What an idle netftd costs at its defaults.

    n1 ------ n2 ------ n3     net0
     \\________|_________/      net1
"""
import os
import pathlib
import subprocess

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


def window(pids, yardstick):
    """Per cent of a core: of a node, and of a program that does nothing but sleep and wake."""
    before = sum(map(cpu_seconds, pids))
    done = subprocess.run([yardstick, str(SECONDS)], capture_output=True, text=True, check=True)
    percent = 100 * (sum(map(cpu_seconds, pids)) - before) / SECONDS / len(pids)
    return percent, float(done.stdout)


@test(THREE, figure=True)
def an_idle_node_takes_little_of_a_core_and_of_memory(lab):
    pids = [daemon.pid() for daemon in lab.nodes.values()]
    # Whatever else runs on the machine makes caches cold and the figure larger, never smaller: so
    # the best of a few windows is what netftd itself costs.
    yardstick = pathlib.Path(lab.binaries.directory, "tests", "support", "yardstick")
    percent, bare = min(window(pids, yardstick) for _ in range(3))
    memory = max(map(resident_mb, pids))
    print(f"     {percent:.2f} % of a core per node, {memory:.0f} MB; "
          f"sleeping and waking alone: {bare:.2f} %", flush=True)
    # The clock ticks are 10 ms: 0.03 % of three nodes' ten seconds. Where the host makes waking
    # dear (a virtual machine's timers), no program that wakes is cheap: then twice its price.
    assert percent <= max(0.3, 2 * bare), f"{percent:.2f} % of a core per node, bare {bare:.2f} %"
    assert memory <= 100, f"{memory:.0f} MB"
