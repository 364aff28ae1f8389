#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/input_files.h"

namespace millrace {

// How a file is known again at a position: its first bytes, and those before the position. On disk, as a split's
// fingerprint:  "1:<bytes>:<XXH3-128>:<bytes>:<XXH3-128>", of the head and of the tail.
class FileProof {
 public:
  // Of a file that nothing was read of, which has `size` bytes. IoPool.
  static absl::StatusOr<FileProof> Of(InputFiles& files, const std::string& path, int64_t size);
  // As it was encoded. DataLoss: it is none.
  static absl::StatusOr<FileProof> Decode(std::string_view fingerprint);

  // Bytes were read behind what it proves; with `has_gap`, others before these.
  void Extend(std::string_view bytes, bool has_gap);
  std::string Encode() const;
  // DataLoss: what stands there now has fewer than `size` bytes, or is not what was read up to `position`. IoPool.
  absl::Status Check(InputFiles& files, const std::string& path, int64_t position, int64_t size) const;

 private:
  struct Piece {
    int64_t num_bytes = 0;
    std::string hash;
  };
  static Piece PieceOf(std::string_view bytes);
  static absl::StatusOr<bool> Holds(InputFiles& files, const std::string& path, int64_t offset, const Piece& piece);

  Piece head_;
  Piece tail_;
  // The last bytes before the position, of those that were read by this process.
  std::string last_;
};

}  // namespace millrace
