"""Flags, verbs, addresses, ports and processes: what is wrong with a command itself, and --help of every verb."""
import json

VERBS = ["coordinator", "worker", "dev", "run", "start", "stop", "cancel", "get", "describe", "validate", "explain", "version"]

# Command, stderr. Exit code 2, and nothing on stdout.
WRONG = [
    (["stopp", "clicks"], "unknown verb: stopp; did you mean stop?; see `millrace --help`"),
    (["frobnicate"], "unknown verb: frobnicate; see `millrace --help`"),
    (["--frobnicate"], "unknown flag: --frobnicate; see `millrace --help`"),
    (["run", "--detatch", "<DIR>/plan.json"], "unknown flag: --detatch; did you mean --detach?; see `millrace run --help`"),
    (["run"], "FILE is required; see `millrace run --help`"),
    (["run", "<DIR>/nothing.json"], "FILE: there is no file '<DIR>/nothing.json'; see `millrace run --help`"),
    (["validate", "<DIR>"], "FILE: '<DIR>' is a directory; name a file in it; see `millrace validate --help`"),
    (["run", "<DIR>/plan.json", "--parallelism", "0"],
     "--parallelism: '0' is not a whole number from 1 to 720; see `millrace run --help`"),
    (["start", "clicks", "--parallelism", "721"],
     "--parallelism: '721' is not a whole number from 1 to 720; see `millrace start --help`"),
    (["start", "clicks", "--parallelism", "two"],
     "--parallelism: 'two' is not a whole number from 1 to 720; see `millrace start --help`"),
    (["start", "clicks", "--from-checkpoint", "0"],
     "--from-checkpoint: '0' is not a whole number from 1 to 9223372036854775807; see `millrace start --help`"),
    (["start", "clicks", "--sink-ahead", "fail"], "--sink-ahead requires --from-checkpoint; see `millrace start --help`"),
    (["start", "clicks", "--from-checkpoint", "3", "--sink-ahead", "ignore"],
     "--sink-ahead: 'ignore' is neither fail nor accept-duplicates; see `millrace start --help`"),
    (["start", "clicks", "--drain"], "unknown flag: --drain; see `millrace start --help`"),
    (["stop"], "NAME is required; see `millrace stop --help`"),
    (["stop", "clicks", "--timeout", "-1"],
     "--timeout: '-1' is not a number of seconds, such as 30; see `millrace stop --help`"),
    (["cancel"], "NAME is required; see `millrace cancel --help`"),
    (["describe"], "NAME is required; see `millrace describe --help`"),
    (["get", "a", "b"], "unexpected argument: b; see `millrace get --help`"),
    (["get", "-o", "yaml"], "--output: 'yaml' is neither json nor text; see `millrace get --help`"),
    (["get", "--server"], "--server: a value is missing; see `millrace get --help`"),
    (["get", "--server", "localhost"],
     "--server or MILLRACE_SERVER: 'localhost' is not HOST:PORT, such as 127.0.0.1:7070; see `millrace get --help`"),
    (["explain"], "FILE is required; see `millrace explain --help`"),
    (["version", "now"], "unexpected argument: now; see `millrace version --help`"),
    (["worker", "--slot", "2"], "unknown flag: --slot; did you mean --slots?; see `millrace worker --help`"),
    (["worker", "--slots", "0"], "--slots: '0' is not a whole number from 1 to 1024; see `millrace worker --help`"),
    (["worker", "--memory-state", "much"],
     "--memory-state: 'much' is not a size, such as 512MiB or 2GiB; see `millrace worker --help`"),
    (["worker", "--coordinator", "here"],
     "--coordinator: 'here' is not HOST:PORT, such as 127.0.0.1:7070; see `millrace worker --help`"),
    (["coordinator", "--grpc-port", "70000"],
     "--grpc-port: '70000' is not a whole number from 0 to 65535; see `millrace coordinator --help`"),
    (["dev", "--data-dir"], "--data-dir: a value is missing; see `millrace dev --help`"),
]
# A role that cannot start: command, exit code, stderr.
ROLES = [
    (["worker", "--slots", "2", "--memory-state", "1MiB"], 2,
     "--memory-state 1MiB is too little: it must be at least 2.0MiB, 1MiB for each of 2 slots"),
    (["coordinator", "--bind", "0.0.0.0"], 2,
     "bind to 0.0.0.0: other machines can reach this address and TLS is not configured; use --bind 127.0.0.1, or --insecure if the "
     "network is trusted"),
    (["worker", "--bind", "0.0.0.0"], 2,
     "bind to 0.0.0.0: other machines can reach this address and TLS is not configured; use --bind 127.0.0.1, or --insecure if the "
     "network is trusted"),
    (["dev", "--bind", "nowhere"], 2, "bind to nowhere: not an IP address; use one such as 127.0.0.1"),
    (["dev", "--bind", "192.0.2.1", "--insecure"], 2,
     "listen on 192.0.2.1:7072: this machine has no such address; use --bind with one of its own, such as 127.0.0.1"),
    (["coordinator", "--grpc-port", "<GRPC>", "--http-port", "0", "--internal-port", "0"], 4,
     "listen on 127.0.0.1:<GRPC>: the port is in use, held by pid <PID> (millrace); stop it, or choose another with --grpc-port "
     "(0 takes a free one)"),
    (["dev", "--grpc-port", "0", "--http-port", "<WEB>", "--internal-port", "0"], 4,
     "listen on 127.0.0.1:<WEB>: the port is in use, held by pid <PID> (millrace); stop it, or choose another with --http-port "
     "(0 takes a free one)"),
    (["coordinator", "--grpc-port", "0", "--http-port", "0", "--internal-port", "<WEB>"], 4,
     "listen on 127.0.0.1:<WEB>: the port is in use, held by pid <PID> (millrace); stop it, or choose another with --internal-port "
     "(0 takes a free one)"),
    (["worker", "--internal-port", "<WEB>"], 4,
     "listen on 127.0.0.1:<WEB>: the port is in use, held by pid <PID> (millrace); stop it, or choose another with --internal-port "
     "(0 takes a free one)"),
]
NAMED = ["start", "stop", "cancel", "get", "describe"]


