#!/usr/bin/env python3
"""Apache Kafka to Delta tables through a coordinator and two workers as processes, killed and paused at every point that matters:
every record counts once.

usage: kafka_exactly_once.py MILLRACE --kafka-libs DIRECTORY --tools DIRECTORY [--keep]
MILLRACE_SEED chooses data and victims.

The input: transactions, some of them aborted; late and bad records; partition 4 stays empty, 3 falls silent for a
while, 5 is added while the pipeline runs. The broker is reached over TLS with a client's certificate. Parallelism goes
1 → 2 → 1 while windows are open.
Oracle: tests/e2e/kafka_oracle.py, from the producer's ledger. Reader: deltalake.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import tempfile
import time

import delta_table
import kill_points
from cluster import Cluster, committed, is_running
from kafka_broker import KafkaBroker
from kafka_oracle import KafkaOracle

FIRST_PARTITIONS, BOUND_MS, IDLE_MS, RATE, EVENTS, MIN_COMMITS = 5, 2000, 5000, 12_000, 1_100_000, 25
TABLES = ("rows", "rows_late", "windows", "windows_late", "dead")


def plan(out, kafka):
    def sink(table, producer, output=""):
        return {
            "uid": table,
            "inputs": [{"from": producer, "output": output}],
            "sink": {"connector": "delta", "options": {"table-path": str(out / table)}},
        }

    def aggregate(function, column, name):
        return {"function": function, "name": name} | ({"column": column} if column else {})

    return {
        "format_version": 1,
        "name": "clicks",
        "parallelism": 1,
        "checkpoint": {"interval_ms": 1000},
        "restart": {"initial_backoff_ms": 50, "max_restarts": 1000},
        "nodes": [
            {
                "uid": "clicks",
                "source": {
                    "connector": "kafka",
                    "options": {
                        "topic": "clicks",
                        "format": "json",
                        "scan.topic-partition-discovery.interval": "2 s",
                        "properties.fetch.wait.max.ms": "100",
                        **kafka,
                    },
                    "columns": [
                        {"name": "user_id", "type": "STRING NOT NULL"},
                        {"name": "event_time", "type": "TIMESTAMP_LTZ(3) NOT NULL"},
                        {"name": "amount", "type": "BIGINT"},
                        {"name": "partition", "type": "INT NOT NULL", "metadata": "partition"},
                        {"name": "offset", "type": "BIGINT NOT NULL", "metadata": "offset"},
                    ],
                    "watermark": {"column": "event_time", "max_out_of_orderness_ms": BOUND_MS, "idle_timeout_ms": IDLE_MS},
                },
            },
            # One group per record: it shows which records were in time, and makes state that is worth restoring.
            {
                "uid": "per_record",
                "inputs": [{"from": "clicks"}],
                "window_aggregate": {
                    "time_column": "event_time",
                    "size_ms": 30000,
                    "keys": ["partition", "offset"],
                    "aggregates": [
                        aggregate("min", "user_id", "user_id"),
                        aggregate("sum", "amount", "amount"),
                        aggregate("max", "event_time", "event_time"),
                        aggregate("count", None, "n"),
                    ],
                },
            },
            {
                "uid": "per_user",
                "inputs": [{"from": "clicks"}],
                "window_aggregate": {
                    "time_column": "event_time",
                    "size_ms": 10000,
                    "keys": ["user_id"],
                    "aggregates": [
                        aggregate("count", None, "n"),
                        aggregate("count", "amount", "amounts"),
                        aggregate("sum", "amount", "total"),
                        aggregate("min", "amount", "lowest"),
                        aggregate("max", "amount", "highest"),
                        aggregate("sum", "offset", "offsets"),
                        aggregate("max", "event_time", "newest"),
                    ],
                },
            },
            sink("rows", "per_record"),
            sink("rows_late", "per_record", "late"),
            sink("windows", "per_user"),
            sink("windows_late", "per_user", "late"),
            sink("dead", "clicks", "dead_letter"),
        ],
    }


class Run:
    def __init__(self, cluster, broker, feed, out, chance):
        self.cluster, self.broker, self.feed, self.out, self.chance = cluster, broker, feed, out, chance
        self.files = kill_points.CheckpointFiles(cluster.directory / "coordinator", "clicks")
        self.kills = {}
        self.exchanged = {}
        self.stops = []
        self.began = time.monotonic()

    def say(self, what):
        print(f"{time.monotonic() - self.began:6.1f} s  {what}", flush=True)

    def count(self, kind, number=1):
        self.kills[kind] = self.kills.get(kind, 0) + number

    def num_commits(self):
        return len(set(delta_table.commits(self.out / "windows").values()))

    def more_commits(self, what, number=2):
        # Files, for a coordinator that was killed does not answer yet.
        before = max(self.files.manifests())
        self.cluster.wait(what, 90, lambda view: is_running(view) and committed(view) >= before + number)

    def recover(self, names, kind):
        """Starts what was killed, and waits until something new has been committed."""
        self.count(kind, len(names))
        time.sleep(self.chance.uniform(0, 0.5))
        for name in names:
            self.cluster.restart(name)
        self.more_commits(f"recovery from a kill {kind}")
        self.say(f"killed {kind}: {', '.join(names)}; recovered")

    def note_exchanged(self):
        for worker in self.cluster.workers:
            samples = self.cluster.metrics(worker)
            sent = sum(value for key, value in samples.items() if key == 'millrace_exchange_bytes_total{direction="sent"}')
            self.exchanged[worker] = max(sent, self.exchanged.get(worker, 0))

    def rescale(self, parallelism):
        self.cluster.call("stop", "clicks")
        view = self.cluster.view()
        assert view["state"] == "PIPELINE_STATE_STOPPED", view
        # What was read before and comes out later lay in restored state.
        self.stops.append(
            (delta_table.source_positions(self.out / "dead", "clicks"), delta_table.version(self.out / "rows"))
        )
        self.cluster.call("start", "clicks", "--parallelism", str(parallelism))
        self.more_commits(f"commits at parallelism {parallelism}")
        self.say(f"stopped and started at parallelism {parallelism}")

    def kill_during_snapshot(self):
        victim = self.chance.choice(self.cluster.workers)
        epoch = kill_points.during_snapshot(self.cluster, self.files, victim)
        self.recover([victim], "during a snapshot")
        assert epoch not in self.files.manifests(), f"epoch {epoch} was completed without {victim}"

    def kill_before_commit(self):
        # An epoch may have nothing for the tables that lack it; then the kill proves nothing.
        for _ in range(5):
            epoch, missing = kill_points.between_manifest_and_commit(
                self.cluster, self.files, [self.out / table for table in TABLES]
            )
            self.recover(self.cluster.workers, "between manifest and commit")
            if any(epoch in delta_table.commits(table).values() for table in missing):
                return
        raise AssertionError("no epoch was committed by the recovery")

    def wake_a_zombie(self):
        """A worker that hangs while it should commit is replaced; when it wakes up, it must not do harm."""
        worker, epoch = kill_points.pause_committer(self.cluster, self.files, self.chance)
        began = time.monotonic()
        self.more_commits(f"recovery from the pause of {worker}")
        self.say(f"{worker} was paused before it committed epoch {epoch}; recovered in {time.monotonic() - began:.1f} s")
        self.cluster.resume(worker)
        self.count("woken")
        self.more_commits("commits after the zombie woke up")

    def kill_during_restore(self):
        for _ in range(10):
            known = set(kill_points.state_directories(self.cluster))
            victim = self.chance.choice(self.cluster.workers)
            self.cluster.kill(victim)
            self.count("at random")
            self.cluster.restart(victim)
            hit = kill_points.during_restore(self.cluster, known)
            if hit is not None:
                worker, size = hit
                assert size > 0, "the restored state is empty"
                self.say(f"{worker} had {size} bytes of state to restore")
                self.recover([worker], "during a restore")
                return
            self.more_commits("recovery from a random kill")
        raise AssertionError("no restore was interrupted")

    def kill_at_random(self):
        victim = self.chance.choice(["coordinator", *self.cluster.workers])
        time.sleep(self.chance.uniform(0.1, 1.5))
        self.cluster.kill(victim)
        self.recover([victim], "at random")

    def read_to_the_end(self):
        quiet_since = None
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            view = self.cluster.view()
            # Absent means 0 in proto JSON of a 64-bit number; a deployment that has not reported yet has no progress.
            at_end = is_running(view) and "progress" in view and int(view["progress"].get("lag_records", 0)) == 0
            quiet_since = (quiet_since or time.monotonic()) if at_end else None
            if quiet_since and time.monotonic() - quiet_since > 3:
                return
            time.sleep(0.2)
        raise AssertionError(f"the end of the topic was not reached: {self.cluster.view()}")

    def drive(self, plan_file):
        self.cluster.call("run", str(plan_file), "--detach")
        self.cluster.wait("first commits", 60, lambda view: committed(view) >= 3)
        self.rescale(2)
        self.note_exchanged()
        self.feed.tell("silence 3")
        self.kill_during_snapshot()
        self.broker.topic("grow", "clicks", FIRST_PARTITIONS + 1)
        self.feed.tell(f"use {FIRST_PARTITIONS}")
        self.kill_before_commit()
        self.wake_a_zombie()
        self.cluster.kill("coordinator")
        self.recover(["coordinator"], "of the coordinator")
        self.kill_during_restore()
        self.note_exchanged()
        for _ in range(3):
            self.kill_at_random()
        while self.num_commits() < MIN_COMMITS or not all(
            delta_table.checkpoints(self.out / table) for table in TABLES
        ):
            self.kill_at_random()
            self.more_commits("commits between kills", 5)
        self.note_exchanged()
        assert all(self.exchanged[worker] > 0 for worker in self.cluster.workers), (
            f"bytes through the shuffle: {self.exchanged}"
        )
        self.feed.tell("use 3")
        self.rescale(1)
        fed = self.feed.finish(EVENTS)
        self.say(f"the feed has ended: {fed[0]} records committed, {fed[1]} aborted")
        self.read_to_the_end()
        self.cluster.call("stop", "clicks", "--drain")
        self.say("drained")
        return fed


def num_restored(oracle, rows, stop):
    """How many records were read before a stop and came out of a window after it."""
    positions, version = stop
    oracle.duck.register("before", delta_table.read(rows, version))
    read_before = " or ".join(
        f"""(partition = {split.rsplit("/", 1)[1]} and "offset" < {offset})""" for split, offset in positions.items()
    )
    return oracle.number(
        f"""select count(*) from rows anti join before using (partition, "offset") where {read_before}"""
    )


def check(out, ledger, fed, stops, directory):
    epochs = set(delta_table.commits(out / "windows").values())
    assert len(epochs) >= MIN_COMMITS, f"{len(epochs)} commits"
    oracle = KafkaOracle(ledger, BOUND_MS, FIRST_PARTITIONS)
    found = oracle.check({name: delta_table.read(out / name) for name in TABLES})
    restored = [num_restored(oracle, out / "rows", stop) for stop in stops]
    assert len(restored) == 2 and min(restored) > 0, f"records that outlived a stop in an open window: {restored}"
    assert (found["input"], found["aborted"]) == fed and found["input"] >= 1_000_000, (found, fed)
    assert found["aborted"] > 0
    silence = oracle.number("select max(pause) from pauses where partition = 3")
    assert silence > IDLE_MS, f"partition 3 was silent for {silence} ms only"
    used = {row[0] for row in oracle.duck.execute("select distinct partition from input").fetchall()}
    assert used == {0, 1, 2, 3, FIRST_PARTITIONS}, f"partitions with records: {used}"
    # The same from the newest checkpoint on alone.
    for name in TABLES:
        delta_table.copy_from_last_checkpoint(out / name, directory / "copy" / name)
    again = oracle.check({name: delta_table.read(directory / "copy" / name) for name in TABLES})
    assert again == found, (again, found)
    return found | {"restored": restored, "commits": len(epochs)}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("millrace")
    arguments.add_argument("--kafka-libs", required=True)
    arguments.add_argument("--tools", required=True)
    arguments.add_argument("--keep", action="store_true", help="keep the files of a run that succeeded")
    given = arguments.parse_args()
    seed = int(os.environ.get("MILLRACE_SEED", random.randrange(1 << 31)))
    directory = pathlib.Path(tempfile.mkdtemp(prefix="millrace-kafka-"))
    print(f"MILLRACE_SEED={seed}, files in {directory}", flush=True)
    out = directory / "tables"
    ends = []
    try:
        broker = KafkaBroker(given.kafka_libs, given.tools, directory / "kafka")
        ends.append(broker)
        broker.topic("create", "clicks", FIRST_PARTITIONS)
        feed = broker.feed("clicks", FIRST_PARTITIONS - 1, seed, RATE, directory / "ledger.tsv")
        ends.append(feed)
        (directory / "plan.json").write_text(json.dumps(plan(out, broker.mutual_tls())))
        cluster = Cluster(os.path.abspath(given.millrace), directory, "clicks")
        ends.append(cluster)
        run = Run(cluster, broker, feed, out, random.Random(seed))
        fed = run.drive(directory / "plan.json")
        found = check(out, directory / "ledger.tsv", fed, run.stops, directory)
        run.say("checked")
    finally:
        for one in reversed(ends):
            one.end()
    if not given.keep:
        shutil.rmtree(directory)
    kills = ", ".join(f"{number} {kind}" for kind, number in run.kills.items())
    print(
        f"{found['input']} events and {found['aborted']} aborted, {found['commits']} commits, kills: {kills}; "
        f"{found['rows_late']} and "
        f"{found['windows_late']} late, {found['dead']} dead, {found['punctual']} had to be in time; "
        f"restored at the stops {found['restored']}, shuffled {run.exchanged}; seed {seed}: lost 0, duplicated 0",
        flush=True,
    )
    # Threads of deltalake's library may still run: the interpreter's own end would race with them and abort.
    os._exit(0)


if __name__ == "__main__":
    main()
