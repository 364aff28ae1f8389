#!/usr/bin/env python3
"""What a coordinator and two workers export while a pipeline runs, and what they log.

usage: metrics.py MILLRACE [--write]

- promtool finds nothing wrong with what any of them exports;
- docs/metrics.md lists every family that is exported, with type, labels and help, and each that it lists is exported
  (--write brings the page up to date instead);
- figures agree with what the generator made and with the tables, read by a foreign reader;
- a pipeline's series leave the workers with it;
- every log line can be parsed, is of an event that docs/logs.md lists, carries the pipeline, subtask and epoch that it
  is about, and the end of a pipeline is no failure.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from cluster import Cluster
from deltalake import DeltaTable

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "metrics.md"
SPLITS, ROWS, RATE = 4, 30_000, 12_000
TOTAL = SPLITS * ROWS
BEGIN, END = "<!-- families: begin -->", "<!-- families: end -->"


def plan(out):
    table = lambda name: {"connector": "delta", "options": {"table-path": str(out / name)}}
    return {
        "format_version": 1, "name": "clicks", "parallelism": 2,
        "checkpoint": {"interval_ms": 500},
        "nodes": [
            {"uid": "clicks", "source": {
                "connector": "generator",
                "options": {"rows": str(ROWS), "splits": str(SPLITS), "seed": "3", "keys": "500", "rows-per-second": str(RATE),
                            "event-step-ms": "5", "disorder-ms": "1000", "late-ratio": "0.01", "bad-ratio": "0.01"},
                "columns": [{"name": "user_id", "type": "STRING NOT NULL"}, {"name": "event_time", "type": "TIMESTAMP_LTZ(3) NOT NULL"},
                            {"name": "amount", "type": "BIGINT"}, {"name": "event_id", "type": "BIGINT NOT NULL"}],
                "watermark": {"column": "event_time", "max_out_of_orderness_ms": 1000}}},
            {"uid": "per_user", "inputs": [{"from": "clicks"}], "window_aggregate": {
                "time_column": "event_time", "size_ms": 10000, "keys": ["user_id"],
                "aggregates": [{"function": "count", "name": "n"}]}},
            {"uid": "windows", "inputs": [{"from": "per_user"}], "sink": table("windows")},
            {"uid": "late", "inputs": [{"from": "per_user", "output": "late"}], "sink": table("late")},
            {"uid": "dead", "inputs": [{"from": "clicks", "output": "dead_letter"}], "sink": table("dead")},
            {"uid": "raw", "inputs": [{"from": "clicks"}], "sink": table("raw")},
        ],
    }


class Exported:
    """One scrape: families by name, and samples by name and labels."""

    def __init__(self, text):
        self.families, self.samples = {}, {}
        for line in text.splitlines():
            kind, _, rest = line.partition(" ")[2].partition(" ") if line.startswith("# ") else ("", "", "")
            if kind in ("HELP", "TYPE"):
                name, _, value = rest.partition(" ")
                self.families.setdefault(name, {"labels": set()})[kind] = value
                continue
            match = re.fullmatch(r'([a-z_0-9]+)(?:\{(.*)\})? (\S+)', line)
            assert match, f"not a sample: {line}"
            labels = dict(re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', match.group(2) or ""))
            self.samples[match.group(1), frozenset(labels.items())] = float(match.group(3))
            family = re.sub(r"_(bucket|sum|count)$", "", match.group(1)) if match.group(1) not in self.families else match.group(1)
            self.families[family]["labels"] |= set(labels) - {"le"}

    def sum(self, name, **labels):
        found = [value for (sample, have), value in self.samples.items() if sample == name and labels.items() <= dict(have).items()]
        assert found, f"no sample {name} {labels}"
        return sum(found)


def check_with_promtool(text, name):
    promtool = shutil.which("promtool") or shutil.which("promtool", path=str(ROOT / "build" / "tools"))
    assert promtool, "promtool is missing: ./run test fetches it into build/tools; it is in the package prometheus"
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and not done.stdout + done.stderr, f"{name}: {done.stdout}{done.stderr}"


def documented():
    """Rows of the page's table: name → (type, labels, roles, help). A role in brackets is a condition this test does not make."""
    table = PAGE.read_text().split(BEGIN)[1].split(END)[0]
    rows = {}
    for line in table.strip().splitlines()[2:]:
        name, kind, labels, roles, text = [cell.strip() for cell in line.strip().strip("|").split("|")]
        rows[name.strip("`")] = (kind, labels, roles, text)
    return rows


def row_of(families, roles):
    labels = ", ".join(f"`{label}`" for label in sorted(families["labels"])) or "–"
    return families["TYPE"], labels, roles, families["HELP"]


