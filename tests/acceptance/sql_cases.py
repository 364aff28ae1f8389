"""Scripts of SQL: what run, validate and explain make of them, and of the mistakes that people make most."""
import json
import os
import pathlib
import signal
import subprocess

import sql_mistakes

TABLES = """CREATE TABLE orders (user_id STRING NOT NULL, amount BIGINT, event_id BIGINT NOT NULL)
WITH ('connector' = 'generator', 'rows' = '3', 'splits' = '1', 'seed' = '7');
CREATE TABLE nowhere (user_id STRING) WITH ('connector' = 'blackhole');
"""


def check(run):
    run.environment["TMPDIR"] = run.path("")
    check_answers(run)
    check_mistakes(run)
    check_newcomers(run)
    check_files(run)
    check_selects(run)
    check_failures(run)
    check_inserts(run)
    check_failing_rows(run)
    left = [name for name in os.listdir(run.directory) if name.startswith("millrace-local-")]
    run.check("--local removes what it made", not left, str(left))
    check_server(run)


def check_answers(run):
    file = run.file("describe.sql", TABLES + "DESCRIBE orders; SHOW TABLES;")
    run.expect("DESCRIBE and SHOW", run.command("run", "--local", file), 0, stdout=""" name     | type   | null  | key  | extras | watermark
----------+--------+-------+------+--------+-----------
 user_id  | STRING | FALSE | NULL | NULL   | NULL
 amount   | BIGINT | TRUE  | NULL | NULL   | NULL
 event_id | BIGINT | FALSE | NULL | NULL   | NULL
(3 rows)

 table name
------------
 nowhere
 orders
(2 rows)
""")
    file = run.file("noted.sql", "SET 'sql-client.execution.result-mode' = 'tableau';\n" + TABLES +
                    "INSERT INTO nowhere SELECT user_id FROM orders;")
    run.expect("validate", run.command("validate", "--local", file), 0, stdout="<DIR>/noted.sql: valid\n",
               stderr="<DIR>/noted.sql:1:5: note: option 'sql-client.execution.result-mode' changes nothing: "
                      "it is about Flink's client\n")
    done = run.command("explain", "--local", file)
    run.expect("explain", done, 0, stdout=None, stderr=None)
    run.check("explain says what runs", "source generator" in done.stdout and "sink blackhole" in done.stdout, done.stdout)
    asked = run.command("run", "--local", run.file("noted2.sql", TABLES + "SET 'pipeline.name' = 'noted';\n"
                                                   "EXPLAIN INSERT INTO nowhere SELECT user_id FROM orders;"))
    run.expect("EXPLAIN as a statement", asked, 0, stdout=None)
    run.check("EXPLAIN says the same", asked.stdout.strip() == done.stdout.strip(), asked.stdout)
    as_json = run.command("explain", "--local", "-o", "json", file)
    run.expect("explain as JSON", as_json, 0, stdout=None)
    run.check("explain as JSON says the same", json.loads(as_json.stdout)["explanation"].strip() == done.stdout.strip(), as_json.stdout)
    file = run.file("declares.sql", TABLES)
    for verb in ("run", "explain"):
        run.expect(f"{verb} nothing", run.command(verb, "--local", file), 0,
                   "<DIR>/declares.sql: nothing would run: it has neither an INSERT nor a SELECT\n")


# Name, what is appended to TABLES (which has three lines), what is said, and the text with its caret.
MISTAKES = [
    ("column", "SELECT usr_id FROM orders;", "4:8: there is no column 'usr_id'<*>'user_id'<*>", "SELECT usr_id FROM orders;", 7, 6),
    ("table", "SELECT * FROM order_;", "4:15: there is no table 'order_'; did you mean 'orders'?", "SELECT * FROM order_;", 14, 6),
    ("word", "SELEC * FROM orders;", "4:1: unexpected 'SELEC'; did you mean SELECT?", "SELEC * FROM orders;", 0, 5),
    ("option", "CREATE TABLE x (a INT) WITH ('connector' = 'datagen', 'row-per-second' = '1');\nSELECT a FROM x;",
     "4:55: connector 'datagen' has no option 'row-per-second'; did you mean 'rows-per-second'?",
     "CREATE TABLE x (a INT) WITH ('connector' = 'datagen', 'row-per-second' = '1');", 54, 16),
]


def check_mistakes(run):
    for name, text, said, line, at, length in MISTAKES:
        file = run.file(f"wrong_{name}.sql", TABLES + text)
        expected = f"<DIR>/wrong_{name}.sql:{said}\n  {line}\n  {' ' * at}{'^' * length}\n"
        for verb in ("run", "validate", "explain"):
            run.expect(f"{verb} a wrong {name}", run.command(verb, "--local", file), 1,
                       f"millrace: {verb} <DIR>/wrong_{name}.sql: the script has 1 mistake\n{expected}")
    file = run.path("wrong_table.sql")
    done = run.command("run", "--local", "-o", "json", file)
    run.expect("a mistake as JSON", done, 1, stderr=None)
    error = json.loads(done.stderr.splitlines()[-1])
    run.check("a mistake as JSON", error["code"] == "INVALID_ARGUMENT" and error["details"][0]["field"] == "sql", done.stderr)


