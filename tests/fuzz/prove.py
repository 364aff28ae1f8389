#!/usr/bin/env python3
"""Runs the libFuzzer programs of tests/fuzz until each has had so many runs in all, over every time it was called.

usage: prove.py BUILD [--runs N] [--minutes M] [--jobs J] [TARGET...]

BUILD is the build directory; called from the root of the source tree.

Goes on where it ended: after every slice of runs, a target's count (build/fuzz-runs/TARGET) is raised, its corpus has
grown (build/fuzz-corpus/TARGET), and a line is appended to build/proofs.txt. Targets take turns; the last ones are run
by several jobs at once. Exits with 3 if time is up before all are there, and with 1 at the first finding, which lies in
build/fuzz-findings; beside it, of targets that keep something from run to run (tests/fuzz/run_history.h), the inputs
before it.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import threading
import time

# What an interruption loses at most. Each slice reads the whole corpus first.
SLICE = 2_000_000
SLICE_SECONDS = 300
# The longest input made, in bytes: what is above it costs time and finds little. The corpus may have longer ones.
MAX_LENGTH = {"json_decoder": 512, "plan_json": 1024, "plan_message": 512, "manifest": 1024, "shuffle_frame": 1024,
              "delta_log": 4096, "expression": 1024, "grpc_request": 128, "worker_message": 768,
              "coordinator_message": 2048}
# Of these much code runs per input, and to keep books of which of it is rare takes longer than to run it.
BROAD = {"plan_json", "plan_message", "grpc_request", "worker_message", "coordinator_message"}
# Reports need no stack of every allocation: a finding is run again, alone. Leaks are the corpus replay's.
ASAN = "malloc_context_size=1:quarantine_size_mb=4:max_malloc_fill_size=0:detect_stack_use_after_return=0:detect_leaks=0"
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS=ASAN, ARROW_DEFAULT_MEMORY_POOL="system")
ROOT = pathlib.Path("build")


def targets():
    return sorted(path.name.removesuffix("_fuzz.cc") for path in pathlib.Path("tests/fuzz").glob("*_fuzz.cc"))


def count_of(target):
    path = ROOT / "fuzz-runs" / target
    return int(path.read_text()) if path.exists() else 0


def store_count(target, runs):
    path = ROOT / "fuzz-runs" / target
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".new")
    scratch.write_text(str(runs))
    scratch.replace(path)


def unpack_history(path):
    """Writes the inputs that a target's file of them holds into a directory of its own. Returns their names, in order."""
    data, names, at = path.read_bytes(), [], 0
    directory = path.with_name(path.name + ".inputs")
    directory.mkdir(exist_ok=True)
    for old in directory.iterdir():
        old.unlink()
    while at + 4 <= len(data):
        size, = struct.unpack_from("<I", data, at)
        names.append(directory / f"{len(names):04}")
        names[-1].write_bytes(data[at + 4:at + 4 + size])
        at += 4 + size
    return names