def check_page(scrapes, write):
    roles_of, merged = {}, {}
    for name, exported in scrapes:
        for family, facts in exported.families.items():
            roles_of.setdefault(family, set()).add(name.split("-")[0])
            known = merged.setdefault(family, {"TYPE": facts["TYPE"], "HELP": facts["HELP"], "labels": set()})
            assert (known["TYPE"], known["HELP"]) == (facts["TYPE"], facts["HELP"]), f"{family} differs between processes"
            known["labels"] |= facts["labels"]
    exported = {family: row_of(facts, ", ".join(sorted(roles_of[family]))) for family, facts in merged.items()}
    page = documented()
    conditional = {name: row for name, row in page.items() if "(" in row[2] and name not in exported}
    if write:
        lines = ["| family | type | labels | exported by | meaning |", "|---|---|---|---|---|"]
        for name, (kind, labels, roles, text) in sorted({**exported, **conditional}.items()):
            lines.append(f"| `{name}` | {kind} | {labels} | {roles} | {text} |")
        head, rest = PAGE.read_text().split(BEGIN)
        PAGE.write_text(f"{head}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{rest.split(END)[1]}")
        return
    for name in sorted(exported.keys() | page.keys()):
        if name in conditional:
            continue
        assert name in exported, f"docs/metrics.md lists {name}, which nobody exports"
        assert name in page, f"docs/metrics.md does not list {name}"
        assert exported[name] == page[name], f"docs/metrics.md: {name}: is {exported[name]}, the page says {page[name]}"


def check_running(coordinator, workers, took):
    both = lambda name, **labels: sum(worker.sum(name, **labels) for worker in workers)
    assert coordinator.sum("millrace_pipeline_state", state="RUNNING") == 1
    assert coordinator.sum("millrace_pipeline_state") == 1
    assert coordinator.sum("millrace_workers", state="alive") == 2
    assert coordinator.sum("millrace_task_slots", state="used") == 2 and coordinator.sum("millrace_task_slots", state="free") == 0
    assert coordinator.sum("millrace_pipeline_parallelism", operator="clicks") == 2
    assert coordinator.sum("millrace_checkpoint_interval_seconds") == 0.5
    assert coordinator.sum("millrace_checkpoints_total", result="completed") >= 3
    assert abs(coordinator.sum("millrace_checkpoint_last_completed_timestamp_seconds") - time.time()) < 30
    assert coordinator.sum("millrace_checkpoint_last_size_bytes", scope="full") > 0
    read = both("millrace_source_records_total")
    assert 0 < read <= TOTAL, read
    # The generator sends every row at its time: no more can have been read than time has passed for.
    assert read <= RATE * (took + 1), (read, took)
    assert both("millrace_source_partitions", state="assigned") == SPLITS
    assert both("millrace_source_decode_errors_total", reason="decode") > 0
    assert both("millrace_operator_late_records_total", action="dead_letter") > 0
    assert both("millrace_operator_open_windows", operator="per_user") > 0 and both("millrace_state_keys", operator="per_user") > 0
    for worker in workers:
        assert worker.sum("millrace_exchange_bytes_total", direction="sent") > 0
        assert worker.sum("millrace_exchange_bytes_total", direction="received") > 0
        # Every operator's subtask has lived as long as the others: their three kinds of time add up to it.
        lived = {uid: worker.sum("millrace_operator_time_seconds_total", operator=uid) for uid in ("clicks", "raw", "per_user", "windows")}
        assert max(lived.values()) - min(lived.values()) < 0.5, lived
        assert 0 < lived["clicks"] <= took + 1, (lived, took)
        assert worker.sum("millrace_operator_time_seconds_total", operator="clicks", state="busy") > 0
        assert worker.sum("process_resident_memory_bytes") > 1e6


def check_ended(coordinator, workers, view, out):
    progress = view["progress"]
    rows = {name: DeltaTable(str(out / name)).to_pyarrow_table().num_rows for name in ("raw", "late", "dead", "windows")}
    assert rows["raw"] + rows["dead"] == TOTAL and rows["late"] > 0 and rows["dead"] > 0, rows
    # What is told of a finished pipeline is all of it.
    assert int(progress["records_in"]) == TOTAL, progress
    assert int(progress["late_records"]) == rows["late"] and int(progress["dead_letters"]) == rows["dead"], (progress, rows)
    assert int(progress["records_committed"]) == sum(rows.values()), (progress, rows)
    assert int(progress.get("lag_records", 0)) == 0 and float(progress.get("records_per_second", 0)) == 0, progress
    assert int(progress["shuffle_bytes"]) > 0, progress
    for name, num_rows in rows.items():
        table = DeltaTable(str(out / name))
        files = table.get_add_actions(flatten=True)
        assert coordinator.sum("millrace_sink_records_total", sink=name) == num_rows, name
        assert coordinator.sum("millrace_sink_files_total", sink=name) == len(table.file_uris()), name
        sizes = [path.stat().st_size for path in (pathlib.Path(uri.removeprefix("file://")) for uri in table.file_uris())]
        assert coordinator.sum("millrace_sink_bytes_total", sink=name) == sum(sizes), (name, files)
        assert coordinator.sum("millrace_sink_file_size_bytes_count", sink=name) == len(sizes), name
        assert coordinator.sum("millrace_sink_commits_total", sink=name, result="ok") == table.version(), name
        assert coordinator.sum("millrace_sink_commits_total", sink=name, result="failed") == 0, name
    assert coordinator.sum("millrace_pipeline_state", state="FINISHED") == 1
    assert coordinator.sum("millrace_checkpoint_phase_seconds_count", phase="commit") == int(view["last_committed_epoch"])
    for worker in workers:
        left = {name for name, labels in worker.samples if "pipeline" in dict(labels)}
        assert not left, f"series of a pipeline that has ended: {left}"


