"""The agents of a lab, asked all at once, so that a measurement of all pairs takes half a second."""
import contextlib
import dataclasses
import json
import pathlib
import subprocess
import sys

from truth import agent

SMALL, LARGE = 64, 1372  # UDP payload: heartbeats; nearly what fits 1,400 bytes of IP
COUNT = 6
STREAM_BYTES = 400_000


@dataclasses.dataclass(frozen=True)
class Path:
    """From an address on a device of one node to an address that should be another's."""
    node: str
    device: str
    source: str
    peer: str
    target: str


@dataclasses.dataclass
class Truth:
    """What got through. `paths`: Path -> (small, large) answered of COUNT, by the right node."""
    paths: dict = dataclasses.field(default_factory=dict)
    adapter: dict = dataclasses.field(default_factory=dict)  # (node, peer, family) -> answered
    streams: dict = dataclasses.field(default_factory=dict)  # (node, peer) -> whole in time
    leaks: dict = dataclasses.field(default_factory=dict)    # node -> {device: packets}


class Agent:
    def __init__(self, daemon):
        self._process = daemon.popen(sys.executable, "-B", str(pathlib.Path(agent.__file__)),
                                     daemon.node, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.wait()

    def tell(self, **order):
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def wait(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("an agent of the witness ended")
        return json.loads(line)

    def close(self):
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.stdout.close()


class Witness:
    def __init__(self, lab):
        self._agents = {name: Agent(daemon) for name, daemon in lab.nodes.items()}

    def close(self):
        for one in self._agents.values():
            one.close()

    def _ask_all(self, op, jobs_of, seconds):
        """jobs_of: node -> [(key, job)]. Gives {key: result}."""
        busy = {node: jobs for node, jobs in jobs_of.items() if jobs}
        for node, jobs in busy.items():
            self._agents[node].tell(op=op, jobs=[job for _, job in jobs], seconds=seconds)
        found = {}
        for node, jobs in busy.items():
            for (key, _), result in zip(jobs, self._agents[node].wait()):
                found[key] = result
        return found

    def listen(self, addresses):
        for one in self._agents.values():
            one.tell(op="listen", addresses=sorted(addresses))
        for one in self._agents.values():
            one.wait()

    def heard(self):
        for one in self._agents.values():
            one.tell(op="heard")
        return {node: heard for node, one in self._agents.items() if (heard := one.wait())}

    def probe_paths(self, paths, seconds=0.6):
        jobs = {node: [] for node in self._agents}
        for path in paths:
            for size in (SMALL, LARGE):
                jobs[path.node].append(((path, size), {
                    "dev": path.device, "src": path.source, "dst": path.target,
                    "port": agent.PATH_PORT, "size": size, "count": COUNT}))
        found = self._ask_all("probe", jobs, seconds)

        def answered(path, size):
            result = found[path, size]
            return result["answers"] if result["names"] in ([path.peer], []) else 0
        return {path: (answered(path, SMALL), answered(path, LARGE)) for path in paths}

    def probe_adapter(self, targets, seconds=0.6):
        """targets: (node, peer, family) -> address, scope id included."""
        jobs = {node: [] for node in self._agents}
        for (node, peer, family), address in targets.items():
            jobs[node].append(((node, peer, family), {
                "dev": "", "src": "", "dst": address, "port": agent.ADAPTER_PORT, "size": SMALL,
                "count": COUNT}))
        found = self._ask_all("probe", jobs, seconds)
        return {key: result["answers"] if result["names"] in ([key[1]], []) else 0
                for key, result in found.items()}

    def stream(self, targets, seconds=4):
        """targets: (node, peer) -> IPv4 address on the adapter."""
        jobs = {node: [] for node in self._agents}
        for (node, peer), address in targets.items():
            jobs[node].append(((node, peer), {"dst": address, "bytes": STREAM_BYTES}))
        return self._ask_all("stream", jobs, seconds)
