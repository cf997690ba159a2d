"""Rounds in turn: every figure of every peer once, then all again. A peer is brought up anew for every
spec in every round, so that nothing is carried over."""
import sys

from bench import machine
from bench.figures import METRICS, Context
from bench.ground import Ground, UdpClient
from bench.results import Results
from lab.shell import LabError


class Runner:
    def __init__(self, peers, figures, binaries, seconds, quiet=False):
        self._peers, self._figures = peers, figures
        self._binaries, self._seconds, self._quiet = binaries, seconds, quiet
        self._udp = UdpClient(binaries)
        self.results = Results()
        self.failures = []
        self.busy_percent = []  # the machine, by others, before each round

    def run(self, rounds):
        for number in range(1, rounds + 1):
            self._say(f"round {number} of {rounds}")
            self._look_around()
            for peer in self._peers:
                self._round(peer)
            self._figures = [figure for figure in self._figures if not figure.program]

    def _look_around(self):
        """Says so when others use the machine."""
        busy = machine.busy_percent()
        self.busy_percent.append(round(busy, 1))
        if busy > machine.BUSY_PERCENT:
            print(f"netft-bench: machine: {busy:.0f} % busy with something else: no figure of this "
                  "round is good", file=sys.stderr)

    def _round(self, peer):
        fitting = [figure for figure in self._figures if figure.fits(peer)]
        # A figure that breaks the ground (a cut) is the last on it, by the order of FIGURES.
        for spec in dict.fromkeys(figure.spec for figure in fitting):
            figures = [figure for figure in fitting if figure.spec == spec]
            if spec:
                self._on(spec, peer, figures)
            else:
                self._alone(peer, figures)

    def _alone(self, peer, figures):
        for figure in figures:
            self._measure(figure, self._context(peer, None))

    def _context(self, peer, spec):
        return Context(peer, spec, self._binaries, self._udp, self._seconds)

    def _on(self, spec, peer, figures):
        try:
            peer.start(spec, self._binaries)
            for figure in figures:
                self._measure(figure, self._context(peer, spec))
        except LabError as error:
            for figure in figures:
                self._fail(peer, figure, error)
        finally:
            peer.stop()
            Ground.down()

    def _measure(self, figure, context):
        try:
            values = figure.measure(context)
        except (LabError, OSError, ValueError, LookupError) as error:
            self._fail(context.peer, figure, error)
            return
        for metric in figure.metrics:
            if metric.name in values:
                self.results.add(metric.name, context.peer.name, values[metric.name])
        shown = ", ".join(f"{name} {value:.3g} {METRICS[name].unit}"
                          for name, value in values.items())
        self._say(f"  {context.peer.name}: {shown}")

    def _fail(self, peer, figure, error):
        self.failures.append({"peer": peer.name, "figure": figure.name, "why": str(error)})
        for metric in figure.metrics:
            self.results.add(metric.name, peer.name, None)
        print(f"netft-bench: {peer.name}: {figure.name}: {error}", file=sys.stderr)

    def _say(self, text):
        if not self._quiet:
            print(text, file=sys.stderr, flush=True)
