#!/usr/bin/env python3
"""What goes wrong with Kafka outside the engine is told to the user: what was tried, on what, and what to do.

usage: kafka_refusals.py MILLRACE --kafka-libs DIRECTORY --tools DIRECTORY
"""

import argparse
import json
import os
import pathlib
import shutil
import tempfile
import time

import delta_table
from cluster import Cluster
from kafka_broker import KafkaBroker, free_ports


class Refusals:
    def __init__(self, cluster, broker, directory):
        self.cluster, self.broker, self.directory = cluster, broker, directory
        self.num_checks = 0

    def plan(self, name, topic, dead_letters=True, **options):
        """Copies the users of a topic into the table `name`."""
        sink = lambda uid, output: {
            "uid": uid,
            "inputs": [{"from": "clicks", "output": output}],
            "sink": {"connector": "delta", "options": {"table-path": str(self.directory / uid)}},
        }
        plan = {
            "format_version": 1,
            "name": name,
            "checkpoint": {"interval_ms": 300},
            "restart": {"max_restarts": 3, "max_backoff_ms": 300},
            "nodes": [
                {
                    "uid": "clicks",
                    "source": {
                        "connector": "kafka",
                        "options": {
                            "topic": topic,
                            "format": "json",
                            "properties.bootstrap.servers": self.broker.bootstrap,
                        }
                        | options,
                        "columns": [
                            {"name": "user_id", "type": "STRING NOT NULL"},
                            {"name": "amount", "type": "BIGINT"},
                            {"name": "event_time", "type": "TIMESTAMP_LTZ(3) NOT NULL"},
                        ],
                    },
                },
                sink(name, ""),
            ],
        }
        plan["nodes"] += [sink(f"{name}-dead", "dead_letter")] if dead_letters else []
        path = self.directory / f"{name}.json"
        path.write_text(json.dumps(plan))
        return str(path)

    def expect(self, done, code, *words):
        said = done.stdout + done.stderr
        missing = [word for word in words if word not in said]
        assert done.returncode == code and not missing, (
            f"exit {done.returncode}, not {code}, or without {missing}:\n{said}"
        )
        self.num_checks += 1
        print(f"[{code}] {next(line for line in said.splitlines() if words[-1] in line).strip()}", flush=True)

    def expect_failure(self, name, *words):
        """A pipeline that runs fails by itself."""
        deadline = time.monotonic() + 60
        while not self.cluster.view().get("state", "").endswith("FAILED"):
            assert time.monotonic() < deadline, f"{name} goes on: {self.cluster.view()}"
            time.sleep(0.3)
        self.expect(self.cluster.call("describe", name), 0, *words)

    def feed(self, topic, partitions, seed, count):
        feed = self.broker.feed(topic, partitions, seed, 1000, self.directory / f"{topic}-{seed}.tsv")
        return feed.finish(count)[0]

    def run(self, name, topic, **options):
        return self.cluster.call("run", self.plan(name, topic, **options), ok=False)

    def start_at_end(self, name, count):
        """Runs the pipeline until `count` records are committed."""
        self.cluster.pipeline = name
        self.cluster.call("run", self.plan(name, name), "--detach")
        self.wait_for(name, count)

    def wait_for(self, name, count):
        deadline = time.monotonic() + 60
        found = -1
        while found != count:
            assert time.monotonic() < deadline, (
                f"{found} of {count} records: {self.cluster.view()}\n{self.cluster.logs()}"
            )
            time.sleep(0.3)
            tables = [self.directory / name, self.directory / f"{name}-dead"]
            found = sum(delta_table.read(table).num_rows for table in tables if (table / "_delta_log").exists())

    def stop_and_remake(self, name, partitions, seed, count):
        self.cluster.call("stop", name)
        self.broker.topic("delete", name)
        time.sleep(2)
        self.broker.topic("create", name, partitions)
        self.feed(name, partitions, seed, count)
        return self.cluster.call("start", name, "--wait", ok=False)

    def check_all(self):
        topic = self.broker.topic
        topic("create", "clicks", 1)
        self.expect(self.run("no-topic", "clikcs"), 1, "no topic 'clikcs'", "'clicks'")
        nobody = f"127.0.0.1:{free_ports(1)[0]}"
        self.expect(
            self.run("nobody", "clicks", **{"properties.bootstrap.servers": nobody}),
            1,
            f"reach Kafka at {nobody}",
            "Connection refused",
            "is the address right",
        )
        tls = self.broker.mutual_tls()
        anonymous = {name: value for name, value in tls.items() if "certificate" not in name and "key" not in name}
        self.expect(self.run("anonymous", "clicks", **anonymous), 1, "reach Kafka at", "certificate")
        stranger = {name: value for name, value in tls.items() if name != "properties.ssl.ca.location"}
        self.expect(self.run("stranger", "clicks", **stranger), 1, "reach Kafka at", "certificate verify failed")
        plain = {"properties.bootstrap.servers": tls["properties.bootstrap.servers"]}
        self.expect(
            self.run("plain", "clicks", **plain), 1, "reach Kafka at", "does 'properties.security.protocol' fit"
        )
        self.expect(
            self.run("no-file", "clicks", **(tls | {"properties.ssl.ca.location": "/nowhere/ca.pem"})),
            1,
            "ssl.ca.location",
            "/nowhere/ca.pem",
        )

        topic("create", "bad", 1)
        self.feed("bad", 1, 1, 2000)
        self.expect(
            self.run("bad", "bad", dead_letters=False),
            1,
            "decode record: topic: bad, partition: 0, offset:",
            "dead_letter",
        )

        for name, count in (("longer", 3000), ("shorter", 500)):
            topic("create", name, 2)
            self.start_at_end(name, self.feed(name, 2, 1, 2000))
            self.expect(self.stop_and_remake(name, 2, 2, count), 1, f"topic: {name}, partition: ", "made anew")

        topic("create", "trimmed", 1)
        self.start_at_end("trimmed", self.feed("trimmed", 1, 1, 1000))
        self.cluster.call("stop", "trimmed")
        self.feed("trimmed", 1, 2, 1000)
        topic("trim", "trimmed", 1500)
        self.expect(
            self.cluster.call("start", "trimmed", "--wait", ok=False),
            1,
            "partition: 0, offset: ",
            "did retention remove",
        )

        # The same slot must serve the next pipeline.
        topic("create", "deleted", 1)
        self.start_at_end("deleted", self.feed("deleted", 1, 1, 1000))
        topic("delete", "deleted")
        self.expect_failure(
            "deleted", "topic: deleted, partition: 0", "was the topic deleted?", "under another name"
        )

        # The broker dies and comes back: no refusal, and nothing lost.
        topic("create", "outage", 2)
        count = self.feed("outage", 2, 1, 2000)
        self.start_at_end("outage", count)
        self.broker.end()
        time.sleep(3)
        assert self.broker.start(), "Kafka did not start again"
        count += self.feed("outage", 2, 2, 2000)
        self.wait_for("outage", count)
        self.num_checks += 1


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("millrace")
    arguments.add_argument("--kafka-libs", required=True)
    arguments.add_argument("--tools", required=True)
    given = arguments.parse_args()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="millrace-kafka-"))
    ends = []
    try:
        ends.append(KafkaBroker(given.kafka_libs, given.tools, directory / "kafka"))
        ends.append(Cluster(os.path.abspath(given.millrace), directory, "clicks"))
        refusals = Refusals(ends[1], ends[0], directory)
        refusals.check_all()
    finally:
        for one in reversed(ends):
            one.end()
    shutil.rmtree(directory)
    print(f"{refusals.num_checks} failures outside the engine were told or survived", flush=True)
    # Threads of deltalake's library may still run: the interpreter's own end would race with them and abort.
    os._exit(0)


if __name__ == "__main__":
    main()
