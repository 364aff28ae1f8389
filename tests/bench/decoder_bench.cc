#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "arrow/api.h"
#include "base/check.h"
#include "base/data_type.h"
#include "base/random.h"
#include "connectors/format/json_decoder.h"
#include "tests/bench/measurement.h"

namespace millrace {
namespace {

constexpr int kNumTexts = 8192;
constexpr int kRounds = 400;

}  // namespace

// Click events of about 113 bytes, of whose five columns three are asked for, as in the Kafka workloads.
void BenchDecoder() {
  Random random(7);
  std::vector<std::string> texts;
  int64_t sum = 0;
  size_t bytes = 0;
  for (int i = 0; i < kNumTexts; ++i) {
    uint64_t x = random.Next();
    sum += static_cast<int64_t>(x % 1000);
    texts.push_back(absl::StrFormat(
        R"({"user_id":%d,"event_time":"2026-01-01 00:%02d:%02d.%03d","amount":%d,"url":"/shop/item/%05d","agent":"%08x"})",
        (x >> 40) % 100'000, i / 60 % 60, i % 60, i % 1000, x % 1000, (x >> 20) % 100'000, static_cast<uint32_t>(x >> 32)));
    bytes += texts.back().size();
  }
  auto schema = arrow::schema({arrow::field("user_id", arrow::int64()),
                               arrow::field("event_time", arrow::timestamp(arrow::TimeUnit::MICRO), false),
                               arrow::field("amount", arrow::int64())});
  auto decoder = JsonDecoder::Make(schema, {});
  Check(decoder.ok(), "a decoder for three plain columns");
  Measurement measurement("decoder");
  for (int round = 0; round < kRounds; ++round) {
    for (const std::string& text : texts) {
      if (!(*decoder)->Append({text.data(), text.size()}).ok()) Wrong("a good record was refused");
    }
    auto batch = (*decoder)->Flush();
    const auto& amounts = static_cast<const arrow::Int64Array&>(*(*batch)->column(2));
    int64_t decoded = 0;
    for (int64_t row = 0; row < amounts.length(); ++row) decoded += amounts.Value(row);
    if (decoded != sum) Wrong("the sum of amounts");
  }
  measurement.Add("bytes_per_event", static_cast<double>(bytes) / kNumTexts);
  measurement.Report(uint64_t{kNumTexts} * kRounds);
}

}  // namespace millrace
