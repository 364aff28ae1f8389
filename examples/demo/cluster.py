"""The demo's broker, coordinator and workers, and what happens to them."""
import json
import pathlib
import time
import urllib.request

from processes import Processes
from terminal import BOLD, GREEN, RED, YELLOW, DemoFailed, interject, say, shown

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent / "clicks.sql"
PIPELINE = "clicks-demo"
PARTITIONS = 8


class Cluster:
    """Runs one demo in `directory`, which is empty. end() must be called."""

    def __init__(self, directory, build, seconds, rate, seed):
        self.directory, self.seconds, self.rate, self.seed = directory, seconds, rate, seed
        self.millrace, self.broker = build / "bin/millrace", build / "bin/demo_broker"
        for program in (self.millrace, self.broker):
            if not program.exists():
                raise DemoFailed(f"{program} is missing; `./run build` makes it")
        self.events = seconds * rate // PARTITIONS * PARTITIONS
        self.processes = Processes(directory / "logs")

    def start(self):
        start = self.processes.start
        start("broker", [self.broker, self.directory / "ledger.csv", PARTITIONS, self.events, self.rate, self.seed])
        start("coordinator", [self.millrace, "coordinator", "--grpc-port", 0, "--http-port", 0, "--internal-port", 0,
                              "--data-dir", self.directory / "coordinator"])
        self.bootstrap = self.processes.wait_printed("broker", "bootstrap")
        self.server = self.processes.wait_printed("coordinator", "grpc")
        self.http = self.processes.wait_printed("coordinator", "http")
        self.internal = self.processes.wait_printed("coordinator", "internal")
        pids = [self.start_worker(name) for name in ("worker-1", "worker-2")]
        self.script = self.write_script()
        say(f"  broker       {self.bootstrap}, topic clicks, {PARTITIONS} partitions (librdkafka's mock cluster)")
        pid = self.processes.running["coordinator"].pid
        say(f"  coordinator  {self.server}, pid {pid}, metrics at http://{self.http}/metrics")
        say(f"  workers      pid {pids[0]} and pid {pids[1]}, two slots each")
        say(f"  logs         {shown(self.directory / 'logs')}")

    def start_worker(self, name):
        command = [self.millrace, "worker", "--coordinator", self.internal, "--slots", 2, "--http-port", 0]
        return self.processes.start(name, [*command, "--data-dir", self.directory / name]).pid

    def write_script(self):
        """The example with this broker, these directories, and an end, so that the demo ends by itself."""
        ends = ";".join(f"partition:{p},offset:{self.events // PARTITIONS}" for p in range(PARTITIONS))
        script = EXAMPLE.read_text()
        for old, new in (
                ("SET 'parallelism.default'", f"SET 'pipeline.name' = '{PIPELINE}';\nSET 'parallelism.default'"),
                ("'localhost:9092'", f"'{self.bootstrap}'"),
                ("'format' = 'json'", "'scan.bounded.mode' = 'specific-offsets',\n"
                                      f"  'scan.bounded.specific-offsets' = '{ends}',\n  'format' = 'json'"),
                ("'out/", f"'{self.directory / 'tables'}/")):
            if old not in script:
                raise DemoFailed(f"{EXAMPLE.name} has no {old} any more, which the demo replaces")
            script = script.replace(old, new)
        path = self.directory / "clicks.sql"
        path.write_text(script)
        return path

    def run(self):
        """Submits the pipeline, lets the producer go, kills a worker half-way, and waits for the end."""
        say(f"\n$ {shown(self.millrace)} run {shown(self.script)}", BOLD)
        run = self.processes.start("run", [self.millrace, "run", self.script, "--server", self.server], live=True)
        self.wait(lambda view: view.get("state") == "PIPELINE_STATE_RUNNING", "the pipeline to run", 20)
        self.processes.say("broker", "go")
        half_way = time.monotonic() + self.seconds / 2
        committed = lambda view: int(view.get("last_committed_epoch", 0)) >= 1
        self.wait(lambda view: time.monotonic() > half_way and committed(view), "the first commit",
                  self.seconds / 2 + 20)
        self.lose_a_worker("worker-2")
        self.wait(lambda _: run.poll() is not None, "the pipeline to finish", self.seconds + 60)
        if run.returncode != 0:
            raise DemoFailed(f"`millrace run` ended with {run.returncode}")
        self.processes.wait_printed("broker", "produced", 5)

    def lose_a_worker(self, name):
        generation = int(self.view()["generation"])
        pid = self.processes.kill(name)
        killed = time.monotonic()
        interject(f"** kill -9 {pid}: {name} is dead, in the middle of its work", RED)
        recovered = lambda v: (int(v.get("generation", 0)) > generation and
                               v["state"] in ("PIPELINE_STATE_RUNNING", "PIPELINE_STATE_FINISHED"))
        view = self.wait(recovered, "recovery", 30)
        interject(f"** {time.monotonic() - killed:.1f} s later worker-1 does all the work, from checkpoint "
                  f"#{view.get('last_completed_epoch', 0)}", GREEN)
        interject(f"** {name} starts again, as pid {self.start_worker(name)}", YELLOW)

    def view(self):
        """The pipeline as the coordinator shows it; empty if there is none yet."""
        try:
            with urllib.request.urlopen(f"http://{self.http}/api/v1/pipelines/{PIPELINE}", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            return {}

    def wait(self, condition, what, seconds):
        deadline = time.monotonic() + seconds
        while True:
            self.processes.check("broker", "coordinator", "worker-1")
            view = self.view()
            if condition(view):
                return view
            run = self.processes.running["run"]
            if view.get("state") == "PIPELINE_STATE_FAILED" or run.poll():
                run.wait(5)  # it says why
                raise DemoFailed(f"the pipeline failed while the demo waited for {what}")
            if time.monotonic() > deadline:
                state = f"{view.get('state')} {view.get('reason', '')}"
                raise DemoFailed(f"waited {seconds:.0f} s for {what}, in vain; the pipeline is {state}")
            time.sleep(0.1)

    def end(self):
        self.processes.end()
