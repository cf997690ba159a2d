"""Random faults on a lab under traffic for a given time, then calm: what must hold at the end.

  all routes are up again, and a second of probes loses nothing and sees no transition
  no netftd ended by itself or said anything about an assertion or a sanitizer's finding
  traffic (a TCP stream that is begun again when a fault ended it) runs
  nothing leaked: namespaces, interfaces, processes and, a daemon, files, threads and memory

One seed is one sequence of faults; when they strike depends on the machine.
"""
import collections
import dataclasses
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import time

from lab import topology
from lab.demo import STREAM_PORT, Probe
from lab.shell import LabError, output_of, wait_until
from lab.spec import SWITCH, namespace_of

HEAL_SECONDS = 30
CALM_SECONDS = 1.0
KEY_STEPS = ("--add", "--promote", "--retire")
DELAYS_MS = (50, 100, 200)
# What a daemon may hold more at the end than at the start: it keeps state of peers and sessions.
MEMORY_SLACK_KB = 24_000
FILES_SLACK = 4
PAUSE_MAX = 4.0  # of a daemon that is frozen
REPORT = re.compile(r"Sanitizer: |runtime error: |assertion .* failed")


@dataclasses.dataclass
class Usage:
    """What a daemon holds."""
    files: int
    threads: int
    memory_kb: int

    @staticmethod
    def of(pid):
        process = pathlib.Path("/proc", str(pid))
        status = (process / "status").read_text(encoding="ascii")
        memory = int(re.search(r"VmRSS:\s+(\d+)", status)[1])
        return Usage(len(os.listdir(process / "fd")), len(os.listdir(process / "task")), memory)


class Stream:
    """iperf3 from one node to another, begun again whenever a fault ended it."""

    def __init__(self, lab, source, target):
        self._lab, self._source, self._target = lab, source, target
        self._address = lab.peer(source, target)["ipv4"]
        self._processes = []
        self.begun = 0

    def keep_running(self):
        if self.is_running():
            return
        self.close()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = self._lab[self._target].popen("iperf3", "-s", "-1", "-p", STREAM_PORT, **quiet)
        self._processes = [server]
        listens = ["ss", "-Hltn", "sport", "=", f":{STREAM_PORT}"]
        wait_until(lambda: self._lab[self._target].run(*listens, check=False).stdout, 3)
        self._processes.append(self._lab[self._source].popen(
            "iperf3", "-t", 86400, "-b", "100M", "-p", STREAM_PORT, "-c", self._address, **quiet))
        self.begun += 1

    def is_running(self):
        return len(self._processes) == 2 and all(p.poll() is None for p in self._processes)

    def close(self):
        for process in self._processes:
            process.kill()
            process.wait()
        self._processes = []


