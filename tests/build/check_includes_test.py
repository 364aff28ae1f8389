#!/usr/bin/env python3
"""The include check must be able to fail: plants one violation of each kind in a scratch tree."""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_includes  # noqa: E402

CASES = {
    "worker/a.cc": ('#include "coordinator/b.h"\n', "worker must not include"),
    "base/a.cc": ('#include "state/b.h"\n', "base must not include"),
    "coordinator/a.cc": ('#include "connectors/kafka/kafka_source.h"\n', "coordinator must not include"),
    "worker/b.cc": ("#include <rocksdb/db.h>\n", "banned outside its home"),
    "connectors/delta/a.cc": ("#include <librdkafka/rdkafka.h>\n", "banned outside its home"),
    "coordinator/b.cc": ("#include <grpcpp/grpcpp.h>\n", "banned outside its home"),
    "examples/demo/a.cc": ('#include "base/clock.h"\n', "examples must not include"),
    "worker/d.cc": ('#include "examples/demo/ledger.h"\n', "worker must not include"),
    "worker/c.cc": ("auto now = absl::Now();\n", "past a seam"),
    "state/a.cc": ("std::thread t;\n", "past a seam"),
}
LEGAL = {
    "coordinator/c.cc": '#include "connectors/catalog.h"\n#include "state/checkpoint_manifest.h"\n',
    "connectors/kafka/a.cc": "#include <librdkafka/rdkafka.h>\n",
    "examples/demo/b.cc": '#include <librdkafka/rdkafka.h>\n#include "examples/demo/ledger.h"\n',
    "worker/remote_sender.cc": "#include <grpcpp/grpcpp.h>\n",
}

failed = 0
for name, (text, expected) in CASES.items():
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
        found = list(check_includes.violations(pathlib.Path(scratch)))
        if len(found) != 1 or expected not in found[0]:
            print(f"{name}: expected one line with '{expected}', got {found}")
            failed += 1
for name, text in LEGAL.items():
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
        found = list(check_includes.violations(pathlib.Path(scratch)))
        if found:
            print(f"{name}: expected nothing, got {found}")
            failed += 1
sys.exit(1 if failed else 0)
