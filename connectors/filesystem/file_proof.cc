#include "connectors/filesystem/file_proof.h"

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/checksum_field.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

constexpr int64_t kPieceBytes = 4096;
constexpr std::string_view kStartOver =
    "This pipeline cannot go on without a gap. Put the file back, or run the plan under another name to read what is there now";

}  // namespace

FileProof::Piece FileProof::PieceOf(std::string_view bytes) { return {static_cast<int64_t>(bytes.size()), Xxh128Hex(bytes)}; }

absl::StatusOr<FileProof> FileProof::Of(InputFiles& files, const std::string& path, int64_t size) {
  ASSIGN_OR_RETURN(std::string head, files.Read(path, 0, std::min(size, kPieceBytes)));
  FileProof proof;
  proof.head_ = PieceOf(head);
  proof.tail_ = PieceOf("");
  return proof;
}

absl::StatusOr<FileProof> FileProof::Decode(std::string_view fingerprint) {
  std::vector<std::string> parts = absl::StrSplit(AbslView(fingerprint), ':');
  FileProof proof;
  if (parts.size() != 5 || parts[0] != "1" || !absl::SimpleAtoi(parts[1], &proof.head_.num_bytes) ||
      !absl::SimpleAtoi(parts[3], &proof.tail_.num_bytes)) {
    return DataLoss("the checkpoint's fingerprint of a file is not one of version 1: ", fingerprint);
  }
  proof.head_.hash = parts[2];
  proof.tail_.hash = parts[4];
  return proof;
}

void FileProof::Extend(std::string_view bytes, bool has_gap) {
  if (has_gap) last_.clear();
  last_ += bytes.substr(bytes.size() > kPieceBytes ? bytes.size() - kPieceBytes : 0);
  if (last_.size() > kPieceBytes) last_.erase(0, last_.size() - kPieceBytes);
}

std::string FileProof::Encode() const {
  const Piece tail = last_.empty() ? tail_ : PieceOf(last_);
  return Cat("1:", head_.num_bytes, ":", head_.hash, ":", tail.num_bytes, ":", tail.hash);
}

absl::StatusOr<bool> FileProof::Holds(InputFiles& files, const std::string& path, int64_t offset, const Piece& piece) {
  ASSIGN_OR_RETURN(std::string bytes, files.Read(path, offset, piece.num_bytes));
  return Xxh128Hex(bytes) == piece.hash;
}

absl::Status FileProof::Check(InputFiles& files, const std::string& path, int64_t position, int64_t size) const {
  const std::string doing = Cat("resume reading file ", path, " at byte ", position);
  absl::StatusOr<int64_t> now = files.Size(path);
  if (absl::IsNotFound(now.status())) return DataLoss(doing, ": it is gone. ", kStartOver);
  RETURN_IF_ERROR(Annotate(now.status(), doing));
  if (*now < size) return DataLoss(doing, ": it has ", *now, " bytes, and had ", size, ". ", kStartOver);
  ASSIGN_OR_RETURN(bool same_head, Holds(files, path, 0, head_));
  ASSIGN_OR_RETURN(bool same_tail, Holds(files, path, position - tail_.num_bytes, tail_));
  if (same_head && same_tail) return absl::OkStatus();
  return DataLoss(doing, ": it was changed since the checkpoint: its ", same_head ? "bytes before the position are" : "first bytes are",
                  " others. ", kStartOver);
}

}  // namespace millrace