class Soak:
    def __init__(self, lab, seed, say=print):
        self._lab = lab
        self._seed = seed
        self._random = random.Random(seed)
        self._say = say
        self._began = time.monotonic()
        self._key_step = 0
        self.violations = []
        self.counts = collections.Counter()
        self.figures = {}

    # --- the story
    def run(self, seconds):
        """Gives the violations; empty: all is well."""
        config = self._lab.config.read_text(encoding="utf-8")
        before, usage = self.held()
        self._stream = Stream(self._lab, "n1", "n2")
        address = self._lab.peer("n1", "n2")["ipv4"]
        self._began = time.monotonic()
        try:
            self._stream.keep_running()
            with Probe(self._lab, address) as probes:
                self._storm(seconds)
                self._heal(config)
                self.figures["probes"] = probes.finish()
            self._check_calm(address)
        finally:
            self._stream.close()
        self.check_leaks(before, usage)
        self._check_logs()
        return self.violations

    def _storm(self, seconds):
        while time.monotonic() < self._began + seconds:
            for _ in range(self._random.choice((1, 1, 1, 2, 3))):
                self._strike()
            # How long the faults stand, not how long a test waits for something.
            time.sleep(self._random.uniform(0.1, 2.5))
            self._check_daemons()
            self._stream.keep_running()

    def _strike(self):
        faults = {self._cut: 8, self._heal_one: 6, self._kill: 1, self._restart: 1,
                  self._take_over: 1, self._freeze: 2, self._reload: 2, self._change_key: 1}
        fault = self._random.choices(list(faults), list(faults.values()))[0]
        self.counts[fault.__name__.strip("_")] += 1
        try:
            fault()
        except LabError as error:
            self._violate(str(error))

    def _log(self, text):
        self._say(f"{time.monotonic() - self._began:8.2f} s  {text}")

    def _violate(self, text):
        self._log(f"VIOLATION: {text}")
        self.violations.append(text)

    # --- faults
    def _node(self):
        return self._random.choice(list(self._lab.nodes))

    def _cut(self):
        node = self._node()
        network = self._random.choice(self._lab.spec.network_names())
        dice = self._random
        link = {"delay": dice.randint(1, 40), "jitter": dice.randint(0, 20),
                "reorder": dice.choice((0, 5, 30)), "duplicate": dice.choice((0, 10)),
                "loss": dice.choice((0, 0, 3, 20)), "seed": dice.randint(1, 1000)}
        if dice.random() < 0.5:
            link["oneway"] = dice.choice(("in", "out"))
        kind, value = dice.choice((
            ("silent", None), ("carrier", None), ("oneway", "in"), ("oneway", "out"),
            ("loss", dice.choice((2.0, 20.0, 60.0))), ("mtu", dice.choice((600, 1400))),
            ("rate", "5mbit"), ("link", link), ("link", link)))
        self._log(f"cut {node} {network} {kind} {'' if value is None else value}")
        self._lab.cut(node, network, kind, value)

    def _heal_one(self):
        if self._lab.faults:
            node, network = self._random.choice(sorted(self._lab.faults)).split()
            self._log(f"heal {node} {network}")
            self._lab.heal(node, network)

    def _kill(self):
        node = self._node()
        self._log(f"kill -9 {node}, and start")
        self._lab[node].kill()
        self._lab[node].start()

    def _restart(self):
        node = self._node()
        self._log(f"restart {node}")
        if not self._lab[node].stop():
            self._violate(f"{node}: netftd did not end on SIGTERM")
        self._lab[node].start()

    def _take_over(self):
        node = self._node()
        self._log(f"replace {node} without a gap")
        self._lab[node].take_over()

    def _freeze(self):
        node = self._node()
        pause = self._random.uniform(0.1, PAUSE_MAX)
        self._log(f"freeze {node} for {pause:.1f} s")
        pid = self._lab[node].pid()
        os.kill(pid, signal.SIGSTOP)
        time.sleep(pause)
        os.kill(pid, signal.SIGCONT)

    def _reload(self):
        delay = self._random.choice(DELAYS_MS)
        self._log(f"reload all with a heartbeat delay of {delay} ms")
        text = self._lab.config.read_text(encoding="utf-8")
        self._lab.config.write_text(re.sub(r'delay = "\d+ms"', f'delay = "{delay}ms"', text),
                                    encoding="utf-8")
        self._reload_all()

    def _change_key(self):
        step = KEY_STEPS[self._key_step % len(KEY_STEPS)]
        self._key_step += 1
        self._log(f"the cluster key: {step}")
        output_of(self._lab.binaries.find("netft-key"), "cluster", step,
                  str(self._lab.config.with_name("cluster.key")))
        self._reload_all()

    def _reload_all(self):
        for daemon in self._lab.nodes.values():
            daemon.reload()

    # --- the end
    def _heal(self, config):
        self._log("heal everything")
        began = time.monotonic()
        self._lab.heal_all()
        self._lab.config.write_text(config, encoding="utf-8")
        try:
            self._reload_all()
            self._lab.wait_all_up(HEAL_SECONDS)
        except LabError as error:
            self._violate(f"after healing: {error}")
        self.figures["all up after"] = round(time.monotonic() - began, 2)

    def _check_calm(self, address):
        if self.violations:
            return

        def settled():
            before = self._lab.flaps()
            result = Probe(self._lab, address)
            time.sleep(CALM_SECONDS)
            figures = result.finish()
            self.figures["calm"] = figures
            return figures["lost"] == 0 and self._lab.flaps() == before
        # The machine itself may lose a probe: what matters is that calm comes.
        if not wait_until(settled, 20):
            self._violate(f"no calm after healing: {self.figures['calm']}")
        self._stream.keep_running()
        if not wait_until(self._stream.is_running, 10):
            self._violate("the stream does not run after healing")

    def _check_daemons(self):
        for node, daemon in self._lab.nodes.items():
            if not daemon.pid():
                self._violate(f"{node}: netftd ended by itself:\n{daemon.last_words()}")
                daemon.start()

    def held(self):
        """What the lab's namespaces and its daemons hold now."""
        return self._kernel_state(), self._usage()

    def _usage(self):
        return {node: Usage.of(daemon.pid()) for node, daemon in self._lab.nodes.items()}

    def _kernel_state(self):
        """Namespaces, and their interfaces and processes."""
        state = {"namespaces": sorted(topology.existing_namespaces())}
        for name in (SWITCH, *map(namespace_of, self._lab.nodes)):
            links = json.loads(output_of("ip", "-n", name, "-j", "link"))
            state[f"{name}: interfaces"] = sorted(link["ifname"] for link in links)
            state[f"{name}: processes"] = len(topology.processes_in(name))
        return state

    def check_leaks(self, before, usage):
        if not wait_until(lambda: self._kernel_state() == before, 3):
            after = self._kernel_state()
            for what, was in before.items():
                if after[what] != was:
                    self._violate(f"leak: {what}: {after[what]}, were {was}")
        now = self._usage()
        self.figures["daemons"] = {node: dataclasses.asdict(held) for node, held in now.items()}
        for node, held in now.items():
            was = usage[node]
            if held.files > was.files + FILES_SLACK or held.threads > was.threads:
                self._violate(f"leak: {node}: {held}, was {was}")
            if held.memory_kb > was.memory_kb + MEMORY_SLACK_KB:
                self._violate(f"memory: {node}: {held}, was {was}")

    def _check_logs(self):
        for node, daemon in self._lab.nodes.items():
            found = REPORT.search(daemon.log.read_text(encoding="utf-8", errors="replace"))
            if found:
                self._violate(f"{node}: its log says: {found[0]}")

    def summary(self):
        lines = [f"seed {self._seed}: {sum(self.counts.values())} faults "
                 f"({', '.join(f'{n} {name}' for name, n in sorted(self.counts.items()))}), "
                 f"{self._stream.begun} TCP streams"]
        lines += [f"{name}: {value}" for name, value in self.figures.items()]
        lines.append(f"{len(self.violations)} violations")
        return "\n".join(lines)
