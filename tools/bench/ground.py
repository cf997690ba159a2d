"""Nodes on the lab's switches, and the programs that run there. All of it goes with down()."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess

from lab import laboratory, topology
from lab.shell import LabError, output_of, wait_until
from lab.spec import namespace_of

HERE = pathlib.Path(__file__).resolve().parent


def on_node(node, *args):
    return ["ip", "netns", "exec", namespace_of(node), *map(str, args)]


def run_on(node, *args, timeout=60):
    """Runs a command to its end on a node; gives its output."""
    return output_of(*on_node(node, *args), timeout=timeout)


def ip_on(node, *lines):
    """ip(8) commands in a node's namespace."""
    for line in lines:
        output_of("ip", "-n", namespace_of(node), *line.split())


class Program:
    """A program that runs on a node until it ends or is ended."""

    def __init__(self, node, *args, log=None):
        self._name = os.path.basename(str(args[0]))
        self._process = subprocess.Popen(
            on_node(node, *args), stdin=subprocess.DEVNULL, stdout=log or subprocess.PIPE,
            stderr=log or subprocess.PIPE, text=True, start_new_session=True)
        self.pid = self._process.pid  # ip(8) replaces itself by the program

    def wait_line(self, text):
        """Returns when the program prints a line with `text`."""
        for line in self._process.stdout:
            if text in line:
                return line
        raise LabError(f"{self._name}: ended: {self._process.stderr.read().strip()}")

    def is_running(self):
        return self._process.poll() is None

    def finish(self, seconds):
        """Waits for its end; gives what it printed since the last line that was waited for."""
        try:
            out, err = self._process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as error:
            self.end()
            raise LabError(f"{self._name}: no end after {seconds} s") from error
        if self._process.returncode:
            raise LabError(f"{self._name}: {(err or out).strip() or self._process.returncode}")
        return out

    def end(self):
        """Asks it to end, and kills it when it does not."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if wait_until(lambda: not self.is_running(), 0):
                return
            self._process.send_signal(number)
            wait_until(lambda: not self.is_running(), 3)

    def stop(self):
        """Ends it by SIGTERM; gives what it printed."""
        self._process.terminate()
        return self.finish(10)


@contextlib.contextmanager
def program(node, *args):
    running = Program(node, *args)
    try:
        yield running
    finally:
        running.end()


class UdpClient:
    """bench_udp on the nodes."""

    def __init__(self, binaries):
        self._path = binaries.find("bench_udp")

    @contextlib.contextmanager
    def running(self, node, *args):
        with program(node, self._path, *args) as one:
            one.wait_line("ready")
            yield one

    def measure(self, node, *args, seconds):
        """Runs it to its end; gives the object it prints."""
        with self.running(node, *args) as one:
            return json.loads(one.finish(seconds + 10))


class Ground:
    """The namespaces, without netft: it brings the lab's own."""

    @staticmethod
    def build(spec):
        topology.build(spec)

    @staticmethod
    def down():
        laboratory.down()
