#!/usr/bin/env python3
"""Checks that comments and, in files that were formatted once, all lines have at most 120 columns.

usage: check_line_length.py ROOT. Prints one line per violation and exits with 1 if there is any.

Code outside FORMATTED still has longer lines; `./run lint` formats what a change touches. Folders only ever join FORMATTED.
"""
import pathlib
import re
import sys

LIMIT = 120
SUFFIXES = {".h", ".cc", ".inc", ".proto", ".py", ".cmake"}
NAMES = {"CMakeLists.txt", "run"}
SKIPPED = {"build", ".git"}
COMMENT = re.compile(r"\s*(//|#)")
FORMATTED = re.compile(
    r"^base/(key_(bytes|codec|order)|secret_)|^server/(grpc_reflection|cli/flag_checks)|^coordinator/(plan/plan_json|sql/)|"
    r"^tests/coordinator/sql/")


def files(root):
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if parts[0] not in SKIPPED and path.is_file() and (path.suffix in SUFFIXES or path.name in NAMES):
            yield path


def violations(root):
    for path in files(root):
        name = path.relative_to(root).as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if len(line) > LIMIT and (COMMENT.match(line) or FORMATTED.match(name)):
                yield f"{name}:{number}: {len(line)} columns, at most {LIMIT}"


def main():
    found = list(violations(pathlib.Path(sys.argv[1])))
    print("\n".join(found) if found else f"comments have at most {LIMIT} columns")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
