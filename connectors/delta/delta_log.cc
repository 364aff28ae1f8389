#include "connectors/delta/delta_log.h"

#include <simdjson.h>
#include <xxhash.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "base/checksum_field.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "base/planted_bug.h"
#include "connectors/delta/delta_checkpoint.h"
#include "connectors/delta/json_writer.h"

namespace millrace {
namespace {

constexpr std::string_view kLogFolder = "_delta_log/";
constexpr std::string_view kLastCheckpoint = "_delta_log/_last_checkpoint";
constexpr std::string_view kCheckpointSuffix = ".checkpoint.parquet";
constexpr std::string_view kCommitSuffix = ".json";
constexpr int kVersionDigits = 20;
// Of the checkpoint's bytes, in the tags of _last_checkpoint.
constexpr std::string_view kChecksumTag = "millrace.xxh3-128";
// What helps against a table that is not the one that was written.
constexpr std::string_view kWhatToDo =
    "Put the old table back, or create the pipeline anew to write this one from the start";

std::string DigestOf(std::string_view bytes) {
  XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return absl::StrFormat("%016x%016x", hash.high64, hash.low64);
}

}  // namespace

absl::Status CheckTableId(std::string_view found, std::string_view expected) {
  if (expected.empty() || found == expected) return absl::OkStatus();
  return FailedPrecondition("another table is in its place: its id is ", found, ", this pipeline wrote to ", expected,
                            ". It was replaced or made anew. ", kWhatToDo);
}

std::string DeltaCommitName(int64_t version) { return absl::StrFormat("_delta_log/%020d.json", version); }
std::string DeltaCheckpointName(int64_t version) {
  return absl::StrFormat("_delta_log/%020d.checkpoint.parquet", version);
}

absl::Status DeltaSnapshot::Apply(int64_t commit_version, const DeltaCommit& commit, std::string_view bytes) {
  if (version < 0 && (!commit.protocol.has_value() || !commit.metadata.has_value())) {
    return DataLoss("replay the table's log: its first commit has no protocol or no metaData");
  }
  version = commit_version;
  commit_digest = DigestOf(bytes);
  if (commit.protocol.has_value()) protocol = *commit.protocol;
  if (commit.metadata.has_value()) metadata = *commit.metadata;
  for (const DeltaTxn& txn : commit.txns) txns.insert_or_assign(txn.app_id, txn);
  for (const DeltaRemove& remove : commit.removes) {
    files.erase(remove.path);
    tombstones.insert_or_assign(remove.path, remove);
  }
  for (const DeltaAdd& add : commit.adds) {
    tombstones.erase(add.path);
    files.insert_or_assign(add.path, add);
  }
  return absl::OkStatus();
}

absl::StatusOr<DeltaCommit> DeltaLog::ReadCommit(int64_t version) {
  std::string name = DeltaCommitName(version);
  ASSIGN_OR_RETURN(std::string text, store_->Get(name));
  return DecodeDeltaCommit(text, name);
}

absl::StatusOr<PutResult> DeltaLog::Append(int64_t version, const std::string& bytes) {
  absl::StatusOr<PutResult> put =
      failpoint::Around("delta.append", [&] { return store_->PutIfAbsent(DeltaCommitName(version), bytes); });
  if (MILLRACE_PLANTED(log_version_overwritten) && put.ok() && store_->Put(DeltaCommitName(version), bytes).ok()) {
    return PutResult::kCreated;
  }
  return put;
}

absl::StatusOr<DeltaLog::Hint> DeltaLog::CheckpointHint() {
  absl::StatusOr<std::string> text = store_->Get(kLastCheckpoint);
  if (absl::IsNotFound(text.status())) return Hint{};
  RETURN_IF_ERROR(text.status());
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  Hint hint;
  // It is only a hint: damage to it is no damage to the table.
  if (parser.parse(*text).get(json) != simdjson::SUCCESS) return Hint{};
  if (json["version"].get_int64().get(hint.version) != simdjson::SUCCESS || hint.version < 0) return Hint{};
  std::string_view checksum;
  if (json["tags"][kChecksumTag].get_string().get(checksum) == simdjson::SUCCESS) hint.checksum = checksum;
  return hint;
}

absl::StatusOr<DeltaSnapshot> DeltaLog::ReadCheckpoint(int64_t version, std::string_view checksum) {
  const std::string name = DeltaCheckpointName(version);
  ASSIGN_OR_RETURN(std::string bytes, store_->Get(name));
  if (!checksum.empty() && Xxh128Hex(bytes) != checksum) {
    return DataLoss("read ", name, ": its ", bytes.size(), " bytes have checksum ", Xxh128Hex(bytes), ", ", kLastCheckpoint, " says ",
                    checksum, ": one of them is damaged, and the log before it was cleaned up. Put it back as it was written");
  }
  absl::StatusOr<DeltaSnapshot> snapshot = DecodeDeltaCheckpoint(bytes, version);
  if (!snapshot.ok()) return Annotate(snapshot.status(), "read ", name, ", ", bytes.size(), " bytes");
  return snapshot;
}

absl::StatusOr<bool> DeltaLog::EndsAt(int64_t version) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, store_->List(kLogFolder));
  int64_t newest = -1;
  for (const std::string& name : names) {
    int64_t found = 0;
    std::string_view file = std::string_view(name).substr(kLogFolder.size());
    if (file.size() == kVersionDigits + kCommitSuffix.size() && file.ends_with(kCommitSuffix) &&
        absl::SimpleAtoi(AbslView(file.substr(0, kVersionDigits)), &found)) {
      newest = std::max(newest, found);
    }
  }
  if (newest <= version) return true;
  // It may have come between the two looks.
  absl::StatusOr<int64_t> next = store_->Size(DeltaCommitName(version + 1));
  if (next.ok()) return false;
  if (!absl::IsNotFound(next.status())) return next.status();
  return DataLoss("read the table's log: ", DeltaCommitName(version + 1), " is missing, although version ", newest,
                  " is there. Put it back as it was written");
}

