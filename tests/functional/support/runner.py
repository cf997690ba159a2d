"""Runs the tests: those of one spec one after the other on one lab, which is mended in between."""
import contextlib
import re
import signal
import subprocess
import time
import traceback

from lab import laboratory
from lab.laboratory import Laboratory
from lab.shell import LabError
from support.registry import Skip


REPORT = r"^.*(Sanitizer: |runtime error: |assertion .* failed).*$"


class OutOfTime(Exception):
    pass


@contextlib.contextmanager
def time_limit(seconds):
    def give_up(*_):
        raise OutOfTime(f"not over after {seconds} s")
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def in_order(tests):
    """Tests of the same shared lab side by side, else in the order of declaration."""
    specs = []
    for one in tests:
        if one.spec not in specs:
            specs.append(one.spec)
    return sorted(tests, key=lambda one: (specs.index(one.spec), one.fresh))


class Runner:
    def __init__(self, binaries):
        self._binaries = binaries
        self._lab = None
        self.passed = self.failed = self.skipped = 0

    def run(self, tests):
        for one in in_order(tests):
            self._run_one(one)
        self._remove_lab()

    def _run_one(self, one):
        began = time.monotonic()
        try:
            with time_limit(one.seconds):
                self._prepare(one)
                one.run(self._lab) if one.spec else one.run(self._binaries)
                self._look_for_reports()
            word, why = "ok", ""
            self.passed += 1
        except Skip as reason:
            word, why = "skip", f": {reason}"
            self.skipped += 1
        except (Exception, AssertionError) as error:  # a test may fail in any way
            word, why = "FAIL", f"\n{self._story_of(error)}"
            self.failed += 1
        print(f"{word:<4} {time.monotonic() - began:5.1f} s  {one.name}{why}", flush=True)
        self._clean_up_after(one, word)

    def _prepare(self, one):
        if self._lab and (one.fresh or one.spec != self._lab.spec):
            self._remove_lab()
        if one.spec and not self._lab:
            self._lab = Laboratory(one.spec, self._binaries)
            self._lab.up()

    def _look_for_reports(self):
        """A sanitizer's report in a log is a failure, whatever the test saw."""
        for daemon in self._lab.nodes.values() if self._lab else ():
            text = daemon.last_words(lines=10_000)
            report = re.search(REPORT, text, re.M)
            assert not report, f"{daemon.node}: {report[0]}"

    def _clean_up_after(self, one, word):
        if not self._lab:
            return
        if word == "FAIL" or one.fresh:
            self._remove_lab()
            return
        try:
            with time_limit(60):
                self._lab.heal_all()
                self._lab.start_all()
                self._lab.wait_all_up()
        except Exception as error:
            print(f"     the lab did not mend after '{one.name}': {error}", flush=True)
            self._remove_lab()

    def _remove_lab(self):
        self._lab = None
        laboratory.down()

    def _story_of(self, error):
        lines = traceback.format_exception(error)[-3:]
        if isinstance(error, (LabError, OutOfTime)):
            lines = [str(error), lines[0]]
        if self._lab:
            for daemon in self._lab.nodes.values():
                lines += _story_of_node(self._lab, daemon)
        text = "\n".join(line.rstrip() for line in lines)
        return "\n".join(f"     {line}" for line in text.splitlines())


def _story_of_node(lab, daemon):
    shown = daemon.show()
    lines = [f"--- {daemon.node}: {'running' if daemon.pid() else 'not running'}"]
    if shown:
        with contextlib.suppress(LabError, subprocess.TimeoutExpired):
            tool = lab.binaries.find("netft-route")
            lines.append(daemon.run(tool, "show", check=False, timeout=5).stdout)
        lines.append(f"drops: {shown.get('drops')}")
    return lines + ["last log lines:", daemon.last_words(15)]
