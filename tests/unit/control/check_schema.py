#!/usr/bin/env python3
"""Validates documents against netft's JSON Schemas.

check_schema.py DIRECTORY PROGRAM       the lines that PROGRAM prints: {"schema": …, "document": …}
check_schema.py DIRECTORY --schema NAME  standard input: one document of that schema a line
"""
import json
import pathlib
import subprocess
import sys

import jsonschema


def validators(directory):
    found = {}
    for path in sorted(pathlib.Path(directory).glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        found[path.stem] = jsonschema.Draft202012Validator(schema)
    return found


def lines_of(arguments):
    if arguments[0] == "--schema":
        return [(arguments[1], json.loads(line)) for line in sys.stdin if line.strip()]
    output = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    return [(entry["schema"], entry["document"]) for entry in map(json.loads, output.splitlines())]


def main():
    known = validators(sys.argv[1])
    failed = 0
    lines = lines_of(sys.argv[2:])
    for name, document in lines:
        for error in known[name].iter_errors(document):
            failed += 1
            reason = jsonschema.exceptions.best_match([error])
            print(f"{name}: {reason.json_path}: {reason.message}", file=sys.stderr)
    print(f"{len(lines)} documents, {failed} errors")
    return 1 if failed or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
