"""Commands, deadlines and errors: what every module of the lab shares."""
import os
import subprocess
import time


class LabError(Exception):
    """Something could not be done. The text reads "what: why"."""


def output_of(*args, stdin=None, timeout=60):
    """Runs a command and gives its standard output; LabError when it fails."""
    try:
        done = subprocess.run(args, input=stdin, capture_output=True, text=True, timeout=timeout)
    except FileNotFoundError as error:
        raise LabError(f"{args[0]}: not installed") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{' '.join(args)}: no end after {timeout} s") from error
    if done.returncode:
        why = (done.stderr or done.stdout).strip().splitlines()
        raise LabError(f"{' '.join(args)}: {why[0] if why else f'exit {done.returncode}'}")
    return done.stdout


def succeeds(*args):
    """True when the command exits with 0; its output is dropped."""
    return subprocess.run(args, capture_output=True, check=False).returncode == 0


def batch(namespace, lines):
    """Runs many ip(8) commands in one namespace with one process."""
    output_of("ip", "-n", namespace, "-batch", "-", stdin="\n".join(lines) + "\n")


def wait_until(condition, seconds, every=0.02):
    """Calls `condition` until it gives something true or `seconds` are over; gives its last value.

    The pause between two calls is a back-off and decides nothing: what is true late is still true.
    """
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() >= deadline:
            return value
        time.sleep(every)


def is_alive(pid):
    """True while the process runs. A dead child of ours is reaped on the way."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            if file.read().rpartition(")")[2].split()[0] not in "ZX":
                return True
        # The first thread of a killed process is gone before the others are, and they hold its files.
        return len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False
