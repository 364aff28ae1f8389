"""The demo's processes: each with a log of its own, all of them dead when the demo is."""
import ctypes
import os
import re
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1


class ProcessEnded(Exception):
    """A process that should run has ended."""


def _die_with_parent():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Processes:
    """Starts processes by name. Not thread-safe. end() must be called."""

    def __init__(self, logs):
        self.logs = logs
        self.running = {}

    def start(self, name, command, live=False):
        """`live`: its stderr is the demo's own; otherwise both streams go to files, which a restart goes on with."""
        output = self.logs / f"{name}.out"
        with output.open("w") as out, (self.logs / f"{name}.log").open("a") as log:
            # A session of its own: Ctrl-C reaches the demo alone, which then ends them in order.
            self.running[name] = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.PIPE, stdout=out, stderr=None if live else log,
                start_new_session=True, preexec_fn=_die_with_parent)
        return self.running[name]

    def say(self, name, line):
        """Writes a line to the process's stdin."""
        self.running[name].stdin.write(f"{line}\n".encode())
        self.running[name].stdin.flush()

    def printed(self, name, word):
        """The rest of the line of its stdout that begins with `word`, or None."""
        found = re.search(rf"^{word} (.*)\n", (self.logs / f"{name}.out").read_text(), re.M)
        return found.group(1) if found else None

    def wait_printed(self, name, word, seconds=20):
        deadline = time.monotonic() + seconds
        while (line := self.printed(name, word)) is None:
            self.check(name)
            if time.monotonic() > deadline:
                raise ProcessEnded(f"{name} did not print '{word}' within {seconds} s; see {self.logs / name}.log")
            time.sleep(0.02)
        return line

    def check(self, *names):
        """Raises if one of them has ended, with the end of its log."""
        for name in names:
            code = self.running[name].poll()
            if code is not None:
                log = (self.logs / f"{name}.log").read_text().splitlines()[-5:]
                what = f"{name} has ended with {code}; the end of {self.logs / name}.log:"
                raise ProcessEnded("\n  ".join([what, *log]))

    def kill(self, name):
        """SIGKILL to a process that runs; returns its pid."""
        self.check(name)
        process = self.running[name]
        process.send_signal(signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            raise ProcessEnded(f"{name} was to be killed, but had ended with {process.returncode}")
        return process.pid

    def end(self):
        for process in self.running.values():
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
        for process in self.running.values():
            process.wait()