absl::Status DeltaLog::Load(DeltaSnapshot* snapshot) {
  ASSIGN_OR_RETURN(Hint hint, CheckpointHint());
  absl::StatusOr<DeltaSnapshot> loaded = absl::NotFoundError("");
  if (hint.version > 0) loaded = ReadCheckpoint(hint.version, hint.checksum);
  if (!loaded.ok() && !absl::IsNotFound(loaded.status()) && !absl::IsDataLoss(loaded.status())) return loaded.status();
  if (!loaded.ok()) {
    absl::StatusOr<int64_t> first = store_->Size(DeltaCommitName(0));
    // The whole log is there: it says what a damaged checkpoint does not.
    if (first.ok()) return absl::OkStatus();
    if (!absl::IsNotFound(first.status())) return first.status();
  }
  if (absl::IsNotFound(loaded.status())) {
    ASSIGN_OR_RETURN(std::vector<std::string> names, store_->List(kLogFolder));
    int64_t version = -1;
    for (const std::string& name : names) {
      std::string_view file = std::string_view(name).substr(kLogFolder.size());
      int64_t found = 0;
      if (file.size() == kVersionDigits + kCheckpointSuffix.size() && file.ends_with(kCheckpointSuffix) &&
          absl::SimpleAtoi(AbslView(file.substr(0, kVersionDigits)), &found)) {
        version = std::max(version, found);
      }
    }
    if (version < 0 && names.empty()) return NotFound("read the table's log: there is none");
    if (version < 0) {
      return DataLoss("read the table's log: neither its first commit, ", DeltaCommitName(0),
                      ", nor a classic checkpoint is there. Put it back as it was written");
    }
    loaded = ReadCheckpoint(version, "");
  }
  RETURN_IF_ERROR(loaded.status());
  absl::StatusOr<std::string> commit = store_->Get(DeltaCommitName(loaded->version));
  if (commit.ok()) {
    loaded->commit_digest = DigestOf(*commit);
  } else if (!absl::IsNotFound(commit.status())) {
    return commit.status();
  }
  *snapshot = *std::move(loaded);
  return absl::OkStatus();
}

absl::StatusOr<bool> DeltaLog::Holds(const DeltaSnapshot& snapshot) {
  // A commit's bytes never change.
  if (!snapshot.commit_digest.empty()) {
    absl::StatusOr<std::string> commit = store_->Get(DeltaCommitName(snapshot.version));
    if (commit.ok() && DigestOf(*commit) != snapshot.commit_digest) return NotTheSame(snapshot);
    if (commit.ok()) return true;
    if (!absl::IsNotFound(commit.status())) return commit.status();
  }
  // A checkpoint's bytes may: any writer may write it again. The id in it stays.
  absl::StatusOr<std::string> checkpoint = store_->Get(DeltaCheckpointName(snapshot.version));
  if (absl::IsNotFound(checkpoint.status())) return false;
  RETURN_IF_ERROR(checkpoint.status());
  ASSIGN_OR_RETURN(DeltaSnapshot found, DecodeDeltaCheckpoint(*checkpoint, snapshot.version));
  RETURN_IF_ERROR(CheckTableId(found.metadata.id, snapshot.metadata.id));
  return true;
}

