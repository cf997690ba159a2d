"""netftd on one node: started in its namespace, stopped, killed, waited for."""
import json
import os
import pathlib
import signal
import socket
import subprocess

from lab.shell import LabError, is_alive, wait_until
from lab.spec import namespace_of

START_SECONDS = 20  # until the control socket answers; the EAL needs 0.4 s on an idle core
STOP_SECONDS = 10


class Daemon:
    """Files of a node: DIR/node.key, netftd.sock, netftd.log, netftd.pid, run/ (hosts)."""

    def __init__(self, node, directory, config, binaries, settle=lambda: None):
        self.node = node
        self.namespace = namespace_of(node)
        self.directory = pathlib.Path(directory)
        self.config = pathlib.Path(config)
        self.binaries = binaries
        self.socket = self.directory / "netftd.sock"
        self.log = self.directory / "netftd.log"
        self.run_dir = self.directory / "run"
        self._pid_file = self.directory / "netftd.pid"
        self._settle = settle  # called when netftd has answered

    def command(self, config=None):
        return [self.binaries.find("netftd"), "--config", str(config or self.config), "--node",
                self.node, "--key", str(self.directory / "node.key"), "--socket",
                str(self.socket), "--run-dir", str(self.run_dir), "--foreground",
                "--user", "root"]  # the lab's files are root's

    def environment(self):
        return {**os.environ, "NETFT_SOCKET": str(self.socket),
                "PATH": self.binaries.search_path()}

    def pid(self):
        """Of the running netftd; None when it does not run."""
        pid = self._started()
        return pid if pid and self._is_ours(pid) else None

    def _started(self):
        """The pid of the netftd that was started last, here or by netft-lab; None when it ended."""
        try:
            pid = int(self._pid_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        return pid if is_alive(pid) else None

    def _is_ours(self, pid):
        """Guards against a pid that was given to somebody else."""
        try:
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
        return str(self.socket).encode() in words

    def launch(self):
        """Starts netftd and does not wait."""
        if self.pid():
            raise LabError(f"{self.node}: netftd runs already")
        self.run_dir.mkdir(exist_ok=True)
        self._pid_file.write_text(str(self._spawn()), encoding="ascii")

    def _spawn(self, *more):
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, *self.command(), *more],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=self.environment())
        process.returncode = 0  # it outlives us: is_alive() reaps it where it does not
        # ip(8) replaces itself by the command, so this is netftd's own pid.
        return process.pid

    def has_ended(self):
        """Not pid(): while ip(8) replaces itself by netftd the command line is empty."""
        return self._started() is None

    def wait_ready(self, seconds=START_SECONDS):
        answers = wait_until(lambda: self.show() or self.has_ended(), seconds)
        if not answers or self.has_ended():
            why = "netftd ended" if self.has_ended() else f"control socket silent for {seconds} s"
            raise LabError(f"{self.node}: {why}; its last words:\n{self.last_words()}")
        self._settle()

    def start(self):
        self.launch()
        self.wait_ready()

    def take_over(self, seconds=START_SECONDS):
        """A new netftd takes the place of the one that runs, without a gap."""
        before = self.pid()
        if before is None:
            raise LabError(f"{self.node}: netftd does not run")
        after = self.launch_next()
        if not wait_until(lambda: not is_alive(before) or not is_alive(after), seconds):
            raise LabError(f"{self.node}: the netftd before did not leave in {seconds} s")
        if not is_alive(after):
            self._pid_file.write_text(str(before), encoding="ascii")
            raise LabError(f"{self.node}: the next netftd ended; its last words:\n"
                           f"{self.last_words()}")
        self.wait_ready(seconds)

    def launch_next(self):
        """Starts the one that is to take over, whichever runs, and does not wait."""
        after = self._spawn("--take-over")
        self._pid_file.write_text(str(after), encoding="ascii")
        return after

    def stop(self, number=signal.SIGTERM, seconds=STOP_SECONDS):
        """Ends netftd. True when it ended by itself within `seconds`, else it is killed."""
        pid = self.pid()
        if pid is None:
            return True
        os.kill(pid, number)
        ended = wait_until(lambda: not is_alive(pid), seconds)
        if not ended:
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not is_alive(pid), 5)
        return ended

    def kill(self):
        self.stop(signal.SIGKILL)

    def reload(self):
        pid = self.pid()
        if pid is None:
            raise LabError(f"{self.node}: netftd does not run")
        os.kill(pid, signal.SIGHUP)

    def last_words(self, lines=12):
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return "  (no log)"
        return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (nothing)"

    def run(self, *args, check=True, timeout=60, **more):
        """Runs a command on the node; gives the CompletedProcess."""
        done = subprocess.run(["ip", "netns", "exec", self.namespace, *map(str, args)],
                              capture_output=True, text=True, timeout=timeout,
                              env=self.environment(), check=False, **more)
        if check and done.returncode:
            raise LabError(f"{self.node}: {' '.join(map(str, args))}: exit {done.returncode}: "
                           f"{(done.stderr or done.stdout).strip()}")
        return done

    def popen(self, *args, **more):
        """Starts a command on the node and gives the Popen."""
        return subprocess.Popen(["ip", "netns", "exec", self.namespace, *map(str, args)],
                                text=True, env=self.environment(), **more)

    def show(self):
        """What `netft-route show --json` prints, as a dict; None while netftd does not answer."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                client.settimeout(5)
                client.connect(str(self.socket))
                client.sendall(b'{"request":"show"}\n')
                with client.makefile() as answer:
                    return json.loads(answer.readline())
        except (OSError, ValueError):
            return None
