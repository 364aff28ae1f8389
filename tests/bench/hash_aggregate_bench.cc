#include <string>

#include "arrow/api.h"
#include "base/check.h"
#include "tests/bench/click_batches.h"
#include "tests/bench/measurement.h"
#include "worker/operators/registry.h"

namespace millrace {
namespace {

struct Totals final : public Output {
  void Emit(uint32_t output, BatchPtr rows) override {
    if (output != 0) Wrong("a row was late");
    const auto& counts = static_cast<const arrow::Int64Array&>(*rows->column(3));
    for (int64_t row = 0; row < counts.length(); ++row) num_clicks += static_cast<uint64_t>(counts.Value(row));
    num_groups += static_cast<uint64_t>(rows->num_rows());
  }
  uint64_t num_clicks = 0;
  uint64_t num_groups = 0;
};

void Run(const std::string& name, uint64_t num_users, int num_batches) {
  constexpr int64_t kRows = 8192;
  auto batches = ClickBatches(num_batches, kRows, num_users, 1);
  auto op = MakeOperator(ClickWindowNode());
  Check(op.ok(), "a window operator for two plain columns");
  OperatorContext context;
  context.key_groups = {0, kNumKeyGroups};
  Check((*op)->Open(context).ok(), "a fresh operator opens");
  Totals totals;
  Measurement measurement(name);
  for (const BatchPtr& batch : batches) {
    if (!(*op)->ProcessBatch(0, 0, batch, totals).ok()) Wrong("a batch was refused");
    const auto& times = static_cast<const arrow::TimestampArray&>(*batch->column(1));
    if (!(*op)->OnWatermark(times.Value(kRows - 1) - 1'000'000, totals).ok()) Wrong("a watermark was refused");
  }
  if (!(*op)->OnWatermark(kFinalWatermark, totals).ok()) Wrong("the final watermark was refused");
  auto events = static_cast<uint64_t>(num_batches) * kRows;
  if (totals.num_clicks != events) Wrong("the number of clicks in all windows");
  measurement.Add("groups", static_cast<double>(totals.num_groups));
  measurement.Report(events);
}

}  // namespace

// The window operator alone, fed with decoded batches: keys that repeat ten times a window, and keys that hardly do.
void BenchHashAggregate() {
  Run("hash_aggregate_100k_keys", 100'000, 1000);
  Run("hash_aggregate_10m_keys", 10'000'000, 1000);
}

}  // namespace millrace
