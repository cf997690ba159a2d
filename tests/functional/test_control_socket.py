"""Who may read, who may change, what is audited, and what a flood of requests comes to.

    n1 ------ n2     net0
"""
import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import time

from lab.spec import Spec
from support.callers import as_user, ask, restarted
from support.registry import test
from support.sessions import wait_for

TWO = Spec(nodes=2, networks=1)
READERS = 4242  # no name is needed for --group
USER = 4343
SHOW = {"request": "show"}


@contextlib.contextmanager
def audited(lab):
    """n1 with an audit file and readers; gives its Daemon and a function that reads the file."""
    path = lab["n1"].directory / "audit.log"
    path.unlink(missing_ok=True)
    with restarted(lab, "n1", "--group", READERS, "--audit-log", path) as daemon:
        yield daemon, lambda: [json.loads(line) for line in path.read_text().splitlines()]


def asks(daemon, *requests, gid=READERS, groups=()):
    return as_user(USER, gid, list(groups), lambda: ask(daemon.socket, *requests))


def shows_as(lab, daemon, gid):
    """`netft-route show` by another user, from where every user may run it."""
    tool = daemon.directory / "netft-route"
    shutil.copy(lab.binaries.find("netft-route"), tool)
    return daemon.run("setpriv", "--reuid", USER, "--regid", gid, "--clear-groups", tool, "show",
                      check=False)


@test(TWO)
def members_of_the_group_read_by_primary_and_supplementary_group(lab):
    with audited(lab) as (daemon, records):
        assert daemon.socket.stat().st_gid == READERS and daemon.socket.stat().st_uid == 0
        assert daemon.socket.stat().st_mode & 0o777 == 0o666
        assert asks(daemon, SHOW)[0]["node"] == "n1"
        assert asks(daemon, SHOW, gid=USER, groups=[77, READERS])[0]["node"] == "n1"
        done = shows_as(lab, daemon, READERS)
        assert done.returncode == 0 and "n2" in done.stdout, done
        assert records() == [], "reading was audited"


@test(TWO)
def members_of_the_group_may_not_change_anything(lab):
    with audited(lab) as (daemon, records):
        for request in ("reload", "stop", "nonsense"):
            answer = asks(daemon, {"request": request})[0]
            assert answer == {"error": f"{request}: refused: only root may ask for this"}, answer
        assert ask(daemon.socket, SHOW)[0]["node"] == "n1"
        seen = [(r["uid"], r["gid"], r["request"], r["result"]) for r in records()]
        assert seen == [(USER, READERS, request, "refused")
                        for request in ("reload", "stop", "nonsense")], records()
        assert all(r["command"] and r["why"] for r in records()), records()
        assert "audit: reload refused why=" in daemon.last_words(), daemon.last_words()


@test(TWO)
def a_stranger_is_refused_with_a_clear_error(lab):
    with audited(lab) as (daemon, records):
        done = shows_as(lab, daemon, USER)
        assert done.returncode == 1 and f"uid {USER} may not use" in done.stderr, done
        assert f"members of group {READERS}" in done.stderr, done
        last = records()[-1]
        assert (last["uid"], last["request"], last["result"]) == (USER, "show", "refused"), last
        assert last["command"] == "netft-route", last


@test(TWO)
def what_root_changes_is_audited_with_its_sender(lab):
    with audited(lab) as (daemon, records):
        assert ask(daemon.socket, {"request": "reload"}) == [{"ok": True}]
        daemon.reload()
        wait_for("SIGHUP audited", lambda: len(records()) == 2)
        path = daemon.directory / "audit.log"
        path.rename(daemon.directory / "audit.log.1")
        daemon.reload()  # makes a new file
        wait_for("a new file", path.exists)
        wait_for("SIGHUP in the new file", records)
        daemon.stop()
        old = (daemon.directory / "audit.log.1").read_text().splitlines()
        all_records = [json.loads(line) for line in old] + records()
        assert [r["request"] for r in all_records] == ["reload", "SIGHUP", "SIGHUP", "SIGTERM"]
        assert [r["seq"] for r in all_records] == [1, 2, 3, 4], all_records
        for record in all_records:
            assert (record["pid"], record["uid"]) == (os.getpid(), 0), record
            assert record["result"] == "done", record
        assert path.stat().st_mode & 0o777 == 0o640


@test(TWO)
def a_flood_of_requests_is_limited_and_does_not_fill_the_audit(lab):
    with audited(lab) as (daemon, records):
        began = time.monotonic()
        answers = asks(daemon, *[SHOW] * 2000)
        seconds = time.monotonic() - began
        shown = sum("node" in answer for answer in answers)
        assert 100 <= shown <= 100 + 50 * (seconds + 1), (shown, seconds)
        limited = {answer.get("error", "") for answer in answers if "node" not in answer}
        assert limited == {"netftd: too many requests, try again later"}, limited
        assert ask(daemon.socket, SHOW)[0]["node"] == "n1"
        assert [r["request"] for r in records()] == ["requests"], records()


def hold_connections(path, number, writer):
    """In a child: opens so many, asks over none, says how many were refused, stays."""
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (number + 100, number + 100))
        os.setgroups([])
        os.setresgid(READERS, READERS, READERS)
        os.setresuid(USER, USER, USER)
        clients = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(number)]
        for client in clients:
            client.connect(str(path))
        # The last is one too many: when it has been refused, so have the others.
        refused = bool(clients[-1].recv(4096))
        for client in clients[:-1]:
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                refused += bool(client.recv(4096))
        os.write(writer, str(refused).encode())
        signal.pause()
    finally:
        os._exit(1)


@test(TWO)
def a_thousand_idle_connections_of_one_user_keep_nobody_out(lab):
    with audited(lab) as (daemon, records):
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            hold_connections(daemon.socket, 1000, writer)
        os.close(writer)
        try:
            refused = int(os.read(reader, 16))
            assert refused >= 1000 - 16, refused
            assert ask(daemon.socket, SHOW)[0]["node"] == "n1"
            other = as_user(USER + 1, READERS, [], lambda: ask(daemon.socket, SHOW))
            assert other[0]["node"] == "n1"
        finally:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            os.close(reader)
        refused = [r for r in records() if r["request"] == "connect"]
        assert 1 <= len(refused) <= 20 and refused[0]["uid"] == USER, records()
