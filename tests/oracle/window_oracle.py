#!/usr/bin/env python3
"""Compares TUMBLE in zones with windows that are reckoned with Python's own time zones: random moments, many of them around
changes of clocks, cut into windows of random sizes and offsets; aggregated, as columns of each row, and aggregated once more.

usage: window_oracle.py MILLRACE [SEED]
"""
import collections
import concurrent.futures
import datetime
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import zoneinfo

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe",
         "Pacific/Auckland", "Africa/Casablanca", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia"]
SIZES = [1000, 60_000, 900_000, 3_600_000, 5_400_000, 6 * 3_600_000, 86_400_000, 7 * 86_400_000, 25_000_000]
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1)
MILLI = datetime.timedelta(milliseconds=1)


def local(moment, zone):
    return moment.astimezone(zone).replace(tzinfo=None)


def changes(zone, year):
    """The hours of a year in which the clocks change."""
    hours = (datetime.datetime(year, 1, 1, tzinfo=UTC) + datetime.timedelta(hours=hour) for hour in range(366 * 24))
    return [hour for hour in hours if hour.astimezone(zone).utcoffset() !=
            (hour + datetime.timedelta(hours=1)).astimezone(zone).utcoffset()]


def moments(zone, rng):
    """In order, so that none comes late."""
    found = set()
    for year in (2011, 2018, 2024):
        for change in changes(zone, year):
            for _ in range(30):
                found.add(change + rng.randint(-26 * 3_600_000, 26 * 3_600_000) * MILLI)
                found.add(change + rng.randint(-12, 12) * datetime.timedelta(minutes=15))
        for _ in range(20):
            found.add(datetime.datetime(year, 1, 1, tzinfo=UTC) + rng.randint(0, 365 * 86_400_000) * MILLI)
    return sorted(found)


def shown(naive):
    text = naive.strftime("%Y-%m-%d %H:%M:%S")
    fraction = f"{naive.microsecond:06d}".rstrip("0")
    return text + ("." + fraction if fraction else "")


def window(moment, size, offset, zone):
    """window_start, window_end and window_time, as they are printed."""
    since = (local(moment, zone) - EPOCH) // MILLI
    start = EPOCH + (since - (since - offset) % size) * MILLI
    end = start + size * MILLI
    last = (end - MILLI).replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    return shown(start), shown(end), shown(last) + "Z"


def rows_of(millrace, directory, name, query, zone):
    script = pathlib.Path(directory, f"{name}.sql")
    script.write_text(f"""
CREATE TABLE t (id INT NOT NULL, k STRING NOT NULL, ts TIMESTAMP_LTZ(3) NOT NULL, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '{directory}/t.json', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');
SET 'table.local-time-zone' = '{zone}';
{query};
""", encoding="utf-8")
    ran = subprocess.run([millrace, "run", "--local", "-o", "json", script], capture_output=True, text=True, timeout=120,
                         encoding="utf-8", check=False)
    if ran.returncode != 0:
        return f"{query}: it failed: {ran.stderr.strip()}"
    return sorted(json.loads(line)["row"] for line in ran.stdout.splitlines()[1:])


def interval(millis):
    return f"INTERVAL '{millis // 1000}.{millis % 1000:03d}' SECOND(9, 3)" if millis >= 0 else \
        f"INTERVAL '-{-millis // 1000}.{-millis % 1000:03d}' SECOND(9, 3)"


def check(millrace, name, seed):
    rng = random.Random(f"{seed} {name}")
    zone = zoneinfo.ZoneInfo(name)
    wrong = []
    with tempfile.TemporaryDirectory() as directory:
        rows = [(at, rng.choice("abc"), moment) for at, moment in enumerate(moments(zone, rng))]
        pathlib.Path(directory, "t.json").write_text("".join(
            json.dumps(dict(id=at, k=k, ts=moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))) + "\n"
            for at, k, moment in rows), encoding="utf-8")
        for number in range(3):
            size = rng.choice(SIZES)
            offset = rng.choice([0, 0, rng.randint(1 - size, size - 1)])
            tumble = f"TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), {interval(size)}, {interval(offset)}))"
            groups, windows, each = collections.Counter(), collections.Counter(), []
            for at, k, moment in rows:
                own = window(moment, size, offset, zone)
                each.append([at, *own])
                groups[(k, *own)] += 1
            for _, start, end, last in groups:
                windows[(start, end, last)] += 1
            queries = [
                (f"SELECT id, window_start, window_end, window_time FROM {tumble}", sorted(each)),
                (f"SELECT k, window_start, window_end, window_time, COUNT(*) FROM {tumble} "
                 "GROUP BY k, window_start, window_end, window_time", sorted([*key, n] for key, n in groups.items())),
                ("SELECT window_start, window_end, window_time, COUNT(*) FROM (SELECT window_start, window_end, window_time, k, "
                 f"COUNT(*) AS n FROM {tumble} GROUP BY window_start, window_end, window_time, k) x "
                 "GROUP BY window_start, window_end, window_time", sorted([*key, n] for key, n in windows.items())),
            ]
            for at, (query, expected) in enumerate(queries):
                got = rows_of(millrace, directory, f"q{number}{at}", query, name)
                if got != expected:
                    differing = got if isinstance(got, str) else [pair for pair in zip(got, expected) if pair[0] != pair[1]][:3]
                    wrong.append(f"{name}, seed {seed}: {query}\n  {differing}")
    return wrong


def main():
    millrace, seed = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "1"
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = [problem for problems in pool.map(lambda name: check(millrace, name, seed), ZONES) for problem in problems]
    print("\n".join(wrong))
    print(f"{len(ZONES)} zones, 9 queries each: {len(wrong)} problems")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
