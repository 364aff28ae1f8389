#!/usr/bin/env python3
"""Runs seeds of the simulation in two processes and compares what they print: the same seed makes the same trace, wherever the
operating system has put the program.

usage: same_trace.py SIMULATE
"""
import subprocess
import sys

SEEDS = 5


def traces(program, first):
    done = subprocess.run([program, f"--seed={first}", f"--seeds={SEEDS}"], capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("seed ")]
    assert len(lines) == SEEDS and all(" trace " in line for line in lines), done.stdout
    return lines


def main():
    for first in (1, 101):
        one, other = (traces(sys.argv[1], first) for _ in range(2))
        assert len(set(one)) == SEEDS, one
        for a, b in zip(one, other):
            assert a == b, f"two processes differ:\n{a}\n{b}"
        print("\n".join(one))


if __name__ == "__main__":
    main()