def check_newcomers(run):
    for name, script, said in sql_mistakes.MISTAKES:
        path = pathlib.Path(run.path(f"newcomer_{name}.sql"))
        path.write_bytes(script if isinstance(script, bytes) else (TABLES + script).encode())
        run.expect(f"a newcomer's {name}", run.command("run", "--local", str(path)), 1,
                   f"millrace: run {path}: the script has 1 mistake\n" + said.replace("<FILE>", str(path)))


def check_files(run):
    run.expect("a file that is not there", run.command("run", "--local", "missing.sql"), 2,
               "millrace: FILE: there is no file 'missing.sql'; see `millrace run --help`\n")
    os.mkdir(run.path("folder.sql"))
    run.expect("a directory", run.command("run", "--local", run.path("folder.sql")), 2,
               "millrace: FILE: '<DIR>/folder.sql' is a directory; name a file in it; see `millrace run --help`\n")
    plan = run.file("plan.sql", {"format_version": 1, "name": "x", "nodes": []})
    script = run.file("script.json", TABLES + "SELECT user_id FROM orders;")
    for verb in ("run", "validate", "explain"):
        run.expect(f"{verb} a plan that is named .sql", run.command(verb, "--local", plan), 1,
                   "millrace: read <DIR>/plan.sql: this is JSON, and a file whose name ends in .sql is a script of SQL; if it is a plan, "
                   "name it plan.json\n")
        run.expect(f"{verb} a script that is named .json", run.command(verb, "--local", script), 1,
                   "millrace: read <DIR>/script.json: a plan is JSON and begins with '{', and this does not; if it is a script of SQL, "
                   "name it script.sql\n")
    select = run.file("one.sql", "SELECT 1 AS one;")
    run.expect("no coordinator", run.command("run", "--server", "127.0.0.1:1", select), 5,
               "millrace: call coordinator at 127.0.0.1:1: <*>; start one with `millrace dev`, or name another with --server HOST:PORT "
               "or MILLRACE_SERVER\n")
    scratch = run.environment["TMPDIR"]
    run.environment["TMPDIR"] = run.path("nothing")
    run.expect("--local without a directory", run.command("run", "--local", select), 4,
               "millrace: start a local cluster: make a directory for the local cluster: <*>; set TMPDIR to one that can be written\n")
    run.environment["TMPDIR"] = "/proc"
    run.expect("--local in a directory that cannot be written", run.command("run", "--local", select), 4,
               "millrace: start a local cluster: make a directory for the local cluster: /proc/millrace-local-<*> cannot be made; set TMPDIR "
               "to a directory that can be written\n")
    run.environment["TMPDIR"] = scratch


def check_failures(run):
    """What fails has no result: nothing on stdout but what was committed before."""
    file = run.file("fails.sql", TABLES + "SELECT CAST(user_id AS INT) AS n FROM orders;")
    run.expect("a SELECT that fails", run.command("run", "--local", file), 1,
               "millrace: run fails-<*>: it ended as FAILED: <*>cannot read 'user-<*>' as a whole number<*>\n")
    done = run.command("run", "--local", "-o", "json", file)
    run.expect("a SELECT that fails, as JSON", done, 1, stderr=None, stdout=None)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    run.check("its columns and no rows", [list(line) for line in lines] == [["columns"]], done.stdout)
    error = json.loads(done.stderr.splitlines()[-1])
    run.check("a SELECT that fails, as JSON", error["code"] == "INTERNAL" and "cannot read 'user-" in error["message"], done.stderr)
    file = run.file("sink_fails.sql", "CREATE TABLE t (a INT) WITH ('connector' = 'delta', 'table-path' = '/proc/none/t');\n"
                    "INSERT INTO t VALUES (1);")
    run.expect("an INSERT that fails", run.command("run", "--local", file), 1, after_progress=True,
               stderr="millrace: run sink_fails: it ended as FAILED: <*>/proc/none<*>\n")


