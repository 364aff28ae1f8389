"""Ends processes at a chosen point of a checkpoint's life, and proves that they were there.

Nothing in the product helps: the points show in the files that processes leave. A process is paused first (SIGSTOP);
only if the files still say the same after everybody else had time to go on is it killed, and else it goes on and the
next chance is taken.
"""

import glob
import os
import pathlib
import time

import delta_table
from cluster import committed, is_running

# Longer than others need to finish a checkpoint without the paused process, shorter than what makes it count as hung.
SETTLE = 0.4


class CheckpointFiles:
    """The checkpoint store of a pipeline, see state/checkpoint_paths.h."""

    def __init__(self, coordinator_directory, pipeline):
        self.root = pathlib.Path(coordinator_directory) / "checkpoints" / pipeline

    def manifests(self):
        return {int(path.name.split("-")[0]) for path in self.root.glob("*/manifests/*.pb")}

    def snapshots(self):
        """Epochs of which an operator has uploaded something."""
        # Not Path.glob, which fails at a directory that the collector takes away meanwhile.
        return {int(os.path.basename(path)) for path in glob.iglob(str(self.root / "*/state/*/*"))}


def spin(seconds, what, look):
    """Calls `look` until it is true, without sleeping: the moments are short."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
    raise AssertionError(f"{what}: not seen within {seconds} s")


def during_snapshot(cluster, files, victim, attempts=40):
    """Kills `victim` while it owes its acknowledgement of an epoch of which state is uploaded. Returns the epoch."""
    for _ in range(attempts):
        seen = max(files.snapshots() | files.manifests())
        epoch = spin(30, "a snapshot", lambda: max((e for e in files.snapshots() if e > seen), default=None))
        cluster.pause(victim)
        time.sleep(SETTLE)
        if epoch not in files.manifests():
            cluster.kill(victim)
            return epoch
        cluster.resume(victim)
    raise AssertionError(f"no snapshot was interrupted in {attempts} attempts")


def between_manifest_and_commit(cluster, files, tables, attempts=40):
    """Kills both workers when an epoch is complete and some table lacks it. Returns the epoch and those tables."""
    for _ in range(attempts):
        seen = max(files.manifests())
        epoch = spin(30, "a manifest", lambda: max((e for e in files.manifests() if e > seen), default=None))
        for worker in cluster.workers:
            cluster.pause(worker)
        time.sleep(SETTLE)
        view = cluster.view()
        missing = [table for table in tables if epoch not in delta_table.commits(table).values()]
        if int(view["last_completed_epoch"]) == epoch and int(view.get("last_committed_epoch", 0)) < epoch and missing:
            for worker in cluster.workers:
                cluster.kill(worker)
            return epoch, missing
        for worker in cluster.workers:
            cluster.resume(worker)
    raise AssertionError(f"no commit was interrupted in {attempts} attempts")


def pause_committer(cluster, files, chance, attempts=60):
    """Pauses the worker that was appointed to commit a complete epoch, before it has. Returns its name and the epoch."""
    for _ in range(attempts):
        worker = chance.choice(cluster.workers)
        seen = max(files.manifests())
        epoch = spin(30, "a manifest", lambda: max((e for e in files.manifests() if e > seen), default=None))
        cluster.pause(worker)
        time.sleep(SETTLE)
        if committed(cluster.view()) < epoch:
            return worker, epoch
        cluster.resume(worker)
    raise AssertionError(f"no committer was paused in {attempts} attempts")


def state_directories(cluster):
    """Path → worker of the state of every deployment's subtasks. Quick: it is asked in a loop."""
    found = {}
    for worker in cluster.workers:
        root = f"{cluster.directory}/{worker}/state"
        for process in list_directory(root):
            found.update({f"{root}/{process}/{name}": worker for name in list_directory(f"{root}/{process}")})
    return found


def list_directory(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def is_restoring(directory):
    """Snapshot files have arrived and are not in use yet: RocksDB has not locked the database, or rows are being copied
    out of them (state/rocksdb_backend.cc)."""
    files = list_directory(f"{directory}/db")
    return bool(files and "LOCK" not in files or list_directory(f"{directory}/scratch"))


def during_restore(cluster, known):
    """Kills a worker while it downloads or copies state, if it can be caught. `known`: state directories of earlier
    deployments. Returns its name and the bytes of state that had arrived, or None.

    A restore takes milliseconds: the workers run in slices of a millisecond, and are looked at while they stand still."""
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        for worker in cluster.workers:
            cluster.pause(worker)
            cluster.await_pause(worker)
            path = next(
                (
                    path
                    for path, owner in state_directories(cluster).items()
                    if owner == worker and path not in known and is_restoring(path)
                ),
                None,
            )
            if path is not None and not is_running(cluster.view()):
                size = sum(file.stat().st_size for file in pathlib.Path(path).rglob("*") if file.is_file())
                cluster.kill(worker)
                return worker, size
            cluster.resume(worker)
        time.sleep(0.001)
    return None

