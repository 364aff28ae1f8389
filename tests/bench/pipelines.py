"""Whole pipelines on a real Apache Kafka: coordinator and workers as processes, results read back by a foreign reader.

usage: pipelines.py PROGRAMS KAFKA_LIBS [--events N] [--workers N] [NAME…]

Prints one JSON object per run. CPU is that of coordinator and workers together, as the kernel accounts it to them. A run whose results
are not what the producer computed ends with exit code 1.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import delta_table  # noqa: E402
import duckdb  # noqa: E402
from kafka_broker import KafkaBroker  # noqa: E402

PARTITIONS = 8
# name: workload, users, checkpoint interval in ms, events in millions unless --events says otherwise
PIPELINES = {
    "a-filter": ("filter", 100_000, 10_000, 10),
    "b-window": ("window", 100_000, 10_000, 10),
    "b-window-1s": ("window", 100_000, 1_000, 30),
    "c-window-10m-keys": ("window", 10_000_000, 10_000, 10),
    "idle-worker": ("idle", 0, 0, 0),
}


def column(name):
    return {"column": name}


def call(function, *arguments):
    return {"call": {"function": function, "args": list(arguments)}}


def bigint(value):
    return {"literal": {"type": "BIGINT", "value": str(value)}}


def plan(workload, bootstrap, topic, interval_ms, parallelism, table):
    source = {"uid": "clicks", "source": {
        "connector": "kafka",
        "options": {"topic": topic, "properties.bootstrap.servers": bootstrap, "scan.startup.mode": "earliest-offset",
                    "scan.bounded.mode": "latest-offset", "format": "json"},
        "columns": [{"name": "user_id", "type": "BIGINT"}, {"name": "event_time", "type": "TIMESTAMP(3) NOT NULL"},
                    {"name": "amount", "type": "BIGINT"}, {"name": "url", "type": "STRING"}, {"name": "agent", "type": "STRING"}],
        "watermark": {"column": "event_time", "max_out_of_orderness_ms": 1000}}}
    if workload == "filter":
        rest = [
            {"uid": "even", "inputs": [{"from": "clicks"}],
             "filter": {"condition": call("equal", call("modulo", column("amount"), bigint(2)), bigint(0))}},
            {"uid": "shape", "inputs": [{"from": "even"}], "project": {"columns": [
                {"name": "user_id", "expression": column("user_id")}, {"name": "event_time", "expression": column("event_time")},
                {"name": "cents", "expression": call("times", column("amount"), bigint(100))}]}},
            {"uid": "discard", "inputs": [{"from": "shape"}], "sink": {"connector": "blackhole"}}]
    else:
        rest = [
            {"uid": "per_user", "inputs": [{"from": "clicks"}], "window_aggregate": {
                "time_column": "event_time", "size_ms": 10_000, "keys": ["user_id"],
                "aggregates": [{"function": "count", "name": "clicks"}, {"function": "sum", "column": "amount", "name": "amount"}]}},
            {"uid": "table", "inputs": [{"from": "per_user"}], "sink": {"connector": "delta", "options": {"table-path": str(table)}}}]
    return {"format_version": 1, "name": "bench", "parallelism": parallelism, "checkpoint": {"interval_ms": interval_ms},
            "nodes": [source, *rest]}


class Engine:
    """A coordinator and workers. end() gives what they used."""

    def __init__(self, millrace, directory, num_workers, slots):
        self.directory = directory
        self.processes = []
        self.millrace = millrace
        addresses = self.start("coordinator", ["--grpc-port", "0", "--http-port", "0", "--internal-port", "0"], 3)
        self.server = addresses["grpc"]
        self.workers = [self.start("worker", ["--coordinator", addresses["internal"], "--slots", str(slots), "--http-port", "0"], 2, i)
                        for i in range(num_workers)]

    def start(self, role, arguments, num_addresses, number=0):
        name = f"{role}-{number}"
        process = subprocess.Popen([self.millrace, role, *arguments, "--data-dir", str(self.directory / name)], text=True,
                                   stdout=subprocess.PIPE, stderr=(self.directory / f"{name}.log").open("w"), cwd=self.directory)
        self.processes.append(process)
        addresses = {}
        while len(addresses) < num_addresses:
            words = process.stdout.readline().split()
            if not words:
                raise SystemExit(f"{name} did not start: {(self.directory / f'{name}.log').read_text()}")
            addresses[words[0]] = words[1]
        return addresses

    def samples(self):
        """Of all workers' metrics: 'family{labels}' → sum."""
        total = {}
        for worker in self.workers:
            with urllib.request.urlopen(f"http://{worker['http']}/metrics", timeout=10) as answer:
                for line in answer.read().decode().splitlines():
                    if line and not line.startswith("#"):
                        key, value = line.rsplit(" ", 1)
                        total[key] = total.get(key, 0) + float(value)
        return total

    def end(self):
        """CPU seconds of all processes, and the largest worker's peak of resident memory in MB."""
        cpu_s, peak_mb = 0.0, 0.0
        for number, process in enumerate(self.processes):
            # Not ru_maxrss: that begins with what this program had when it forked.
            if number > 0:
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                peak_mb = max(peak_mb, int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024)
            process.send_signal(signal.SIGTERM)
            _, _, usage = os.wait4(process.pid, 0)
            cpu_s += usage.ru_utime + usage.ru_stime
        return cpu_s, peak_mb


