#!/usr/bin/env python3
"""Runs the built binary as people do, and compares exit code, stdout and stderr with what is promised.

usage: acceptance.py usage|plans|running|api|sql --millrace FILE --broker FILE --probe FILE

Expectations are whole texts. In them <*> stands for anything within a line, and <NAME> for a value of the run.
"""
import argparse
import importlib
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


class Process:
    """A role that runs in the background. It prints its addresses as "what HOST:PORT" lines."""

    def __init__(self, command, log, environment):
        self.log = log
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log.open("w"), text=True,
                                        env=environment)
        self.lines = []

    def read_until(self, what):
        """The value of the line that begins with `what`, or the first line if `what` is empty."""
        while True:
            line = self.process.stdout.readline()
            assert line, f"{self.process.args} ended: {self.log.read_text()}"
            self.lines.append(line.rstrip("\n"))
            if line.startswith(what):
                return line[len(what):].strip()

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        return self.process.wait(timeout=60)


class Run:
    """One run of a group: a scratch directory, background processes, and what has failed."""

    def __init__(self, arguments):
        self.millrace, self.broker_program, self.probe_program = arguments.millrace, arguments.broker, arguments.probe
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="millrace-acceptance-"))
        self.values = {"DIR": str(self.directory)}
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "LC_ALL": "C.UTF-8"}
        self.processes, self.failures, self.checks = [], [], 0

    def path(self, name):
        return str(self.directory / name)

    def file(self, name, content):
        text = content if isinstance(content, str) else json.dumps(content)
        (self.directory / name).write_text(text)
        return self.path(name)

    def start(self, *command, environment=None):
        process = Process(list(command), self.directory / f"process-{len(self.processes)}.log", {**self.environment, **(environment or {})})
        self.processes.append(process)
        return process

    def role(self, verb, *flags, data="data", environment=None):
        ports = ["--http-port", "0", "--internal-port", "0"] + (["--grpc-port", "0"] if verb != "worker" else [])
        given = set(flags)
        ports = [part for flag, value in zip(ports[::2], ports[1::2]) if flag not in given for part in (flag, value)]
        return self.start(self.millrace, verb, *ports, "--data-dir", self.path(data), *flags, environment=environment)

    def dev(self, *flags, data="data", environment=None):
        """Starts `millrace dev`, whose addresses become <SERVER> and <HTTP>, and waits until it leads and has its worker."""
        process = self.role("dev", *flags, data=data, environment=environment)
        self.values["SERVER"] = process.read_until("grpc ")
        self.values["HTTP"] = process.read_until("http ")
        process.read_until("next: ")
        self.environment["MILLRACE_SERVER"] = self.values["SERVER"]
        self.ready()
        return process

    def ready(self):
        self.wait("a coordinator that leads", lambda: self.command("get").returncode == 0)

    def broker(self, *topics):
        process = self.start(self.broker_program, *topics)
        self.values["BROKER"] = process.read_until("")
        return process

    def command(self, *arguments, timeout=120):
        return subprocess.run([self.millrace, *arguments], capture_output=True, text=True, timeout=timeout, env=self.environment)

    def probe(self, *arguments):
        return subprocess.run([self.probe_program, *arguments], capture_output=True, text=True, timeout=60, env=self.environment)

    def wait(self, what, condition, seconds=30):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
            time.sleep(0.05)

    def fill(self, text):
        """A pattern for an expected text."""
        for name, value in self.values.items():
            text = text.replace(f"<{name}>", value)
        return re.escape(text).replace(re.escape("<*>"), "[^\n]*")

    def expect(self, name, done, code, stderr="", stdout="", after_progress=False):
        """`after_progress`: stderr begins with lines of progress. None: not compared."""
        self.checks += 1
        problems = []
        if done.returncode != code:
            problems.append(f"exit code {done.returncode}, expected {code}")
        for what, got, expected in (("stderr", done.stderr, stderr), ("stdout", done.stdout, stdout)):
            if expected is None:
                continue
            progress = "(?:[^\n]*\n)*" if what == "stderr" and after_progress else ""
            if not re.fullmatch(progress + self.fill(expected), got):
                problems.append(f"{what}:\n{got}expected:\n{expected}")
        self.check(name, not problems, "\n".join(problems))

    def check(self, name, good, why=""):
        if good:
            return
        self.failures.append(name)
        print(f"== {name}\n{why}", flush=True)

    def end(self):
        for process in self.processes:
            if process.process.poll() is None:
                process.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("group", choices=["usage", "plans", "running", "api", "sql"])
    for program in ("millrace", "broker", "probe"):
        parser.add_argument(f"--{program}", required=True)
    arguments = parser.parse_args()
    group = importlib.import_module(f"{arguments.group}_cases")
    run = Run(arguments)
    try:
        group.check(run)
    finally:
        run.end()
    print(f"{arguments.group}: {run.checks} commands, {len(run.failures)} failures")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    sys.exit(main())
