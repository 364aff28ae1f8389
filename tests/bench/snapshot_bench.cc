#include <algorithm>
#include <chrono>
#include <filesystem>
#include <vector>

#include "arrow/api.h"
#include "base/check.h"
#include "base/local_blob_store.h"
#include "state/rocksdb_backend.h"
#include "tests/bench/click_batches.h"
#include "tests/bench/measurement.h"
#include "worker/operators/registry.h"

namespace millrace {
namespace {

constexpr int64_t kRows = 8192;
constexpr int kBatchesPerCheckpoint = 12;  // about a second of event time

struct Discard final : public Output {
  void Emit(uint32_t, BatchPtr) override {}
};

std::filesystem::path ScratchDirectory() {
  auto path = std::filesystem::temp_directory_path() / "millrace-snapshot-bench";
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path;
}

double Millis(std::chrono::steady_clock::duration took) { return std::chrono::duration<double, std::milli>(took).count(); }

}  // namespace

// A window operator over 100,000 users that is checkpointed once a second of event time: freeze on the task's thread,
// then write, flush and upload. Events are those between barriers.
void BenchSnapshot() {
  std::filesystem::path scratch = ScratchDirectory();
  auto factory = RocksDbStateBackendFactory::Open({.root = (scratch / "state").string()});
  Check(factory.ok(), "a scratch directory for RocksDB");
  auto backend = (*factory)->Make("bench");
  auto blobs = LocalBlobStore::Open((scratch / "blobs").string());
  Check(backend.ok() && blobs.ok(), "a scratch directory for blobs");
  auto batches = ClickBatches(1200, kRows, 100'000, 5);
  auto op = MakeOperator(ClickWindowNode());
  OperatorContext context;
  context.key_groups = {0, kNumKeyGroups};
  Check(op.ok() && (*op)->Open(context).ok(), "a fresh operator opens");
  Discard discard;
  std::vector<double> freeze_ms;
  std::vector<double> write_ms;
  uint64_t epoch = 0;
  Measurement measurement("snapshot");
  for (size_t i = 0; i < batches.size(); ++i) {
    if (!(*op)->ProcessBatch(0, 0, batches[i], discard).ok()) Wrong("a batch was refused");
    const auto& times = static_cast<const arrow::TimestampArray&>(*batches[i]->column(1));
    if (!(*op)->OnWatermark(times.Value(kRows - 1) - 1'000'000, discard).ok()) Wrong("a watermark was refused");
    if ((i + 1) % kBatchesPerCheckpoint != 0) continue;
    auto began = std::chrono::steady_clock::now();
    auto frozen = (*op)->BeforeBarrier(Epoch(++epoch), discard);
    auto froze = std::chrono::steady_clock::now();
    if (!frozen.ok() || *frozen == nullptr || !(*frozen)->WriteTo(**backend).ok()) Wrong("the epoch was not written");
    if (!(*backend)->Snapshot(Epoch(epoch), context.key_groups, **blobs, "bench").ok()) Wrong("the snapshot was refused");
    freeze_ms.push_back(Millis(froze - began));
    write_ms.push_back(Millis(std::chrono::steady_clock::now() - froze));
  }
  std::sort(freeze_ms.begin(), freeze_ms.end());
  std::sort(write_ms.begin(), write_ms.end());
  measurement.Add("checkpoints", static_cast<double>(freeze_ms.size()));
  measurement.Add("freeze_ms_p50", freeze_ms[freeze_ms.size() / 2]);
  measurement.Add("freeze_ms_p99", freeze_ms[freeze_ms.size() * 99 / 100]);
  measurement.Add("write_ms_p50", write_ms[write_ms.size() / 2]);
  measurement.Add("uploaded_mb", static_cast<double>((*backend)->uploaded_bytes()) / (1 << 20));
  measurement.Report(batches.size() * kRows);
  backend->reset();
  std::filesystem::remove_all(scratch);
}

}  // namespace millrace
