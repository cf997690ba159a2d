"""The command line of netft-bench. Errors: "netft-bench: what: why"; exit 1 failed, 2 usage."""
import argparse
import json
import os
import shlex
import signal
import sys

from bench import micro, report
from bench.catalogue import DEFAULT, all_peers
from bench.figures import FIGURES
from bench.peers import missing_programs
from bench.runner import Runner
from lab import laboratory
from lab.binaries import Binaries
from lab.command_line import top_parser, whole
from lab.shell import LabError


def _names(known):
    def parse(text):
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"'{name}' is not one of {', '.join(known)}")
        return [name for name in known if name in names]
    return parse


def parser():
    peers, figures = [peer.name for peer in all_peers()], [figure.name for figure in FIGURES]
    top = top_parser("netft-bench", "Measures netft and what would be run instead of it, side by "
                     "side on the lab. Needs root.")
    top.add_argument("--peers", type=_names(peers), default=list(DEFAULT), metavar="PEER,...",
                     help=f"of {', '.join(peers)} (default: {','.join(DEFAULT)})")
    top.add_argument("--figures", type=_names(figures), default=figures, metavar="FIGURE,...",
                     help=f"of {', '.join(figures)} (default: all)")
    top.add_argument("--rounds", type=whole(1, 1000), default=5, metavar="N")
    top.add_argument("--seconds", type=whole(1, 3600), default=4, metavar="S",
                     help="of every measurement (default: 4)")
    top.add_argument("--base", choices=peers, default="veth", metavar="PEER",
                     help="what the ratios are to (default: veth)")
    top.add_argument("--json", action="store_true")
    top.add_argument("--targets", action="store_true", help="show what netft is to reach as well")
    top.add_argument("--quiet", action="store_true", help="no progress on standard error")
    top.add_argument("--list", action="store_true", help="name peers and figures, and what is "
                     "missing here; measure nothing")
    return top


def print_list(binaries):
    for peer in all_peers():
        why = peer.missing(binaries)
        print(f"peer    {peer.name:<13} {peer.title}" + (f" - skipped: {why}" if why else ""))
    for figure in FIGURES:
        print(f"figure  {figure.name:<13} {figure.title}")
    return 0


def chosen_peers(options, binaries):
    """Those that can be measured, and why the others cannot."""
    wanted = [peer for peer in all_peers() if peer.name in options.peers]
    missing = {peer.name: peer.missing(binaries) for peer in wanted}
    skipped = [{"peer": name, "why": why} for name, why in missing.items() if why]
    return [peer for peer in wanted if not missing[peer.name]], skipped


def chosen_figures(options, binaries):
    """Without those whose programs are not built: they are of the source tree alone."""
    out = []
    for figure in FIGURES:
        if figure.name not in options.figures:
            continue
        if figure.program and not micro.is_built(binaries, figure.program):
            print(f"netft-bench: {figure.name}: skipped: {figure.program} is not built here",
                  file=sys.stderr)
            continue
        out.append(figure)
    return out


def check_ground(figures):
    """LabError when nothing can be measured at all."""
    if laboratory.exists():
        raise LabError("lab: a lab is up already: 'netft-lab down' removes it")
    if any(name.startswith(("tcp", "rtt-load")) for name in figures):
        if why := missing_programs(("iperf3",), "iperf3"):
            raise LabError(f"iperf3: {why}")


def measure(options, binaries):
    check_ground(options.figures)
    peers, skipped = chosen_peers(options, binaries)
    for one in skipped:
        print(f"netft-bench: {one['peer']}: skipped: {one['why']}", file=sys.stderr)
    figures = chosen_figures(options, binaries)
    runner = Runner(peers, figures, binaries, options.seconds, options.quiet)
    try:
        runner.run(options.rounds)
    finally:
        # Whoever interrupts twice must not keep us from cleaning up.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        laboratory.down()
    show(options, runner, skipped)
    return 1 if runner.failures or not peers else 0


def show(options, runner, skipped):
    run = {"command": shlex.join(["netft-bench", *sys.argv[1:]]), "rounds": options.rounds,
           "seconds": options.seconds, "base": options.base,
           "busy_percent": runner.busy_percent, "skipped": skipped,
           "failures": runner.failures}
    if options.json:
        print(json.dumps(report.document(runner.results, run), indent=1, ensure_ascii=False))
        return
    print(f"{run['command']}\nmedians of {options.rounds} rounds; in brackets the median of the "
          f"ratios to {options.base}\n\n{report.table(runner.results, options.base)}")
    if options.targets:
        print(f"\n{report.targets_table(runner.results)}")


def _interrupted(*_):
    raise KeyboardInterrupt


def main():
    options = parser().parse_args()
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        if options.list:
            return print_list(Binaries(options.bin))
        if os.geteuid() != 0:
            raise LabError("root: needed for namespaces and /dev/net/tun")
        return measure(options, Binaries(options.bin))
    except LabError as error:
        print(f"netft-bench: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("netft-bench: interrupted", file=sys.stderr)
    return 1
