"""The machine that is measured on, and what others do on it meanwhile."""
import os
import pathlib
import platform

from lab.shell import wait_until

SAMPLE_SECONDS = 0.5
BUSY_PERCENT = 5  # above, the figures say more about the others


def description():
    return {"processor": _processor(), "cores": os.cpu_count(), "kernel": platform.release()}


def _processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _idle_and_all():
    fields = pathlib.Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]
    ticks = list(map(int, fields))
    return ticks[3] + ticks[4], sum(ticks)


def busy_percent():
    """Of all processors, by whatever runs now: asked while nothing of ours does."""
    idle, total = _idle_and_all()
    wait_until(lambda: False, SAMPLE_SECONDS, every=SAMPLE_SECONDS)
    idle_now, total_now = _idle_and_all()
    return 100 * (1 - (idle_now - idle) / max(1, total_now - total))
