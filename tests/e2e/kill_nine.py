#!/usr/bin/env python3
"""A coordinator and two workers as processes, killed with SIGKILL at random while a pipeline runs, stopped and started at another
parallelism, and read back by a foreign reader.

usage: kill_nine.py MILLRACE [SEED]

Oracle: the raw rows must hold every event id exactly once; the windows must be DuckDB's answer over raw rows minus late rows.
"""
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

import duckdb
import pyarrow
from deltalake import DeltaTable, QueryBuilder

SPLITS, ROWS, RATE = 4, 60_000, 12_000


def plan(out, seed):
    table = lambda name: {"connector": "delta", "options": {"table-path": str(out / name)}}
    return {
        "format_version": 1, "name": "clicks", "parallelism": 2,
        "checkpoint": {"interval_ms": 500}, "restart": {"initial_backoff_ms": 50, "max_restarts": 1000},
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


class Cluster:
    def __init__(self, millrace, directory):
        self.millrace, self.directory = millrace, directory
        self.processes, self.ports = {}, {}
        self.start("coordinator", ["coordinator", "--grpc-port", "0", "--http-port", "0", "--internal-port", "0"])
        self.server = self.address("coordinator", "grpc")
        self.internal = self.address("coordinator", "internal")
        for name in ("worker-1", "worker-2"):
            self.start_worker(name)

    def start(self, name, arguments):
        output = self.directory / f"{name}.out"
        self.processes[name] = subprocess.Popen(
            [self.millrace, *arguments, "--data-dir", str(self.directory / name)],
            stdout=output.open("w"), stderr=(self.directory / f"{name}.err").open("a"))

    def start_worker(self, name):
        self.start(name, ["worker", "--coordinator", self.internal, "--slots", "2", "--http-port", "0"])

    def address(self, name, what):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            match = re.search(rf"^{what} (\S+)$", (self.directory / f"{name}.out").read_text(), re.M)
            if match:
                return match.group(1)
            assert self.processes[name].poll() is None, (self.directory / f"{name}.err").read_text()
            time.sleep(0.05)
        raise AssertionError(f"{name} did not print its {what} address")

    def kill(self, name):
        process = self.processes[name]
        assert process.poll() is None, f"{name} had ended by itself: {(self.directory / f'{name}.err').read_text()[-2000:]}"
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL

    def restart(self, name):
        if name == "coordinator":
            port = lambda address: address.rsplit(":", 1)[1]
            self.start(name, ["coordinator", "--grpc-port", port(self.server), "--http-port", "0", "--internal-port", port(self.internal)])
        else:
            self.start_worker(name)

    def call(self, *arguments, ok=True):
        done = subprocess.run([self.millrace, *arguments, "--server", self.server], capture_output=True, text=True, timeout=120)
        assert not ok or done.returncode == 0, f"{arguments}: exit {done.returncode}: {done.stdout}{done.stderr}"
        return done

    def view(self):
        done = self.call("get", "clicks", "-o", "json", ok=False)
        if done.returncode != 0:
            return {}
        view = json.loads(done.stdout)
        return view.get("pipeline", view)

    def wait(self, what, seconds, condition):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            view = self.view()
            if condition(view):
                return view
            time.sleep(0.1)
        logs = "".join(f"== {p.name}\n{p.read_text()[-1500:]}\n" for p in self.directory.glob("*.err"))
        raise AssertionError(f"{what}: not within {seconds} s: {self.view()}\n{logs}")

    def end(self):
        for process in self.processes.values():
            process.kill()
            process.wait()


def read(path):
    table = QueryBuilder().register("t", DeltaTable(str(path))).execute("select * from t").read_all()
    return pyarrow.table(table)


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


def main():
    millrace = os.path.abspath(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    chance = random.Random(seed)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="millrace-e2e-"))
    out = directory / "tables"
    (directory / "plan.json").write_text(json.dumps(plan(out, seed)))
    cluster = Cluster(millrace, directory)
    try:
        cluster.call("run", str(directory / "plan.json"), "--detach")
        cluster.wait("first checkpoints", 30, lambda v: int(v.get("last_committed_epoch", 0)) >= 2)
        kills = 0
        for victim in ("worker-1", "coordinator", "worker-2", "worker-1"):
            before = int(cluster.view().get("last_committed_epoch", 0))
            time.sleep(chance.uniform(0.1, 1.2))
            cluster.kill(victim)
            kills += 1
            time.sleep(chance.uniform(0, 0.5))
            cluster.restart(victim)
            cluster.wait(f"recovery from the kill of {victim}", 40, lambda v: int(v.get("last_committed_epoch", 0)) > before)
        cluster.call("stop", "clicks")
        assert cluster.view()["state"].endswith("STOPPED"), cluster.view()
        cluster.call("start", "clicks", "--parallelism", "1")
        before = int(cluster.view().get("last_committed_epoch", 0))
        cluster.wait("commits at parallelism 1", 40, lambda v: int(v.get("last_committed_epoch", 0)) > before + 1)
        cluster.call("stop", "clicks")
        cluster.call("start", "clicks", "--parallelism", "2")
        view = cluster.wait("the end of the input", 120, lambda v: v.get("state", "").endswith("FINISHED"))
        total, late, windows = check(out)
        print(f"{total} rows, {windows} windows, {late} late, {kills} kills, {view['last_committed_epoch']} epochs: lost 0, duplicated 0")
    finally:
        cluster.end()
    subprocess.run(["rm", "-rf", str(directory)], check=True)
    # Threads of deltalake's library may still run: the interpreter's own end would race with them and abort.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
