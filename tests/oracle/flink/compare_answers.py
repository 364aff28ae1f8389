#!/usr/bin/env python3
"""Runs every statement of statements/ through Millrace, over the tables that Apache Flink had, and compares with answers/.

The columns are to have Flink's names, types and nullability, the rows Flink's values, bit for bit, in Flink's order if the
statement gives one. What Flink refuses is to be refused before it runs, and what fails over the data is to run and fail.
differences.txt lists what differs, under the reason; what is listed and does not differ is an error too, and so is a reason
that docs/sql.md does not state.

usage: compare_answers.py MILLRACE [--only TEXT] [--jobs N]
  --only  the statements that contain TEXT; prints each difference, and does not look at differences.txt
"""
import argparse
import collections
import concurrent.futures
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
LAST_DIGIT = "last digit: "  # begins a reason for which floating-point numbers may be so many numbers apart:
APART = 4
Question = collections.namedtuple("Question", "name script answer")


class Printed(str):
    """A floating-point number as it was printed: 1.0 and 1 differ."""


def parsed(text):
    return json.loads(text, parse_float=Printed)


def printed(value):
    return json.dumps(value, ensure_ascii=False, default=str)


def questions():
    tables = (HERE / "tables.sql").read_text(encoding="utf-8").replace("${data}", str(HERE / "data"))
    for path in sorted((HERE / "answers").glob("*.jsonl")):
        settings = ""
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            answer = parsed(line)
            if "set" in answer:
                settings += answer["sql"] + ";\n"
            else:
                yield Question(f"{path.stem}-{number + 1}", f"{tables}\n{settings}{answer['sql']};\n", answer)


def listed():
    """The statement of each difference, on one line -> its reason."""
    found, reason = {}, None
    for line in (HERE / "differences.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            reason = line[2:]
        elif line:
            assert reason and line not in found, line
            found[line] = reason
    return found


def one_line(sql):
    return " ".join(sql.split("\n"))


def ordered(rows, sql):
    # As the recorder has it.
    return rows if "ORDER BY" in sql.upper() else sorted(rows, key=printed)


def bits(number, kind):
    packing = ("<f", "<i") if kind == "FLOAT" else ("<d", "<q")
    return struct.unpack(packing[1], struct.pack(packing[0], float(number)))[0]


def same(ours, theirs, kind, apart):
    """Whether two values are the same; two floating-point numbers if at most `apart` steps lie between them."""
    if isinstance(ours, Printed) and isinstance(theirs, Printed):
        # The same number, not the same text: Java before 19 printed more digits than it takes.
        return abs(bits(ours, kind) - bits(theirs, kind)) <= apart
    return type(ours) is type(theirs) and ours == theirs


def differing_values(ours, theirs, columns, apart):
    for column, our, their in zip(columns, ours, theirs):
        if not same(our, their, column["type"], apart):
            return f"{column['name']} is {printed(our)}, Flink's is {printed(their)}"
    return ""


def difference(answer, run, apart=0):
    """How it differs from Flink's answer; "": not at all."""
    said = run.stderr.strip()
    if run.returncode not in (0, 1) or (run.returncode == 1 and not said):
        return f"it ended with {run.returncode} and said {said!r}"
    lines = [parsed(line) for line in run.stdout.splitlines()]
    if "refused" in answer:
        return "" if run.returncode == 1 and not lines else f"it runs; Flink refuses it: {answer['refused']}"
    if "fails" in answer:
        # It has columns: what fails is the run.
        return "" if run.returncode == 1 and lines else f"it does not fail over the data: {said}; Flink: {answer['fails']}"
    if run.returncode == 1:
        return f"it is an error: {said}"
    columns = lines[0]["columns"]
    if columns != answer["columns"]:
        pairs = [pair for pair in zip(columns, answer["columns"]) if pair[0] != pair[1]]
        return f"columns: {len(columns)}, Flink's {len(answer['columns'])}; " + "; ".join(
            f"{printed(our)}, Flink's {printed(their)}" for our, their in pairs)
    ours = ordered([line["row"] for line in lines[1:]], answer["sql"])
    theirs = ordered(answer["rows"], answer["sql"])
    for our, their in zip(ours, theirs):
        values = differing_values(our, their, columns, apart)
        if values:
            return f"{values}; the rows are {printed(our)} and {printed(their)}"
    return "" if len(ours) == len(theirs) else f"it has {len(ours)} rows, Flink {len(theirs)}"


def run(millrace, scratch, question):
    script = pathlib.Path(scratch, f"{question.name}.sql")
    script.write_text(question.script, encoding="utf-8")
    return subprocess.run([millrace, "run", "--local", "-o", "json", script], capture_output=True, text=True, timeout=120,
                          encoding="utf-8", check=False)


def judged(question, ran, exceptions):
    """What is wrong, if something is, and whether it differs."""
    sql = question.answer["sql"]
    reason = exceptions.get(one_line(sql), "")
    differs = difference(question.answer, ran, APART if reason.startswith(LAST_DIGIT) else 0)
    if not reason or reason.startswith(LAST_DIGIT):  # the last digit depends on the C library, too
        return differs, bool(differs)
    return "" if differs else f"it does not differ, and is listed: {reason}", bool(differs)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("millrace")
    arguments.add_argument("--only")
    arguments.add_argument("--jobs", type=int, default=4)
    arguments = arguments.parse_args()

    asked = list(questions())
    exceptions = listed()
    wrong = [f"differences.txt: there is no statement {sql}" for sql in
             exceptions.keys() - {one_line(question.answer["sql"]) for question in asked}]
    page = " ".join((HERE.parents[2] / "docs" / "sql.md").read_text(encoding="utf-8").split())
    wrong += [f"docs/sql.md does not state: {reason}" for reason in set(exceptions.values())
              if reason.removeprefix(LAST_DIGIT) not in page]
    if arguments.only:
        wrong, exceptions = [], {}
        asked = [question for question in asked if arguments.only in question.answer["sql"]]
    differing = 0
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        runs = pool.map(lambda question: run(arguments.millrace, scratch, question), asked)
        for question, ran in zip(asked, runs):
            problem, differs = judged(question, ran, exceptions)
            differing += differs
            if problem:
                wrong.append(f"{question.name}: {question.answer['sql']}\n  {problem}")
    print("\n".join(wrong))
    print(f"{len(asked)} statements, of which {differing} differ; {len(wrong)} problems")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
