#!/usr/bin/env python3
"""The oracle of the Kafka test finds what it is there for: right tables pass, each planted fault is named."""

import copy
import datetime
import os
import pathlib
import sys
import tempfile

import pyarrow

from kafka_oracle import KafkaOracle

BASE = 1_767_225_600_000
# partition, offset, fate, kind, user, event time (after BASE), amount, wall clock
LEDGER = [
    (0, 0, "committed", "plain", "a", 0, 1, 0),
    (0, 1, "aborted", "plain", "a", 10, 2, 0),
    (0, 3, "committed", "bad: empty", "b", 20, 3, 0),
    (0, 4, "committed", "plain", "b", 45_000, 4, 10),
    (0, 5, "committed", "plain", "b", 44_000, 5, 20),
    (0, 6, "committed", "plain", "a", 1_000, 6, 30),
    (1, 0, "committed", "amount is null", "a", 46_000, None, 30),
]


def moment(milliseconds):
    return datetime.datetime.fromtimestamp((BASE + milliseconds) / 1000, datetime.timezone.utc)


def row(partition, offset, user, time, amount):
    return {
        "partition": partition,
        "offset": offset,
        "user_id": user,
        "amount": amount,
        "event_time": moment(time),
        "window_start": moment(time - time % 30_000),
        "n": 1,
    }


def late(size):
    return {
        "partition": 0,
        "offset": 6,
        "user_id": "a",
        "amount": 6,
        "event_time": moment(1_000),
        "window_end": moment(size),
        "watermark": moment(42_999),
    }


def window(user, start, amounts, offsets, newest):
    known = [amount for amount in amounts if amount is not None]
    return {
        "user_id": user,
        "window_start": moment(start),
        "window_end": moment(start + 10_000),
        "n": len(amounts),
        "amounts": len(known),
        "total": sum(known) if known else None,
        "lowest": min(known, default=None),
        "highest": max(known, default=None),
        "offsets": sum(offsets),
        "newest": moment(newest),
    }


RIGHT = {
    "rows": [row(0, 0, "a", 0, 1), row(0, 4, "b", 45_000, 4), row(0, 5, "b", 44_000, 5), row(1, 0, "a", 46_000, None)],
    "rows_late": [late(30_000)],
    "windows_late": [late(10_000)],
    "windows": [
        window("a", 0, [1], [0], 0),
        window("b", 40_000, [4, 5], [4, 5], 45_000),
        window("a", 40_000, [None], [0], 46_000),
    ],
    "dead": [
        {
            "partition": 0,
            "offset": 3,
            "key": b"b",
            "value": b"",
            "topic": "clicks",
            "error": "empty",
            "reason": "decode",
        }
    ],
}


def punctual_is_late(tables):
    tables["rows"].pop(2)
    row = late(30_000) | {
        "offset": 5,
        "user_id": "b",
        "amount": 5,
        "event_time": moment(44_000),
        "window_end": moment(60_000),
    }
    tables["rows_late"].append(row | {"watermark": moment(60_000)})


FAULTS = {
    "a row is lost": lambda tables: tables["rows"].pop(),
    "a row comes twice": lambda tables: tables["rows"].append(tables["rows"][0]),
    "a row of an aborted transaction": lambda tables: tables["rows"].append(row(0, 1, "a", 10, 2)),
    "a row is in time and late": lambda tables: tables["rows"].append(row(0, 6, "a", 1_000, 6)),
    "a late row is lost": lambda tables: tables["rows_late"].pop(),
    "a dead letter is lost": lambda tables: tables["dead"].pop(),
    "a dead letter comes twice": lambda tables: tables["dead"].append(tables["dead"][0]),
    "a null became 0": lambda tables: tables["rows"][3].update(amount=0),
    "a window is lost": lambda tables: tables["windows"].pop(0),
    "a window comes twice": lambda tables: tables["windows"].append(tables["windows"][0]),
    "a window counts a late row": lambda tables: tables["windows"][0].update(n=2),
    "a row within its bound is late": punctual_is_late,
    "a late row's window was open": lambda tables: tables["windows_late"][0].update(watermark=moment(9_998)),
    "nothing is late": lambda tables: (tables["rows_late"].clear(), tables["rows"].append(row(0, 6, "a", 1_000, 6))),
}


def schema(name):
    return pyarrow.Table.from_pylist(RIGHT[name]).schema


def verdict(ledger, tables):
    try:
        KafkaOracle(ledger, bound_ms=2000, first_partitions=2).check(
            {name: pyarrow.Table.from_pylist(rows, schema=schema(name)) for name, rows in tables.items()}
        )
    except AssertionError as error:
        return str(error)
    return ""


def main():
    with tempfile.TemporaryDirectory() as directory:
        ledger = pathlib.Path(directory) / "ledger.tsv"
        lines = [
            (p, o, fate, kind, user, BASE + time, "" if amount is None else amount, BASE + at)
            for p, o, fate, kind, user, time, amount, at in LEDGER
        ]
        ledger.write_text("".join("\t".join(map(str, line)) + "\n" for line in lines))
        assert verdict(ledger, RIGHT) == "", verdict(ledger, RIGHT)
        for what, plant in FAULTS.items():
            tables = copy.deepcopy(RIGHT)
            plant(tables)
            found = verdict(ledger, tables)
            assert found, f"not found: {what}"
            print(f"{what}: {found[:90]}")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
