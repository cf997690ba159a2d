#!/usr/bin/env python3
"""Checks what no compiler checks: layers, sizes, words, lists and documents.

    tidy.py ROOT

Each check is a function from a Tree to a list of findings ("file:line: what"). A check is one test
case; the last line is `N passed, N failed`.
"""
import pathlib
import re
import shutil
import subprocess
import sys

LINES_MAX = 500
TEXT_SUFFIXES = {'.build', '.cpp', '.hpp', '.json', '.md', '.py', '.scd', '.service', '.sh', '.toml',
                 '.txt', '.yml'}
SKIPPED_FOLDERS = re.compile(r'^(build.*|\.git|\.cache|__pycache__)$')

# Folder -> the project's folders that it may include, itself apart. The longest match counts.
ROUTING = {'routing/interfaces', 'routing/table', 'routing/topology'}
PURE_BELOW_CORE = {'netft/base', 'netft/session', 'netft/wire'} | ROUTING
PURE = PURE_BELOW_CORE | {'netft/core'}
LAYERS = {
    'netft/base': set(),
    'netft/wire': {'netft/base'},
    'netft/session': {'netft/base', 'netft/wire'},
    'routing/interfaces': {'netft/base', 'netft/wire'},
    'routing/table': {'netft/base', 'netft/wire'},
    'routing/topology': {'netft/base', 'netft/wire'} | ROUTING,
    'netft/core': PURE_BELOW_CORE,
    'routing/netlink': {'netft/base', 'netft/wire'} | ROUTING,
    'tap': {'netft/base', 'netft/wire'},
    'netft/dataplane': PURE | {'routing/netlink', 'tap'},
    'netft/control': PURE,
    'netft/client': {'netft/base', 'netft/control', 'netft/wire'},
    'netft/daemon': PURE | {'netft/client', 'netft/control', 'netft/dataplane', 'routing/netlink',
                            'tap'},
    'tools': PURE | {'netft/client', 'netft/control'},
}
# tap/ opens the device, but its view of frames sees bytes only.
PURE_FILES = re.compile(r'^tap/(frame|packet|solicitation|unreachable|virtio)[^/]*\.[ch]pp$')

IMPURE_INCLUDE = re.compile(
    r'#include <(sys/|net/|netinet/|netlink/|linux/|arpa/|rte_|spdlog/|unistd\.h|fcntl\.h|poll\.h|'
    r'signal\.h|time\.h|ctime|csignal|thread|mutex|shared_mutex|condition_variable|future|fstream|'
    r'iostream|filesystem)')
IMPURE_CALL = re.compile(r'\b(clock_gettime|gettimeofday|random_device|getenv)\b|_clock::now\b|'
                         r'\btime\((nullptr|NULL|0)\)')
PURE_EXCEPTIONS = {('netft/base/address.cpp', '#include <arpa/inet.h>')}


class Tree:
    """The project's text files: path below the root -> text."""

    def __init__(self, files, root=None):
        self.files = files
        self.root = root

    @staticmethod
    def read(root):
        files = {}
        for path in sorted(pathlib.Path(root).rglob('*')):
            inner = path.relative_to(root)
            if any(SKIPPED_FOLDERS.match(part) for part in inner.parts[:-1]) or not path.is_file():
                continue
            if 'corpus' in inner.parts:
                continue
            raw = path.read_bytes()
            if path.suffix in TEXT_SUFFIXES or raw.startswith(b'#!'):
                files[str(inner)] = raw.decode('utf-8', errors='replace')
        return Tree(files, pathlib.Path(root))

    def sources(self, *suffixes):
        return ((p, t) for p, t in self.files.items() if p.endswith(suffixes or ('.cpp', '.hpp')))

    def lines(self, text_filter=lambda path: True):
        for path, text in self.files.items():
            if text_filter(path):
                for number, line in enumerate(text.splitlines(), 1):
                    yield path, number, line


def folder_of(path):
    """The longest folder of LAYERS that `path` lies in, or None."""
    fitting = [f for f in LAYERS if path.startswith(f + '/')]
    return max(fitting, key=len, default=None)


def is_source(path):
    return path.endswith(('.cpp', '.hpp'))


def is_pure(path):
    return folder_of(path) in PURE or PURE_FILES.match(path)


def check_layers(tree):
    out = []
    for path, number, line in tree.lines(is_source):
        include = re.match(r'\s*#include "([^"]+)"', line)
        folder = folder_of(path)
        if not include or folder is None:
            continue
        target = folder_of(include[1])
        if target is None:
            out.append(f'{path}:{number}: include "{include[1]}" is not written from the root')
        elif target != folder and target not in LAYERS[folder]:
            out.append(f'{path}:{number}: {folder} must not include {target}')
    return out


def check_purity(tree):
    out = []
    for path, number, line in tree.lines(lambda p: is_source(p) and is_pure(p)):
        code = line.split('//')[0]
        if (path, code.strip()) in PURE_EXCEPTIONS:
            continue
        for pattern in (IMPURE_INCLUDE, IMPURE_CALL):
            if found := pattern.search(code):
                out.append(f'{path}:{number}: pure folder uses {found[0]}')
    return out


