#include "connectors/row_files/row_files_committer.h"

#include <algorithm>
#include <map>

#include "base/checksum_field.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

using Entry = storage::v1::EpochLogEntry;

constexpr uint32_t kCommittableVersion = 1;
// Answers that may be lost, per call, before the call is Unavailable.
constexpr int kMaxUnknownOutcomes = 4;

bool SameFiles(const Entry& one, const Entry& other) {
  return std::equal(one.files().begin(), one.files().end(), other.files().begin(), other.files().end(),
                    [](const auto& a, const auto& b) { return a.staged_path() == b.staged_path() && a.checksum() == b.checksum(); });
}

}  // namespace

// One call of Commit or Fence.
struct RowFilesCommitter::Attempt {
  std::string doing;
  std::string table_id;
  Entry entry;
  bool verify = false;
  bool put_sent = false;
  bool staged_checked = false;
  uint32_t num_conflicts = 0;
};

RowFilesCommitter::RowFilesCommitter(RowFilesOptions options, std::shared_ptr<BlobStore> store)
    : options_(std::move(options)), store_(std::move(store)), log_(store_, Cat(options_.home, "/log")) {}

absl::StatusOr<CommitReceipt> RowFilesCommitter::Commit(const CommitRequest& request) {
  Attempt attempt;
  attempt.doing = Cat("commit epoch ", request.epoch.value(), " to ", options_.what);
  // By subtask and then by place: the entry must not depend on the order in which subtasks answered. A subtask has more
  // than one committable if an epoch of its was abandoned.
  std::map<std::pair<uint32_t, uint64_t>, storage::v1::RowFilesCommittable> staged;
  for (const auto& committable : request.committables) {
    if (committable.bytes().empty()) continue;
    storage::v1::RowFilesCommittable decoded;
    if (!decoded.ParseFromString(committable.bytes()) || decoded.format_version() != kCommittableVersion) {
      return DataLoss(attempt.doing, ": a committable is not one of version ", kCommittableVersion);
    }
    const auto key = std::make_pair(decoded.subtask_index(), committable.sealed_epoch());
    if (!staged.emplace(key, std::move(decoded)).second) {
      return Internal(attempt.doing, ": two committables are of subtask ", key.first, " and epoch ", key.second);
    }
  }
  CommitReceipt totals;
  for (const auto& [key, committable] : staged) {
    for (const auto& file : committable.files()) {
      *attempt.entry.add_files() = file;
      totals.num_rows += static_cast<uint64_t>(file.num_rows());
      totals.file_bytes.push_back(static_cast<uint64_t>(file.size_bytes()));
    }
  }
  if (attempt.entry.files().empty()) return CommitReceipt{};
  attempt.entry.set_epoch(request.epoch.value());
  attempt.entry.set_generation(request.generation.value());
  for (const auto& source : request.positions) *attempt.entry.add_positions() = source;
  attempt.table_id = request.table_id;
  attempt.verify = request.verify;
  ASSIGN_OR_RETURN(CommitReceipt receipt, Drive(attempt));
  receipt.num_rows = totals.num_rows;
  receipt.file_bytes = std::move(totals.file_bytes);
  receipt.num_conflicts = attempt.num_conflicts;
  return receipt;
}

absl::StatusOr<CommitReceipt> RowFilesCommitter::Fence(Generation generation, Epoch epoch, std::string_view table_id) {
  Attempt attempt;
  attempt.doing = Cat("fence ", options_.what, " at epoch ", epoch.value());
  attempt.table_id = table_id;
  attempt.entry.set_epoch(epoch.value());
  attempt.entry.set_generation(generation.value());
  attempt.entry.set_fence(true);
  return Drive(attempt);
}

absl::StatusOr<CommitReceipt> RowFilesCommitter::Drive(Attempt& attempt) {
  for (int unknown_outcomes = 0;;) {
    bool again = false;
    absl::StatusOr<CommitReceipt> receipt = DriveOnce(attempt, &again);
    if (again) continue;
    if (absl::IsUnavailable(receipt.status()) && ++unknown_outcomes <= kMaxUnknownOutcomes) continue;
    if (!receipt.ok()) return Annotate(receipt.status(), attempt.doing);
    return receipt;
  }
}

