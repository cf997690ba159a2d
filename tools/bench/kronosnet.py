"""kronosnet: libknet and a nozzle TAP over all networks, by knet_bridge.c."""
import os
import pathlib
import shutil
import subprocess
import tempfile

from bench.ground import HERE, Ground, Program
from bench.peers import Peer
from lab.shell import LabError
from lab.spec import number_of

PACKAGES = "gcc libknet-dev libnozzle-dev"
HEADERS = ("/usr/include/libknet.h", "/usr/include/libnozzle.h")


def cache_directory():
    """Where the compiled bridge is kept: of the user alone, since root runs what lies there."""
    top = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(top, "netft-bench")


def bridge():
    """The compiled bridge; made when there is none, or an older one than its source."""
    source, built = HERE / "knet_bridge.c", cache_directory() / "knet_bridge"
    if built.exists() and built.stat().st_mtime >= source.stat().st_mtime:
        return built
    built.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=built.parent) as directory:
        new = pathlib.Path(directory, "knet_bridge")
        done = subprocess.run(["gcc", "-O2", "-o", str(new), str(source), "-lknet", "-lnozzle"],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"knet_bridge.c: {(done.stderr.splitlines() or ['does not compile'])[0]}")
        new.rename(built)
    return built


class Kronosnet(Peer):
    survives_a_cut = True
    has_daemons = True

    def __init__(self, name, title, crypto="none", timers=(1000, 2000), policy="passive"):
        self.name, self.title = name, title
        self._crypto, self._timers, self._policy = crypto, timers, policy
        self._programs = []

    def missing(self, _binaries):
        if not shutil.which("gcc") or not all(map(os.path.exists, HEADERS)):
            return f"libknet, libnozzle or gcc not installed: apt-get install {PACKAGES}"
        return ""

    def start(self, spec, _binaries):
        path = bridge()
        Ground.build(spec)
        self._programs = [
            Program(node, path, number_of(node), spec.nodes, spec.networks, self.address(node),
                    *self._timers, self._policy, self._crypto) for node in spec.node_names()]
        for one in self._programs:
            for _ in range(spec.nodes - 1):
                one.wait_line("reachable")

    def address(self, node):
        return f"169.254.9.{number_of(node)}"

    def pids(self):
        return [one.pid for one in self._programs]

    def stop(self):
        for one in self._programs:
            one.end()
        self._programs = []
