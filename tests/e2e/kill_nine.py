#!/usr/bin/env python3
"""A coordinator and two workers as processes, killed with SIGKILL at random while a pipeline runs, stopped and started at another
parallelism, and read back by a foreign reader.

usage: kill_nine.py MILLRACE [SEED], or MILLRACE_SEED

Oracle: the raw rows must hold every event id exactly once; the windows must be DuckDB's answer over raw rows minus late rows; of all
checkpoints only the retained ones are left on the disk.
"""
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

import duckdb

from cluster import Cluster, committed
from delta_table import read

SPLITS, ROWS, RATE = 4, 60_000, 12_000
RETAINED = 2
# Threads of a process that put and delete blobs.
CALLS_IN_HAND = 4


def plan(out, seed):
    table = lambda name: {"connector": "delta", "options": {"table-path": str(out / name)}}
    return {
        "format_version": 1, "name": "clicks", "parallelism": 2,
        "checkpoint": {"interval_ms": 500, "retained": RETAINED}, "restart": {"initial_backoff_ms": 50, "max_restarts": 1000},
        "nodes": [
            {"uid": "clicks", "source": {
                "connector": "generator",
                "options": {"rows": str(ROWS), "splits": str(SPLITS), "seed": str(seed), "keys": "500",
                            "rows-per-second": str(RATE), "event-step-ms": "5", "disorder-ms": "1000", "late-ratio": "0.01"},
                "columns": [{"name": "user_id", "type": "STRING NOT NULL"}, {"name": "event_time", "type": "TIMESTAMP_LTZ(3) NOT NULL"},
                            {"name": "amount", "type": "BIGINT"}, {"name": "event_id", "type": "BIGINT NOT NULL"}],
                "watermark": {"column": "event_time", "max_out_of_orderness_ms": 1000}}},
            {"uid": "per_user", "inputs": [{"from": "clicks"}], "window_aggregate": {
                "time_column": "event_time", "size_ms": 10000, "keys": ["user_id"],
                "aggregates": [{"function": "count", "name": "n"}, {"function": "sum", "column": "amount", "name": "total"},
                               {"function": "min", "column": "event_id", "name": "first_id"},
                               {"function": "max", "column": "event_id", "name": "last_id"}]}},
            {"uid": "windows", "inputs": [{"from": "per_user"}], "sink": table("windows")},
            {"uid": "late", "inputs": [{"from": "per_user", "output": "late"}], "sink": table("late")},
            {"uid": "raw", "inputs": [{"from": "clicks"}], "sink": table("raw")},
        ],
    }


def check(out):
    raw, late, windows = (read(out / name) for name in ("raw", "late", "windows"))
    duck = duckdb.connect()
    duck.execute("set timezone = 'UTC'")
    for name, table in (("raw", raw), ("late", late), ("windows", windows)):
        duck.register(name, table)
    one = lambda sql: duck.execute(sql).fetchone()
    total = SPLITS * ROWS
    assert one("select count(*), count(distinct event_id) from raw") == (total, total), one("select count(*), count(distinct event_id) from raw")
    num_late = one("select count(*), count(distinct event_id) from late")
    assert num_late[0] == num_late[1] > 0, num_late
    expected = """select user_id, time_bucket(interval 10 second, event_time) s, count(*) n, sum(amount)::bigint total,
                         min(event_id) first_id, max(event_id) last_id
                  from raw where event_id not in (select event_id from late) group by all"""
    actual = "select user_id, window_start s, n, total, first_id, last_id from windows"
    lost = duck.execute(f"({expected}) except all ({actual})").fetchall()
    extra = duck.execute(f"({actual}) except all ({expected})").fetchall()
    assert not lost and not extra, f"lost {lost[:5]}, extra {extra[:5]}"
    return total, num_late[0], windows.num_rows


def check_disk(cluster, kills):
    """Only the retained manifests are left, and only state that one of them names. The last collection may still be under way."""
    root = cluster.directory / "coordinator" / "checkpoints"
    deadline = time.monotonic() + 20
    while True:
        try:
            paths = list(root.rglob("*"))
            # A put that was killed may leave a temporary file, which is no blob: at most one per call in hand.
            files = [path for path in paths if path.is_file() and ".tmp-" not in path.name]
            empty = [path for path in paths if path.is_dir() and not any(path.iterdir())]
            manifests = [path for path in files if path.parent.name == "manifests"]
            named = b"".join(path.read_bytes() for path in manifests)
        except FileNotFoundError:
            continue  # collected just now
        garbage = [path for path in files if path not in manifests and str(path.relative_to(root)).encode() not in named]
        # Nor a directory that held collected blobs, but for those that a call in hand at a kill had made or emptied.
        if len(manifests) <= RETAINED and not garbage and len(empty) <= kills * CALLS_IN_HAND:
            assert manifests, "no checkpoint is left"
            return len(files), sum(path.stat().st_size for path in files), len(empty)
        assert time.monotonic() < deadline, (
            f"{len(manifests)} manifests, not collected: {garbage[:5]} of {len(garbage)}, empty directories after "
            f"{kills} kills: {empty[:5]} of {len(empty)}")
        time.sleep(0.1)


def check_worker_directories(cluster):
    """Workers that share a data directory: each start removes what the dead have left, and nothing of the living."""
    living = {cluster.address(name, "worker") for name in cluster.workers}
    left = {path.name for path in (cluster.data_directory("worker-1") / "state").iterdir()}
    assert left == living, f"local state of {sorted(left)}, alive are {sorted(living)}"


def main():
    millrace = os.path.abspath(sys.argv[1])
    seed = int(sys.argv[2] if len(sys.argv) > 2 else os.environ.get("MILLRACE_SEED", 1))
    chance = random.Random(seed)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="millrace-e2e-"))
    out = directory / "tables"
    (directory / "plan.json").write_text(json.dumps(plan(out, seed)))
    cluster = Cluster(millrace, directory, "clicks", shared={"worker-1": "workers", "worker-2": "workers"})
    try:
        cluster.call("run", str(directory / "plan.json"), "--detach")
        cluster.wait("first checkpoints", 30, lambda v: committed(v) >= 2)
        kills = 0
        for victim in ("worker-1", "coordinator", "worker-2", "worker-1"):
            before = committed(cluster.view())
            time.sleep(chance.uniform(0.1, 1.2))
            cluster.kill(victim)
            kills += 1
            time.sleep(chance.uniform(0, 0.5))
            cluster.restart(victim)
            cluster.wait(f"recovery from the kill of {victim}", 40, lambda v: committed(v) > before)
            check_worker_directories(cluster)
        cluster.call("stop", "clicks")
        assert cluster.view()["state"].endswith("STOPPED"), cluster.view()
        check_disk(cluster, kills)
        cluster.call("start", "clicks", "--parallelism", "1")
        before = committed(cluster.view())
        cluster.wait("commits at parallelism 1", 40, lambda v: committed(v) > before + 1)
        cluster.call("stop", "clicks")
        cluster.call("start", "clicks", "--parallelism", "2")
        view = cluster.wait("the end of the input", 120, lambda v: v.get("state", "").endswith("FINISHED"))
        total, late, windows = check(out)
        blobs, size, empty = check_disk(cluster, kills)
        print(f"{total} rows, {windows} windows, {late} late, {kills} kills, {view['last_committed_epoch']} epochs: "
              f"lost 0, duplicated 0, {blobs} checkpoint blobs of {size} bytes and {empty} empty directories left")
    finally:
        cluster.end()
    shutil.rmtree(directory)
    # Threads of deltalake's library may still run: the interpreter's own end would race with them and abort.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
