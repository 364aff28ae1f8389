#include "connectors/delta/delta_committer.h"

#include <arrow/type.h>
#include <xxhash.h>

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/checksum_field.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "base/planted_bug.h"
#include "connectors/delta/delta_schema.h"
#include "connectors/delta/json_writer.h"
#include "millrace/storage/v1/delta_committable.pb.h"

namespace millrace {
namespace {

constexpr uint32_t kCommittableVersion = 1;
constexpr std::string_view kFenceDigest = "fence";

// 128 bits as hex. Frozen: it is in tables.
std::string Hex128(std::string_view bytes) {
  XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return absl::StrFormat("%016x%016x", hash.high64, hash.low64);
}

// The same for every attempt at one epoch by whatever process.
std::string TxnId(std::string_view app_id, Epoch epoch, std::string_view kind) {
  std::string hex = Hex128(Cat(app_id, "/", kind, "/", epoch.value()));
  return Cat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-", hex.substr(16, 4), "-",
             hex.substr(20));
}

std::string Digest(const std::vector<DeltaAdd>& adds) {
  std::string text;
  for (const DeltaAdd& add : adds) {
    JsonWriter line;
    line.BeginArray().String(add.path).Int(add.size).String(add.stats.value_or(""));
    for (const auto& [column, value] : add.partition_values) {
      line.String(column);
      value.has_value() ? line.String(*value) : line.Null();
    }
    text += line.EndArray().text();
  }
  return Hex128(text);
}

std::string PositionsJson(std::span<const storage::v1::SourceState> positions) {
  JsonWriter json;
  json.BeginObject();
  for (const auto& source : positions) {
    json.Key(source.uid()).BeginObject();
    for (const auto& split : source.splits()) json.Key(split.id()).Int(split.position());
    json.EndObject();
  }
  return json.EndObject().Take();
}

}  // namespace

std::string DeltaAppId(const CommitIdentity& identity) {
  return Cat("millrace/", identity.pipeline, "/", identity.sink_uid, "/", identity.lineage);
}

bool IsFence(const DeltaCommit& commit) {
  return commit.adds.empty() && commit.commit_info.has_value() && commit.commit_info->digest == kFenceDigest;
}

// One call of Commit or Fence.
struct DeltaCommitter::Attempt {
  Epoch epoch;
  std::string table_id;
  bool fence = false;
  DeltaCommit commit;
  bool put_sent = false;
  uint32_t num_conflicts = 0;
  // By path, of the files whose bytes are to be compared with what was staged.
  std::map<std::string, std::string> checksums = {};
};

DeltaCommitter::DeltaCommitter(DeltaCommitterOptions options, std::shared_ptr<BlobStore> store, const Clock* clock)
    : options_(std::move(options)),
      store_(std::move(store)),
      clock_(clock),
      app_id_(DeltaAppId(options_.identity)),
      log_(store_.get()) {}

DeltaCommitter::~DeltaCommitter() = default;

absl::StatusOr<CommitReceipt> DeltaCommitter::Commit(const CommitRequest& request) {
  // By path: the digest must not depend on the order in which subtasks answered.
  std::map<std::string, DeltaAdd> adds;
  std::map<std::string, std::string> checksums;
  int64_t num_rows = 0;
  int64_t num_bytes = 0;
  for (const auto& committable : request.committables) {
    if (committable.bytes().empty()) continue;
    storage::v1::DeltaCommittable decoded;
    if (!decoded.ParseFromString(committable.bytes()) || decoded.format_version() != kCommittableVersion) {
      return DataLoss("commit epoch ", request.epoch.value(), " to ", options_.table_path,
                      ": a committable is not one of version ", kCommittableVersion);
    }
    for (const auto& file : decoded.files()) {
      DeltaAdd add{file.path(), {}, file.size_bytes(), file.modification_time_ms(), true, file.stats()};
      for (const auto& value : file.partition_values()) {
        add.partition_values.emplace(value.column(),
                                     value.has_value() ? std::optional<std::string>(value.value()) : std::nullopt);
      }
      if (!adds.emplace(file.path(), std::move(add)).second) {
        return Internal("commit epoch ", request.epoch.value(), " to ", options_.table_path, ": two committables name ",
                        file.path());
      }
      if (request.verify && !file.checksum().empty()) checksums[file.path()] = file.checksum();
      num_rows += file.num_rows();
      num_bytes += file.size_bytes();
    }
  }
  if (adds.empty()) return CommitReceipt{};
  Attempt attempt;
  attempt.epoch = request.epoch;
  attempt.table_id = request.table_id;
  attempt.checksums = std::move(checksums);
  for (auto& [path, add] : adds) attempt.commit.adds.push_back(std::move(add));
  DeltaCommitInfo& info = attempt.commit.commit_info.emplace();
  info.operation = "STREAMING UPDATE";
  info.txn_id = TxnId(app_id_, request.epoch, "data");
  info.digest = Digest(attempt.commit.adds);
  info.generation = request.generation.value();
  info.source_positions = PositionsJson(request.positions);
  info.num_files = static_cast<int64_t>(attempt.commit.adds.size());
  info.num_rows = num_rows;
  info.num_bytes = num_bytes;
  ASSIGN_OR_RETURN(CommitReceipt receipt, Drive(attempt));
  receipt.num_rows = static_cast<uint64_t>(num_rows);
  for (const DeltaAdd& add : attempt.commit.adds) receipt.file_bytes.push_back(static_cast<uint64_t>(add.size));
  receipt.num_conflicts = attempt.num_conflicts;
  return receipt;
}