def fields_of(line, is_json):
    if is_json:
        pairs = json.loads(line, object_pairs_hook=list)
        assert len(dict(pairs)) == len(pairs), f"a field twice: {line}"
        return dict(pairs)
    match = re.match(r"(\S+Z) (info|warning|error)((?: \w+=(?:\"(?:[^\"\\]|\\.)*\"|[^\s\"=]+))+)$", line)
    assert match, f"not a log line: {line}"
    fields = dict(re.findall(r" (\w+)=(\"(?:[^\"\\]|\\.)*\"|[^\s\"=]+)", match.group(3)))
    return {"time": match.group(1), "level": match.group(2), **{name: value.strip('"') for name, value in fields.items()}}


def check_logs(cluster):
    events, page = {}, (ROOT / "docs" / "logs.md").read_text()
    for name in cluster.processes:
        for line in cluster.log(name).splitlines():
            fields = fields_of(line, is_json=name == "worker-2")
            assert {"time", "level", "event"} <= fields.keys(), line
            assert fields["level"] == "info", f"{name}: nothing went wrong: {line}"
            if name.startswith("worker"):
                assert "worker" in fields, line
            assert "pipeline" not in fields or "generation" in fields, line
            if "subtask" in fields:
                assert {"pipeline", "generation", "epoch"} <= fields.keys(), line
            assert f"`{fields['event']}`" in page, f"docs/logs.md does not list the event of: {line}"
            events.setdefault(fields["event"], []).append(fields)
    for event in ("pipeline_state", "checkpoint_completed"):
        assert all({"pipeline", "generation", "epoch"} <= fields.keys() for fields in events[event]), events[event]
    assert {fields["subtask"] for fields in events["subtask_restored"]} == {f"{stage}.{index}" for stage in (0, 1) for index in (0, 1)}
    assert "subtask_failed" not in events and len(events["undeploy"]) == 2, events.keys()


def main():
    write = "--write" in sys.argv
    millrace = os.path.abspath(sys.argv[1])
    directory = pathlib.Path(tempfile.mkdtemp(prefix="millrace-metrics-"))
    out = directory / "tables"
    (directory / "plan.json").write_text(json.dumps(plan(out)))
    # One worker speaks each of the formats of a log.
    flags = {"worker-1": ["--log-format", "logfmt"], "worker-2": ["--log-format", "json"]}
    cluster = Cluster(millrace, directory, "clicks", slots=1, flags=flags)
    try:
        cluster.call("run", str(directory / "plan.json"), "--detach")
        began = time.monotonic()
        cluster.wait("late rows are committed", 60, lambda v: int(v.get("last_committed_epoch", 0)) >= 4 and
                     int(v.get("progress", {}).get("late_records", 0)) > 0)
        time.sleep(1.1)  # workers report once a second, and so may the next look be older than what it is compared with
        view = cluster.view()
        texts = {name: cluster.scrape(name) for name in cluster.processes}
        took = time.monotonic() - began
        assert view["state"].endswith("RUNNING"), view
        assert float(view["progress"]["records_per_second"]) > 0, view
        for name, text in texts.items():
            check_with_promtool(text, name)
        running = {name: Exported(text) for name, text in texts.items()}
        if not write:
            check_running(running["coordinator"], [running["worker-1"], running["worker-2"]], took)
        view = cluster.wait("the end of the input", 60, lambda v: v.get("state", "").endswith("FINISHED"))
        ended = {name: Exported(cluster.scrape(name)) for name in cluster.processes}
        check_page([*running.items(), *ended.items()], write)
        check_ended(ended["coordinator"], [ended["worker-1"], ended["worker-2"]], view, out)
        check_logs(cluster)
        print(f"{sum(len(e.families) for e in running.values())} families of 3 processes, {TOTAL} rows, {view['last_committed_epoch']} epochs")
    finally:
        cluster.end()
    shutil.rmtree(directory)
    # Threads of deltalake's library may still run: the interpreter's own end would race with them and abort.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
