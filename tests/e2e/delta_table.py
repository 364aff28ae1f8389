"""Delta tables as a reader sees them that shares no code with the engine."""

import json
import pathlib
import shutil

import pyarrow
from deltalake import DeltaTable, QueryBuilder


def read(path, version=None):
    table = QueryBuilder().register("t", DeltaTable(str(path), version=version)).execute("select * from t").read_all()
    return pyarrow.table(table)


def version(path):
    return DeltaTable(str(path)).version()


def commits(path):
    """Version → epoch of its txn marker, of every commit that has one."""
    epochs = {}
    for entry in sorted((pathlib.Path(path) / "_delta_log").glob("*.json")):
        for line in entry.read_text().splitlines():
            action = json.loads(line)
            if "txn" in action:
                epochs[int(entry.stem)] = int(action["txn"]["version"])
    return epochs


def source_positions(path, source):
    """Split → next offset, as the table's newest commit says."""
    for entry in sorted((pathlib.Path(path) / "_delta_log").glob("*.json"), reverse=True):
        for line in entry.read_text().splitlines():
            info = json.loads(line).get("commitInfo", {})
            if "sourcePositions" in info:
                return info["sourcePositions"][source]
    return {}


def checkpoints(path):
    """Versions of its Delta checkpoints."""
    return [int(entry.name.split(".")[0]) for entry in (pathlib.Path(path) / "_delta_log").glob("*.checkpoint.parquet")]


def copy_from_last_checkpoint(path, copy):
    """A copy that lacks every log entry before the newest checkpoint. Returns that checkpoint's version."""
    shutil.copytree(path, copy)
    newest = max(checkpoints(copy))
    for entry in (pathlib.Path(copy) / "_delta_log").glob("0*"):
        if int(entry.name.split(".")[0]) < newest:
            entry.unlink()
    return newest
