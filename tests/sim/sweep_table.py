#!/usr/bin/env python3
"""Sums up what a sweep of the failpoints printed: a line per point and action.

usage: sweep_table.py LOG [DISK_LOG]   prints the table
       sweep_table.py --check LOG      exits with 1 unless all runs are there and none went wrong
"""
import collections
import re
import sys

RUN = re.compile(r"^run (\d+) of (\d+): (.+?): (exact|FAILED: .*|WRONG: .*), recovery ([0-9.]+) s$")
NAME = re.compile(r"^(\S+ \S+) (\w+) \d+( and .*)?$")


def read(path):
    with open(path, encoding="utf-8") as lines:
        commit = next(lines).strip()
        runs = [match.groups() for match in map(RUN.match, lines) if match]
    return commit, runs


def main():
    if sys.argv[1] == "--check":
        commit, runs = read(sys.argv[2])
        wrong = [name + ": " + result for _, _, name, result, _ in runs if result.startswith("WRONG")]
        numbers = {int(number) for number, *_ in runs}
        missing = int(runs[0][1]) - len(numbers) if runs else 1
        print("\n".join(wrong) or "nothing went wrong", file=sys.stderr)
        if missing:
            print(f"{missing} runs are missing: call it again", file=sys.stderr)
        return 1 if wrong or missing else 0
    commit, runs = read(sys.argv[1])
    rows = collections.defaultdict(lambda: [0, 0, 0, 0, 0.0])
    for _, _, name, result, recovery in runs:
        place, action, second = NAME.match(name).groups()
        row = rows[("pairs", "of two") if second else (place, action)]
        row[0] += 1
        row[1 + ("exact", "FAILED", "WRONG").index(result.split(":")[0])] += 1
        row[4] = max(row[4], float(recovery))
    print(f"sweep of {commit}: {len(runs)} runs; point, action, n, exact, failed with a reason, wrong, slowest recovery")
    for (place, action), (n, exact, failed, wrong, recovery) in sorted(rows.items()):
        print(f"  {place:36} {action:8} {n:5} {exact:6} {failed:6} {wrong:6} {recovery:6.1f} s")
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="utf-8") as lines:
            tests = [line for line in lines if line.startswith("[       OK ] ")]
        print(f"sweep of {commit}: {len(tests)} tests of points on real files, RocksDB and a lock passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
