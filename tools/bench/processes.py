"""What a daemon costs, from /proc: processor time, memory, wake-ups."""
import dataclasses
import pathlib

from lab.shell import LabError


@dataclasses.dataclass(frozen=True)
class Cost:
    nanoseconds: int  # on a processor, all threads
    wakeups: int  # times a thread went to sleep and was woken

    def __sub__(self, other):
        return Cost(self.nanoseconds - other.nanoseconds, self.wakeups - other.wakeups)


def _field(text, name):
    for line in text.splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise LabError(f"/proc: no {name}")


def cost_of(pid):
    """So far. Not /proc/PID/stat: its clock ticks are 10 ms, an idle daemon uses less."""
    nanoseconds = wakeups = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        nanoseconds += int((task / "schedstat").read_text(encoding="ascii").split()[0])
        wakeups += _field((task / "status").read_text(encoding="ascii"), "voluntary_ctxt_switches")
    return Cost(nanoseconds, wakeups)


def resident_mb(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return _field(text, "VmRSS") / 1024
