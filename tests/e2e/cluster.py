"""A coordinator and workers as processes of their own, driven through the command line, HTTP and signals."""

import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request


class Cluster:
    """Starts a coordinator and two workers in `directory`; every file they write lies there. `shared`: data directories
    by process, of those that have none of their own. `flags`: by process, what else stands on its command line."""

    def __init__(self, millrace, directory, pipeline, slots=2, shared=None, flags=None):
        self.shared, self.flags = shared or {}, flags or {}
        self.millrace, self.directory, self.pipeline, self.slots = millrace, directory, pipeline, slots
        self.processes = {}
        self.start("coordinator", ["coordinator", "--grpc-port", "0", "--http-port", "0", "--internal-port", "0"])
        self.server = self.address("coordinator", "grpc")
        self.internal = self.address("coordinator", "internal")
        self.http = self.address("coordinator", "http")
        self.workers = ["worker-1", "worker-2"]
        for name in self.workers:
            self.start_worker(name)

    def data_directory(self, name):
        return self.directory / self.shared.get(name, name)

    def start(self, name, arguments):
        # Emptied first: an address of the process before it must not be taken for its own.
        (self.directory / f"{name}.out").write_text("")
        self.processes[name] = subprocess.Popen(
            [self.millrace, *arguments, *self.flags.get(name, []), "--data-dir", str(self.data_directory(name))],
            stdout=(self.directory / f"{name}.out").open("w"),
            stderr=(self.directory / f"{name}.err").open("a"),
        )

    def start_worker(self, name):
        self.start(name, ["worker", "--coordinator", self.internal, "--slots", str(self.slots), "--http-port", "0"])

    def address(self, name, what):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            match = re.search(rf"^{what} (\S+)$", (self.directory / f"{name}.out").read_text(), re.M)
            if match:
                return match.group(1)
            assert self.processes[name].poll() is None, self.log(name)
            time.sleep(0.05)
        raise AssertionError(f"{name} did not print its {what} address")

    def log(self, name):
        return (self.directory / f"{name}.err").read_text()

    def kill(self, name):
        process = self.processes[name]
        assert process.poll() is None, f"{name} had ended by itself: {self.log(name)[-2000:]}"
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, f"{name} did not die of SIGKILL"

    def pause(self, name):
        self.processes[name].send_signal(signal.SIGSTOP)

    def await_pause(self, name):
        """Until the kernel has stopped every thread of a process that was paused."""
        stat = f"/proc/{self.processes[name].pid}/stat"
        while True:
            with open(stat) as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "T":
                    return

    def resume(self, name):
        self.processes[name].send_signal(signal.SIGCONT)

    def restart(self, name):
        if name == "coordinator":
            port = lambda address: address.rsplit(":", 1)[1]
            self.start(
                name,
                [
                    "coordinator",
                    "--grpc-port",
                    port(self.server),
                    "--http-port",
                    port(self.http),
                    "--internal-port",
                    port(self.internal),
                ],
            )
        else:
            self.start_worker(name)

    def call(self, *arguments, ok=True, seconds=120):
        done = subprocess.run(
            [self.millrace, *arguments, "--server", self.server], capture_output=True, text=True, timeout=seconds
        )
        assert not ok or done.returncode == 0, f"{arguments}: exit {done.returncode}: {done.stdout}{done.stderr}"
        return done

    def view(self):
        """The pipeline as the API shows it; {} while no coordinator answers."""
        try:
            with urllib.request.urlopen(f"http://{self.http}/api/v1/pipelines/{self.pipeline}", timeout=10) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError):
            return {}

    def scrape(self, name):
        with urllib.request.urlopen(f"http://{self.address(name, 'http')}/metrics", timeout=10) as answer:
            return answer.read().decode()

    def metrics(self, name):
        """Samples of a process: {'family{labels}': value}."""
        lines = [line for line in self.scrape(name).splitlines() if line and not line.startswith("#")]
        return {key: float(value) for key, value in (line.rsplit(" ", 1) for line in lines)}

    def wait(self, what, seconds, condition):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            view = self.view()
            if condition(view):
                return view
            assert not view.get("state", "").endswith("FAILED"), (
                f"{what}: the pipeline has failed: {view.get('reason')}\n{self.logs()}"
            )
            time.sleep(0.1)
        raise AssertionError(f"{what}: not within {seconds} s: {self.view()}\n{self.logs()}")

    def logs(self):
        return "".join(f"== {p.name}\n{p.read_text()[-3000:]}\n" for p in sorted(self.directory.glob("*.err")))

    def end(self):
        for process in self.processes.values():
            process.kill()
            process.wait()


def committed(view):
    return int(view.get("last_committed_epoch", 0))


def is_running(view):
    return view.get("state") == "PIPELINE_STATE_RUNNING"
