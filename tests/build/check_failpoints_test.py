#!/usr/bin/env python3
"""check_failpoints.py finds what it must find, and nothing where all is well."""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
LINE = '    {{"{}", absl::StatusCode::kUnavailable, "something is done"}},\n'
NAMES = [f"part.n{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(30)]


def run(listed, code, arming=""):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "base").mkdir()
        (root / "state").mkdir()
        (root / "base/failpoint_list.h").write_text("".join(LINE.format(name) for name in listed))
        (root / "state/code.cc").write_text("".join(code) + arming)
        done = subprocess.run([sys.executable, HERE / "check_failpoints.py", root], capture_output=True, text=True)
        return done.returncode, done.stdout


def around(name):
    return f'  failpoint::Around("{name}", [] {{}});\n'


def main():
    good = [around(name) for name in NAMES]
    assert run(NAMES, good)[0] == 0
    pair = [f'failpoint::Before("{NAMES[0]}"); failpoint::After("{NAMES[0]}");\n'] + good[1:]
    assert run(NAMES, pair)[0] == 0
    for code, word in ((good[1:], "nowhere"), (good + good[:1], "once"), (good + [around("part.other")], "not listed"),
                       ([f'failpoint::Before("{NAMES[0]}");\n'] + good[1:], "pair")):
        status, told = run(NAMES, code)
        assert status == 1 and word in told, told
    status, told = run(NAMES + NAMES[:1], good)
    assert status == 1 and "listed 2 times" in told, told
    status, told = run(NAMES[:3], good[:3])
    assert status == 1 and "names 6 points" in told, told
    status, told = run(NAMES, good, "ArmFailpoints(&handler);\n")
    assert status == 1 and "only tests" in told, told


if __name__ == "__main__":
    main()
