#!/usr/bin/env python3
"""The line-length check must be able to fail: plants lines in a scratch tree."""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_line_length  # noqa: E402

TOO_LONG, LONGEST = "x" * 121, "x" * 120
CASES = [
    ("worker/a.cc", f"int a;\n  // {TOO_LONG}\n", ["worker/a.cc:2: 126 columns, at most 120"]),
    ("run", f"# {LONGEST}\n", ["run:1: 122 columns, at most 120"]),
    ("base/key_bytes.cc", f"{TOO_LONG}\n", ["base/key_bytes.cc:1: 121 columns, at most 120"]),
    ("worker/b.cc", f"//{LONGEST[2:]}\n{TOO_LONG}\n", []),
    ("worker/c.cc", f"// {'−' * 117}\n", []),
    ("build/release/a.cc", f"// {TOO_LONG}\n", []),
]

failed = 0
for name, text, expected in CASES:
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        found = list(check_line_length.violations(pathlib.Path(scratch)))
        if found != expected:
            print(f"{name}: expected {expected}, got {found}")
            failed += 1
sys.exit(1 if failed else 0)