def check_dpdk_only_in_dataplane(tree):
    def elsewhere(path):
        return is_source(path) and not path.startswith(('netft/dataplane/', 'tests/'))
    return [f'{path}:{number}: only netft/dataplane sees rte_*'
            for path, number, line in tree.lines(elsewhere)
            if re.search(r'#include <rte_|\brte_[a-z]+_[a-z_]+\(', line.split('//')[0])]


def check_length(tree):
    return [f'{path}: {text.count(chr(10))} lines, at most {LINES_MAX}'
            for path, text in tree.sources('.cpp', '.hpp', '.py', '.sh', '.build')
            if text.count('\n') > LINES_MAX]


def check_no_notes_to_self(tree):
    words = re.compile(r'\b(' + '|'.join(('FIX' + 'ME', 'TO' + 'DO', 'X' + 'XX')) + r')\b')
    return [f'{path}:{number}: {found[0]}' for path, number, line in tree.lines()
            if (found := words.search(line)) and not path.startswith('netft/docs/style.md')]


def check_white_space(tree):
    out = [f'{path}:{number}: trailing white space or tab' for path, number, line in tree.lines()
           if line != line.rstrip() or (is_source(path) and '\t' in line)]
    return out + [f'{path}: no newline at the end' for path, text in tree.files.items()
                  if text and not text.endswith('\n')]


def check_headers_are_guarded(tree):
    return [f'{path}: no #pragma once' for path, text in tree.sources('.hpp')
            if '\n#pragma once\n' not in '\n' + text]


def check_meson_lists_are_sorted(tree):
    out = []
    for path, text in tree.sources('meson.build'):
        previous = None
        for number, line in enumerate(text.splitlines(), 1):
            item = re.fullmatch(r"\s*'([^']+\.[ch]pp)',?\)?", line)
            if item and previous and item[1] < previous:
                out.append(f'{path}:{number}: {item[1]} stands behind {previous}')
            previous = item[1] if item else None
    return out


def check_sources_are_built(tree):
    """A source that no meson.build names is dead, or forgotten."""
    out = []
    for path, _ in tree.sources('.cpp'):
        folder, name = path.rsplit('/', 1)
        builds = [t for p, t in tree.sources('meson.build')
                  if (folder + '/').startswith(p[:-len('meson.build')])]
        generic = path.startswith('tests/fuzz/') or name == 'main.cpp'
        if not generic and not any(name in text for text in builds):
            out.append(f'{path}: no meson.build names it')
    return out


def check_drop_reasons_are_documented(tree):
    reasons = re.findall(r'^\s*X\((\w+),', tree.files.get('netft/wire/drop_reason.hpp', ''), re.M)
    manual = ''.join(tree.files.get(f'netft/docs/{name}.md', '') for name in ('protocol', 'operations'))
    return [f'netft/docs/operations.md: drop reason {reason} is not explained'
            for reason in reasons if f'`{reason}`' not in manual]


def tools_of(tree):
    built = {name for path, text in tree.sources('meson.build') if not path.startswith('tests/')
             for name in re.findall(r"executable\('(netft[\w-]*)'", text)}
    scripts = {p.rsplit('/', 1)[1] for p in tree.files if re.match(r'tools/([\w-]+/)?netft-[\w-]+$', p)}
    return built | scripts


def check_man_pages_and_tools_agree(tree):
    pages = {m[1] for p in tree.files if (m := re.match(r'netft/docs/man/(.+)\.[18]\.scd$', p))}
    tools = tools_of(tree)
    return ([f'netft/docs/man/{page}: there is no such tool' for page in sorted(pages - tools)] +
            [f'{tool}: has no man page in netft/docs/man' for tool in sorted(tools - pages)])


def check_scripts_parse(tree):
    out = []
    for path, text in tree.files.items():
        if re.match(r'#!.*\b(ba)?sh\b', text):
            run = subprocess.run(['bash', '-n'], input=text, capture_output=True, text=True)
            out += [f'{path}: {run.stderr.strip()}'] if run.returncode else []
        elif path.endswith('.py') or re.match(r'#!.*\bpython3\b', text):
            try:
                compile(text, path, 'exec')
            except SyntaxError as error:
                out.append(f'{path}:{error.lineno}: {error.msg}')
    return out


def check_format(tree):
    """Only where clang-format is installed: it decides layout, but nobody needs it to build."""
    if not shutil.which('clang-format') or tree.root is None:
        return []
    files = [str(tree.root / path) for path, _ in tree.sources()]
    run = subprocess.run(['clang-format', '--dry-run', '-ferror-limit=1', *files],
                         capture_output=True, text=True)
    return [line for line in run.stderr.splitlines() if 'clang-formatted' in line or 'error' in line]


CHECKS = [value for name, value in sorted(globals().items()) if name.startswith('check_')]


def main():
    tree = Tree.read(sys.argv[1])
    failed = 0
    for check in CHECKS:
        findings = check(tree)
        failed += bool(findings)
        print(f'{"not ok" if findings else "ok"} {check.__name__[len("check_"):]}')
        print(''.join(f'    {finding}\n' for finding in findings), end='')
    print(f'{len(CHECKS) - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
