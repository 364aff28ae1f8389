"""A real Apache Kafka: one KRaft node with a plain listener and one that asks for certificates."""

import pathlib
import random
import shutil
import signal
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).parent
PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{plain},SSL://127.0.0.1:{tls},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{plain},SSL://127.0.0.1:{tls}
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL
ssl.keystore.type=PKCS12
ssl.keystore.location={directory}/tls/broker.p12
ssl.keystore.password=changeit
ssl.truststore.type=PEM
ssl.truststore.location={directory}/tls/ca.pem
listener.name.ssl.ssl.client.auth=required
log.dirs={directory}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
log.initial.task.delay.ms=1000
file.delete.delay.ms=1000
"""


def free_ports(count):
    """Below those that the system gives to whoever asks for any: nobody takes one while its broker is down."""
    ports = set()
    while len(ports) < count:
        port = random.randrange(16_384, 32_768)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.add(port)
    return list(ports)


def make_certificates(directory):
    """A CA, a broker's and a client's certificate, as openssl makes them."""
    directory.mkdir(parents=True)
    run = lambda command: subprocess.run(command.split(), cwd=directory, check=True, capture_output=True)
    (directory / "san").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    run(f"openssl req -x509 {key} -keyout ca.key -out ca.pem -days 7 -subj /CN=ca")
    for name in ("broker", "client"):
        run(f"openssl req {key} -keyout {name}.key -out {name}.csr -subj /CN={name}")
        run(
            f"openssl x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 7 -out {name}.pem "
            "-extfile san"
        )
    run(
        "openssl pkcs12 -export -in broker.pem -inkey broker.key -certfile ca.pem -out broker.p12 "
        "-passout pass:changeit"
    )


class KafkaBroker:
    """Started by the constructor, which returns when clients are served."""

    def __init__(self, libs, tools, directory):
        libs = pathlib.Path(libs)
        assert list(libs.glob("kafka_*.jar")), f"Kafka's jars are not in {libs}: './run test' fetches them with Maven"
        assert shutil.which("java"), "java is not installed: './run test' installs it"
        self.libs, self.tools, self.directory, self.process = libs, pathlib.Path(tools), directory, None
        make_certificates(directory / "tls")
        # A free port may be taken before Kafka binds it.
        for attempt in range(3):
            self.plain, self.tls, self.controller = free_ports(3)
            self.write_properties()
            if attempt == 0:
                self.java(
                    "kafka.tools.StorageTool",
                    "format",
                    "-t",
                    "bWlsbHJhY2UtdGVzdC0wMQ",
                    "-c",
                    self.properties,
                    "--standalone",
                )
            if self.start():
                break
        else:
            raise AssertionError(f"Kafka did not start: {(directory / 'broker.log').read_text()[-3000:]}")
        self.bootstrap = f"127.0.0.1:{self.plain}"

    def write_properties(self):
        self.properties = str(self.directory / "server.properties")
        text = PROPERTIES.format(plain=self.plain, tls=self.tls, controller=self.controller, directory=self.directory)
        pathlib.Path(self.properties).write_text(text)

    def command(self, *arguments, heap="128m"):
        return [
            "java",
            f"-Xmx{heap}",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            f"{self.libs}/*",
            f"-Dlog4j2.configurationFile={HERE}/kafka/log4j2.properties",
            f"-Dkafka.logs.dir={self.directory}",
            *arguments,
        ]

    def java(self, *arguments):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{arguments}: {done.stdout[-2000:]}{done.stderr[-2000:]}"

    def start(self):
        log = self.directory / "broker.log"
        self.process = subprocess.Popen(
            self.command("kafka.Kafka", self.properties, heap="320m"), stdout=log.open("w"), stderr=subprocess.STDOUT
        )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            if "Kafka Server started" in log.read_text():
                return True
            time.sleep(0.1)
        self.end()
        return False

    def mutual_tls(self, **changes):
        """Options of a Kafka source that reads through the listener with client certificates."""
        tls = self.directory / "tls"
        return {
            "properties.bootstrap.servers": f"127.0.0.1:{self.tls}",
            "properties.security.protocol": "SSL",
            "properties.ssl.ca.location": f"{tls}/ca.pem",
            "properties.ssl.certificate.location": f"{tls}/client.pem",
            "properties.ssl.key.location": f"{tls}/client.key",
            **changes,
        }

    def topic(self, *arguments):
        """create TOPIC PARTITIONS, grow TOPIC PARTITIONS, delete TOPIC"""
        done = subprocess.run(
            [self.tools / "kafka_topic", self.bootstrap, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr

    def feed(self, topic, partitions, seed, rate, ledger):
        return KafkaFeed([self.tools / "kafka_feed", self.bootstrap, topic, partitions, seed, rate, ledger])

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class KafkaFeed:
    """tests/e2e/kafka/kafka_feed_main.cc: writes events until it is told to finish."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def tell(self, command):
        assert self.process.poll() is None, f"kafka_feed has ended with {self.process.returncode}"
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer == command, f"kafka_feed answered {answer!r} to {command!r}"

    def finish(self, num_committed):
        """Returns how many records were committed and how many aborted."""
        self.tell(f"finish {num_committed}")
        words = self.process.stdout.readline().split()
        assert self.process.wait(timeout=60) == 0 and words[0] == "fed", words
        return int(words[1]), int(words[2])

    def end(self):
        self.process.kill()
        self.process.wait()
