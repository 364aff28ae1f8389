"""The public gRPC API as other programs see it: request ids, lineages, reflection."""
import json
import uuid

import running_cases
import sql_cases


def check(run):
    dev = run.dev()
    services = run.probe(run.values["SERVER"], "services")
    run.check("dev answers reflection", "millrace.v1.PipelineService" in services.stdout, services.stdout + services.stderr)
    refused = run.probe(run.values["SERVER"], "start", "\udcff")
    run.check("a name that is not UTF-8 is refused", refused.returncode == 1, refused.stdout)
    run.check("and leaves no line that is not an event", "libprotobuf" not in dev.log.read_text(), dev.log.read_text())
    check_scripts(run)
    check_results(run)
    check_request_ids(run, dev)
    check_lineage(run)
    coordinator = run.role("coordinator", data="other")
    server, internal = coordinator.read_until("grpc "), coordinator.read_until("internal ")
    for what, address in (("the public port", server), ("the internal port", internal)):
        refused = run.probe(address, "services")
        run.check(f"a coordinator answers no reflection on {what}", refused.stdout.startswith("UNIMPLEMENTED\n"), refused.stdout)


def answer(run, name, expected, *arguments):
    """What the probe prints, with <*> and <NAME> as in Run.expect."""
    done = run.probe(run.values["SERVER"], *arguments)
    run.expect(name, done, 1 if expected.split("\n")[0].isupper() else 0, stdout=expected, stderr=None)
    return done.stdout


def check_scripts(run):
    wrong = run.file("wrong.sql", sql_cases.TABLES + "INSERT INTO nowhere SELECT usr_id FROM orders;\nINSERT INTO nowher SELECT user_id FROM orders;")
    answer(run, "Validate names lines and columns", """sql 4 28 there is no column 'usr_id'; did you mean 'user_id' of 'orders'?
sql 5 13 there is no table 'nowher'; did you mean 'nowhere'?
""", "validate-sql", wrong)
    answer(run, "Create refuses what is wrong", """INVALID_ARGUMENT
the script is not valid: line 4, column 28: there is no column 'usr_id'; did you mean 'user_id' of 'orders'? (and 1 more)
<*>
<*>
""", "create-sql", wrong, "wrong")
    bytes_ = run.path("bytes.sql")
    with open(bytes_, "wb") as file:
        file.write(b"SELECT '\xff'")
    answer(run, "text that is not UTF-8", """INVALID_ARGUMENT
the request cannot be read: it is not of this call's type, or a text in it is not UTF-8; send it anew as UTF-8
type.googleapis.com/google.rpc.ErrorInfo
""", "create-sql", bytes_, "bytes")
    answer(run, "a script that makes no pipeline", """INVALID_ARGUMENT
the script makes no pipeline: it has neither an INSERT nor a SELECT
type.googleapis.com/google.rpc.ErrorInfo
""", "create-sql", run.file("tables.sql", sql_cases.TABLES), "tables")
    explained = run.probe(run.values["SERVER"], "validate-sql", run.file(
        "explained.sql", sql_cases.TABLES + "SET 'pipeline.name' = 'explained'; SELECT user_id FROM orders;"))
    command = run.command("explain", run.path("explained.sql"))
    run.check("Validate explains as the command does", explained.stdout.strip() == command.stdout.strip() != "", explained.stdout)
    both = run.file("both.sql", sql_cases.TABLES + "EXECUTE STATEMENT SET BEGIN INSERT INTO nowhere SELECT user_id FROM orders; "
                    "INSERT INTO nowhere SELECT 'a'; END;")
    answer(run, "a statement set is one pipeline", "both <*>\n", "create-sql", both, "both")
    answer(run, "a name that is taken", """ALREADY_EXISTS
create pipeline both: <*>
<*>
""", "create-sql", both, "both")


def fetch(run, name, cursor=""):
    done = run.probe(run.values["SERVER"], "fetch", name, cursor)
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines:
        return None, done.stdout
    return [json.loads(line) for line in lines[:-1]], lines[-1].split("cursor ")[1]


def ended(run, name, state):
    run.wait(f"{name} to be {state}", lambda: f'"PIPELINE_STATE_{state}"' in run.command("get", name, "-o", "json").stdout)


