"""What shows only when a pipeline meets the world: `run` ends with the cause, `describe` keeps it, and nothing restarts for ever."""
import json

import invalid_plans

# Verbs in the order of a pipeline's life, with the state they leave it in.
WINDOW = {"uid": "per_user", "inputs": [{"from": "clicks"}], "window_aggregate": {
    "time_column": "event_time", "size_ms": 10000, "keys": ["user_id"],
    "aggregates": [{"function": "count", "name": "n"}, {"function": "sum", "column": "amount", "name": "total"}]}}


def plan(name, options=None, rows="100", sink=None, aggregates=None, connector="generator"):
    source = {"connector": connector, "options": options or {"rows": rows, "splits": "1"},
              "columns": invalid_plans.GOOD["nodes"][0]["source"]["columns"],
              "watermark": {"column": "event_time", "max_out_of_orderness_ms": 1000}}
    window = json.loads(json.dumps(WINDOW))
    if aggregates:
        window["window_aggregate"]["aggregates"] = aggregates
    return {"format_version": 1, "name": name, "checkpoint": {"interval_ms": 200}, "nodes": [
        {"uid": "clicks", "source": source}, window,
        {"uid": "table", "inputs": [{"from": "per_user"}], "sink": sink or {"connector": "blackhole"}}]}


def kafka(broker, topic, **more):
    return {"topic": topic, "properties.bootstrap.servers": broker, "format": "json", "scan.bounded.mode": "latest-offset", **more}


def delta(path, **more):
    return {"connector": "delta", "options": {"table-path": path, **more}}


def fails(run, name, file_plan, reason):
    """`run` ends with 1 and the cause; `describe` and `get` show it, and it stays so."""
    file = run.file(f"{name}.json", file_plan)
    pipeline = file_plan["name"]
    run.expect(f"run: {name}", run.command("run", file), 1,
               f"millrace: run {pipeline}: it ended as FAILED, see `millrace describe {pipeline}`: {reason}\n", after_progress=True)
    done = run.command("describe", pipeline)
    run.check(f"describe: {name}", "FAILED" in done.stdout and reason.split("<")[0] in done.stdout, done.stdout)
    first = json.loads(run.command("get", pipeline, "-o", "json").stdout)
    run.check(f"get: {name}", first["state"] == "PIPELINE_STATE_FAILED" and "plan" in first, str(first))
    return first


def check(run):
    run.dev("--slots", "2", environment={"KAFKA_PASSWORD": "hunter2"})
    run.broker("clicks:2:100", "orders:1")
    good = run.file("good.json", plan("good", kafka(run.values["BROKER"], "clicks"), connector="kafka"))
    run.expect("a bounded read of Kafka ends", run.command("run", good), 0, "good FINISHED after checkpoint #<*>: <*> rows committed\n", after_progress=True)

    fails(run, "missing topic", plan("missing-topic", kafka(run.values["BROKER"], "clikcs"), connector="kafka"),
          "prepare source clicks: Kafka at <BROKER> has no topic 'clikcs' that this login may see; did you mean 'clicks'?")
    fails(run, "unreachable broker", plan("unreachable", kafka("127.0.0.1:1", "clicks"), connector="kafka"),
          "prepare source clicks: reach Kafka at 127.0.0.1:1: <*>Connection refused<*>; is the address right, and is what the broker "
          "calls advertised.listeners reachable from here?")
    corrected = run.file("corrected.json", plan("missing-topic", kafka(run.values["BROKER"], "clicks"), connector="kafka"))
    run.expect("a corrected plan runs under the same name", run.command("run", corrected), 0, stderr=None)
    check_tables(run)
    check_secrets(run)
    check_slots(run)
    check_states(run)


def check_tables(run):
    table = run.path("table")
    first = run.file("first.json", plan("totals", sink=delta(table)))
    run.expect("a first table", run.command("run", first), 0, stderr=None)
    other = [{"function": "count", "name": "n"}, {"function": "max", "column": "user_id", "name": "total"},
             {"function": "avg", "column": "amount", "name": "mean"}]
    fails(run, "mismatching schema", plan("mismatch", sink=delta(table), aggregates=other),
          "prepare sink table: prepare Delta table <DIR>/table: the pipeline's rows do not fit the table; change the plan, or use another "
          "table:\n"
          "  column total: the pipeline writes string not null, the table has long\n"
          "  column mean: the pipeline writes long, the table has no such column")
    fails(run, "missing table", plan("no-table", sink=delta(run.path("nothing"), create="never")),
          "prepare sink table: prepare Delta table <DIR>/nothing: there is none, and option 'create' is 'never'; create it, or change the "
          "option")


def check_secrets(run):
    secret = {"properties.sasl.mechanism": "PLAIN", "properties.sasl.username": "ada"}
    missing = kafka(run.values["BROKER"], "clicks", **secret, **{"properties.sasl.password": "${env:NO_SUCH_VARIABLE}"})
    fails(run, "missing secret", plan("no-secret", missing, connector="kafka"),
          "prepare source clicks: configure the Kafka client: 'properties.sasl.password': look up secret ${env:NO_SUCH_VARIABLE}: this "
          "process has no such environment variable, or it is empty; set it for the coordinator and for every worker, and start them again")
    given = kafka(run.values["BROKER"], "clicks", **secret, **{"properties.sasl.password": "${env:KAFKA_PASSWORD}"})
    file = run.file("secret.json", plan("secret", given, connector="kafka"))
    run.expect("a secret that is there", run.command("run", file), 0, stderr=None)
    shown = "".join(run.command(*command).stdout for command in (["get", "secret", "-o", "json"], ["describe", "secret"], ["explain", file]))
    logs = "".join(process.log.read_text() for process in run.processes)
    stored = b"".join(path.read_bytes() for path in run.directory.glob("data/**/*") if path.is_file())
    run.check("a secret is referred to", "${env:KAFKA_PASSWORD}" in shown, shown)
    run.check("a secret is shown, logged and stored nowhere", "hunter2" not in shown + logs and b"hunter2" not in stored)


