"""A worker that stands still is noticed by its own process: it is logged, then the process aborts.

    n1 ------ n2     net0     one thread of n2's netftd is stopped by ptrace(2), the others go on
"""
import ctypes
import os
import pathlib
import signal

from lab.shell import is_alive
from lab.spec import Spec
from support.registry import test
from support.sessions import wait_for

TWO = Spec(nodes=2, networks=1)
PTRACE_ATTACH, PTRACE_DETACH = 16, 17
WALL = 0x40000000


def ptrace(request, tid, data=0):
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.ptrace(ctypes.c_long(request), ctypes.c_long(tid), ctypes.c_void_p(0),
                       ctypes.c_void_p(data))
    assert done == 0, os.strerror(ctypes.get_errno())


def worker_of(pid):
    """The thread that is not the first and has no name of the EAL's."""
    for task in sorted(pathlib.Path(f"/proc/{pid}/task").iterdir(), key=lambda t: int(t.name)):
        name = (task / "comm").read_text(encoding="ascii").strip()
        if int(task.name) != pid and name == "netftd":
            return int(task.name)
    raise AssertionError("no worker thread")


@test(TWO, fresh=True)
def a_worker_that_stands_is_logged_and_then_ends_the_process(lab):
    daemon = lab["n2"]
    pid = daemon.pid()
    tid = worker_of(pid)
    ptrace(PTRACE_ATTACH, tid)
    os.waitpid(tid, WALL)
    try:
        wait_for("a line of the log", lambda: "the worker has not moved" in daemon.last_words(40), 20)
        assert is_alive(pid)
        wait_for("the end", lambda: "aborting" in daemon.last_words(40), 20)
    finally:
        try:
            ptrace(PTRACE_DETACH, tid)
        except AssertionError:
            os.waitpid(tid, WALL)  # it is gone; until its tracer has seen it, so is nobody else
    wait_for("the process ends", lambda: not is_alive(pid))
    daemon.start()
    lab.wait_all_up()


@test(TWO, fresh=True)
def a_worker_that_goes_on_in_time_is_let_go_on(lab):
    daemon = lab["n2"]
    tid = worker_of(daemon.pid())
    ptrace(PTRACE_ATTACH, tid)
    os.waitpid(tid, WALL)
    wait_for("a line of the log", lambda: "the worker has not moved" in daemon.last_words(40), 20)
    ptrace(PTRACE_DETACH, tid)
    lab.wait_all_up()
    # The stack that was asked for meanwhile is no signal that ends anything.
    os.kill(daemon.pid(), signal.SIGUSR2)
    lab.wait_all_up()
    assert "aborting" not in daemon.last_words(40)