absl::Status DeltaLog::NotTheSame(const DeltaSnapshot& snapshot) {
  DeltaSnapshot found;
  absl::Status refreshed = Refresh(&found);
  if (absl::IsUnavailable(refreshed)) return refreshed;
  // Says whose it is. A table that we cannot read is another one all the more.
  if (found.version >= 0) RETURN_IF_ERROR(CheckTableId(found.metadata.id, snapshot.metadata.id));
  return FailedPrecondition("read the table's log: version ", snapshot.version, " is not the one that was there ",
                            "before: the log was rewritten, or a copy of the table is in its place. ", kWhatToDo);
}

absl::Status DeltaLog::LoadNewer(DeltaSnapshot* snapshot) {
  DeltaSnapshot newer;
  absl::Status loaded = Load(&newer);
  if (!loaded.ok() && !absl::IsNotFound(loaded)) return loaded;
  // Cleanup removes only what is behind a checkpoint.
  if (newer.version <= snapshot->version) {
    return DataLoss("read the table's log: version ", snapshot->version, ", which was there, or the one after it is ",
                    "gone, and no newer checkpoint stands for it; was the table deleted? Put it back, or create the ",
                    "pipeline anew to write a new table from the start");
  }
  RETURN_IF_ERROR(CheckTableId(newer.metadata.id, snapshot->metadata.id));
  *snapshot = std::move(newer);
  return absl::OkStatus();
}

absl::Status DeltaLog::Refresh(DeltaSnapshot* snapshot) {
  RETURN_IF_ERROR(failpoint::Before("delta.refresh"));
  const bool first_look = snapshot->version < 0;
  if (first_look) {
    RETURN_IF_ERROR(Load(snapshot));
  } else {
    ASSIGN_OR_RETURN(bool holds, Holds(*snapshot));
    if (!holds) RETURN_IF_ERROR(LoadNewer(snapshot));
  }
  while (true) {
    const std::string name = DeltaCommitName(snapshot->version + 1);
    absl::StatusOr<std::string> bytes = store_->Get(name);
    if (bytes.ok()) {
      ASSIGN_OR_RETURN(DeltaCommit commit, DecodeDeltaCommit(*bytes, name));
      RETURN_IF_ERROR(snapshot->Apply(snapshot->version + 1, commit, *bytes));
      continue;
    }
    if (!absl::IsNotFound(bytes.status())) return bytes.status();
    if (snapshot->version < 0) return NotFound("read the table's log: there is none");
    // The end, unless log cleanup has removed what follows.
    ASSIGN_OR_RETURN(Hint hint, CheckpointHint());
    if (hint.version > snapshot->version) {
      absl::StatusOr<int64_t> size = store_->Size(DeltaCheckpointName(hint.version));
      if (size.ok()) {
        RETURN_IF_ERROR(LoadNewer(snapshot));
        continue;
      }
      // The hint is damaged. What it hides is found below.
      if (!absl::IsNotFound(size.status())) return size.status();
    }
    if (!first_look) break;
    // A hole would be taken for the end, and written into.
    ASSIGN_OR_RETURN(bool ends, EndsAt(snapshot->version));
    if (ends) break;
  }
  RETURN_IF_ERROR(failpoint::After("delta.refresh"));
  return CheckProtocol(snapshot->protocol);
}

absl::Status DeltaLog::WriteCheckpoint(const DeltaSnapshot& snapshot, int64_t now_ms) {
  constexpr int64_t kRetentionMs = int64_t{7} * 24 * 3600 * 1000;
  ASSIGN_OR_RETURN(EncodedCheckpoint encoded, EncodeDeltaCheckpoint(snapshot, now_ms - kRetentionMs));
  std::string name = DeltaCheckpointName(snapshot.version);
  RETURN_IF_ERROR(failpoint::Around("delta.checkpoint", [&] { return store_->Put(name, encoded.bytes); }));
  ASSIGN_OR_RETURN(std::string stored, store_->Get(name));
  ASSIGN_OR_RETURN(DeltaSnapshot read, DecodeDeltaCheckpoint(stored, snapshot.version));
  if (read.files.size() != snapshot.files.size() || read.txns.size() != snapshot.txns.size() ||
      read.metadata.id != snapshot.metadata.id) {
    return Internal("write checkpoint ", name, ": it does not read back as it was written");
  }
  JsonWriter json;
  json.BeginObject().Key("version").Int(snapshot.version).Key("size").Int(encoded.num_actions);
  json.Key("sizeInBytes").Int(static_cast<int64_t>(encoded.bytes.size()));
  json.Key("numOfAddFiles").Int(static_cast<int64_t>(snapshot.files.size()));
  json.Key("tags").BeginObject().Key(kChecksumTag).String(Xxh128Hex(encoded.bytes)).EndObject().EndObject();
  return failpoint::Around("delta.hint", [&] { return store_->Put(kLastCheckpoint, json.text()); });
}

}  // namespace millrace
