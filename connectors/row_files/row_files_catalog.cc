#include "base/error.h"
#include "base/key_group.h"
#include "base/macros.h"
#include "base/random.h"
#include "connectors/row_files/row_files_committer.h"

namespace millrace {
namespace {

// Beside what pipelines keep there.
std::string IdName(const RowFilesOptions& options) { return Cat(options.home.substr(0, options.home.find('/')), "/id"); }

}  // namespace

RowFilesCatalog::RowFilesCatalog(RowFilesOptions options, std::shared_ptr<BlobStore> store)
    : options_(std::move(options)), store_(std::move(store)) {}

absl::Status CheckRowFilesId(BlobStore& store, const RowFilesOptions& options, std::string_view expected) {
  if (!options.publish || expected.empty()) return absl::OkStatus();
  absl::StatusOr<std::string> found = store.Get(IdName(options));
  if (absl::IsNotFound(found.status())) {
    return FailedPrecondition(options.what, " is not the one that this pipeline wrote to: its ", IdName(options), " is gone. Put it back");
  }
  RETURN_IF_ERROR(found.status());
  if (*found == expected) return absl::OkStatus();
  return FailedPrecondition(options.what, " is not the one that this pipeline wrote to: its ", IdName(options), " says ", *found, ", not ",
                            expected, ". Put the other one back, or create the pipeline anew");
}

absl::StatusOr<std::string> RowFilesCatalog::Prepare(const CommitIdentity& identity, std::string_view table_id) {
  if (!options_.publish) {
    // Results of earlier runs: nobody asks for them any more.
    const std::string all = Cat(options_.home.substr(0, options_.home.find('/')), "/", identity.pipeline, "/");
    ASSIGN_OR_RETURN(std::vector<std::string> names, store_->List(all));
    for (const std::string& name : names) {
      if (!name.starts_with(Cat(all, identity.lineage, "/"))) RETURN_IF_ERROR(store_->Delete(name));
    }
    return std::string();
  }
  if (!table_id.empty()) {
    RETURN_IF_ERROR(CheckRowFilesId(*store_, options_, table_id));
    return std::string(table_id);
  }
  // Of who made it first; the same when a simulated run is repeated.
  const std::string id = Random(HashKeyBytes(Cat(options_.what, "/", identity.pipeline, "/", identity.sink_uid, "/", identity.lineage))).Uuid();
  absl::Status put = store_->PutIfAbsent(IdName(options_), id).status();
  if (!put.ok() && !absl::IsUnavailable(put)) return Annotate(put, "prepare ", options_.what);
  // Ours, another's, or the one that came through although the answer was lost.
  absl::StatusOr<std::string> found = store_->Get(IdName(options_));
  if (absl::IsNotFound(found.status())) return put.ok() ? Unavailable("prepare ", options_.what, ": its id comes and goes") : put;
  return found;
}

absl::StatusOr<Epoch> RowFilesCatalog::LastCommitted(const CommitIdentity& /*identity*/) {
  EpochLog log(store_, Cat(options_.home, "/log"));
  RETURN_IF_ERROR(Annotate(log.Refresh(), "read ", options_.what));
  return Epoch(log.last_entry().epoch());
}

absl::StatusOr<std::vector<EpochInTable>> RowFilesCatalog::CommittedAfter(const CommitIdentity& /*identity*/,
                                                                          std::string_view table_id, Epoch after) {
  RETURN_IF_ERROR(CheckRowFilesId(*store_, options_, table_id));
  EpochLog log(store_, Cat(options_.home, "/log"));
  RETURN_IF_ERROR(Annotate(log.Refresh(), "read ", options_.what));
  std::vector<EpochInTable> epochs;
  for (uint64_t number = log.last(); number > 0; --number) {
    absl::StatusOr<storage::v1::EpochLogEntry> entry = log.Read(number);
    if (absl::IsNotFound(entry.status())) break;  // a reader has taken it
    if (!entry.ok()) return Annotate(entry.status(), "read ", options_.what);
    if (Epoch(entry->epoch()) <= after) break;
    if (!entry->fence()) epochs.insert(epochs.begin(), {Epoch(entry->epoch()), number});
  }
  return epochs;
}

}  // namespace millrace
