#!/usr/bin/env python3
"""Looks at what was linked: is every program built as `-Dhardening=true` promises?

    hardened.py PROGRAM...

Position independent, no writable relocations once loaded, no executable stack or writable code,
stacks guarded, the C library's checked functions and the C++ library's assertions in use, indirect
jumps marked. One test case a program; the last line is `N passed, N failed`.
"""
import pathlib
import platform
import re
import subprocess
import sys


def readelf(program, *what):
    return subprocess.run(('readelf', '--wide', *what, program), check=True, capture_output=True,
                          text=True).stdout


def findings(program):
    header = readelf(program, '--file-header')
    if not re.search(r'Type:\s+DYN', header):
        yield 'not position independent (-fPIE -pie)'
    segments = readelf(program, '--program-headers')
    if 'GNU_RELRO' not in segments:
        yield 'relocations stay writable (-z relro)'
    if re.search(r'GNU_STACK.*RWE', segments):
        yield 'its stack may be executed'
    if re.search(r'LOAD.*RWE', segments):
        yield 'code that may be written'
    dynamic = readelf(program, '--dynamic')
    if 'BIND_NOW' not in dynamic and not re.search(r'FLAGS.*NOW', dynamic):
        yield 'functions are bound late (-z now)'
    symbols = readelf(program, '--dyn-syms')
    if '__stack_chk_fail' not in symbols:
        yield 'no stack protector'
    if not re.search(r'__(memcpy|snprintf|read|fprintf|printf|vsnprintf|memset)_chk', symbols):
        yield 'no checked function of the C library (-D_FORTIFY_SOURCE)'
    if '__glibcxx_assert_fail' not in symbols and \
            b'__glibcxx_assert' not in pathlib.Path(program).read_bytes() and \
            b'__n < this->size()' not in pathlib.Path(program).read_bytes():
        yield 'no assertions of the C++ library (-D_GLIBCXX_ASSERTIONS)'
    # -fcf-protection: the property needs every object, and DPDK's assembly has none; our functions
    # begin with the mark all the same.
    if platform.machine() == 'x86_64' and b'\xf3\x0f\x1e\xfa' not in \
            pathlib.Path(program).read_bytes():
        yield 'indirect jumps go anywhere (-fcf-protection)'


def main():
    failed = 0
    for program in sys.argv[1:]:
        found = list(findings(program))
        failed += bool(found)
        for what in found:
            print(f'{pathlib.Path(program).name}: {what}')
    print(f'{len(sys.argv) - 1 - failed} passed, {failed} failed')
    sys.exit(1 if failed else 0)


main()
