#!/usr/bin/env python3
"""Checks that answers/ is of these statements and these data: every statement has its answer, in order, and data/ is what
make_data.py makes. Otherwise record.sh is to be run.

usage: check_answers.py
"""
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent


def statements(path):
    one = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("--") or not line.strip():
            continue
        one.append(line)
        if line.endswith(";"):
            yield "\n".join(one)[:-1]
            one = []
    assert not one, f"{path.name} ends within a statement: {one}"


def main():
    asked, refused = 0, 0
    files = sorted((HERE / "statements").glob("*.sql"))
    for path in files:
        with open(HERE / "answers" / f"{path.stem}.jsonl", encoding="utf-8") as lines:
            answers = [json.loads(line) for line in lines]
        wanted = list(statements(path))
        assert [answer["sql"] for answer in answers] == wanted, f"{path.name} has changed: run tests/oracle/flink/record.sh"
        for answer in answers:
            kinds = {"rows", "refused", "fails", "set"} & answer.keys()
            assert len(kinds) == 1, answer
            if "rows" in answer:
                assert all(len(row) == len(answer["columns"]) for row in answer["rows"]), answer["sql"]
            asked += "set" not in answer
            refused += "refused" in answer or "fails" in answer
    assert {path.stem for path in (HERE / "answers").glob("*.jsonl")} == {path.stem for path in files}
    assert asked - refused >= 250, asked
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([sys.executable, HERE / "make_data.py", scratch], check=True)
        for made in pathlib.Path(scratch).iterdir():
            assert made.read_bytes() == (HERE / "data" / made.name).read_bytes(), f"data/{made.name} is not what make_data.py makes"
    print(f"{asked} statements, of which {refused} are refused or fail")


if __name__ == "__main__":
    main()
