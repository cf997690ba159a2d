"""Other users at the control socket, and netftd started in other ways than the lab does."""
import contextlib
import json
import os
import signal
import socket

from lab.shell import LabError

TIMEOUT = 20


def as_user(uid, gid, groups, function):
    """Runs `function` in a process of that user; gives what it returns (JSON)."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _speak_as(uid, gid, groups, function, writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    result = json.loads(text or '{"error": "ended without a word"}')
    if "error" in result:
        raise LabError(f"as uid {uid}: {result['error']}")
    return result["value"]


def _speak_as(uid, gid, groups, function, writer):
    """In the child: never returns."""
    try:
        signal.alarm(TIMEOUT)
        os.setgroups(groups)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        result = {"value": function()}
    except Exception as error:  # all of it is for the parent to tell
        result = {"error": f"{type(error).__name__}: {error}"}
    os.write(writer, json.dumps(result).encode())
    os._exit(0)


def ask(path, *requests):
    """The answers to requests that were sent in one piece."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(TIMEOUT)
        client.connect(str(path))
        client.sendall("".join(json.dumps(one) + "\n" for one in requests).encode())
        with client.makefile() as lines:
            return [json.loads(lines.readline()) for _ in requests]


@contextlib.contextmanager
def restarted(lab, node, *options, before=(), socket_path=None):
    """netftd of a node with other options, or started by another program, and back."""
    daemon = lab[node]
    daemon.stop()
    old_socket, command = daemon.socket, daemon.command
    if socket_path:
        daemon.socket = socket_path
    daemon.command = lambda config=None: [*before, *command(config), *map(str, options)]
    try:
        daemon.start()
        lab.wait_all_up()
        yield daemon
    finally:
        daemon.stop()
        daemon.socket = old_socket
        del daemon.command
        daemon.start()
