"""wireguard-go: WireGuard in user space, over one network."""
import os
import pathlib
import tempfile

from bench.ground import Ground, Program, ip_on, run_on
from bench.peers import Peer, missing_programs
from lab.shell import LabError, output_of, wait_until
from lab.spec import address_of, number_of

PORT = 51820
SOCKETS = pathlib.Path("/var/run/wireguard")


class WireguardGo(Peer):
    name = "wireguard-go"
    title = "wireguard-go over one network"
    has_daemons = True

    def __init__(self):
        self._programs = []

    def missing(self, _binaries):
        return missing_programs(("wireguard-go", "wg"), "wireguard-go wireguard-tools")

    def start(self, spec, _binaries):
        Ground.build(spec)
        self._spec = spec
        self._programs = [Program(node, "wireguard-go", "-f", interface(node))
                          for node in spec.node_names()]
        for node, one in zip(spec.node_names(), self._programs):
            place = SOCKETS / f"{interface(node)}.sock"
            if not wait_until(lambda p=place, o=one: p.exists() or not o.is_running(), 10) \
                    or not one.is_running():
                raise LabError(f"wireguard-go: {node}: did not start")
        self._configure(spec)

    def _configure(self, spec):
        keys = {node: output_of("wg", "genkey").strip() for node in spec.node_names()}
        public = {node: output_of("wg", "pubkey", stdin=key).strip() for node, key in keys.items()}
        with tempfile.TemporaryDirectory() as directory:
            for node, key in keys.items():
                path = pathlib.Path(directory, node)
                path.touch(mode=0o600)
                path.write_text(key, encoding="ascii")
                others = [word for other in keys if other != node
                          for word in ("peer", public[other], "allowed-ips",
                                       f"{self.address(other)}/32", "endpoint",
                                       f"{address_of(spec, other, 'net0')[0]}:{PORT}")]
                run_on(node, "wg", "set", interface(node), "listen-port", PORT, "private-key", path,
                       *others)
                ip_on(node, f"address add {self.address(node)}/24 dev {interface(node)}",
                      f"link set {interface(node)} up")

    def address(self, node):
        return f"192.168.88.{number_of(node)}"

    def pids(self):
        return [one.pid for one in self._programs]

    def stop(self):
        for one in self._programs:
            one.end()
        for node in (self._spec.node_names() if self._programs else []):
            (SOCKETS / f"{interface(node)}.sock").unlink(missing_ok=True)
        self._programs = []


def interface(node):
    """Its control sockets lie in one directory, so every node has an interface name of its own."""
    return f"wgbench{number_of(node)}"
