"""Sessions that must survive a fault: an ssh session whose every line is echoed back."""
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

from lab.shell import LabError, output_of, wait_until
from support.registry import Skip

SSH_PORT = 2222
LINE_SECONDS = 0.02


class SshServer:
    """sshd on a node, with keys of its own that live in a temporary directory."""

    def __init__(self, daemon):
        if not (sshd := shutil.which("sshd", path="/usr/sbin:/usr/bin")):
            raise Skip("no sshd here")
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="netft-ssh-"))
        for name in ("host", "user"):
            output_of("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                      str(self.directory / name))
        pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        options = {"HostKey": self.directory / "host", "PidFile": "none", "UsePAM": "no",
                   "AuthorizedKeysFile": self.directory / "user.pub", "StrictModes": "no",
                   "PermitRootLogin": "yes", "Port": SSH_PORT, "ClientAliveInterval": 0}
        words = [f"-o{key}={value}" for key, value in options.items()]
        self._process = daemon.popen(sshd, "-D", "-f", "/dev/null", *words,
                                     stderr=subprocess.DEVNULL)
        daemon.run("timeout", 5, "sh", "-c", f"until ss -Hltn sport = :{SSH_PORT} | grep -q .; "
                   "do sleep 0.05; done")

    def close(self):
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class SshSession:
    """Sends numbered lines through one ssh connection and checks that each comes back."""

    def __init__(self, lab, client, server, address):
        self._server = SshServer(lab[server])
        self._client = lab[client].popen(
            "ssh", "-F", "none", "-i", self._server.directory / "user", "-p", SSH_PORT,
            "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oBatchMode=yes",
            "-oLogLevel=ERROR", f"root@{address}", "cat", bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lines = 0  # echoed so far
        self.error = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._thread.start()
        self.wait_progress("at the start")

    def _talk(self):
        while not self._stop.is_set():
            sent = f"line {self.lines}\n"
            try:
                self._client.stdin.write(sent)
                got = self._client.stdout.readline()
            except (OSError, ValueError) as error:
                self.error = str(error)
                return
            if got != sent:
                self.error = f"sent {sent!r}, got {got!r}"
                return
            self.lines += 1
            self._stop.wait(LINE_SECONDS)

    def wait_progress(self, when, lines=20, seconds=15):
        """Returns when so many more lines have come back."""
        goal = self.lines + lines
        wait_until(lambda: self.lines >= goal or self.error, seconds)
        if self.error or self.lines < goal:
            raise LabError(f"ssh session {when}: {self.error or 'stands still'}")

    def close(self):
        self._stop.set()
        self._client.kill()
        self._client.wait()
        self._thread.join(5)
        self._server.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def longest_gap_ms(measure, limit_ms, attempts=4):
    """Runs `measure` (gives a probe's result) and gives the longest gap.

    When the prober itself stood still, the gap can only look longer than it was, never shorter. So
    a gap within the limit always counts, and one above it counts unless the prober stood still for
    a good part of it: then the run says nothing and is repeated.
    """
    for _ in range(attempts):
        result = measure()
        gap, stall = result["longest_gap_ms"], result["stall_ms"]
        if gap <= limit_ms or stall < max(10, limit_ms / 5):
            return gap
    raise LabError(f"the prober stood still for {stall} ms in each of {attempts} runs: this "
                   f"machine is too busy to measure (last gap: {gap} ms)")


def wait_for(what, condition, seconds=10):
    """Like wait_until, but it is an error when it never comes true."""
    began = time.monotonic()
    value = wait_until(condition, seconds)
    if not value:
        raise LabError(f"{what}: not after {time.monotonic() - began:.1f} s")
    return value
