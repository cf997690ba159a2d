"""netft itself, in its modes."""
import dataclasses
import json

from bench.peers import Peer
from lab.laboratory import Laboratory
from lab.shell import LabError


class Netft(Peer):
    survives_a_cut = True
    has_daemons = True

    def __init__(self, name, title, **settings):
        """`settings` are fields of lab.spec.Spec."""
        self.name, self.title = name, title
        self._settings = settings
        self._lab = None

    def missing(self, binaries):
        try:
            for program in ("netftd", "netft-key", "netft-route"):
                binaries.find(program)
        except LabError as error:
            return str(error)
        return ""

    def start(self, spec, binaries):
        self._lab = Laboratory(dataclasses.replace(spec, **self._settings), binaries)
        self._lab.up(seconds=20 + spec.nodes)

    def address(self, node):
        other = next(name for name in self._lab.nodes if name != node)
        return self._lab.peer(other, node)["ipv4"]

    def pids(self):
        return [daemon.pid() for daemon in self._lab.nodes.values()]

    def flaps(self):
        return sum(self._lab.flaps().values())

    def suspicions(self):
        shown = [self._lab[node].run("netft-route", "history", other, "--json").stdout
                 for node, other in (("n1", "n2"), ("n2", "n1"))]
        return sum(record.get("to") == "suspect" for text in shown
                   for record in json.loads(text)["records"])