def filled(run, words):
    for name, value in run.values.items():
        words = [word.replace(f"<{name}>", value) for word in words]
    return words


def check(run):
    plan = run.file("plan.json", {"format_version": 1, "name": "clicks"})
    check_help(run)
    for command, said in WRONG:
        run.expect(" ".join(command), run.command(*filled(run, command)), 2, f"millrace: {said}\n")
    check_nobody_answers(run, plan)
    run.values["PID"] = str(run.dev().process.pid)
    run.values["GRPC"], run.values["WEB"] = run.values["SERVER"].split(":")[1], run.values["HTTP"].split(":")[1]
    for command, code, said in ROLES:
        directory = run.path("other-" + command[0])
        run.expect(" ".join(command), run.command(*filled(run, command), "--data-dir", directory), code, f"millrace: {said}\n")
    for verb in NAMED:
        run.expect(f"{verb} an unknown pipeline", run.command(verb, "clicks"), 3,
                   "millrace: find pipeline clicks: there is none of this name; `millrace get` lists them\n")
    done = run.command("get", "clicks", "-o", "json")
    run.expect("get an unknown pipeline as JSON", done, 3, stderr=None)
    run.check("get an unknown pipeline as JSON", json.loads(done.stderr) == {
        "code": "NOT_FOUND", "message": "find pipeline clicks: there is none of this name; `millrace get` lists them"}, done.stderr)
    run.expect("no pipelines", run.command("get"), 0, "no pipelines; `millrace run FILE.json` makes one\n")


def check_help(run):
    done = run.command("--help")
    run.expect("--help", done, 0, stdout=None)
    for verb in VERBS:
        run.check(f"--help lists {verb}", f"\n  {verb} " in done.stdout, done.stdout)
        of_verb = run.command(verb, "--help")
        run.expect(f"{verb} --help", of_verb, 0, stdout=None)
        run.check(f"{verb} --help has usage and exit codes",
                  f"Usage: millrace {verb}" in of_verb.stdout and "Exit codes: 0 done" in of_verb.stdout, of_verb.stdout)
    run.expect("no verb", run.command(), 2, stderr=None)
    run.expect("version", run.command("version"), 0, stdout="millrace <*>\n")
    done = run.command("version", "-o", "json")
    run.expect("version as JSON", done, 0, stdout=None)
    run.check("version as JSON", list(json.loads(done.stdout)) == ["version"], done.stdout)


def check_nobody_answers(run, plan):
    run.environment["MILLRACE_SERVER"] = "127.0.0.1:1"
    said = ("millrace: call coordinator at 127.0.0.1:1: <*>Connection refused; start one with `millrace dev`, or name another with "
            "--server HOST:PORT or MILLRACE_SERVER\n")
    for command in [["get"]] + [[verb, "clicks"] for verb in NAMED] + [[verb, plan] for verb in ("run", "validate", "explain")]:
        run.expect(" ".join(command) + " without a coordinator", run.command(*command), 5, said)
    run.environment["MILLRACE_SERVER"] = "here"
    run.expect("a wrong MILLRACE_SERVER", run.command("get"), 2,
               "millrace: --server or MILLRACE_SERVER: 'here' is not HOST:PORT, such as 127.0.0.1:7070; see `millrace get --help`\n")
