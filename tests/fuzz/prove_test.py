#!/usr/bin/env python3
"""prove.py must reach its aim, or say that it has not, go on where it ended, and keep what a finding needs."""
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

import prove

PROVE = pathlib.Path(__file__).with_name("prove.py").resolve()
# Stand for libFuzzer's programs.
BEGINS = """#!/bin/sh
for argument in "$@"; do case $argument in -merge=1) exit 0;; -runs=*) runs=${argument#-runs=};; esac; done
"""
COUNTS = BEGINS + """
[ "$runs" -gt 400 ] && runs=400
echo "stat::number_of_executed_units: $runs"
"""
WAITS_FOR_ANOTHER = BEGINS + """
echo "$runs" >> slices
for _ in $(seq 200); do
  [ "$(wc -l < slices)" = 2 ] && echo "stat::number_of_executed_units: $runs" && exit 0
  sleep 0.1
done
exit 1
"""
FINDS = BEGINS + """
echo 'stat::number_of_executed_units: 7'
echo a stack
exit 77
"""


class UnpackHistory(unittest.TestCase):
    def test_inputs_become_files_in_their_order(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "target.history"
            inputs = [b"one", b"", b"\x00three"]
            path.write_bytes(b"".join(struct.pack("<I", len(one)) + one for one in inputs))
            for _ in range(2):
                names = prove.unpack_history(path)
                self.assertEqual([name.read_bytes() for name in names], inputs)
                self.assertEqual(sorted(path.with_name("target.history.inputs").iterdir()), names)


class Prove(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        (self.root / "tests/fuzz").mkdir(parents=True)
        (self.root / "build/bin").mkdir(parents=True)

    def add_target(self, name, script=COUNTS):
        (self.root / f"tests/fuzz/{name}_fuzz.cc").touch()
        program = self.root / f"build/bin/fuzz_{name}"
        program.write_text(script)
        program.chmod(0o755)

    def prove(self, *arguments):
        return subprocess.run([sys.executable, PROVE, "build", *arguments], cwd=self.root, capture_output=True, text=True)

    def count_of(self, name):
        return int((self.root / "build/fuzz-runs" / name).read_text())

    def test_every_target_reaches_its_aim_and_no_more(self):
        self.add_target("one")
        self.add_target("two")
        done = self.prove("--runs", "1000", "--jobs", "2")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual([self.count_of("one"), self.count_of("two")], [1000, 1000])

    def test_all_jobs_run_the_last_target(self):
        self.add_target("one", WAITS_FOR_ANOTHER)
        done = self.prove("--runs", "2100000", "--jobs", "2")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(sorted((self.root / "slices").read_text().split()), ["100000", "2000000"])
        self.assertEqual(self.count_of("one"), 2_100_000)

    def test_what_is_short_when_time_is_up_is_told_and_goes_on(self):
        self.add_target("one")
        self.add_target("two")
        self.assertEqual(self.prove("--runs", "800", "one").returncode, 0)
        done = self.prove("--runs", "800", "--minutes", "0")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("time is up; without 800 runs yet: two (0)", done.stdout)
        self.assertEqual(self.prove("--runs", "800").returncode, 0)
        self.assertEqual([self.count_of("one"), self.count_of("two")], [800, 800])

    def test_a_finding_ends_it_and_does_not_count(self):
        self.add_target("one", FINDS)
        done = self.prove("--runs", "1000")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("a stack", done.stdout)
        self.assertIn("finding of one", done.stdout)
        self.assertFalse(os.path.exists(self.root / "build/fuzz-runs/one"))

    def test_a_target_that_is_not_there_is_refused_by_name(self):
        self.add_target("one")
        done = self.prove("three")
        self.assertIn("there is no fuzz target three; there are: one", done.stderr)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
