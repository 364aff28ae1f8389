#!/usr/bin/env python3
"""A broker with a producer, a coordinator, two workers; one worker is killed; a foreign reader has the last word."""
import argparse
import fcntl
import os
import pathlib
import shutil
import signal
import sys
import time
import traceback

from cluster import PARTITIONS, Cluster
from processes import ProcessEnded
from terminal import BOLD, GREEN, RED, DemoFailed, say, shown

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MARKER = ".millrace-demo"
# The mock cluster keeps 5 MiB of each partition, about 330,000 clicks. The broker checks that nothing was dropped.
MAX_EVENTS = 250_000 * PARTITIONS


def arguments():
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__)
    parser.add_argument("--dir", type=pathlib.Path, default=ROOT / "demo-data",
                        help="where everything goes; emptied at the start if a demo made it (default: demo-data)")
    parser.add_argument("--seconds", type=int, default=25, help="how long clicks are produced (default: 25)")
    parser.add_argument("--rate", type=int, default=50_000, help="clicks per second (default: 50000)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the clicks (default: the time)")
    parser.add_argument("--hold", action="store_true", help="leave everything running at the end, until Ctrl-C")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.seconds < 5 or given.rate < 1000:
        parser.error("--seconds must be at least 5 and --rate at least 1000, or there is nothing to see")
    if given.seconds * given.rate > MAX_EVENTS:
        parser.error(f"the embedded broker holds {MAX_EVENTS:,} clicks: lower --seconds or --rate")
    return given


def claim(directory):
    """Makes it an empty directory that is this demo's alone. Returns the open lock."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()) and not (directory / MARKER).exists():
            raise DemoFailed(f"{directory} is not empty, and no demo made it: remove it, or choose another with --dir")
        lock = (directory / MARKER).open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoFailed(f"another demo runs in {directory}: wait for it, or choose another with --dir") from None
        for entry in directory.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != MARKER:
                entry.unlink()
        (directory / "logs").mkdir()
        return lock
    except OSError as error:
        what = f"cannot use {error.filename}: {error.strerror}"
        raise DemoFailed(f"{what}; remove it, or choose another directory with --dir") from None


def report(directory):
    """Prints what a foreign reader finds. True if all is well."""
    from foreign_reader import ForeignReader  # not before: its imports take a second
    reader = ForeignReader(directory)
    say(f"\nclicks_5s: {reader.count('clicks_5s'):,} rows, read with the Python package deltalake; the busiest:", BOLD)
    say(f"  {'user_id':<9}{'window_start (UTC)':<21}{'clicks':>8}{'amount':>14}")
    for user, start, clicks, amount in reader.rows("""select user_id, window_start::timestamp, clicks, amount
            from clicks_5s order by clicks desc, user_id, window_start limit 4"""):
        say(f"  {user:<9}{start:%Y-%m-%d %H:%M:%S}  {clicks:>8,}{amount:>14,}")
    say("\nclicks_dead: bad records, each with its bytes and what is wrong with it", BOLD)
    for error, number in reader.rows(r"""
            select regexp_replace(regexp_replace(error, '(\): )[-0-9.]+ ', '\1… '), '^not JSON: .*', 'not JSON') what,
                   count(*) n
            from clicks_dead group by what order by n desc, what"""):
        say(f"  {number:>8,}  {error if len(error) <= 68 else error[:67] + '…'}")
    say("\nThe tables against the producer's own ledger, compared with DuckDB", BOLD)
    lost, duplicated, faults = reader.verdict()
    say("  {:,} written = {:,} in windows + {:,} late + {:,} dead".format(*reader.partition()))
    well = not (lost or duplicated or faults)
    say(f"  lost {lost:,}, duplicated {duplicated:,}", GREEN if well else RED)
    for fault in faults:
        say(f"  {fault}", RED)
    say(f"\nDelta tables, with their commits, in {shown(reader.tables)}: " +
        ", ".join(f"{name} {version + 1}" for name, version in reader.versions.items()))
    return well


def hold(cluster):
    millrace = shown(cluster.millrace)
    say(f"""
Everything still runs, until Ctrl-C. In another terminal, from this directory:
  export MILLRACE_SERVER={cluster.server}
  {millrace} describe clicks-demo
  sed 's/localhost:9092/{cluster.bootstrap}/' examples/clicks.sql > my-clicks.sql
  {millrace} run my-clicks.sql       # its tables: out/""")
    while True:
        cluster.processes.check("broker", "coordinator", "worker-1", "worker-2")
        time.sleep(0.5)


def main():
    given = arguments()
    began = time.monotonic()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    directory = given.dir.resolve()
    cluster = lock = None
    try:
        cluster = Cluster(directory, given.build, given.seconds, given.rate, given.seed)
        lock = claim(directory)
        say(f"Millrace demo: {cluster.events:,} clicks in {given.seconds} s, two workers, one kill -9", BOLD)
        cluster.start()
        cluster.run()
        well = report(directory)
        say(f"The demo took {time.monotonic() - began:.0f} s.")
        if given.hold:
            hold(cluster)
        return 0 if well else 1
    except (DemoFailed, ProcessEnded) as error:
        say(f"\ndemo: {error}", RED)
    except KeyboardInterrupt:
        say("\ndemo: interrupted; all its processes are ended")
        return 130
    except Exception:  # a bug of the demo's own
        traceback.print_exc()
    finally:
        if cluster:
            cluster.end()
    if lock:
        say(f"The logs lie in {directory / 'logs'}")
    return 1


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of deltalake's library may still run: the interpreter's own end would race with them and abort.
    os._exit(code)
