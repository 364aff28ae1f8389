// Any text as an entry of a Delta log, which other writers wrote: refused with a reason, or applied.
#include <string>

#include "connectors/delta/delta_log.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  auto commit = DecodeDeltaCommit({reinterpret_cast<const char*>(data), size}, "00000000000000000000.json");
  if (!commit.ok()) {
    Require(commit.status().code() == absl::StatusCode::kDataLoss, "what is not an entry is DataLoss");
    return 0;
  }
  DeltaSnapshot snapshot;
  if (snapshot.Apply(0, *commit, {reinterpret_cast<const char*>(data), size}).ok()) (void)CheckProtocol(snapshot.protocol);
  auto again = DecodeDeltaCommit(EncodeDeltaCommit(*commit), "again");
  Require(again.ok(), "what was read can be written and read again");
  Require(again->adds.size() == commit->adds.size() && again->removes.size() == commit->removes.size() &&
              again->txns.size() == commit->txns.size(),
          "with the same actions");
  return 0;
}
