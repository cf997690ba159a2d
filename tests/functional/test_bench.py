"""netft-bench in its smallest form: a round of a second, netft and bare veth.

    n1 ------ n2     net0
     \\________|      net1
"""
import json
import pathlib
import signal
import subprocess
import sys

from bench.results import Results
from bench.targets import judged
from lab import laboratory
from support.registry import test
from support.schema import validate

BENCH = pathlib.Path(__file__).resolve().parents[2] / "tools" / "netft-bench"


def command(binaries, *args):
    return [sys.executable, str(BENCH), "--bin", binaries.directory, *args]


def bench(binaries, *args, code=0):
    done = subprocess.run(command(binaries, *args), capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.returncode == code, f"{args}: exit {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout if not code else done.stderr


@test()
def one_round_gives_every_figure_and_leaves_nothing(binaries):
    found = json.loads(bench(binaries, "--rounds", "1", "--seconds", "1", "--peers", "veth,netft",
                             "--figures", "tcp1,udp64,rtt", "--json"))
    assert not laboratory.exists()
    validate(found, "bench.json")
    assert not found["failures"] and not found["skipped"], found
    metrics = {metric["name"]: metric for metric in found["metrics"]}
    assert set(metrics) == {"tcp1", "udp64", "rtt-p50", "rtt-p99", "rtt-x-bare"}, set(metrics)
    for metric in metrics.values():
        assert [entry["peer"] for entry in metric["peers"]] == ["veth", "netft"], metric
        assert all(entry["median"] > 0 for entry in metric["peers"]), metric


@test()
def an_interrupted_bench_leaves_nothing(binaries):
    process = subprocess.Popen(
        command(binaries, "--rounds", "1", "--seconds", "60", "--peers", "netft", "--figures",
                "udp64,rtt"), stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stderr.readline() == "round 1 of 1\n"
        # Wherever it is by now: building, starting, or at work.
        process.send_signal(signal.SIGTERM)
        errors = process.communicate(timeout=30)[1]
    finally:
        process.kill()
    assert process.returncode == 1 and "netft-bench: interrupted\n" in errors, errors
    assert not laboratory.exists()


@test()
def ratios_are_taken_within_a_round(_binaries):
    results = Results()
    for netft, veth in ((2, 4), (30, 40), (None, 5), (50, 500)):
        results.add("tcp1", "netft", netft)
        results.add("tcp1", "veth", veth)
    assert results.median("tcp1", "netft") == 30
    assert results.ratio("tcp1", "netft", "veth") == 0.5, "not the ratio of the medians"
    assert results.ratio("tcp1", "netft", "vxlan") is None
    words = {target.text: word for target, _, word in judged(results) if target.metric == "tcp1"}
    assert set(words.values()) == {"not measured"}, words


@test()
def wrong_usage_is_exit_2_with_a_reason(binaries):
    for words in (("--peers", "nobody"), ("--figures", "beauty"), ("--rounds", "0"), ("--nonsense",),
                  ("--seconds", "x")):
        assert bench(binaries, *words, code=2).startswith("netft-bench: usage: "), words
