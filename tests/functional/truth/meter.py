#!/usr/bin/env python3
"""Random states of labs, measured from outside and compared with what netft says of them.

usage: meter.py [--states N] [--seed S] [--bin DIR] [--state-seconds S] [--cuts all|one|none]

One lab of 2 to 5 nodes serves ten states. Ends with "N states, N lies"; exit 1 where there are any.
"""
import argparse
import contextlib
import os
import pathlib
import random
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent.parent / "tools")]
sys.dont_write_bytecode = True

from lab import laboratory  # noqa: E402
from lab.binaries import Binaries  # noqa: E402
from lab.laboratory import Laboratory  # noqa: E402
from lab.shell import wait_until  # noqa: E402
from lab.spec import Spec, address_of, interface_of  # noqa: E402
from truth import claims as said, grammar, judge  # noqa: E402
from truth.witness import Path, Truth, Witness  # noqa: E402

STATES_PER_LAB = 10
SETTLE_SECONDS = 12  # how long a claim may differ from the truth
CUT_SECONDS = 4      # and how long traffic may stand after a cut where redundancy is claimed


class Meter:
    def __init__(self, lab, rng, cuts):
        self._lab = lab
        self._rng = rng
        self._cuts = cuts
        self._witness = Witness(lab)

    def close(self):
        self._witness.close()

    def expected(self):
        """The paths that the lab's cables make, by ordered pair."""
        spec = self._lab.spec
        return {(a, b): [self._path(a, b, network) for network in spec.network_names()]
                for a in spec.node_names() for b in spec.node_names() if a != b}

    def _path(self, node, peer, network):
        source = address_of(self._lab.spec, node, network)[0]
        device = said.device_of(self._lab[node], source) or interface_of(network)
        return Path(node, device, source, peer, address_of(self._lab.spec, peer, network)[0])

    def case(self, scene):
        nodes = tuple(self._lab.spec.node_names())
        running = frozenset(n for n in nodes if self._lab[n].pid() and n not in scene.frozen)
        return judge.Case(nodes, running, self.expected(), frozenset(scene.hidden),
                          frozenset(scene.unjudged))

    def measure(self, case, claims, with_streams):
        paths = {p for paths in case.expected.values() for p in paths}
        paths |= {judge.path_of(r) for r in claims.routes if r.device}
        truth = Truth(paths=self._witness.probe_paths(sorted(paths, key=str)))
        targets, streams, virtual = {}, {}, set()
        for (node, peer), (ipv4, ipv6) in claims.addresses.items():
            virtual |= {ipv4, ipv6}
            if peer in case.running:
                targets[node, peer, "ipv4"] = ipv4
                targets[node, peer, "ipv6"] = f"{ipv6}%netft0"
                if claims.reachable[node, peer]:
                    streams[node, peer] = ipv4
        self._witness.listen(virtual)
        truth.adapter = self._witness.probe_adapter(targets)
        if with_streams:
            truth.streams = self._witness.stream(streams)
        truth.leaks = self._witness.heard()
        return truth

    def look(self, scene, with_streams):
        said.read_links(self._lab)
        case = self.case(scene)
        claims = said.read(self._lab, sorted(case.running))
        truth = self.measure(case, claims, with_streams)
        answering = [n for n in sorted(case.running) if n not in claims.silent]
        pairs = [(n, p) for n in answering for p in case.nodes if p != n]
        said.add_why(claims, self._lab, self._rng.sample(pairs, min(2, len(pairs))))
        return case, claims, judge.judge(case, claims, truth)

    def settled(self, scene):
        """The lies that stay; and the last claims."""
        end = time.monotonic() + SETTLE_SECONDS
        while True:
            case, claims, lies = self.look(scene, with_streams=True)
            if not lies or time.monotonic() >= end:
                return case, claims, lies

    def cut_in_turn(self, scene, claims):
        """Where all nodes say that all is well, any one NIC may die."""
        if set(claims.check) != set(self._lab.spec.node_names()) or \
                any(code for code, _ in claims.check.values()) or self._cuts == "none":
            return []
        spec = self._lab.spec
        places = [(n, k) for n in spec.node_names() for k in spec.network_names()]
        if self._cuts == "one":
            places = [self._rng.choice(places)]
        lies = []
        for node, network in places:
            if (node, network) in scene.touched:
                continue
            lies += self._cut(claims, node, network)
        return lies

    def _cut(self, claims, node, network):
        targets = {(a, b, "ipv4"): ipv4 for (a, b), (ipv4, _) in claims.addresses.items()
                   if node in (a, b)}
        self._lab.cut(node, network)
        try:
            left = wait_until(lambda: all(self._witness.probe_adapter(targets).values()),
                              CUT_SECONDS)
        finally:
            self._lab.heal(node, network)
        wait_until(lambda: all(
            any(r["state"] in said.UP for r in self._lab.routes_on(a, b, network))
            for (a, b, _) in targets), SETTLE_SECONDS, every=0.1)
        return [] if left else [f"check was green, and without the cable of {node} to {network} "
                                f"the adapter is cut"]

    def state(self, count):
        """Does, looks, undoes, looks again. Gives (what was done, lies)."""
        scene = grammar.Scene(self._lab, self._rng)
        names = []
        acts = [act for act, weight in grammar.DEEDS for _ in range(weight)]
        with contextlib.ExitStack() as stack:
            for act in self._rng.sample(acts, count):
                name = enter(stack, act, scene)
                if name:
                    names.append(name)
            _, claims, lies = self.settled(scene)
            lies = lies or self.cut_in_turn(scene, claims)
        if not lies:
            scene = grammar.Scene(self._lab, self._rng)
            _, _, after = self.settled(scene)
            lies = [f"after all was undone: {lie}" for lie in after]
        return names, lies