class Prover:
    def __init__(self, build, chosen, wanted, minutes):
        self.build = pathlib.Path(build)
        self.chosen = chosen
        self.wanted = wanted
        self.deadline = time.monotonic() + 60 * minutes
        self.found = False
        self.lock = threading.Lock()
        self.has_thinned = threading.Condition(self.lock)
        # Of each target: slices that run now, those that were ever begun, and the runs that will come of the first.
        self.running, self.begun, self.under_way = collections.Counter(), collections.Counter(), collections.Counter()
        self.thinning, self.thinned = set(), set()

    def say(self, line):
        with self.lock:
            print(line, flush=True)
            with open(ROOT / "proofs.txt", "a") as proofs:
                proofs.write(line + "\n")

    def run_slice(self, target, runs, job):
        """Returns how many were run, or None for a finding."""
        corpus = ROOT / "fuzz-corpus" / target
        corpus.mkdir(parents=True, exist_ok=True)
        (ROOT / "fuzz-findings").mkdir(exist_ok=True)
        log = ROOT / f"fuzz.{target}.{job}.log"
        command = [self.build / "bin" / f"fuzz_{target}", f"-runs={runs}", f"-max_total_time={self.seconds_left():.0f}", f"-max_len={MAX_LENGTH.get(target, 4096)}",
                   "-timeout=20", "-rss_limit_mb=3000", "-malloc_limit_mb=1500", "-detect_leaks=0", "-print_final_stats=1",
                   "-reload=0", f"-entropic={0 if target in BROAD else 1}", f"-artifact_prefix={ROOT}/fuzz-findings/{target}-", corpus, f"tests/fuzz/corpus/{target}"]
        environment = dict(ENVIRONMENT, MILLRACE_FUZZ_HISTORY=str(ROOT / "fuzz-findings" / f"{target}.history.{job}"))
        with open(log, "wb") as out:
            code = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, env=environment).returncode
        text = log.read_bytes().decode(errors="replace")
        done = re.search(r"number_of_executed_units: (\d+)", text)
        if code == 0 and done:
            return int(done.group(1))
        with self.lock:
            print("\n".join(text.splitlines()[-40:]))
            print(f"finding of {target}: see above, {log}, and build/fuzz-findings/", flush=True)
            for history in sorted((ROOT / "fuzz-findings").glob(f"{target}.history*")):
                if history.is_file() and (names := unpack_history(history)):
                    print(f"the inputs that led to it, if it does not come alone: {command[0]} {names[0].parent}/*")
        return None

    def thin(self, target):
        """Keeps, of what a target's corpus has grown to, what reaches something that the rest does not."""
        corpus = ROOT / "fuzz-corpus" / target
        thinned, old = (corpus.with_name(f".{target}.{word}") for word in ("thinned", "old"))
        for leftover in (thinned, old):
            shutil.rmtree(leftover, ignore_errors=True)
        if not corpus.exists():
            return
        thinned.mkdir()
        command = [self.build / "bin" / f"fuzz_{target}", "-merge=1", "-rss_limit_mb=3000", "-detect_leaks=0", thinned, corpus]
        merged = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
        # One that cannot be thinned goes on as it is: if an input is why, the next slice tells.
        if merged.returncode == 0:
            corpus.rename(old)
            thinned.rename(corpus)
            shutil.rmtree(old)

    def seconds_left(self):
        """Of a slice that begins now."""
        return max(1, min(SLICE_SECONDS, self.deadline - time.monotonic()))

    def next_slice(self):
        """A target and how many runs of it, or None. In turns, for those that cannot reach their aim would take all."""
        with self.lock:
            while True:
                missing = {target: self.wanted - count_of(target) - self.under_way[target] for target in self.chosen}
                wanting = [target for target in self.chosen if missing[target] > 0]
                if self.found or not wanting or time.monotonic() >= self.deadline:
                    return None
                if open_ones := [target for target in wanting if target not in self.thinning]:
                    break
                self.has_thinned.wait()
            target = min(open_ones, key=lambda target: (self.running[target], self.begun[target], -missing[target]))
            runs = min(SLICE, missing[target])
            self.running[target] += 1
            self.begun[target] += 1
            self.under_way[target] += runs
            is_first = target not in self.thinned
            if is_first:
                self.thinning.add(target)
        if is_first:
            try:
                self.thin(target)
            finally:
                with self.lock:
                    self.thinning.remove(target)
                    self.thinned.add(target)
                    self.has_thinned.notify_all()
        return target, runs

    def work(self, job):
        while (taken := self.next_slice()) is not None:
            target, runs = taken
            began = time.monotonic()
            done = self.run_slice(target, runs, job)
            took = max(time.monotonic() - began, 0.001)
            with self.lock:
                self.running[target] -= 1
                self.under_way[target] -= runs
                if done is None:
                    self.found = True
                    return
                so_far = count_of(target) + done
                store_count(target, so_far)
            self.say(f"fuzz {target}: {done} runs, {took:.0f} s, {done / took:.0f} a second; {so_far} so far, no finding")

    def prove(self, jobs):
        """The exit code."""
        with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
            list(pool.map(self.work, range(jobs)))
        if self.found:
            return 1
        short = [f"{target} ({count_of(target)})" for target in self.chosen if count_of(target) < self.wanted]
        if short:
            print(f"time is up; without {self.wanted} runs yet: {', '.join(short)}. Call it again to go on")
        return 3 if short else 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__.splitlines()[2][len("usage: "):])
    parser.add_argument("build")
    parser.add_argument("--runs", type=int, default=10_000_000)
    parser.add_argument("--minutes", type=float, default=55)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("targets", nargs="*")
    arguments = parser.parse_intermixed_args()
    chosen = arguments.targets or targets()
    if unknown := sorted(set(chosen) - set(targets())):
        sys.exit(f"there is no fuzz target {', '.join(unknown)}; there are: {', '.join(targets())}")
    return Prover(arguments.build, chosen, arguments.runs, arguments.minutes).prove(arguments.jobs)


if __name__ == "__main__":
    sys.exit(main())
