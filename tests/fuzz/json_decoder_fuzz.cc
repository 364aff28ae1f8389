// Any bytes as a Kafka record: the decoder accepts just what simdjson's own DOM parser accepts as an object with
// values that fit, and what it accepts makes sound columns.
#include <string>

#include "arrow/record_batch.h"
#include "base/check.h"
#include "base/data_type.h"
#include "connectors/format/json_decoder.h"
#include "millrace/v1/plan.pb.h"
#include "simdjson.h"
#include "tests/fuzz/fuzz_target.h"

namespace millrace {
namespace {

std::unique_ptr<JsonDecoder> MakeDecoder(const std::vector<std::pair<const char*, const char*>>& columns) {
  google::protobuf::RepeatedPtrField<v1::Column> protos;
  for (const auto& [name, type] : columns) {
    v1::Column* column = protos.Add();
    column->set_name(name);
    column->set_type(type);
  }
  auto schema = SchemaOf(protos);
  Check(schema.ok(), "the target's columns");
  auto decoder = JsonDecoder::Make(*schema, {});
  Check(decoder.ok(), "a decoder of the target's columns");
  return *std::move(decoder);
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  static const auto typed = MakeDecoder({{"b", "BOOLEAN"},
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
                                         {"r", "ROW<p INT, q ROW<s STRING>>"}});
  // Takes any object: whatever it refuses is not JSON.
  static const auto untyped = MakeDecoder({{"s", "STRING"}});
  static simdjson::dom::parser parser(size_t{1} << 30);

  absl::Status as_text = untyped->Append({data, size});
  Require(as_text.ok() || as_text.code() == absl::StatusCode::kInvalidArgument, "a bad record is InvalidArgument");
  simdjson::dom::element root;
  const simdjson::padded_string padded(reinterpret_cast<const char*>(data), size);
  bool is_json = parser.allocate(size + 1, JsonIndex::kMaxDepth) == simdjson::SUCCESS &&
                 parser.parse(padded).get(root) == simdjson::SUCCESS && root.is_object();
  // Numbers that no double holds are good JSON, and DECIMAL and STRING take them; simdjson's DOM does not.
  if (is_json) Require(as_text.ok(), "what a DOM parser takes is refused");

  absl::Status as_columns = typed->Append({data, size});
  Require(as_columns.ok() || as_columns.code() == absl::StatusCode::kInvalidArgument, "a bad record is InvalidArgument");
  if (as_columns.ok()) Require(as_text.ok(), "typed columns take what is not JSON");
  Require(typed->num_rows() == (as_columns.ok() ? 1 : 0) && untyped->num_rows() == (as_text.ok() ? 1 : 0),
          "one row per accepted record");
  // What is not JSON never came to a column, and most inputs are not: they are looked at now and then only.
  static uint32_t num_inputs = 0;
  const bool look = ++num_inputs % 64 == 0;
  for (JsonDecoder* decoder : {typed.get(), untyped.get()}) {
    if (!as_text.ok() && !look) continue;
    const int64_t expected = decoder->num_rows();
    auto batch = decoder->Flush();
    Require(batch.ok() && (*batch)->num_rows() == expected, "one row per accepted record");
    Require((*batch)->ValidateFull().ok(), "columns are sound");
  }
  return 0;
}
