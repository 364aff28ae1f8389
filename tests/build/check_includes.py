#!/usr/bin/env python3
"""Checks every #include of the tree against the arrows of docs/ARCHITECTURE.md.

usage: check_includes.py ROOT. Prints one line per violation and exits with 1 if there is any.
"""
import pathlib
import re
import sys

# What each folder may include, apart from itself. Coordinator sees two headers of connectors and some of state.
ALLOWED = {
    "base": {"proto"},
    "state": {"proto", "base"},
    "connectors": {"proto", "base"},
    "worker": {"proto", "base", "state", "connectors"},
    "coordinator": {"proto", "base"},
    "server": {"proto", "base", "state", "connectors", "worker", "coordinator"},
    # Programs of their own: what the engine is checked against shares no code with it.
    "examples": set(),
}
COORDINATOR_ALSO = {
    "connectors/registry.h", "connectors/catalog.h",
    "state/checkpoint_manifest.h", "state/checkpoint_paths.h", "state/checkpoint_gc.h",
}
# Third-party headers and the only places that may see them.
HOMES = [
    (re.compile(r"librdkafka/"), re.compile(r"^connectors/kafka/|^examples/")),
    (re.compile(r"rocksdb/"), re.compile(r"^state/")),
    (re.compile(r"prometheus/"), re.compile(r"^base/metrics[^/]*$")),
    (re.compile(r"simdjson"), re.compile(r"^connectors/format/|^connectors/delta/|^server/")),
    (re.compile(r"antlr4-runtime|SqlParser\.h|coordinator/sql/sql_grammar\.h"), re.compile(r"^coordinator/sql/")),
    (re.compile(r"grpcpp/|\.grpc\.pb\.h"),
     re.compile(r"^server/|/[^/]*_service\.(h|cc)$|/[^/]*_gateway\.(h|cc)$|/[^/]*_link\.(h|cc)$|/remote_[^/]*$")),
]
# Clocks, randomness and threads come through base/ only.
SEAMS = [
    (re.compile(r"absl::Now\(|std::chrono::\w+_clock::now|\btime\(nullptr\)|\bgettimeofday\("), "the clock: take a Clock"),
    (re.compile(r"std::random_device|absl::BitGen\b|\brand\(\)"), "randomness: take a Random"),
    (re.compile(r"std::thread\b|std::jthread\b|pthread_create"), "threads: take an Executor or an IoPool"),
]
# Code that owns a process's threads or speaks to a library that has a clock of its own, and programs outside the
# engine.
SEAM_EXEMPT = re.compile(r"^base/|^server/|^examples/")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def folder_of(include):
    first = include.split("/", 1)[0]
    return "proto" if first in ("millrace", "google") else first


def violations(root):
    for folder in ALLOWED:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            name = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text().splitlines(), 1):
                where = f"{name}:{number}"
                match = INCLUDE.match(line)
                if match:
                    quote, include = match.groups()
                    target = folder_of(include)
                    if quote == '"' and target in set(ALLOWED) | {"tests"} and target != folder and target not in ALLOWED[folder]:
                        if not (folder == "coordinator" and include in COORDINATOR_ALSO):
                            yield f"{where}: {folder} must not include {include}"
                    for header, home in HOMES:
                        if header.match(include) or header.search(include) and ".grpc.pb.h" in include:
                            if not home.search(name):
                                yield f"{where}: {include} is banned outside its home"
                elif not SEAM_EXEMPT.match(name) and not line.lstrip().startswith("//"):
                    for pattern, why in SEAMS:
                        if pattern.search(line):
                            yield f"{where}: reaches past a seam ({why})"


def main():
    found = list(violations(pathlib.Path(sys.argv[1])))
    print("\n".join(found) if found else "includes follow the arrows")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
