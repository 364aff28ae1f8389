#!/usr/bin/env python3
"""Runs many seeds of the simulation on all cores, and tells what was taken and what came of it, by kind of fault.

usage: prove.py SIMULATE [--seed FIRST] [--seeds N] [--resume DIRECTORY] [--commit HASH]

Without --commit, the one of this tree is told. Fails if a seed fails, or more than one in a thousand takes no fault; from 500 seeds on also if a kind of fault is never taken, or a window of the commit
protocol (failure_windows.h) never gone through.
--resume goes on behind the seeds that DIRECTORY/proofs.next_seed names, and appends a line to DIRECTORY/proofs.sim.jsonl for
every few hundred of them; the table is then that of all lines of this code, whatever commits had it.
"""
import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time

# What an interruption loses at most.
CHUNK = 250
# What the simulation is made of, but for tests of it and scripts.
MADE_OF = ("CMakeLists.txt", "cmake", "proto", "base", "state", "connectors", "worker", "coordinator", "tests/planted", "tests/sim")
ENOUGH = 500
# Windows that a random run cannot go through, and why.
ELSEWHERE = {
    "W8": "no user goes back to an older checkpoint: tests/sim/rewind_test.cc does",
    "W11": "must end in a refusal: Refusals.StagedFilesThatWereVacuumed",
    "W12": "must end in a refusal: Refusals.ATableThatIsGone, Refusals.ATableThatWasReplaced",
}


def commit_of_tree():
    """With a plus sign if files differ from it."""
    asked = subprocess.run(["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"],
                           cwd=pathlib.Path(__file__).parent, capture_output=True, text=True)
    return asked.stdout.strip() or "not under git"


def code_of(commit):
    """The same for commits between which nothing has changed that the simulation is made of."""
    asked = subprocess.run(["git", "ls-tree", "-r", "--full-tree", commit.rstrip("+"), *MADE_OF],
                           cwd=pathlib.Path(__file__).parent, capture_output=True, text=True)
    files = [line for line in asked.stdout.splitlines() if not line.endswith(("_test.cc", ".py", ".md"))]
    # Unknown files: only what was run in one go has the same.
    return hashlib.sha256("\n".join(files).encode()).hexdigest()[:12] if files and not commit.endswith("+") else commit


def merged(one, other):
    """Sums, but the longest of what is slowest."""
    if not isinstance(one, dict):
        return one + other
    return {key: max(one[key], other[key]) if key.startswith("slowest") else merged(one[key], other[key]) for key in one}


