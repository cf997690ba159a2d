"""Figures of programs that measure one part of netft alone, without a lab (tests/bench). They are not
installed: where they are not built, the figures are left out."""
import json
import subprocess

from lab.shell import LabError, output_of

ROUTES, ROUTES_SECONDS = 10_000, 60


def _answer(binaries, program, *args, timeout):
    """What a program prints as JSON."""
    return json.loads(output_of(binaries.find(program), "--json", *map(str, args), timeout=timeout))


def measure_seal(context):
    """Nanoseconds a datagram of 1,424 bytes, by the first driver: the one that netftd would take."""
    best = _answer(context.binaries, "seal_bench", timeout=120)["results"][0]
    return {"seal": best["seal_ns"], "open": best["open_ns"]}


def measure_routes(context):
    """Many routes on one core, in virtual time, encrypted."""
    found = _answer(context.binaries, "engine_bench", "--routes", ROUTES, "--seconds",
                    ROUTES_SECONDS, timeout=600)
    one = next(result for result in found["results"] if result["mode"] == "encrypt")
    return {"routes-cpu": one["core_percent"], "routes-down": one["false_downs"],
            "routes-bytes": one["engine_bytes_per_route"] + one["plan_bytes_per_route"]}


def measure_worker(context):
    """Cycles a datagram of 64 bytes through the worker, no kernel."""
    found = _answer(context.binaries, "worker_bench", "--size", "small", timeout=120)
    return {f"worker-{one['mode']}-{way}": one[key] for one in found["results"]
            for way, key in (("rx", "in"), ("tx", "out"))}


def is_built(binaries, program):
    try:
        return bool(binaries.find(program))
    except LabError:
        return False