def enter(stack, act, scene):
    """Does a deed; its name, or None where there was nothing to do it to."""
    manager = contextlib.contextmanager(act)(scene)
    try:
        name = manager.__enter__()
    except grammar.NothingToDo:
        return None
    stack.callback(manager.__exit__, None, None, None)
    return name


def spec_of(rng):
    return Spec(nodes=rng.choice((2, 2, 3, 3, 4, 5)), networks=rng.choice((2, 2, 3)),
                one_endpoint=rng.random() < 0.3, security=rng.choice(("encrypt",) * 4 + ("none",)),
                extra="[worker]\ncount = 2\n" if rng.random() < 0.2 else "")


def run(binaries, states, seed, cuts, say):
    """Gives the number of states looked at and the lies, with their seeds."""
    done, found = 0, []
    while done < states:
        first = seed + done
        block = first // STATES_PER_LAB
        lab = Laboratory(spec_of(random.Random(block)), binaries)
        lab.up()
        meter = Meter(lab, random.Random(first), cuts)
        try:
            for number in range(first, min((block + 1) * STATES_PER_LAB, seed + states)):
                began = time.monotonic()
                meter._rng = random.Random(number)
                names, lies = meter.state(meter._rng.choice((1, 1, 2, 3)))
                done += 1
                say(f"{number}: {lab.spec.nodes} x {lab.spec.networks}: {'; '.join(names)}: "
                    f"{'LIES' if lies else 'true'} ({time.monotonic() - began:.1f} s)")
                for lie in lies:
                    say(f"    {lie}")
                if lies:
                    found.append((number, names, lies))
                    break  # what is wrong stays wrong: the next state has a lab of its own
        finally:
            meter.close()
            laboratory.down()
    return done, found


def main():
    parser = argparse.ArgumentParser(description="netft's claims against what gets through")
    parser.add_argument("--states", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bin", default=os.environ.get("NETFT_BUILD"))
    parser.add_argument("--cuts", choices=("all", "one", "none"), default="all")
    options = parser.parse_args()
    done, found = run(Binaries(options.bin), options.states, options.seed, options.cuts,
                      lambda line: print(line, flush=True))
    print(f"{done} states, {len(found)} lies; seeds {' '.join(str(n) for n, _, _ in found)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