def pauses(samples):
    """How often a subtask passed a barrier, and what that took: waiting for other channels' barriers, and its own synchronous part.

    The 99th percentile is known up to the bucket that holds it.
    """
    result = {}
    for phase in ("alignment", "sync"):
        of_phase = {key: value for key, value in samples.items()
                    if key.startswith("millrace_checkpoint_phase_seconds") and f'phase="{phase}"' in key}
        count = sum(value for key, value in of_phase.items() if "_count" in key)
        spent = sum(value for key, value in of_phase.items() if "_sum" in key)
        buckets = {}
        for key, value in of_phase.items():
            if bound := re.search(r'le="([0-9.e+-]+)"', key):
                buckets[float(bound[1])] = buckets.get(float(bound[1]), 0) + value
        if count:
            p99 = min((bound for bound, below in buckets.items() if below >= 0.99 * count), default=float("inf"))
            result |= {f"{phase}_n": int(count), f"{phase}_mean_ms": round(spent / count * 1000, 2),
                       f"{phase}_p99_ms_at_most": p99 * 1000}
    return result


def accounted(samples):
    """The most that each kind of memory held at a time, as the workers account it, summed over them."""
    peaks = {}
    for key, value in samples.items():
        if found := re.match(r'millrace_memory_peak_bytes\{pool="(\w+)"\}', key):
            peaks[f"peak_{found[1]}_mb"] = round(value / 2**20)
    return peaks


def check_windows(table, expected):
    rows = delta_table.read(table)
    assert rows.num_rows == expected["num_groups"], f"{rows.num_rows} groups, and not {expected['num_groups']}"
    connection = duckdb.connect()
    connection.register("windows", rows)
    distinct, events, digest = connection.execute("""
        SELECT count(DISTINCT (window_start, user_id)), sum(clicks),
               sum((epoch(window_start)::HUGEINT * 7919 + user_id::HUGEINT * 1000003 + clicks::HUGEINT * 104729000003
                    + amount::HUGEINT * 1299709) % 2147483647)
        FROM windows""").fetchone()
    assert distinct == rows.num_rows, f"{rows.num_rows - distinct} groups are there twice"
    assert events == expected["num_events"], f"{events} events in all groups, and not {expected['num_events']}"
    assert digest == expected["digest"], "the digest of all groups is wrong"


