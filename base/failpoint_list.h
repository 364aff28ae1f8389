#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace millrace {

// An action that others see or that outlives the process. A failpoint stands before it and one behind it; a test makes
// both of them crash, fail or hang.
struct FailpointAction {
  std::string_view name;
  // What the code that asked for the action may be told in production, whether the action was done or not. kOk: it
  // cannot fail; only its process can die or stand still there.
  absl::StatusCode error;
  // "Before" and "after" what.
  std::string_view what;
};

// All of them; tests/build/check_failpoints.py compares this list with the code. On a path that is taken once per event
// there is none.
inline constexpr FailpointAction kFailpointActions[] = {
    // base/local_blob_store.cc
    {"local.create", absl::StatusCode::kUnavailable, "a temporary file and its directories are made"},
    {"local.write", absl::StatusCode::kResourceExhausted, "bytes are written to the temporary file"},
    {"local.fsync", absl::StatusCode::kUnavailable, "the temporary file is made durable"},
    {"local.rename", absl::StatusCode::kUnavailable, "the temporary file replaces a blob"},
    {"local.link", absl::StatusCode::kUnavailable, "the temporary file becomes a new blob"},
    {"local.sync_directory", absl::StatusCode::kUnavailable, "a blob's name is made durable"},
    {"local.read", absl::StatusCode::kUnavailable, "a blob is read"},
    {"local.delete", absl::StatusCode::kUnavailable, "a blob is deleted"},
    // state/
    {"snapshot.put", absl::StatusCode::kUnavailable, "a file of a state is uploaded"},
    {"snapshot.get", absl::StatusCode::kUnavailable, "a file of a state is read back for a restore"},
    {"manifest.put", absl::StatusCode::kUnavailable, "a checkpoint's manifest is stored"},
    {"manifest.get", absl::StatusCode::kUnavailable, "a checkpoint's manifest is read"},
    {"garbage.delete", absl::StatusCode::kUnavailable, "a blob that no checkpoint names is deleted"},
    {"rocksdb.open", absl::StatusCode::kInternal, "a state's database is opened"},
    {"rocksdb.write", absl::StatusCode::kInternal, "rows are written to a state's database"},
    {"rocksdb.write_file", absl::StatusCode::kInternal, "sorted rows are written to a file for the database"},
    {"rocksdb.ingest", absl::StatusCode::kInternal, "the database takes files over"},
    {"rocksdb.flush", absl::StatusCode::kInternal, "the database writes its rows to files"},
    {"rocksdb.read_file", absl::StatusCode::kInternal, "a file of the database is read to be uploaded"},
    {"rocksdb.download", absl::StatusCode::kResourceExhausted, "a file of a checkpoint is written beside the database"},
    // coordinator/
    {"leadership.lock", absl::StatusCode::kUnavailable, "the lock file of the leader is taken"},
    {"leadership.raise", absl::StatusCode::kUnavailable, "the leader's term is raised"},
    {"leader.acquire", absl::StatusCode::kUnavailable, "a coordinator asks to lead"},
    {"leader.load", absl::StatusCode::kUnavailable, "a new leader reads its records"},
    {"record.get", absl::StatusCode::kUnavailable, "a record is read"},
    {"record.put", absl::StatusCode::kUnavailable, "the next version of a record is put"},
    {"record.trim", absl::StatusCode::kUnavailable, "an old version of a record is deleted"},
    {"api.answer", absl::StatusCode::kOk, "a user is told that the wish is stored"},
    {"source.resolve", absl::StatusCode::kUnavailable, "a source's splits and where they start are looked up"},
    {"sink.prepare", absl::StatusCode::kUnavailable, "a sink's table is looked up or made"},
    {"garbage.list", absl::StatusCode::kUnavailable, "a checkpoint store is listed for collection"},
    {"send.deploy", absl::StatusCode::kUnavailable, "a worker is told to deploy"},
    {"send.undeploy", absl::StatusCode::kUnavailable, "a worker is told to undeploy"},
    {"send.trigger", absl::StatusCode::kUnavailable, "a worker is told to begin a checkpoint"},
    {"send.abort", absl::StatusCode::kUnavailable, "a worker is told that a checkpoint has failed"},
    {"send.completed", absl::StatusCode::kUnavailable, "a worker is told that a checkpoint is complete"},
    {"send.commit", absl::StatusCode::kUnavailable, "a worker is told to commit an epoch"},
    // worker/
    {"send.hello", absl::StatusCode::kUnavailable, "a worker says who it is"},
    {"send.status", absl::StatusCode::kUnavailable, "a worker tells what has become of a subtask"},
    {"send.ack", absl::StatusCode::kUnavailable, "a worker acknowledges a checkpoint for a subtask"},
    {"send.result", absl::StatusCode::kUnavailable, "a worker tells what has become of a commit"},
    {"deployment.start", absl::StatusCode::kUnavailable, "a worker makes its subtasks and connects them"},
    {"deployment.end", absl::StatusCode::kOk, "a worker ends its part of a deployment"},
    {"subtask.restore", absl::StatusCode::kUnavailable, "a subtask's operators are made and restored"},
    {"state.restore", absl::StatusCode::kUnavailable, "an operator's state is restored from a checkpoint"},
    {"source.open", absl::StatusCode::kUnavailable, "a source is opened at its positions"},
    {"source.positions", absl::StatusCode::kOk, "a checkpoint takes the positions of a source"},
    {"barrier.push", absl::StatusCode::kOk, "a barrier goes on to the next stages"},
    {"subtask.persist", absl::StatusCode::kUnavailable, "an epoch's state and output are made durable"},
    {"committer.open", absl::StatusCode::kUnavailable, "a committer of a table is made"},
    {"commit.carry", absl::StatusCode::kUnavailable, "an epoch is committed to its table"},
    {"shuffle.hello", absl::StatusCode::kUnavailable, "a shuffle stream is opened and says what it carries"},
    {"shuffle.accept", absl::StatusCode::kUnavailable, "a shuffle stream is given to its receiver"},
    {"shuffle.close", absl::StatusCode::kOk, "the shuffle streams of a deployment are closed"},
    // connectors/delta/
    {"delta.stage", absl::StatusCode::kUnavailable, "a data file is staged"},
    {"delta.create", absl::StatusCode::kUnavailable, "a table is made"},
    {"delta.refresh", absl::StatusCode::kUnavailable, "a table's log is read"},
    {"delta.look", absl::StatusCode::kUnavailable, "a committer looks whether its staged files are there"},
    {"delta.append", absl::StatusCode::kUnavailable, "a commit is put into a table's log"},
    {"delta.checkpoint", absl::StatusCode::kUnavailable, "a checkpoint of a table's log is put"},
    {"delta.hint", absl::StatusCode::kUnavailable, "a table's _last_checkpoint is put"},
};

}  // namespace millrace
