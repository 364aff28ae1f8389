#include "connectors/row_files/epoch_log.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "base/checksum_field.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

constexpr uint32_t kEntryVersion = 1;
constexpr size_t kDigits = 20;

}  // namespace

std::string EpochLog::NameOf(uint64_t number) const { return absl::StrFormat("%s/%020d", prefix_, number); }

absl::StatusOr<storage::v1::EpochLogEntry> EpochLog::Read(uint64_t number) const {
  const std::string name = NameOf(number);
  ASSIGN_OR_RETURN(std::string bytes, store_->Get(name));
  storage::v1::EpochLogEntry entry;
  if (CheckChecksumField(bytes) != ChecksumField::kRight || !entry.ParseFromString(bytes)) {
    return DataLoss("read ", name, ": it is damaged: ", bytes.size(), " bytes with a wrong checksum. Put it back as it was");
  }
  if (entry.format_version() != kEntryVersion) {
    return DataLoss("read ", name, ": it has version ", entry.format_version(), ", this release knows ", kEntryVersion);
  }
  return entry;
}

absl::StatusOr<std::vector<uint64_t>> EpochLog::Numbers() const {
  ASSIGN_OR_RETURN(std::vector<std::string> names, store_->List(Cat(prefix_, "/")));
  std::vector<uint64_t> numbers;
  for (const std::string& name : names) {
    std::string_view digits = std::string_view(name).substr(prefix_.size() + 1);
    uint64_t number = 0;
    if (digits.size() == kDigits && absl::SimpleAtoi(AbslView(digits), &number)) numbers.push_back(number);
  }
  return numbers;
}

absl::Status EpochLog::Refresh() {
  if (!listed_) {
    ASSIGN_OR_RETURN(std::vector<uint64_t> numbers, Numbers());
    if (!numbers.empty()) {
      ASSIGN_OR_RETURN(last_entry_, Read(numbers.back()));
      last_ = numbers.back();
    }
    listed_ = true;
  }
  while (true) {
    absl::StatusOr<storage::v1::EpochLogEntry> next = Read(last_ + 1);
    if (absl::IsNotFound(next.status())) return absl::OkStatus();
    RETURN_IF_ERROR(next.status());
    if (next->epoch() <= last_entry_.epoch()) {
      return DataLoss("read ", NameOf(last_ + 1), ": it is of epoch ", next->epoch(), ", behind one of epoch ", last_entry_.epoch());
    }
    ++last_;
    last_entry_ = *std::move(next);
  }
}

absl::StatusOr<PutResult> EpochLog::Append(const storage::v1::EpochLogEntry& entry) {
  storage::v1::EpochLogEntry versioned = entry;
  versioned.set_format_version(kEntryVersion);
  std::string bytes = versioned.SerializeAsString();
  AppendChecksumField(&bytes);
  const std::string name = NameOf(last_ + 1);
  ASSIGN_OR_RETURN(PutResult put, store_->PutIfAbsent(name, bytes));
  if (put == PutResult::kCreated) {
    ++last_;
    last_entry_ = std::move(versioned);
  }
  return put;
}

absl::Status EpochLog::Remove(uint64_t number) {
  if (number >= last_) return Internal("remove ", NameOf(number), ": it is the end of the log");
  return store_->Delete(NameOf(number));
}

}  // namespace millrace
