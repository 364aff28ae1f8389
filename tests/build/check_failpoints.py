#!/usr/bin/env python3
"""Compares base/failpoint_list.h with the failpoints in the code.

usage: check_failpoints.py ROOT. Prints one line per violation and exits with 1 if there is any.

Every action of the list stands in the code exactly once: as failpoint::Around, as FailpointId (for an Around whose
action depends on what is sent), or as one failpoint::Before and one failpoint::After. Nothing but tests arms them.
"""
import collections
import pathlib
import re
import sys

FOLDERS = ("base", "state", "connectors", "worker", "coordinator", "server")
LIST = "base/failpoint_list.h"
LISTED = re.compile(r'^\s*\{"([a-z_.]+)", absl::StatusCode::k\w+, "', re.MULTILINE)
USED = re.compile(r'\bfailpoint::(Around|Before|After)\(\s*"([^"]+)"|\b(FailpointId)\("([^"]+)"\)')
ARMS = re.compile(r"\bArmFailpoints\(")
MIN_POINTS = 60


def violations(root):
    listed = LISTED.findall((root / LIST).read_text())
    if 2 * len(listed) < MIN_POINTS:
        yield f"{LIST}: names {2 * len(listed)} points; there were {MIN_POINTS} once"
    for name, count in collections.Counter(listed).items():
        if count > 1:
            yield f"{LIST}: {name} is listed {count} times"
    uses = collections.defaultdict(list)
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.suffix not in (".h", ".cc"):
                continue
            text = path.read_text()
            if name not in ("base/failpoint.h", "base/failpoint.cc") and ARMS.search(text):
                yield f"{name}: only tests arm failpoints"
            for match in USED.finditer(text):
                where = f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
                uses[match[2] or match[4]].append((match[1] or match[3], where))
    for action in listed:
        kinds = sorted(kind for kind, _ in uses.get(action, []))
        if kinds not in (["Around"], ["FailpointId"], ["After", "Before"]):
            places = ", ".join(f"{kind} at {where}" for kind, where in uses.get(action, [])) or "nowhere"
            yield f"{LIST}: {action} must stand in the code once, as Around or as a pair of Before and After: {places}"
    for action in sorted(set(uses) - set(listed)):
        yield f"{uses[action][0][1]}: failpoint {action} is not listed in {LIST}"


def main():
    found = list(violations(pathlib.Path(sys.argv[1])))
    print("\n".join(found) if found else "failpoints are as listed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
