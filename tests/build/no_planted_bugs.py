#!/usr/bin/env python3
"""Looks for the switches of planted bugs (base/planted_bug.h) in programs and archives: none may be in a product, and each
that a source asks must be in the simulation, or the search itself is blind.

usage: no_planted_bugs.py ROOT --with PROGRAM… --without FILE…
"""
import pathlib
import re
import sys

FOLDERS = ("base", "state", "connectors", "worker", "coordinator", "server")
ASKED = re.compile(r"MILLRACE_PLANTED\((\w+)\)")
# The names as the compiler keeps them, and the function that is asked.
PREFIX = b"planted bug: "
TRACES = (PREFIX, b"_ZN8millrace9IsPlantedEPKc")


def asked(root):
    names = set()
    for folder in FOLDERS:
        for path in sorted(pathlib.Path(root, folder).rglob("*")):
            if path.suffix not in (".h", ".cc") or path.name == "planted_bug.h":
                continue
            found = set(ASKED.findall(path.read_text()))
            if found and path.suffix == ".h":
                yield None, f"{path}: a header asks for {', '.join(sorted(found))}: it would mean two things in one binary"
            names |= found
    yield names, None


def main():
    root, arguments = sys.argv[1], sys.argv[2:]
    split = arguments.index("--without")
    planted, products = arguments[1:split], arguments[split + 1:]
    problems = []
    names = set()
    for found, problem in asked(root):
        names |= found or set()
        problems += [problem] if problem else []
    seen = b"".join(pathlib.Path(program).read_bytes() for program in planted)
    problems += [f"{', '.join(planted)}: the switch of {name} is not there; run cmake again" for name in sorted(names)
                 if PREFIX + name.encode() + b"\0" not in seen]
    listed = pathlib.Path(root, "tests/sim/planted_bugs.cc").read_text()
    problems += [f"tests/sim/planted_bugs.cc does not list {name}" for name in sorted(names) if f'{{"{name}", ' not in listed]
    for product in products:
        content = pathlib.Path(product).read_bytes()
        problems += [f"{product} has a planted bug: {trace.decode()}" for trace in TRACES if trace in content]
    print("\n".join(problems) if problems else f"{len(names)} planted bugs, none in {len(products)} files of the product")
    return 1 if problems or not names or not products else 0


if __name__ == "__main__":
    sys.exit(main())
