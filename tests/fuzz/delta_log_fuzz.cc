// Any bytes as an entry or a checkpoint of a Delta log, which other writers wrote: refused with a reason, or applied;
// and what was read can be written, and reads as it was.
#include <string>

#include "connectors/delta/delta_checkpoint.h"
#include "connectors/delta/delta_log.h"
#include "tests/fuzz/fuzz_target.h"

namespace millrace {
namespace {

void FuzzEntry(std::string_view bytes) {
  auto commit = DecodeDeltaCommit(bytes, "00000000000000000000.json");
  if (!commit.ok()) {
    Require(commit.status().code() == absl::StatusCode::kDataLoss, "what is not an entry is DataLoss");
    return;
  }
  DeltaSnapshot snapshot;
  if (snapshot.Apply(0, *commit, bytes).ok()) (void)CheckProtocol(snapshot.protocol);
  const std::string encoded = EncodeDeltaCommit(*commit);
  if (encoded.empty()) return;  // nobody writes a commit of nothing
  auto again = DecodeDeltaCommit(encoded, "again");
  Require(again.ok(), "what was read can be written and read again");
  Require(again->adds.size() == commit->adds.size() && again->removes.size() == commit->removes.size() &&
              again->txns.size() == commit->txns.size(),
          "with the same actions");
}

void FuzzCheckpoint(std::string_view bytes) {
  auto snapshot = DecodeDeltaCheckpoint(bytes, 7);
  if (!snapshot.ok()) {
    Require(snapshot.status().code() == absl::StatusCode::kDataLoss ||
                snapshot.status().code() == absl::StatusCode::kFailedPrecondition,
            "what is not a checkpoint is DataLoss, one that we cannot write to FailedPrecondition");
    return;
  }
  auto encoded = EncodeDeltaCheckpoint(*snapshot, INT64_MIN);
  Require(encoded.ok(), "what was read can be written");
  auto again = DecodeDeltaCheckpoint(encoded->bytes, 7);
  Require(again.ok() && again->txns.size() == snapshot->txns.size() && again->files.size() == snapshot->files.size() &&
              again->tombstones.size() == snapshot->tombstones.size() && again->metadata.id == snapshot->metadata.id,
          "and reads as it was");
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // No text begins so, and every Parquet file does.
  if (bytes.starts_with("PAR1")) {
    FuzzCheckpoint(bytes);
  } else {
    FuzzEntry(bytes);
  }
  return 0;
}
