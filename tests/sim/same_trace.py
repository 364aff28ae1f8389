#!/usr/bin/env python3
"""Runs seeds of the simulation in two processes and compares what they print: the same seed makes the same trace, wherever the
operating system has put the program.

usage: same_trace.py SIM_TEST
"""
import os
import subprocess
import sys

SEEDS = 5


def traces(program, first):
    environment = dict(os.environ, MILLRACE_SEED=str(first), MILLRACE_SEEDS=str(SEEDS))
    done = subprocess.run([program, "--gtest_filter=ExactlyOnce.WhateverDiesEveryRowCountsOnce"], env=environment,
                          capture_output=True, text=True, check=True)
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