absl::StatusOr<CommitReceipt> DeltaCommitter::Fence(Generation generation, Epoch epoch, std::string_view table_id) {
  Attempt attempt;
  attempt.epoch = epoch;
  attempt.table_id = table_id;
  attempt.fence = true;
  DeltaCommitInfo& info = attempt.commit.commit_info.emplace();
  info.operation = "STREAMING UPDATE";
  info.txn_id = TxnId(app_id_, epoch, kFenceDigest);
  info.digest = kFenceDigest;
  info.generation = generation.value();
  return Drive(attempt);
}

absl::StatusOr<CommitReceipt> DeltaCommitter::Drive(Attempt& attempt) {
  const int64_t now_ms = absl::ToUnixMillis(clock_->Now());
  DeltaCommitInfo& info = *attempt.commit.commit_info;
  info.timestamp_ms = now_ms;
  info.app_id = app_id_;
  info.epoch = attempt.epoch.value();
  attempt.commit.txns = {{app_id_, static_cast<int64_t>(attempt.epoch.value()), now_ms}};
  const std::string doing = Cat("commit epoch ", attempt.epoch.value(), " to ", options_.table_path);
  int lost_races = 0;
  int unknown_outcomes = 0;
  bool files_checked = false;
  while (true) {
    absl::Status refreshed = log_.Refresh(&snapshot_);
    if (absl::IsUnavailable(refreshed) && ++unknown_outcomes <= options_.max_unknown_outcomes) continue;
    if (absl::IsNotFound(refreshed)) return DataLoss(doing, ": the table is gone: ", refreshed.message());
    RETURN_IF_ERROR(Annotate(refreshed, doing));
    // First: another table's markers say nothing about ours.
    RETURN_IF_ERROR(Annotate(CheckTable(attempt), doing));
    auto marker = snapshot_.txns.find(app_id_);
    if (MILLRACE_PLANTED(txn_check_skipped)) marker = snapshot_.txns.end();
    if (MILLRACE_PLANTED(txn_check_once) && attempt.put_sent) marker = snapshot_.txns.end();
    const int64_t newer_only = MILLRACE_PLANTED(equal_epoch_accepted) ? 1 : 0;
    if (marker != snapshot_.txns.end() &&
        marker->second.version >= static_cast<int64_t>(attempt.epoch.value()) + newer_only) {
      absl::StatusOr<CommitReceipt> receipt = ResolveMarked(attempt);
      if (absl::IsUnavailable(receipt.status()) && ++unknown_outcomes <= options_.max_unknown_outcomes) continue;
      return receipt;
    }
    RETURN_IF_ERROR(Annotate(CheckRows(), doing));
    if (!files_checked) {
      absl::Status exist = failpoint::Around("delta.look", [&] { return CheckFiles(attempt); });
      if (absl::IsUnavailable(exist) && ++unknown_outcomes <= options_.max_unknown_outcomes) continue;
      RETURN_IF_ERROR(Annotate(exist, doing));
      files_checked = true;
    }
    info.read_version = snapshot_.version;
    const int64_t version = snapshot_.version + 1;
    attempt.put_sent = true;
    const std::string bytes = EncodeDeltaCommit(attempt.commit);
    absl::StatusOr<PutResult> put = log_.Append(version, bytes);
    if (put.ok() && *put == PutResult::kCreated) {
      RETURN_IF_ERROR(snapshot_.Apply(version, attempt.commit, bytes));
      CheckpointIfDue(version);
      return CommitReceipt{false, static_cast<uint64_t>(version), 0};
    }
    if (put.ok()) {
      ++attempt.num_conflicts;
      if (++lost_races > options_.max_lost_races) {
        return Unavailable(doing, ": other writers won ", lost_races, " versions in a row, the last was ", version);
      }
      continue;
    }
    // Unknown: whatever is at `version` decides, and the next turn reads it. If nothing is there, the same version is
    // tried again, so that a put that is still under way and this one cannot both count.
    if (!absl::IsUnavailable(put.status())) return Annotate(put.status(), doing);
    if (MILLRACE_PLANTED(unknown_commit_taken_for_done)) return CommitReceipt{};
    for (const DeltaAdd& add : attempt.commit.adds) {
      if (MILLRACE_PLANTED(files_deleted_on_unknown_commit)) store_->Delete(add.path).IgnoreError();
    }
    if (++unknown_outcomes > options_.max_unknown_outcomes) {
      return Unavailable(doing, ": the outcome is unknown: version ", version, ": ", put.status().message());
    }
  }
}

