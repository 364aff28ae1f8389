#include "connectors/result/result_reader.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/checksum_field.h"
#include "base/error.h"
#include "base/macros.h"
#include "connectors/result/result_connector.h"

namespace millrace {

std::string ResultCursor::ToString() const { return Cat(entry, ":", part); }

absl::StatusOr<ResultCursor> ResultCursor::Parse(std::string_view text) {
  if (text.empty()) return ResultCursor{};
  ResultCursor cursor;
  std::vector<absl::string_view> halves = absl::StrSplit(AbslView(text), ':');
  if (halves.size() != 2 || !absl::SimpleAtoi(halves[0], &cursor.entry) || !absl::SimpleAtoi(halves[1], &cursor.part) || cursor.entry == 0) {
    return InvalidArgument("'", text, "' is no cursor of a result; leave it out to read from the beginning");
  }
  return cursor;
}

ResultReader::ResultReader(std::shared_ptr<BlobStore> store, const CommitIdentity& identity)
    : store_(std::move(store)), log_(store_, Cat(ResultHome(identity), "/log")) {}

absl::StatusOr<std::optional<ResultPart>> ResultReader::Next(ResultCursor at) {
  while (true) {
    if (at.entry > log_.last()) RETURN_IF_ERROR(log_.Refresh());
    if (at.entry == log_.last() + 1 && at.part == 0) return std::nullopt;
    if (at.entry > log_.last()) return InvalidArgument("cursor ", at.ToString(), " is of another run: this one has ", log_.last(), " entries");
    absl::StatusOr<storage::v1::EpochLogEntry> entry = log_.Read(at.entry);
    if (absl::IsNotFound(entry.status())) return NotFound("read the result at ", at.ToString(), ": these rows were taken before");
    RETURN_IF_ERROR(entry.status());
    const auto num_parts = static_cast<uint32_t>(entry->files_size());
    if (at.part > num_parts) return InvalidArgument("cursor ", at.ToString(), " is of another run: the entry has ", num_parts, " parts");
    if (at.part == num_parts) {
      at = {at.entry + 1, 0};
      continue;
    }
    const storage::v1::RowFile& file = entry->files(static_cast<int>(at.part));
    absl::StatusOr<std::string> lines = store_->Get(file.staged_path());
    if (absl::IsNotFound(lines.status())) return DataLoss("read the result at ", at.ToString(), ": ", file.staged_path(), " is gone");
    RETURN_IF_ERROR(lines.status());
    if (Xxh128Hex(*lines) != file.checksum()) {
      return DataLoss("read the result at ", at.ToString(), ": ", file.staged_path(), " is damaged: ", lines->size(), " bytes with checksum ",
                      Xxh128Hex(*lines), ", not ", file.checksum());
    }
    return ResultPart{Epoch(entry->epoch()), static_cast<uint64_t>(file.num_rows()), *std::move(lines), {at.entry, at.part + 1}};
  }
}

absl::Status ResultReader::Discard(ResultCursor at) {
  RETURN_IF_ERROR(log_.Refresh());
  ASSIGN_OR_RETURN(std::vector<uint64_t> numbers, log_.Numbers());
  for (uint64_t number : numbers) {
    if (number >= at.entry || number >= log_.last()) break;
    ASSIGN_OR_RETURN(storage::v1::EpochLogEntry entry, log_.Read(number));
    // The entry last, so that what is left behind is named.
    for (const auto& file : entry.files()) RETURN_IF_ERROR(store_->Delete(file.staged_path()));
    RETURN_IF_ERROR(log_.Remove(number));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> SplitResultRow(std::string_view line) {
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  const auto wrong = [&] { return InvalidArgument("a line of a result is no JSON array: ", line.substr(0, 80)); };
  if (line.size() < 2 || line.front() != '[' || line.back() != ']') return wrong();
  std::vector<std::string> cells;
  line = line.substr(1, line.size() - 2);
  if (line.empty()) return cells;
  int depth = 0;
  bool in_string = false;
  size_t begin = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      if (--depth < 0) return wrong();
    } else if (c == ',' && depth == 0) {
      cells.emplace_back(line.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  if (in_string || depth != 0) return wrong();
  cells.emplace_back(line.substr(begin));
  return cells;
}

}  // namespace millrace