def check_slots(run):
    crowded = run.file("crowded.json", {**plan("crowded", rows="100000000"), "parallelism": 3})
    said = ("place pipeline crowded: it needs 3 slots, and 2 of the 2 that 1 worker has are free; start another worker with `millrace "
            "worker --slots 1`, stop another pipeline, or lower the parallelism")
    run.expect("no free slot", run.command("run", crowded), 4, f"waiting for slots, up to 10s\nmillrace: {said}\n")
    probe = run.probe(run.values["SERVER"], "start", "crowded")
    details = "".join(f"type.googleapis.com/google.rpc.{name}\n" for name in ("ErrorInfo", "QuotaFailure", "RetryInfo"))
    said_by_api = probe.stdout.splitlines(keepends=True)
    run.check("no free slot, over gRPC", "".join(said_by_api[:2] + sorted(said_by_api[2:])) == f"RESOURCE_EXHAUSTED\n{said}\n{details}", probe.stdout)
    run.expect("with less it starts", run.command("start", "crowded", "--parallelism", "1", "--wait"), 0, stdout="crowded RUNNING\n")


def check_states(run):
    """Verbs that do not fit the pipeline's state: exit code 4."""
    run.expect("start what runs", run.command("start", "crowded"), 4,
               "millrace: start pipeline crowded: it is RUNNING; stop it first to start it differently\n")
    other = run.file("other.json", plan("crowded", rows="7"))
    run.wait("a checkpoint", lambda: int(json.loads(run.command("get", "crowded", "-o", "json").stdout).get("last_completed_epoch", 0)) > 0)
    run.expect("another plan under a name that runs", run.command("run", other), 4,
               "millrace: create pipeline crowded: there is one of this name with another plan, RUNNING at epoch <*>; give yours another "
               "name\n")
    for verb in ("get", "describe"):
        run.expect(f"{verb} crowded", run.command(verb, "crowded"), 0, stdout=None)
        document = json.loads(run.command(verb, "crowded", "-o", "json").stdout)
        run.check(f"{verb} as JSON", document["name"] == "crowded" and document["state"] == "PIPELINE_STATE_RUNNING", str(document))
    done = run.command("stop", "crowded", "-o", "json")
    run.expect("stop as JSON", done, 0, stdout=None)
    run.check("stop as JSON", json.loads(done.stdout)["state"] == "PIPELINE_STATE_STOPPED", done.stdout)
    run.expect("stop what has stopped", run.command("stop", "crowded"), 4,
               "millrace: stop pipeline crowded: it is STOPPED; only one that runs can be stopped\n")
    done = run.command("start", "crowded", "-o", "json")
    run.check("start as JSON", json.loads(done.stdout)["name"] == "crowded", done.stdout)
    done = run.command("cancel", "crowded", "-o", "json")
    run.check("cancel as JSON", json.loads(done.stdout)["name"] == "crowded", done.stdout)
    run.wait("CANCELLED", lambda: "CANCELLED" in run.command("get", "crowded").stdout)
    run.expect("stop what is cancelled", run.command("stop", "crowded"), 4,
               "millrace: stop pipeline crowded: it is CANCELLED; only one that runs can be stopped\n")
    run.expect("cancel twice", run.command("cancel", "crowded"), 4, "millrace: cancel pipeline crowded: it is CANCELLED already\n")
    check_rewind(run)
    run.expect("start what is finished", run.command("start", "good"), 4,
               "millrace: start pipeline good: it is FINISHED; it has read all its input, create a pipeline of another name\n")
    run.check("get lists all", len(json.loads(run.command("get", "-o", "json").stdout)["pipelines"]) >= 9)


def check_rewind(run):
    """Back to an older checkpoint."""
    retained = json.loads(run.command("get", "crowded", "-o", "json").stdout)["retained_checkpoints"]
    described = run.command("describe", "crowded").stdout
    run.check("describe lists the checkpoints", "#" + " #".join(retained) in described, described)
    run.expect("back to a checkpoint that is not retained", run.command("start", "crowded", "--from-checkpoint", "999999"), 1,
               f"millrace: start pipeline crowded from checkpoint 999999: it is not retained; retained: {', '.join(retained)}\n")
    run.expect("back to an older checkpoint", run.command("start", "crowded", "--from-checkpoint", retained[0], "--wait"), 0,
               stdout="crowded RUNNING\n")
    described = run.command("describe", "crowded").stdout
    run.check("describe says so", f"to #{retained[0]}, epochs up to " in described, described)
    run.expect("cancel it", run.command("cancel", "crowded"), 0, stdout=None)
    run.wait("CANCELLED", lambda: "CANCELLED" in run.command("get", "crowded").stdout)
