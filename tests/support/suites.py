#!/usr/bin/env python3
"""Builds and runs test suites by what meson knows of them, and counts test cases, not programs.

    suites.py targets BUILD SELECTOR...   the ninja targets that these suites run
    suites.py list BUILD SELECTOR...      the names of their tests
    suites.py run BUILD ROW RESULTS SELECTOR... [--factor F] [--wrap COMMAND] [--extra ARGS]
                                          runs them; appends "ROW passed failed seconds" to RESULTS

SELECTOR is SUITE or SUITE:REGEX (of the test's name); `targets` also knows `installed`, all that the
product consists of. Counts come from Boost.Test's report, else from a last line
"N passed, N failed", else from unittest's summary, else the program is one case. A program that
fails in any other way (crash, time-out, sanitizer) is one failed case more.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

TAIL_LINES = 60


def introspect(build, what):
    return json.loads((build / 'meson-info' / f'intro-{what}.json').read_text())


def select(tests, selectors):
    def wanted(test):
        for selector in selectors:
            suite, _, pattern = selector.partition(':')
            if any(s.endswith(':' + suite) for s in test['suite']) and re.search(pattern, test['name']):
                return True
        return False
    return [test for test in tests if wanted(test)]


def ninja_targets(build, selectors):
    needed = {i for test in select(introspect(build, 'tests'), selectors) for i in test['depends']}
    for target in introspect(build, 'targets'):
        if target['id'] in needed or ('installed' in selectors and target['installed']):
            for name in target['filename']:
                yield os.path.relpath(name, build)


def count_boost(path):
    """(passed, failed) of Boost.Test's XML report, None where there is none.

    Its JUnit log would tell as much, but makes Boost evaluate the messages of assertions that hold,
    and these may speak of an error that is not there.
    """
    try:
        suite = xml.etree.ElementTree.parse(path).getroot().find('TestSuite')
    except (OSError, xml.etree.ElementTree.ParseError):
        return None
    number = {key: int(value) for key, value in suite.attrib.items() if key.startswith('test_cases')}
    return (number['test_cases_passed'] + number['test_cases_passed_with_warnings'],
            number['test_cases_failed'])


def count_last_line(output):
    lines = output.strip().splitlines()
    found = re.search(r'(\d+) passed, (\d+) failed', lines[-1]) if lines else None
    return (int(found[1]), int(found[2])) if found else None


def count_unittest(output):
    """(passed, failed) of Python's unittest."""
    ran = re.search(r'^Ran (\d+) tests? in', output, re.M)
    if not ran:
        return None
    failed = sum(int(n) for n in re.findall(r'\b(?:failures|errors)=(\d+)', output))
    skipped = sum(int(n) for n in re.findall(r'\bskipped=(\d+)', output))
    return int(ran[1]) - failed - skipped, failed


def count(boost_report, output, code):
    """(passed, failed); a bad exit that no case accounts for is a failed case of its own."""
    passed, failed = (count_boost(boost_report) or count_last_line(output) or count_unittest(output) or
                      (int(code == 0), 0))
    return passed, failed + (code != 0 and failed == 0)


def execute(command, environment, workdir, seconds, log):
    """The exit code; negative: killed by a signal; None: did not end in time."""
    with open(log, 'wb') as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT, cwd=workdir, env=environment,
                                   start_new_session=True)
        try:
            return process.wait(timeout=seconds)
        except BaseException as ended:  # too long, or somebody pressed ^C
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if not isinstance(ended, subprocess.TimeoutExpired):
                raise
            return None


def run_test(test, logs, options):
    boost_report, log = logs / f'{test["name"]}.xml', logs / f'{test["name"]}.log'
    boost_report.unlink(missing_ok=True)
    environment = dict(os.environ, BOOST_TEST_COLOR_OUTPUT='no', BOOST_TEST_REPORT_FORMAT='XML',
                       BOOST_TEST_REPORT_LEVEL='short', BOOST_TEST_REPORT_SINK=str(boost_report),
                       **test['env'])
    started = time.monotonic()
    limit = test['timeout'] * options.factor if test['timeout'] > 0 else None
    command = options.wrap + test['cmd'] + options.extra
    code = execute(command, environment, test['workdir'] or options.build, limit, log)
    output = log.read_text(errors='replace')
    passed, failed = count(boost_report, output, 1 if code is None else code)
    report(test['name'], passed, failed, time.monotonic() - started, code, output)
    return passed, failed


def report(name, passed, failed, seconds, code, output):
    how = f' (no end after {seconds:.0f} s)' if code is None else f' (exit {code})' if code else ''
    text = (f'  {"FAILED" if failed else "ok    "} {name}: {passed} passed, {failed} failed, '
            f'{seconds:.1f} s{how}\n')
    if failed:
        text += ''.join(f'    | {line}\n' for line in output.splitlines()[-TAIL_LINES:])
    sys.stdout.write(text)  # one write: tests report from several threads
    sys.stdout.flush()


def run(options, logs):
    """[(passed, failed)] of each selected test; those that may run side by side do so first."""
    logs.mkdir(parents=True, exist_ok=True)
    tests = select(introspect(options.build, 'tests'), options.selectors)
    parallel = [t for t in tests if t['is_parallel'] and not any('dataplane' in s for s in t['suite'])]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = list(pool.map(lambda test: run_test(test, logs, options), parallel))
    return counts + [run_test(t, logs, options) for t in tests if t not in parallel]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    actions = parser.add_subparsers(dest='action', required=True)
    targets = actions.add_parser('targets')
    lists = actions.add_parser('list')
    runs = actions.add_parser('run')
    for action in (targets, lists, runs):
        action.add_argument('build', type=lambda text: pathlib.Path(text).resolve())
    runs.add_argument('row')
    runs.add_argument('results', type=pathlib.Path)
    runs.add_argument('--factor', type=float, default=1, help='time limits are this much longer')
    runs.add_argument('--wrap', type=shlex.split, default=[], help='command put before each test')
    runs.add_argument('--extra', type=shlex.split, default=[], help='arguments put behind each test')
    for action in (targets, lists, runs):
        action.add_argument('selectors', nargs='+')
    options = parser.parse_args()
    if options.action == 'targets':
        print('\n'.join(sorted(set(ninja_targets(options.build, options.selectors)))))
        return 0
    if options.action == 'list':
        print('\n'.join(t['name'] for t in select(introspect(options.build, 'tests'), options.selectors)))
        return 0
    started = time.monotonic()
    logs = options.build / 'testlogs' / options.row.replace('/', '-')
    counts = run(options, logs)
    passed, failed = (sum(column) for column in zip(*counts)) if counts else (0, 0)
    with open(options.results, 'a') as results:
        results.write(f'{options.row}\t{passed}\t{failed}\t{time.monotonic() - started:.1f}\n')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
