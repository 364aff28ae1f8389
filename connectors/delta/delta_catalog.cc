#include "connectors/delta/delta_catalog.h"

#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/key_group.h"
#include "base/macros.h"
#include "base/random.h"
#include "connectors/delta/delta_committer.h"
#include "connectors/delta/delta_log.h"
#include "connectors/delta/delta_schema.h"

namespace millrace {
namespace {

constexpr int kAttempts = 3;

// The marker of this sink under another lineage; nullptr: none.
const DeltaTxn* MarkerOfOtherLineage(const DeltaSnapshot& snapshot, const CommitIdentity& identity) {
  const std::string prefix = DeltaAppId({identity.pipeline, identity.sink_uid, ""});
  for (auto at = snapshot.txns.lower_bound(prefix); at != snapshot.txns.end() && at->first.starts_with(prefix); ++at) {
    if (at->first != DeltaAppId(identity)) return &at->second;
  }
  return nullptr;
}

}  // namespace

DeltaCatalog::DeltaCatalog(DeltaCatalogOptions options, std::shared_ptr<BlobStore> store, const Clock* clock)
    : options_(std::move(options)), store_(std::move(store)), clock_(clock) {}

absl::Status DeltaCatalog::Create(const CommitIdentity& identity) {
  const int64_t now_ms = absl::ToUnixMillis(clock_->Now());
  DeltaCommit commit;
  DeltaCommitInfo& info = commit.commit_info.emplace();
  info.timestamp_ms = now_ms;
  info.operation = "CREATE TABLE";
  info.app_id = DeltaAppId(identity);
  DeltaProtocol& protocol = commit.protocol.emplace();
  if (HasTimestampNtz(*options_.schema)) {
    protocol = {3, 7, std::vector<std::string>{"timestampNtz"},
                std::vector<std::string>{"timestampNtz", "appendOnly", "invariants"}};
  }
  DeltaMetadata& metadata = commit.metadata.emplace();
  // Unique to who creates what and when, and the same when a simulated run is repeated.
  metadata.id =
      Random(HashKeyBytes(Cat(options_.table_path, "/", info.app_id, "/", absl::ToUnixNanos(clock_->Now())))).Uuid();
  info.txn_id = metadata.id;
  ASSIGN_OR_RETURN(metadata.schema_string, DeltaSchemaString(*options_.schema));
  metadata.partition_columns = options_.partition_by;
  metadata.created_time_ms = now_ms;
  // Created by us or, a moment earlier, by someone else: Prepare looks at what is there.
  return failpoint::Around("delta.create",
                           [&] { return DeltaLog(store_.get()).Append(0, EncodeDeltaCommit(commit)).status(); });
}

absl::StatusOr<std::string> DeltaCatalog::Prepare(const CommitIdentity& identity, std::string_view table_id) {
  const std::string doing = Cat("prepare Delta table ", options_.table_path);
  DeltaSnapshot snapshot;
  absl::Status found;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    found = DeltaLog(store_.get()).Refresh(&snapshot);
    if (!absl::IsNotFound(found)) break;
    if (!table_id.empty()) {
      return FailedPrecondition(doing, ": the table that this pipeline wrote to, id ", table_id,
                                ", is gone. Put it back, or create the pipeline anew to write a new table from the start");
    }
    if (!options_.create)
      return NotFound(doing, ": there is none, and option 'create' is 'never'; create it, or change the option");
    absl::Status created = Create(identity);
    if (!created.ok() && !absl::IsUnavailable(created)) return Annotate(created, doing);
  }
  RETURN_IF_ERROR(Annotate(found, doing));
  RETURN_IF_ERROR(Annotate(CheckTableId(snapshot.metadata.id, table_id), doing));
  ASSIGN_OR_RETURN(auto table_schema, ParseDeltaSchema(snapshot.metadata.schema_string));
  RETURN_IF_ERROR(Annotate(
      CheckRowsFitTable(*options_.schema, options_.partition_by, *table_schema, snapshot.metadata.partition_columns),
      doing));
  if (snapshot.metadata.configuration.contains("delta.setTransactionRetentionDuration")) {
    return FailedPrecondition(
        doing, ": its property delta.setTransactionRetentionDuration lets markers of committed epochs expire, ",
        "so that epochs could be committed twice. Unset it");
  }
  // An own marker says that this lineage was let in before.
  const DeltaTxn* other = MarkerOfOtherLineage(snapshot, identity);
  if (other != nullptr && !options_.append_to_other_lineage && !snapshot.txns.contains(DeltaAppId(identity))) {
    return FailedPrecondition(
        doing, ": sink ", identity.sink_uid, " of an earlier pipeline ", identity.pipeline, " wrote to it up to epoch ",
        other->version, " (", other->app_id,
        "), so rows could be there twice; use another table, or set option 'lineage' to 'append'");
  }
  return snapshot.metadata.id;
}

absl::StatusOr<Epoch> DeltaCatalog::LastCommitted(const CommitIdentity& identity) {
  DeltaSnapshot snapshot;
  absl::Status found = DeltaLog(store_.get()).Refresh(&snapshot);
  if (absl::IsNotFound(found)) return Epoch();
  RETURN_IF_ERROR(Annotate(found, "read Delta table ", options_.table_path));
  auto marker = snapshot.txns.find(DeltaAppId(identity));
  return marker == snapshot.txns.end() ? Epoch() : Epoch(static_cast<uint64_t>(marker->second.version));
}

absl::StatusOr<std::vector<EpochInTable>> DeltaCatalog::CommittedAfter(const CommitIdentity& identity,
                                                                       std::string_view table_id, Epoch after) {
  const std::string doing = Cat("read Delta table ", options_.table_path);
  const std::string app_id = DeltaAppId(identity);
  DeltaLog log(store_.get());
  DeltaSnapshot snapshot;
  absl::Status found = log.Refresh(&snapshot);
  if (absl::IsNotFound(found) && table_id.empty()) return std::vector<EpochInTable>();
  if (absl::IsNotFound(found)) return FailedPrecondition(doing, ": the table, id ", table_id, ", is gone. Put it back");
  RETURN_IF_ERROR(Annotate(found, doing));
  RETURN_IF_ERROR(Annotate(CheckTableId(snapshot.metadata.id, table_id), doing));
  std::vector<EpochInTable> epochs;
  auto marker = snapshot.txns.find(app_id);
  if (marker == snapshot.txns.end() || Epoch(static_cast<uint64_t>(marker->second.version)) <= after) return epochs;
  // Markers of one appId only go up, so the search ends at the first one that is not above.
  for (int64_t version = snapshot.version; version >= 0; --version) {
    absl::StatusOr<DeltaCommit> commit = log.ReadCommit(version);
    if (absl::IsNotFound(commit.status())) {
      if (epochs.empty()) epochs.push_back({Epoch(static_cast<uint64_t>(marker->second.version)), 0});
      break;
    }
    if (!commit.ok()) return Annotate(commit.status(), doing);
    auto txn = std::find_if(commit->txns.begin(), commit->txns.end(), [&](const DeltaTxn& t) { return t.app_id == app_id; });
    if (txn == commit->txns.end()) continue;
    if (Epoch(static_cast<uint64_t>(txn->version)) <= after) break;
    if (IsFence(*commit)) continue;
    epochs.push_back({Epoch(static_cast<uint64_t>(txn->version)), static_cast<uint64_t>(version)});
  }
  std::reverse(epochs.begin(), epochs.end());
  return epochs;
}

}  // namespace millrace
