#!/usr/bin/env python3
"""Line coverage of the unit tests and the replayed corpora of the fuzzers, by folder.

    tests/support/coverage.py [BUILD_DIR] [--files]

Builds with -Db_coverage=true in a folder of its own (default: build-coverage below the project's root
or $NETFT_BUILD_ROOT), runs the suites unit and fuzz, and fails when a test fails or a folder is
below its threshold. --files lists the lines that are not covered in folders with one.
"""
import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITES = ['unit', 'fuzz']
THRESHOLDS = {'netft/session': 95.0, 'netft/wire': 95.0}
MEASURED = ['netft/', 'routing/', 'tap/']


def build_and_run(build):
    """Whether all tests passed."""
    prepare = [ROOT / 'tools/support/prepare.sh', '--suites', ' '.join(SUITES), build,
               '-Db_coverage=true', '-Doptimization=0', '-Dwerror=false']
    if subprocess.run(prepare, cwd=ROOT, check=False).returncode != 0:
        sys.exit('coverage: the build failed')
    for stale in build.rglob('*.gcda'):
        stale.unlink()
    run = [sys.executable, '-B', ROOT / 'tests/support/suites.py', 'run', build, 'coverage',
           os.devnull, *SUITES, '--factor', '5']
    return subprocess.run(run, cwd=ROOT, check=False).returncode == 0


def measure(build):
    """gcovr's files: [{'file': …, 'lines': [{'line_number': …, 'count': …}]}]."""
    filters = [f'--filter={ROOT}/{folder}' for folder in MEASURED]
    gcovr = ['gcovr', '--root', ROOT, *filters, '--json', '-', '-j', str(os.cpu_count()), build]
    out = subprocess.run(gcovr, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    return json.loads(out)['files']


def folders_of(files):
    """Folder -> [lines, covered]."""
    folders = collections.defaultdict(lambda: [0, 0])
    for file in files:
        sums = folders[os.path.dirname(file['file'])]
        lines = [line for line in file['lines'] if not line.get('gcovr/noncode')]
        sums[0] += len(lines)
        sums[1] += sum(line['count'] > 0 for line in lines)
    return folders


def print_missing(files):
    for file in files:
        missing = [str(line['line_number']) for line in file['lines']
                   if line['count'] == 0 and not line.get('gcovr/noncode')]
        if missing and os.path.dirname(file['file']) in THRESHOLDS:
            print(f'{file["file"]}: not covered: {" ".join(missing)}')


def print_table(folders):
    """Whether every threshold is met."""
    good = True
    print(f'\n{"folder":24} {"lines":>7} {"covered":>8} {"%":>7}')
    for folder, (lines, covered) in sorted(folders.items()):
        percent = 100 * covered / lines if lines else 100.0
        least = THRESHOLDS.get(folder)
        met = least is None or percent >= least
        good &= met
        note = '' if least is None else f'  at least {least:.0f}' + ('' if met else ': FAILED')
        print(f'{folder:24} {lines:7} {covered:8} {percent:7.1f}{note}')
    return good and all(folder in folders for folder in THRESHOLDS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('build', nargs='?', type=pathlib.Path,
                        default=pathlib.Path(os.environ.get('NETFT_BUILD_ROOT', ROOT)) / 'build-coverage')
    parser.add_argument('--files', action='store_true', help='list the lines that are not covered')
    options = parser.parse_args()
    passed = build_and_run(options.build.resolve())
    files = measure(options.build.resolve())
    if options.files:
        print_missing(files)
    good = print_table(folders_of(files))
    return 0 if passed and good else 1


if __name__ == '__main__':
    sys.exit(main())
