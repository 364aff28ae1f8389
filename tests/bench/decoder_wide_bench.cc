#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "arrow/api.h"
#include "base/check.h"
#include "base/data_type.h"
#include "base/random.h"
#include "connectors/format/json_decoder.h"
#include "millrace/v1/plan.pb.h"
#include "tests/bench/measurement.h"

namespace millrace {
namespace {

constexpr int kNumTexts = 8192;
constexpr int kRounds = 60;
// Of a million different values of the first column.
constexpr int64_t kOneInAHundred = 10'000;

struct Records {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::string> texts;
  // Of each, what the first column holds.
  std::vector<int64_t> firsts;
  size_t num_bytes = 0;
};

// About 470 bytes with twenty fields: numbers, texts, times and truths.
Records MakeRecords() {
  Records records;
  Random random(7);
  google::protobuf::RepeatedPtrField<v1::Column> columns;
  const char* const types[] = {"BIGINT", "STRING", "DOUBLE", "DECIMAL(12, 2)", "TIMESTAMP(3)", "BOOLEAN", "INT"};
  for (int column = 0; column < 20; ++column) {
    columns.Add()->set_name(absl::StrFormat("column_%02d", column));
    columns.rbegin()->set_type(types[column % 7]);
  }
  records.schema = *SchemaOf(columns);
  for (int i = 0; i < kNumTexts; ++i) {
    std::string text = "{";
    for (int column = 0; column < 20; ++column) {
      const uint64_t x = random.Next();
      absl::StrAppendFormat(&text, R"(%s"column_%02d":)", column == 0 ? "" : ",", column);
      switch (column % 7) {
        case 0:
          if (column == 0) records.firsts.push_back(static_cast<int64_t>(x % 1'000'000));
          absl::StrAppendFormat(&text, "%d", x % 1'000'000);
          break;
        case 1:
          absl::StrAppendFormat(&text, R"("/shop/%08x")", x % 100'000'000);
          break;
        case 2:
          absl::StrAppendFormat(&text, "%d.%03d", x % 1000, x / 1000 % 1000);
          break;
        case 3:
          absl::StrAppendFormat(&text, "%d.%02d", x % 100'000, x % 100);
          break;
        case 4:
          absl::StrAppendFormat(&text, R"("2026-01-01 00:%02d:%02d.%03d")", i / 60 % 60, i % 60, i % 1000);
          break;
        case 5:
          absl::StrAppendFormat(&text, "%s", x % 2 == 0 ? "true" : "false");
          break;
        default:
          absl::StrAppendFormat(&text, "%d", x % 1000);
      }
    }
    records.texts.push_back(text + "}");
    records.num_bytes += records.texts.back().size();
  }
  return records;
}

// Only records whose first column is below `limit` become rows; 0: all of them do.
void Run(const char* name, int64_t limit) {
  const Records records = MakeRecords();
  int64_t sum = 0;
  for (int64_t first : records.firsts) sum += limit == 0 || first < limit ? first : 0;
  JsonDecoder::Options options;
  if (limit != 0) {
    auto& filter = options.record_filter.emplace();
    filter.set_kind(internal::v1::RecordFilter::LESS);
    filter.set_column("column_00");
    filter.mutable_exact()->set_low(static_cast<uint64_t>(limit));
  }
  auto decoder = JsonDecoder::Make(records.schema, options);
  Check(decoder.ok(), "a decoder for twenty plain columns");
  Measurement measurement(name);
  for (int round = 0; round < kRounds; ++round) {
    for (const std::string& text : records.texts) {
      if (!(*decoder)->Append({text.data(), text.size()}).ok()) Wrong("a good record was refused");
    }
    auto batch = (*decoder)->Flush();
    const auto& firsts = static_cast<const arrow::Int64Array&>(*(*batch)->column(0));
    int64_t decoded = 0;
    for (int64_t row = 0; row < firsts.length(); ++row) decoded += firsts.Value(row);
    if (decoded != sum) Wrong("the sum of the first column");
  }
  measurement.Add("bytes_per_event", static_cast<double>(records.num_bytes) / kNumTexts);
  measurement.Report(uint64_t{kNumTexts} * kRounds);
}

}  // namespace

// Twenty columns, all of which are asked for.
void BenchDecoderWide() { Run("decoder_wide", 0); }
// The same, and one record in a hundred passes the filter behind the source.
void BenchDecoderFiltered() { Run("decoder_filtered", kOneInAHundred); }

}  // namespace millrace
