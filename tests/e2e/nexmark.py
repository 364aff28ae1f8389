#!/usr/bin/env python3
"""Runs Nexmark's published queries as a user would, and compares every row with an independent answer.

usage: nexmark.py MILLRACE [--events N] [--seed N] [qN…]

Tables, views and queries are the published ones, unchanged but for their WITH clauses: the events come from files of
JSON lines instead of Kafka, and rows go into such files instead of nowhere. q14's CREATE FUNCTION is left out, as
count_char is built in. For every query of docs/sql.md's table `validate` accepts it, or names what the table says is
missing.
"""
import argparse
import collections
import decimal
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

import nexmark_answers
import nexmark_events

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/sql.md"
PUBLISHED = pathlib.Path(__file__).resolve().parents[1] / "coordinator/sql/nexmark"
WITH = re.compile(r"WITH\s*\((?:[^()']|'[^']*')*\)")
COUNT_CHAR = "CREATE FUNCTION count_char AS 'com.github.nexmark.flink.udf.CountChar';"


def published(name, path):
    """The text of a script, reading or writing files of JSON lines at `path`."""
    text = (PUBLISHED / f"{name}.sql").read_text(encoding="utf-8").replace("${NEXMARK_TABLE}", "kafka")
    text = text.replace(COUNT_CHAR, "")
    files = f"WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json')"
    return WITH.sub(lambda _: files, text)


def script_of(query, source, sink):
    return "\n".join((published("ddl_kafka", source), published("ddl_views", source), published(f"q{query}", sink)))


def rows_of(directory):
    """A number keeps its digits; one with a point is no BIGINT."""
    rows = collections.Counter()
    for file in directory.rglob("*.json"):
        if "_millrace" in file.relative_to(directory).parts:
            continue
        partition = [part.split("=", 1) for part in file.relative_to(directory).parts[:-1]]
        columns = [(name, urllib.parse.unquote(value)) for name, value in partition]
        for line in file.read_text(encoding="utf-8").split("\n")[:-1]:
            rows[repr(list(json.loads(line, parse_float=decimal.Decimal).items()) + columns)] += 1
    return rows


def compare(query, got, want):
    if got == want:
        return None
    lines = [f"q{query}: {got.total()} rows, {want.total()} expected"]
    for title, difference in (("missing", want - got), ("not expected", got - want)):
        lines.append(f"  {title}: {difference.total()}")
        lines += [f"    {row}" for row in sorted(difference)[:5]]
    return "\n".join(lines)


def run(millrace, query, source, bids, directory):
    sink = directory / f"q{query}"
    script = directory / f"q{query}.sql"
    script.write_text(script_of(query, source, sink), encoding="utf-8")
    done = subprocess.run([millrace, "run", "--local", script], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        return 0, f"q{query}: millrace run ended with {done.returncode}\n{done.stdout}{done.stderr}"
    got = rows_of(sink)
    want = collections.Counter(repr(list(row.items())) for row in nexmark_answers.ANSWERS[query](bids))
    if not want:
        return 0, f"q{query}: the events give no row to compare"
    return got.total(), compare(query, got, want)


def documented():
    """By query, what is missing for it, as messages say it; nothing for one that runs."""
    rows = re.findall(r"^\| q(\d+) \|[^|]*\| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    return {int(query): re.findall(r"`([^`]+)`", what) if what != "runs" else [] for query, what in rows}


def check_page(millrace, directory):
    """Faults of the table."""
    page, faults = documented(), []
    if sorted(page) != list(range(24)):
        faults.append(f"{PAGE.name}: its table has the queries {sorted(page)}, not q0 to q23")
    for query, missing in page.items():
        script = directory / f"valid-q{query}.sql"
        script.write_text(script_of(query, directory / "events.json", directory / "nowhere"), encoding="utf-8")
        done = subprocess.run([millrace, "validate", "--local", script], capture_output=True, text=True, timeout=60)
        unnamed = [what for what in missing if f"{what} is not supported" not in done.stderr]
        if unnamed or (done.returncode == 0) != (not missing) or (query in nexmark_answers.ANSWERS) != (not missing):
            faults.append(f"q{query}: {PAGE.name} says missing: {missing}; validate: {done.stdout}{done.stderr}")
    return faults


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("millrace")
    arguments.add_argument("queries", nargs="*", default=[f"q{query}" for query in nexmark_answers.ANSWERS])
    arguments.add_argument("--events", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=7)
    given = arguments.parse_args()
    print(f"seed {given.seed}, {given.events} events")
    with tempfile.TemporaryDirectory(prefix="nexmark-") as name:
        directory = pathlib.Path(name)
        # Two days and a bit, whatever their number.
        records = list(nexmark_events.events(given.seed, given.events, 50 * 3_600_000 // given.events))
        bids = [record["bid"] for record in records if record["event_type"] == 2]
        source = directory / "events.json"
        nexmark_events.write(source, records)
        wrong = 0
        for query in (int(name.removeprefix("q")) for name in given.queries):
            num_rows, fault = run(given.millrace, query, source, bids, directory)
            wrong += fault is not None
            print(fault or f"q{query}: {num_rows} rows, as expected", flush=True)
        faults = check_page(given.millrace, directory)
        print("\n".join(faults) or f"{PAGE.name}: its table is right")
        wrong += len(faults)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
