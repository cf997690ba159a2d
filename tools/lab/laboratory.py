"""The lab as one object: what the command line, the demo and the functional tests work with.

The state directory holds the spec, cluster.toml and a directory a node. Making it is the lock: one
lab a machine.
"""
import dataclasses
import json
import pathlib
import shutil

from lab import cluster, faults, topology
from lab.daemons import Daemon
from lab.shell import LabError, wait_until
from lab.spec import Spec, address_of, host_of, namespace_of

STATE = pathlib.Path("/run/netft-lab")
UP_SECONDS = 20
UP_STATES = ("up", "suspect", "damped")


class Laboratory:
    def __init__(self, spec, binaries):
        self.spec = spec
        self.binaries = binaries
        self.config = STATE / "cluster.toml"
        self.nodes = {name: Daemon(name, STATE / name, self.config, binaries,
                                   lambda name=name: topology.settle(spec, name))
                      for name in spec.node_names()}
        self.faults = {}  # "n1 net0" -> ["loss", 5.0]

    @staticmethod
    def opened(binaries):
        """The lab that is up; LabError when there is none."""
        try:
            state = json.loads((STATE / "lab.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise LabError("no lab: start one with 'netft-lab up'") from error
        state["spec"]["heartbeat"] = tuple(state["spec"]["heartbeat"])
        lab = Laboratory(Spec(**state["spec"]), binaries)
        lab.faults = state["faults"]
        return lab

    def _save(self):
        state = {"spec": dataclasses.asdict(self.spec), "faults": self.faults}
        new = STATE / "lab.json.new"
        new.write_text(json.dumps(state), encoding="utf-8")
        new.rename(STATE / "lab.json")

    def node(self, name):
        if name not in self.nodes:
            raise LabError(f"{name}: no such node; the lab has {' '.join(self.nodes)}")
        return self.nodes[name]

    def __getitem__(self, name):
        return self.node(name)

    def build(self):
        """Everything but the daemons: namespaces, keys, cluster.toml."""
        for program in ("netftd", "netft-key", "netft-route"):
            self.binaries.find(program)
        if exists():
            raise LabError("a lab is up already: 'netft-lab status' shows it, "
                           "'netft-lab down' removes it")
        STATE.mkdir(mode=0o755)
        topology.build(self.spec)
        keys = cluster.make_keys(self.binaries, STATE, self.spec)
        text = cluster.cluster_toml(self.spec, keys, cluster.make_cluster_key(self.binaries, STATE))
        self.config.write_text(text, encoding="utf-8")
        self._save()

    def start_all(self):
        for daemon in self.nodes.values():
            if not daemon.pid():
                daemon.launch()
        for daemon in self.nodes.values():
            daemon.wait_ready()

    def up(self, seconds=UP_SECONDS):
        self.build()
        self.start_all()
        self.wait_all_up(seconds)
        self.write_hosts()

    def wait_all_up(self, seconds=UP_SECONDS):
        """Returns when every route of every node is up; LabError names the routes that are not."""
        missing = {name: ["not asked yet"] for name in self.nodes}

        def all_up():
            # One node is asked until it is content, then the next: few processes on few cores.
            for name in self.nodes:
                if missing[name]:
                    missing[name] = self.missing_routes(name)
                    if missing[name]:
                        return False
            return True

        wait_until(lambda: all_up() or self._ended(), seconds, every=0.05)
        if self._ended() or not all_up():
            ended = [f"{name}: netftd ended" for name in self._ended()]
            why = ", ".join(ended) or f"not all routes are up after {seconds} s"
            raise LabError(f"{why}:\n{self._why_not_up()}")

    def _ended(self):
        return [name for name, daemon in self.nodes.items() if daemon.has_ended()]

    def missing_routes(self, name):
        """What keeps the node's routes from being complete, in words; empty when all are up."""
        shown = self.nodes[name].show()
        if shown is None:
            return [f"{name}: netftd does not answer"]
        peers = {peer["name"]: peer for peer in shown["peers"]}
        missing = []
        for other in self.nodes:
            if other != name:
                routes = peers.get(other, {}).get("routes", [])
                missing += self._missing_to(f"{name} -> {other}", routes)
        return missing

    def _missing_to(self, title, routes):
        up = [route for route in routes if route["state"] in ("up", "damped")]
        wanted = self.spec.routes_per_peer()
        # Across links that are not joined, link-local pairs exist and can never come up.
        if len(up) >= wanted and (len(up) == len(routes) or self.spec.addresses == "link-local"):
            return []
        down = [f"{title}: {r['local']} -> {r['remote']} is {r['state']} ({r['reason']})"
                for r in routes if r["state"] not in ("up", "damped")]
        return down or [f"{title}: {len(up)} routes up, {wanted} expected"]

    def _why_not_up(self):
        lines = []
        for name, daemon in self.nodes.items():
            missing = self.missing_routes(name)
            if missing:
                lines += [f"  {line}" for line in missing]
                lines += [f"last lines of {daemon.log}:", daemon.last_words(6)]
        return "\n".join(lines)

    def peer(self, node, peer):
        """What `node` knows of `peer` (an entry of show's "peers"); None when it knows nothing."""
        shown = self.node(node).show() or {"peers": []}
        return next((known for known in shown["peers"] if known["name"] == peer), None)

    def routes(self, node, peer):
        return (self.peer(node, peer) or {"routes": []})["routes"]

    def routes_on(self, node, peer, network):
        """The routes that begin at the node's address on `network`: one, or one per remote
        endpoint where endpoints of several networks are paired."""
        address = address_of(self.spec, node, network)[0]
        return [r for r in self.routes(node, peer) if host_of(r["local"]) == address]

    def route(self, node, peer, network):
        """The first of routes_on(); None when there is none."""
        return next(iter(self.routes_on(node, peer, network)), None)

    def is_up(self, node, peer, network):
        """A suspect route is up still: its threshold is not reached. So is a damped one."""
        return any(r["state"] in UP_STATES for r in self.routes_on(node, peer, network))

    def network_in_use(self, node, peer):
        """The network that carries traffic to the peer now; None when it is unreachable."""
        for network in self.spec.network_names():
            if any(route["in_use"] for route in self.routes_on(node, peer, network)):
                return network
        return None

    def flaps(self, *nodes):
        """How often each route of the nodes (default: all) went up or down since the start."""
        shown = {name: self.node(name).show() for name in nodes or self.nodes}
        return {(name, peer["name"], route["local"], route["remote"]):
                route["counters"]["transitions"]
                for name, known in shown.items()
                for peer in known["peers"]
                for route in peer["routes"]}

    def write_hosts(self):
        """Gives `exec` the nodes' names: ip(8) puts /etc/netns/NAME/hosts over /etc/hosts."""
        for name, daemon in self.nodes.items():
            hosts = daemon.run_dir / "hosts"
            if hosts.exists():
                place = pathlib.Path("/etc/netns", namespace_of(name))
                place.mkdir(parents=True, exist_ok=True)
                text = "127.0.0.1 localhost\n::1 localhost\n" + hosts.read_text(encoding="utf-8")
                (place / "hosts").write_text(text, encoding="utf-8")

    def cut(self, node, network, kind="silent", value=None):
        faults.cut(self.spec, node, network, kind, value, self.binaries)
        self.faults[f"{node} {network}"] = [kind, value]
        self._save()

    def heal(self, node, network):
        faults.heal(self.spec, node, network)
        self.faults.pop(f"{node} {network}", None)
        self._save()

    def heal_all(self):
        for place in list(self.faults):
            self.heal(*place.split())


def exists():
    """True when a lab, or what a crash left of one, is on this machine."""
    return STATE.exists() or bool(topology.existing_namespaces())


def down():
    """Removes everything a lab may have left. True when there was something."""
    names = topology.remove_all()
    existed = STATE.exists()
    shutil.rmtree(STATE, ignore_errors=True)
    try:
        pathlib.Path("/etc/netns").rmdir()
    except OSError:
        pass  # not there, or somebody else's
    return bool(names) or existed