absl::StatusOr<CommitReceipt> RowFilesCommitter::DriveOnce(Attempt& attempt, bool* again) {
  RETURN_IF_ERROR(CheckRowFilesId(*store_, options_, attempt.table_id));
  RETURN_IF_ERROR(log_.Refresh());
  RETURN_IF_ERROR(PublishLast());
  if (log_.last_entry().epoch() >= attempt.entry.epoch()) return ResolveLogged(attempt);
  if (!attempt.staged_checked) {
    absl::Status staged = CheckStaged(attempt);
    if (absl::IsDataLoss(staged)) {
      // Another may have committed and published it meanwhile.
      const uint64_t seen = log_.last();
      RETURN_IF_ERROR(log_.Refresh());
      *again = log_.last() > seen;
    }
    RETURN_IF_ERROR(staged);
    attempt.staged_checked = true;
  }
  attempt.put_sent = true;
  // Unknown: whatever stands there decides, and the next turn reads it. If nothing does, the same entry is tried again,
  // so that a put that is still under way and this one cannot both count.
  ASSIGN_OR_RETURN(PutResult put, log_.Append(attempt.entry));
  if (put == PutResult::kAlreadyExists) {
    ++attempt.num_conflicts;
    *again = true;
    return CommitReceipt{};
  }
  RETURN_IF_ERROR(PublishLast());
  return CommitReceipt{false, log_.last(), 0};
}

absl::StatusOr<CommitReceipt> RowFilesCommitter::ResolveLogged(const Attempt& attempt) {
  const uint64_t epoch = attempt.entry.epoch();
  // Epochs ascend, so the search ends at the first one that is not above ours.
  for (uint64_t number = log_.last(); number > 0; --number) {
    absl::StatusOr<Entry> found = number == log_.last() ? log_.last_entry() : log_.Read(number);
    // A reader that has taken it has removed it: later entries are all that is left.
    if (absl::IsNotFound(found.status())) return CommitReceipt{true, log_.last(), 0};
    RETURN_IF_ERROR(found.status());
    if (found->epoch() > epoch) continue;
    if (found->epoch() < epoch) break;
    if (attempt.entry.fence()) return CommitReceipt{true, number, 0};
    if (found->fence()) return Aborted("entry ", number, " of its log fences it off");
    if (!SameFiles(*found, attempt.entry)) {
      return DataLoss("entry ", number, " of its log holds this epoch with other files: ", found->files_size(), ", ours are ",
                      attempt.entry.files_size());
    }
    return CommitReceipt{!attempt.put_sent, number, 0};
  }
  if (attempt.entry.fence()) return CommitReceipt{true, log_.last(), 0};
  return Aborted("its log is already at epoch ", log_.last_entry().epoch(), ", and this epoch was never committed");
}

absl::Status RowFilesCommitter::CheckStaged(const Attempt& attempt) const {
  for (const auto& file : attempt.entry.files()) {
    absl::StatusOr<int64_t> size = store_->Size(file.staged_path());
    if (absl::IsNotFound(size.status())) return DataLoss("the staged file ", file.staged_path(), " is gone. Put it back");
    RETURN_IF_ERROR(size.status());
    if (*size != file.size_bytes()) {
      return DataLoss("the staged file ", file.staged_path(), " has ", *size, " bytes, not ", file.size_bytes(), ". Put it back as it was");
    }
    if (!attempt.verify) continue;
    ASSIGN_OR_RETURN(std::string bytes, store_->Get(file.staged_path()));
    if (Xxh128Hex(bytes) != file.checksum()) {
      return DataLoss("the staged file ", file.staged_path(), " has checksum ", Xxh128Hex(bytes), ", not ", file.checksum(),
                      ". Put it back as it was");
    }
  }
  return absl::OkStatus();
}

absl::Status RowFilesCommitter::PublishLast() {
  if (!options_.publish || published_ == log_.last()) return absl::OkStatus();
  for (const auto& file : log_.last_entry().files()) RETURN_IF_ERROR(PublishFile(file));
  published_ = log_.last();
  return absl::OkStatus();
}

absl::Status RowFilesCommitter::PublishFile(const storage::v1::RowFile& file) const {
  absl::StatusOr<std::string> bytes = store_->Get(file.staged_path());
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  RETURN_IF_ERROR(bytes.status());
  if (Xxh128Hex(*bytes) != file.checksum()) {
    return DataLoss("publish ", file.path(), ": the staged file ", file.staged_path(), " is damaged: ", bytes->size(), " bytes with checksum ",
                    Xxh128Hex(*bytes), ", not ", file.checksum(), ". Put it back as it was");
  }
  ASSIGN_OR_RETURN(PutResult put, store_->PutIfAbsent(file.path(), *bytes));
  if (put == PutResult::kAlreadyExists) {
    ASSIGN_OR_RETURN(std::string there, store_->Get(file.path()));
    if (there != *bytes) {
      return FailedPrecondition("publish ", file.path(), ": a file of that name has other content: ", there.size(), " bytes, ours has ",
                                bytes->size(), ". Move it away");
    }
  }
  return store_->Delete(file.staged_path());
}

}  // namespace millrace
