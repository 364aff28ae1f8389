// Any bytes as a Kafka record: the decoder accepts just what simdjson's own DOM parser accepts as an object with
// values that fit, and what it accepts makes sound columns. A record filter changes nothing but which of them are rows.
#include <string>

#include "arrow/array.h"
#include "arrow/compare.h"
#include "arrow/record_batch.h"
#include "base/check.h"
#include "base/data_type.h"
#include "connectors/format/json_decoder.h"
#include "millrace/v1/plan.pb.h"
#include "simdjson.h"
#include "tests/fuzz/fuzz_target.h"

namespace millrace {
namespace {

using Columns = std::vector<std::pair<const char*, const char*>>;

std::unique_ptr<JsonDecoder> MakeDecoder(const Columns& columns, const JsonDecoder::Options& options = {}) {
  google::protobuf::RepeatedPtrField<v1::Column> protos;
  for (const auto& [name, type] : columns) {
    v1::Column* column = protos.Add();
    column->set_name(name);
    column->set_type(type);
  }
  auto schema = SchemaOf(protos);
  Check(schema.ok(), "the target's columns");
  auto decoder = JsonDecoder::Make(*schema, options);
  Check(decoder.ok(), "a decoder of the target's columns");
  return *std::move(decoder);
}

// l < 0, of which it is known what it is of any record: l is never NULL.
JsonDecoder::Options NegativeOnly() {
  JsonDecoder::Options options{.time_column = "t"};
  auto& filter = options.record_filter.emplace();
  filter.set_kind(internal::v1::RecordFilter::LESS);
  filter.set_column("l");
  filter.mutable_exact();
  return options;
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  static const Columns columns = {{"b", "BOOLEAN"},
                                  {"i", "INT"},
                                  {"l", "BIGINT NOT NULL"},
                                  {"f", "FLOAT"},
                                  {"d", "DOUBLE"},
                                  {"n", "DECIMAL(20, 4)"},
                                  {"s", "STRING"},
                                  {"x", "BYTES"},
                                  {"t", "TIMESTAMP(3)"},
                                  {"z", "TIMESTAMP_LTZ(3)"},
                                  {"day", "DATE"},
                                  {"at", "TIME(3)"},
                                  {"a", "ARRAY<INT>"},
                                  {"m", "MAP<STRING, INT>"},
                                  {"r", "ROW<p INT, q ROW<s STRING>>"}};
  static const auto typed = MakeDecoder(columns);
  static const auto filtering = MakeDecoder(columns, NegativeOnly());
  // Takes any object: whatever it refuses is not JSON.
  static const auto untyped = MakeDecoder({{"s", "STRING"}});
  static simdjson::dom::parser parser(size_t{1} << 30);

  absl::Status as_text = untyped->Append({data, size}).status();
  Require(as_text.ok() || as_text.code() == absl::StatusCode::kInvalidArgument, "a bad record is InvalidArgument");
  simdjson::dom::element root;
  const simdjson::padded_string padded(reinterpret_cast<const char*>(data), size);
  bool is_json = parser.allocate(size + 1, JsonIndex::kMaxDepth) == simdjson::SUCCESS &&
                 parser.parse(padded).get(root) == simdjson::SUCCESS && root.is_object();
  // Numbers that no double holds are good JSON, and DECIMAL and STRING take them; simdjson's DOM does not.
  if (is_json) Require(as_text.ok(), "what a DOM parser takes is refused");

  absl::Status as_columns = typed->Append({data, size}).status();
  Require(as_columns.ok() || as_columns.code() == absl::StatusCode::kInvalidArgument, "a bad record is InvalidArgument");
  if (as_columns.ok()) Require(as_text.ok(), "typed columns take what is not JSON");
  Require(typed->num_rows() == (as_columns.ok() ? 1 : 0) && untyped->num_rows() == (as_text.ok() ? 1 : 0),
          "one row per accepted record");
  const auto filtered = filtering->Append({data, size});
  Require(filtered.status() == as_columns, "what is bad is bad whatever is wanted");
  // What is not JSON never came to a column, and most inputs are not: they are looked at now and then only.
  static uint32_t num_inputs = 0;
  const bool look = ++num_inputs % 64 == 0;
  for (JsonDecoder* decoder : {typed.get(), untyped.get()}) {
    if (!as_text.ok() && !look) continue;
    const int64_t expected = decoder->num_rows();
    auto batch = decoder->Flush();
    Require(batch.ok() && (*batch)->num_rows() == expected, "one row per accepted record");
    Require((*batch)->ValidateFull().ok(), "columns are sound");
    if (decoder != typed.get()) continue;
    auto wanted = filtering->Flush();
    Require(wanted.ok() && (*wanted)->ValidateFull().ok(), "columns are sound");
    if (!filtered.ok()) continue;
    const int64_t l = static_cast<const arrow::Int64Array&>(*(*batch)->GetColumnByName("l")).Value(0);
    Require((l < 0) == (*filtered == Decoded::kRow), "just the records that are wanted are rows");
    Require((*wanted)->num_rows() == (l < 0 ? 1 : 0), "just the records that are wanted are rows");
    Require(l >= 0 || (*wanted)->Equals(**batch, arrow::EqualOptions::Defaults().nans_equal(true)),
            "rows are the same");
    const auto& times = static_cast<const arrow::TimestampArray&>(*(*batch)->GetColumnByName("t"));
    Require(l < 0 || filtering->dropped_time() == (times.IsNull(0) ? kNoWatermark : times.Value(0)),
            "event time is known of all");
  }
  return 0;
}
