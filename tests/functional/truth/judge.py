"""Claims against measurements: what of it is a lie. Pure.

A path works when nearly all small and large datagrams come back, fails when none of the small ones
does; what is between (loss, a black hole for large ones) may be called either.
"""
import dataclasses

from truth.claims import UP
from truth.witness import COUNT, Path

ENOUGH = COUNT - 1


@dataclasses.dataclass
class Case:
    """A state, as far as the judge must know it."""
    nodes: tuple
    running: frozenset        # nodes whose netftd runs and is not frozen
    expected: dict            # (node, peer) -> [Path] that the lab's cables make
    hidden: frozenset = frozenset()  # (node, peer) whose paths are harmed for netft's port alone
    unjudged: frozenset = frozenset()  # (node, peer) about which nothing may be said (loss)


def works(path_truth):
    return min(path_truth) >= ENOUGH


def fails(path_truth):
    return path_truth[0] == 0


def path_of(route):
    return Path(route.node, route.device, route.local, route.peer, route.remote)


def judge(case, claims, truth):
    lies = [f"{node}: netftd does not answer" for node in claims.silent]
    lies += [f"{node}: in the clear: {heard}" for node, heard in truth.leaks.items()]
    lies += _routes(case, claims, truth)
    lies += _peers(case, claims, truth)
    lies += _greens(case, claims, truth)
    lies += _reds(case, claims, truth)
    lies += _culprits(case, claims, truth)
    return lies


def _both_run(case, node, peer):
    return node in case.running and peer in case.running


def _routes(case, claims, truth):
    for route in claims.routes:
        pair = (route.node, route.peer)
        measured = truth.paths.get(path_of(route))
        if measured is None or pair in case.unjudged or pair in case.hidden:
            continue
        name = f"{route.node}: route to {route.peer} {route.local} -> {route.remote}"
        if route.state == "up" and fails(measured):
            yield f"{name} is up, and nothing gets through"
        if route.state not in UP and works(measured) and _both_run(case, *pair):
            yield f"{name} is {route.state} ({route.reason}), and all gets through {measured}"


def _peers(case, claims, truth):
    for (node, peer), reachable in claims.reachable.items():
        answered = [truth.adapter[key] for key in truth.adapter if key[:2] == (node, peer)]
        if not answered or peer not in case.running or (node, peer) in case.unjudged:
            continue
        if reachable and min(answered) == 0:
            yield f"{node}: {peer} is reachable, and the adapter's probes get no answer {answered}"
        if not reachable and max(answered) >= ENOUGH:
            yield f"{node}: {peer} is unreachable, and the adapter's probes are answered"


def _broken(case, truth):
    """Pairs with something broken between them, in words."""
    for (node, peer), paths in case.expected.items():
        if not _both_run(case, node, peer):
            yield node, peer, "does not run"
        for path in paths:
            if fails(truth.paths[path]) or (node, peer) in case.hidden:
                yield node, peer, f"{path.source} -> {path.target} is dead"
    for (node, peer, family), answered in truth.adapter.items():
        if answered == 0:
            yield node, peer, f"the adapter's {family} probes get no answer"
    for (node, peer), whole in truth.streams.items():
        if not whole:
            yield node, peer, "a TCP stream over the adapter stands"


def _greens(case, claims, truth):
    broken = list(_broken(case, truth))
    for node, (code, line) in claims.check.items():
        own = [what for what in broken if node in what[:2]]
        if code == 0 and own:
            yield f"{node}: check is green ({line}), and {own[0][0]} to {own[0][1]}: {own[0][2]}"


def _is_all_well(case, truth):
    return (not list(_broken(case, truth)) and not case.unjudged and
            all(works(truth.paths[path]) for paths in case.expected.values() for path in paths))


def _reds(case, claims, truth):
    if not _is_all_well(case, truth):
        return
    for node, (code, line) in claims.check.items():
        if code != 0:
            yield f"{node}: check says {code} ({line}), and all is well"


def _culprits(case, claims, truth):
    broken = {}
    for node, peer, what in _broken(case, truth):
        broken.setdefault(frozenset((node, peer)), what)
    for (node, peer), findings in claims.why.items():
        culprit, text = findings[0]
        what = broken.get(frozenset((node, peer)))
        if culprit == "none" and what:
            yield f"{node}: why {peer} says '{text}', and {what}"
        if culprit != "none" and _is_all_well(case, truth):
            yield f"{node}: why {peer} says {culprit}: '{text}', and all is well"