def check_results(run):
    """Rows of SELECTs, as a program fetches them."""
    answer(run, "results of nobody", """NOT_FOUND
find pipeline nobody: there is none of this name; known: both; `millrace get` lists them
type.googleapis.com/google.rpc.ErrorInfo
""", "fetch", "nobody", "")
    answer(run, "results of what writes to tables", """FAILED_PRECONDITION
fetch results of both: it writes to tables; only a pipeline that a SELECT made has rows to fetch
type.googleapis.com/google.rpc.ErrorInfo
""", "fetch", "both", "")
    file = run.file("three.sql", sql_cases.TABLES + "SELECT user_id, event_id FROM orders;")
    answer(run, "Create of a SELECT", "three <*>\n", "create-sql", file, "three")
    run.check("before the start there are no rows", fetch(run, "three") == ([], ""), str(fetch(run, "three")))
    # The cluster has just begun, and its worker may not be connected yet.
    run.wait("three to be started", lambda: run.probe(run.values["SERVER"], "start", "three").stdout.startswith("three "))
    ended(run, "three", "FINISHED")
    rows, cursor = fetch(run, "three")
    run.check("rows", rows is not None and len(rows) == 3 and all(isinstance(row[0], str) and isinstance(row[1], int) for row in rows), str(rows))
    run.check("rows are there until the next are asked for", fetch(run, "three") == (rows, cursor))
    run.check("the end of results", fetch(run, "three", cursor) == ([], cursor), str(fetch(run, "three", cursor)))
    answer(run, "a cursor that is none", """INVALID_ARGUMENT
'x' is no cursor of a result; leave it out to read from the beginning
type.googleapis.com/google.rpc.ErrorInfo
""", "fetch", "three", "x")
    file = run.file("fails.sql", sql_cases.TABLES + "SELECT CAST(user_id AS INT) AS n FROM orders;")
    answer(run, "Create of a SELECT that will fail", "fails <*>\n", "create-sql", file, "fails")
    answer(run, "start it", "fails <*>\n", "start", "fails")
    ended(run, "fails", "FAILED")
    run.check("what failed has no rows", fetch(run, "fails") == ([], ""), str(fetch(run, "fails")))
    file = run.file("endless.sql", "SET 'execution.checkpointing.interval' = '200 ms';\nCREATE TABLE t (a INT) WITH ('connector' = 'datagen', "
                    "'fields.a.kind' = 'sequence', 'fields.a.start' = '1', 'fields.a.end' = '1000000', 'rows-per-second' = '100');\n"
                    "SELECT a FROM t;")
    answer(run, "Create of a long SELECT", "endless <*>\n", "create-sql", file, "endless")
    answer(run, "start that", "endless <*>\n", "start", "endless")
    got, cursors, first = [], [""], ""
    while len(cursors) < 4:
        rows, cursor = fetch(run, "endless", cursors[-1])
        if rows:
            got += rows
            cursors.append(cursor)
            first = first or cursor
    run.check("pages while it runs follow on each other", [row[0] for row in got] == list(range(1, len(got) + 1)), str(got[:20]))
    answer(run, "what was passed is gone", "NOT_FOUND\n<*>\n<*>\n", "fetch", "endless", "")
    run.command("cancel", "endless")


def check_request_ids(run, dev):
    plan = run.file("plan.json", running_cases.plan("clicks"))
    other = run.file("other.json", running_cases.plan("views"))
    request, ports = str(uuid.uuid4()), run.values["SERVER"].split(":")[1]
    first = run.probe(run.values["SERVER"], "create", plan, request)
    run.check("create", first.returncode == 0 and first.stdout.startswith("clicks "), first.stdout)
    again = run.probe(run.values["SERVER"], "create", plan, request)
    run.check("the same request answers with the pipeline it made", again.stdout == first.stdout, again.stdout)
    dev.kill()
    run.dev("--grpc-port", ports)
    again = run.probe(run.values["SERVER"], "create", plan, request)
    run.check("and does so after a restart", again.stdout == first.stdout, again.stdout)
    taken = run.probe(run.values["SERVER"], "create", plan, str(uuid.uuid4()))
    run.check("another request finds the name taken", taken.stdout.startswith(
        "ALREADY_EXISTS\ncreate pipeline clicks: it exists with this plan; `millrace start clicks` starts it\n"), taken.stdout)
    reused = run.probe(run.values["SERVER"], "create", other, request)
    run.check("a request id belongs to one plan", reused.stdout.startswith(
        f"INVALID_ARGUMENT\ncreate pipeline views: request_id {request} has created pipeline clicks from another plan; make a new "
        "request_id for every plan\n"), reused.stdout)


def check_lineage(run):
    """A table that a pipeline of the same name has written, in another coordinator's life."""
    table = run.path("table")
    plan = run.file("totals.json", running_cases.plan("totals", sink=running_cases.delta(table)))
    run.expect("the first lineage", run.command("run", plan), 0, stderr=None)
    run.dev(data="forgetful")
    reason = ("prepare sink table: prepare Delta table <DIR>/table: sink table of an earlier pipeline totals wrote to it up to epoch <*> "
              "(millrace/totals/table/<*>), so rows could be there twice; use another table, or set option 'lineage' to 'append'")
    running_cases.fails(run, "a table of another lineage", running_cases.plan("totals", sink=running_cases.delta(table)), reason)
    append = running_cases.plan("totals", sink=running_cases.delta(table, lineage="append"))
    run.expect("append as told", run.command("run", run.file("append.json", append)), 0, stderr=None)