def run_pipeline(options, name, topic, expected, broker, directory):
    workload, _, interval_ms, _ = PIPELINES[name]
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    slots = 2 // options.workers or 1
    (directory / "plan.json").write_text(
        json.dumps(plan(workload, broker.bootstrap, topic, interval_ms, slots * options.workers, directory / "table")))
    engine = Engine(options.millrace, directory, options.workers, slots)
    began = time.monotonic()
    done = subprocess.run([options.millrace, "run", str(directory / "plan.json"), "--server", engine.server, "-o", "json"],
                          capture_output=True, text=True)
    wall_s = time.monotonic() - began
    samples = engine.samples()
    cpu_s, peak_mb = engine.end()
    assert done.returncode == 0, f"{name}: exit {done.returncode}: {done.stdout}{done.stderr}"
    more = pauses(samples) | accounted(samples)
    if workload == "filter":
        view = json.loads(done.stdout)
        committed = int(view["progress"]["records_committed"])
        assert committed == expected["num_even"], f"{committed} rows were discarded, and not {expected['num_even']}: {done.stdout}"
    else:
        check_windows(directory / "table", expected)
        more["groups"] = expected["num_groups"]
    events = expected["num_events"]
    print(json.dumps({"workload": name, "events": events, "wall_s": round(wall_s, 3), "cpu_s": round(cpu_s, 3),
                      "events_per_cpu_s": round(events / cpu_s), "peak_rss_mb": round(peak_mb), "workers": options.workers,
                      "events_per_wall_s": round(events / wall_s), "bytes_per_event": round(expected["bytes"] / events, 1), **more}),
          flush=True)


def run_idle(options, directory):
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    engine = Engine(options.millrace, directory, 1, 2)
    began = time.monotonic()
    time.sleep(5)
    cpu_s, peak_mb = engine.end()
    print(json.dumps({"workload": "idle-worker", "events": 0, "wall_s": round(time.monotonic() - began, 3), "cpu_s": round(cpu_s, 3),
                      "events_per_cpu_s": 0, "peak_rss_mb": round(peak_mb)}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", type=pathlib.Path, help="directory of millrace, bench_produce_clicks and kafka_topic")
    parser.add_argument("kafka_libs")
    parser.add_argument("--events", type=int, help="instead of 10 M, or 30 M with a checkpoint a second")
    parser.add_argument("--workers", type=int, default=1, choices=(1, 2), help="processes that share two slots")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_intermixed_args()
    options.programs = options.programs.resolve()
    options.millrace = options.programs / "millrace"
    names = [name for name in PIPELINES if not options.names or any(name.startswith(prefix) for prefix in options.names)]
    assert names, f"there is no pipeline {options.names}; there are {', '.join(PIPELINES)}"

    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as scratch:
        scratch = pathlib.Path(scratch)
        broker, topics = None, {}
        try:
            for name in names:
                workload, users, _, millions = PIPELINES[name]
                if workload == "idle":
                    run_idle(options, scratch / name)
                    continue
                if broker is None:
                    (scratch / "kafka").mkdir()
                    broker = KafkaBroker(options.kafka_libs, options.programs, scratch / "kafka")
                events = options.events or millions * 1_000_000
                topic = f"clicks-{users}-{events}"
                if topic not in topics:
                    print(f"producing {events:,} events of {users:,} users", file=sys.stderr, flush=True)
                    broker.topic("create", topic, PARTITIONS)
                    topics[topic] = json.loads(subprocess.check_output(
                        [options.programs / "bench_produce_clicks", broker.bootstrap, topic, str(events), str(users), "1"]))
                run_pipeline(options, name, topic, topics[topic], broker, scratch / name)
        finally:
            if broker is not None:
                broker.end()


if __name__ == "__main__":
    code = 0
    try:
        main()
    except AssertionError as wrong:
        print(f"wrong: {wrong}", file=sys.stderr)
        code = 1
    # deltalake's threads abort the interpreter's own end.
    sys.stdout.flush()
    os._exit(code)