def run_seeds(program, first, count, commit):
    """Runs them on all cores. Returns the totals, and what failed seeds have told."""
    jobs = min(os.cpu_count() or 1, count)
    bounds = [first + count * job // jobs for job in range(jobs + 1)]
    running = [
        subprocess.Popen([program, "--quiet", "--keep-going", f"--seed={a}", f"--seeds={b - a}", f"--commit={commit}"],
                         stdout=subprocess.PIPE, text=True)
        for a, b in zip(bounds, bounds[1:])
    ]
    totals, told = None, ""
    for process, a, b in zip(running, bounds, bounds[1:]):
        output = process.communicate()[0]
        lines = [line for line in output.splitlines() if line.startswith("totals: ")]
        if process.returncode not in (0, 1) or not lines:
            sys.exit(f"{output}\nseeds {a} to {b - 1}: the program ended with {process.returncode}")
        of_job = json.loads(lines[-1].removeprefix("totals: "))
        totals = of_job if totals is None else merged(totals, of_job)
        if process.returncode:
            told += output
    return totals, told


def table(totals):
    lines = ["| fault | n | seeds | lost | duplicated | wrong | slowest recovery, simulated |", "|---|---|---|---|---|---|---|"]
    for kind, of in totals["faults"].items():
        lines.append(f"| `{kind}` | {of['n']:,} | {of['seeds']:,} | {of['lost']} | {of['duplicated']} | {of['wrong']} "
                     f"| {of['slowest_recovery_ms'] / 1000:.1f} s |")
    lines.append(f"| all | {sum(of['n'] for of in totals['faults'].values()):,} | {totals['seeds']:,} | "
                 + " | ".join(str(max(of[what] for of in totals["faults"].values())) for what in ("lost", "duplicated", "wrong"))
                 + f" | {max(of['slowest_recovery_ms'] for of in totals['faults'].values()) / 1000:.1f} s |")
    return "\n".join(lines)


def complaints(totals):
    if totals["failed"]:
        yield f"{totals['failed']} of {totals['seeds']} seeds failed; see above"
    # A run may end before its first fault; one in five thousand does.
    if totals["without_fault"] * 1000 > totals["seeds"]:
        yield f"{totals['without_fault']} of {totals['seeds']} seeds took no fault"
    if totals["seeds"] < ENOUGH:
        return
    for kind, of in totals["faults"].items():
        if of["n"] == 0:
            yield f"fault {kind} was never taken"
    for window, seeds in totals["windows"].items():
        if seeds == 0 and window not in ELSEWHERE:
            yield f"{window} was never gone through"


def windows(totals):
    return "\n".join(f"{window}: not in these runs: {ELSEWHERE[window]}" if window in ELSEWHERE else
                     f"{window}: {seeds:,} of {totals['seeds']:,} seeds" for window, seeds in totals["windows"].items())


def prove(arguments):
    """Runs the seeds in chunks, each of which is kept when it is through. Returns the totals of this commit."""
    directory = pathlib.Path(arguments.resume)
    place, kept = directory / "proofs.next_seed", directory / "proofs.sim.jsonl"
    first = int(place.read_text()) if place.exists() else arguments.seed
    left = arguments.seeds
    while left > 0:
        count, started = min(CHUNK, left), time.monotonic()
        totals, told = run_seeds(arguments.simulate, first, count, arguments.commit)
        line = {"commit": arguments.commit, "code": code_of(arguments.commit), "first_seed": first, "last_seed": first + count - 1,
                "seconds": round(time.monotonic() - started), "totals": totals}
        with kept.open("a") as out:
            out.write(json.dumps(line) + "\n")
        first, left = first + count, left - count
        place.write_text(f"{first}\n")
        with (directory / "proofs.txt").open("a") as out:
            out.write(f"sim {arguments.commit}: seeds {line['first_seed']} to {line['last_seed']}: {totals['failed']} failed, "
                      f"{sum(of['n'] for of in totals['faults'].values()):,} faults, {totals['kills']:,} deaths, "
                      f"{line['seconds']} s\n")
        print(told + f"seeds {line['first_seed']} to {line['last_seed']}: {totals['failed']} failed, {line['seconds']} s", flush=True)
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    return totals_of(lines, code_of(arguments.commit))


def totals_of(lines, code):
    all_totals = None
    for line in lines:
        if line.get("code", line["commit"]) == code:
            all_totals = line["totals"] if all_totals is None else merged(all_totals, line["totals"])
    return all_totals


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("simulate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=ENOUGH)
    parser.add_argument("--resume")
    parser.add_argument("--commit")
    arguments = parser.parse_args()
    arguments.commit = arguments.commit or commit_of_tree()
    if arguments.resume:
        totals = prove(arguments)
    else:
        totals, told = run_seeds(arguments.simulate, arguments.seed, arguments.seeds, arguments.commit)
        print(told, end="")
    print(table(totals))
    print(windows(totals))
    print(f"{totals['seeds']:,} seeds, {totals['kills']:,} deaths, {totals['restarts']:,} restarts, {totals['epochs']:,} epochs, "
          f"{totals['late_rows']:,} late rows, {totals['simulated_seconds']:,} simulated seconds")
    found = list(complaints(totals))
    print("\n".join(found), file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
