#!/usr/bin/env python3
"""Runs a short demo as a user would, and then falsifies its ledger to prove that the foreign reader can find fault.

usage: demo.py BUILD_DIRECTORY
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

DEMO = pathlib.Path(__file__).resolve().parent.parent.parent / "examples/demo"


def falsified(lines):
    """Name of the fault, lines of the ledger, what the reader must say."""
    head, rows = lines[0], lines[1:]
    last = max((row for row in rows if row.startswith("0,")), key=lambda row: int(row.split(",")[1]))
    _, offset, _, _, _, _, time_ms, _ = last.split(",")
    more = lambda kind, value: f"0,{int(offset) + 1},{kind},u0001,/product/1,5,{time_ms},{value}"
    good = next(row for row in reversed(rows) if ",good," in row)
    fields = good.split(",")
    cheaper = ",".join([*fields[:5], str(int(fields[5]) + 1), *fields[6:]])
    bad = next(row for row in rows if ",bad," in row)
    # The row that came latest of all before the kill, surely late, gets the time of a good one shortly before it.
    half = [row for row in rows if row.startswith("0,") and int(row.split(",")[1]) <= int(offset) // 2]
    half = half[len(half) // 2:]
    overdue = min((row for row in half if ",stale," in row), key=lambda row: int(row.split(",")[6]))
    neighbour = next(row for row in reversed(half[:half.index(overdue)]) if ",good," in row)
    fields = overdue.split(",")
    punctual = ",".join([*fields[:6], neighbour.split(",")[6], *fields[7:]])
    with_punctual = [head, *(punctual if row == overdue else row for row in rows)]
    yield "a late row that was in time", with_punctual, r"1 late rows within"
    yield "a record that nobody read", [head, *rows, more("good", "")], r"lost 1, duplicated 0"
    yield "a bad record that is no dead letter", [head, *rows, more("bad", "00")], r"lost 1, duplicated 0"
    yield "a record that nobody wrote", [head, *(row for row in rows if row != last)], r"lost 0, duplicated 1"
    spoilt = bad[:-1] + ("0" if bad[-1] != "0" else "1")
    yield "another amount", [head, *(cheaper if row == good else row for row in rows)], r"did not write so.*wrong sum"
    yield "other bytes", [head, *(spoilt if row == bad else row for row in rows)], r"1 dead letters with other bytes"


def run(*command):
    done = subprocess.run([sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=200)
    return done.returncode, done.stdout


def main():
    build = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="millrace-demo-") as scratch:
        directory = pathlib.Path(scratch) / "demo"
        arguments = [DEMO / "demo.py", "--build", build, "--dir", directory, "--seconds", "6", "--rate", "20000"]
        for attempt in ("first", "second"):  # the second empties the directory of the first
            code, output = run(*arguments)
            print(output)
            assert code == 0, f"the {attempt} demo ended with {code}"
            for wanted in (r"kill -9 \d+: worker-2 is dead", r"worker-1 does all the work, from checkpoint #[1-9]",
                           r"lost 0, duplicated 0",
                           r"120,000 written = [\d,]+ in windows \+ [1-9][\d,]* late \+ [1-9][\d,]* dead"):
                assert re.search(wanted, output), f"'{wanted}' is missing"
        ledger = directory / "ledger.csv"
        honest = ledger.read_text().splitlines()
        for name, lines, wanted in falsified(honest):
            ledger.write_text("\n".join(lines) + "\n")
            code, output = run(DEMO / "foreign_reader.py", directory)
            assert code == 1 and re.search(wanted, output), f"the reader did not see {name}: {code}: {output}"
            print(f"{name}: {output.splitlines()[-1]}")
        code, output = run(*arguments[:3], "--dir", scratch)
        assert code == 1 and "no demo made it" in output, output
        assert directory.exists(), "a directory that is not the demo's was emptied"


if __name__ == "__main__":
    main()