def check_interrupt(run, *flags):
    """Ctrl-C ends a SELECT over unbounded input, and that is no failure."""
    file = run.file("endless.sql", "CREATE TABLE t (a INT) WITH ('connector' = 'datagen', 'rows-per-second' = '50');\nSELECT a FROM t;")
    process = subprocess.Popen([run.millrace, "run", *flags, "-o", "json", file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=run.environment)
    lines = [json.loads(process.stdout.readline()) for _ in range(3)]
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    lines += [json.loads(line) for line in rest.splitlines()]
    run.check(f"Ctrl-C {flags}", process.returncode == 0 and "columns" in lines[0] and all(line["kind"] == "+I" for line in lines[1:]),
              f"{process.returncode} {errors}")


def check_selects(run):
    file = run.file("select.sql", TABLES + "SELECT user_id, event_id * 10 AS tens FROM orders;")
    done = run.command("run", "--local", "-o", "json", file)
    run.expect("SELECT as JSON", done, 0, stdout=None)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    run.check("its columns", lines and lines[0] == {"columns": [
        {"name": "user_id", "type": "VARCHAR(2147483647)", "nullable": False},
        {"name": "tens", "type": "BIGINT", "nullable": False}]}, done.stdout)
    run.check("its rows", len(lines) == 4 and all(line["kind"] == "+I" and len(line["row"]) == 2 for line in lines[1:]), done.stdout)
    done = run.command("run", "--local", file)
    run.expect("SELECT as a table", done, 0, stdout=None)
    table = done.stdout.splitlines()
    run.check("SELECT as a table", table[0].split() == ["user_id", "|", "tens"] and table[-1] == "(3 rows)", done.stdout)


def check_inserts(run):
    check_interrupt(run, "--local")
    file = run.file("insert.sql", TABLES + "INSERT INTO nowhere SELECT user_id FROM orders;")
    run.expect("INSERT is followed to its end", run.command("run", "--local", file), 0, after_progress=True,
               stderr="insert FINISHED after checkpoint #<*>: 3 rows committed\n")
    run.expect("--local and --detach", run.command("run", "--local", "--detach", file), 2,
               "millrace: --local ends with this command, so it cannot --detach; leave one out\n")


FAILING = """CREATE TABLE clicks (user_id STRING, amount BIGINT, c AS 100 / (amount - 7)) WITH ('connector' = 'kafka', 'topic' = 'clicks',
'properties.bootstrap.servers' = '<BROKER>', 'format' = 'json', 'scan.startup.mode' = 'earliest-offset',
'scan.bounded.mode' = 'latest-offset'<MORE>);
CREATE TABLE lines (id INT, word STRING) WITH ('connector' = 'filesystem', 'path' = '<DIR>/words.json', 'format' = 'json');
CREATE TABLE quotients (user_id STRING, q BIGINT) WITH ('connector' = 'blackhole');
CREATE TABLE dead (`reason` STRING, `error` STRING, `topic` STRING, `partition` INT, `offset` BIGINT) WITH (
'connector' = 'filesystem', 'path' = '<DIR>/dead', 'format' = 'json');
"""


def check_failing_rows(run):
    """Record i of the topic, whose amount is i, stands in partition i % 2 at offset i / 2."""
    run.broker("clicks:2:20")
    run.file("words.json", '{"id": 1, "word": "7"}\n{"id": 2, "word": "x"}\n')

    def script(name, query, more=""):
        text = FAILING + query
        for what, value in {**run.values, "MORE": more}.items():
            text = text.replace(f"<{what}>", value)
        return run.file(name, text)

    def fails(name, query, *said):
        done = run.command("run", "--local", script(f"{name}.sql", query))
        run.check(f"{name} ends the query", done.returncode == 1 and all(part in done.stderr for part in said), done.stderr)

    fails("a projection", "SELECT user_id, 100 / (amount - 12) AS q FROM clicks;", 'column "q": ', "division by zero: 100; the row is {",
          '"amount": 12', "read from topic clicks, partition 0, offset 6. Correct the expression")
    fails("a condition", "SELECT user_id FROM clicks WHERE 100 / (amount - 13) > 1;", "read from topic clicks, partition 1, offset 6. Correct")
    fails("a computed column", "SELECT user_id, c FROM clicks;", 'column "c": ', "read from topic clicks, partition 1, offset 3. Correct")
    fails("a line of a file", "SELECT id, CAST(word AS INT) AS n FROM lines;", "cannot read 'x' as a whole number; the row is {",
          "read from file ", "/words.json, byte 23. Correct")

    more = ", 'decode.on-error' = 'dead-letter', 'decode.dead-letter.table' = 'dead'"
    file = script("set_aside.sql", "INSERT INTO quotients SELECT user_id, c + 100 / (amount - 12) FROM clicks "
                  "WHERE 100 / (amount - 13) < 1000;", more)
    run.expect("failing rows are set aside", run.command("run", "--local", file), 0, stderr=None)
    letters = []
    for at, _, names in os.walk(run.path("dead")):
        for name in names:
            if not name.startswith((".", "_")) and "_" not in os.path.relpath(at, run.path("dead"))[:1]:
                with open(os.path.join(at, name)) as file:
                    letters += [json.loads(line) for line in file]
    places = sorted((letter["partition"], letter["offset"]) for letter in letters)
    run.check("their letters name them", places == [(0, 6), (1, 3), (1, 6)] and
              all(letter["reason"] == "expression" and letter["topic"] == "clicks" for letter in letters), str(letters))


def check_server(run):
    run.dev()
    file = run.path("insert.sql")
    run.expect("--detach prints the name", run.command("run", "-d", file), 0, stdout="insert\n", stderr=None)
    run.wait("the end of insert", lambda: '"PIPELINE_STATE_FINISHED"' in run.command("get", "insert", "-o", "json").stdout)
    done = run.command("run", "-o", "json", run.path("select.sql"))
    run.expect("SELECT on a server", done, 0, stdout=None)
    run.check("SELECT on a server", len(done.stdout.splitlines()) == 4, done.stdout)