absl::StatusOr<CommitReceipt> DeltaCommitter::ResolveMarked(const Attempt& attempt) {
  const int64_t epoch = static_cast<int64_t>(attempt.epoch.value());
  const std::string doing = Cat("commit epoch ", epoch, " to ", options_.table_path);
  // Markers of one appId only go up, so the search ends at the first one that is not above ours.
  for (int64_t version = snapshot_.version; version >= 0; --version) {
    absl::StatusOr<DeltaCommit> commit = log_.ReadCommit(version);
    if (absl::IsNotFound(commit.status())) {
      // Cleaned up: the marker's word is all that is left.
      return CommitReceipt{true, static_cast<uint64_t>(snapshot_.version), 0};
    }
    RETURN_IF_ERROR(commit.status());
    auto txn =
        std::find_if(commit->txns.begin(), commit->txns.end(), [&](const DeltaTxn& t) { return t.app_id == app_id_; });
    if (txn == commit->txns.end() || txn->version > epoch) continue;
    if (txn->version < epoch) break;
    const DeltaCommitInfo found = commit->commit_info.value_or(DeltaCommitInfo());
    if (attempt.fence) return CommitReceipt{true, static_cast<uint64_t>(version), 0};
    if (found.digest == kFenceDigest) return Aborted(doing, ": version ", version, " fences it off");
    if (found.digest != attempt.commit.commit_info->digest) {
      return DataLoss(doing, ": version ", version, " holds this epoch with other content: digest ", found.digest,
                      ", ours is ", attempt.commit.commit_info->digest);
    }
    if (MILLRACE_PLANTED(own_put_taken_for_anothers) && attempt.put_sent) return Aborted(doing, ": another was faster");
    return CommitReceipt{!attempt.put_sent, static_cast<uint64_t>(version), 0};
  }
  if (attempt.fence) return CommitReceipt{true, static_cast<uint64_t>(snapshot_.version), 0};
  return Aborted(doing, ": the table's marker is already at ", snapshot_.txns.at(app_id_).version,
                 ", and this epoch was never committed");
}

absl::Status DeltaCommitter::CheckTable(const Attempt& attempt) {
  if (!attempt.table_id.empty()) return CheckTableId(snapshot_.metadata.id, attempt.table_id);
  if (table_id_.empty()) table_id_ = snapshot_.metadata.id;
  return CheckTableId(snapshot_.metadata.id, table_id_);
}

absl::Status DeltaCommitter::CheckRows() {
  const DeltaMetadata& metadata = snapshot_.metadata;
  if (metadata.schema_string == checked_schema_) return absl::OkStatus();
  ASSIGN_OR_RETURN(auto table_schema, ParseDeltaSchema(metadata.schema_string));
  absl::Status fits =
      CheckRowsFitTable(*options_.schema, options_.partition_by, *table_schema, metadata.partition_columns);
  if (!fits.ok()) return FailedPrecondition("the table was changed: ", fits.message());
  checked_schema_ = metadata.schema_string;
  return absl::OkStatus();
}

absl::Status DeltaCommitter::CheckFiles(const Attempt& attempt) {
  constexpr std::string_view kWhatToDo =
      "Put it back, or go back to an older checkpoint, which replays its rows: `millrace start NAME --from-checkpoint N`";
  for (const DeltaAdd& add : attempt.commit.adds) {
    absl::StatusOr<int64_t> size = store_->Size(add.path);
    if (absl::IsNotFound(size.status())) {
      return DataLoss("staged file ", add.path, " is gone; was the table vacuumed? ", kWhatToDo);
    }
    RETURN_IF_ERROR(size.status());
    if (*size != add.size) {
      return DataLoss("staged file ", add.path, " has ", *size, " bytes, staged were ", add.size, ": it is damaged. ", kWhatToDo);
    }
    auto staged = attempt.checksums.find(add.path);
    if (staged == attempt.checksums.end()) continue;
    ASSIGN_OR_RETURN(std::string bytes, store_->Get(add.path));
    if (std::string found = Xxh128Hex(bytes); found != staged->second) {
      return DataLoss("staged file ", add.path, " has checksum ", found, ", staged was ", staged->second, ": it is damaged. ",
                      kWhatToDo);
    }
  }
  return absl::OkStatus();
}

void DeltaCommitter::CheckpointIfDue(int64_t written_version) {
  if (written_version / options_.checkpoint_interval <= snapshot_.checkpoint_version / options_.checkpoint_interval)
    return;
  // A checkpoint only saves readers time: the commit stands without it, and the next commit tries again.
  if (log_.WriteCheckpoint(snapshot_, absl::ToUnixMillis(clock_->Now())).ok())
    snapshot_.checkpoint_version = written_version;
}

}  // namespace millrace
