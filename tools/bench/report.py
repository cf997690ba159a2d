"""What was found: a table for people, a JSON document for machines (netft/docs/schema/bench.json)."""
import time

from bench import machine
from bench.figures import METRICS
from bench.targets import judged

VERSION = 1


def document(results, run):
    """`run`: rounds, seconds, base, command, busy_percent, skipped and failures of this run."""
    metrics = [{"name": name, "unit": METRICS[name].unit,
                "better": "more" if METRICS[name].more_is_better else "less",
                "peers": [_entry(results, name, peer, run["base"])
                          for peer in results.peers_of(name)]}
               for name in results.metrics()]
    targets = [{"text": target.text.strip(), "metric": target.metric, "peer": target.peer,
                "base": target.base, "goal": target.is_goal,
                "at_least" if target.at_least else "at_most": target.limit,
                "value": _rounded(value), "result": word}
               for target, value, word in judged(results)]
    return {"version": VERSION, "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": machine.description(), **run, "metrics": metrics, "targets": targets}


def _entry(results, metric, peer, base):
    return {"peer": peer, "values": [_rounded(v) for v in results.values(metric, peer)],
            "median": _rounded(results.median(metric, peer)),
            "ratio": _rounded(results.ratio(metric, peer, base))}


def _rounded(value):
    return None if value is None else float(f"{value:.5g}")


def number(value):
    """Three digits that say something."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def _columns(rows):
    """Lines of equally wide columns, the first to the left."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                      for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
            for row in rows]


def table(results, base):
    """A row a metric, a column a peer: the median, and the median of the ratios to `base`."""
    peers = list(dict.fromkeys(peer for name in results.metrics()
                               for peer in results.peers_of(name)))
    rows = [["", ""] + peers]
    for name in results.metrics():
        row = [name, METRICS[name].unit]
        for peer in peers:
            ratio = results.ratio(name, peer, base) if peer != base else None
            text = number(results.median(name, peer)) if results.values(name, peer) else ""
            row.append(text + (f" ({number(ratio)}×)" if ratio is not None else ""))
        rows.append(row)
    return "\n".join(_columns(rows))


def targets_table(results):
    rows = [["target", "wanted", "measured", ""]]
    for target, value, word in judged(results):
        sign = "≥" if target.at_least else "≤"
        rows.append([target.text + (" (goal)" if target.is_goal else ""),
                     f"{sign} {target.limit:g}", number(value), word])
    return "\n".join(_columns(rows))
