// What a decoder decides on records is what the filter behind it decides on their rows, and nothing else changes: the
// same records are bad, and event time is that of all good ones.
#include "base/expression/record_filter.h"

#include <gtest/gtest.h>

#include <limits>

#include "absl/strings/str_join.h"
#include "arrow/api.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/expression/expression.h"
#include "base/random.h"
#include "connectors/format/json_decoder.h"
#include "tests/base/expression/plan_expressions.h"

namespace millrace {
namespace {

using plan_expressions::Call;
using plan_expressions::Column;
using plan_expressions::Literal;

// A column, values that JSON may hold for it, and constants that it is compared with: type and value.
struct Kind {
  const char* name;
  const char* type;
  std::vector<std::string> values;
  std::vector<std::pair<const char*, const char*>> constants;
};

const std::vector<Kind>& Kinds() {
  static const auto* const kinds = new std::vector<Kind>{
      // Its parts are cells too: what stands behind it must not be taken for them.
      {"nested", "ROW<p INT, q ARRAY<STRING>>", {R"({"p": 1, "q": ["a", "b"]})", R"({"q": []})", "{}"}, {}},
      {"ok", "BOOLEAN", {"true", "false", R"("TRUE")", "1"}, {{"BOOLEAN", "true"}, {"BOOLEAN", "false"}}},
      {"tiny", "TINYINT", {"1", "-128", "127", "128"}, {{"INT", "1"}, {"BIGINT", "127"}, {"DECIMAL(4, 1)", "-127.5"}}},
      {"n",
       "INT NOT NULL",
       {"0", "7", "-7", "2147483647", R"("7")", "7.0"},
       {{"INT", "7"}, {"BIGINT", "2147483648"}, {"DECIMAL(3, 2)", "7.01"}}},
      {"big",
       "BIGINT",
       {"0", "9223372036854775807", "-9223372036854775808", "1e3"},
       {{"INT", "1000"}, {"BIGINT", "9223372036854775807"}, {"DECIMAL(21, 1)", "9223372036854775806.5"}}},
      {"money",
       "DECIMAL(12, 2)",
       {"0", "1.5", "-1.50", R"("1.51")", "9999999999.99", "1.505"},
       {{"INT", "1"}, {"DECIMAL(3, 2)", "1.50"}, {"DECIMAL(5, 4)", "1.5001"}}},
      {"wide",
       "DECIMAL(38, 0)",
       {"99999999999999999999999999999999999999", "-1", "0"},
       {{"DECIMAL(38, 0)", "99999999999999999999999999999999999999"}, {"INT", "-1"}}},
      {"f",
       "FLOAT",
       {"0.1", "-0.0", "0", "16777217", R"("NaN")", "3.5"},
       {{"FLOAT", "0.1"}, {"DOUBLE", "0.1"}, {"INT", "16777217"}, {"DECIMAL(2, 1)", "3.5"}}},
      {"x",
       "DOUBLE",
       {"0.1", "-0.0", "0", "1e300", R"("NaN")", R"("Infinity")"},
       {{"DOUBLE", "0.1"}, {"FLOAT", "0.1"}, {"INT", "0"}, {"DECIMAL(2, 1)", "0.1"}}},
      {"s",
       "STRING",
       {R"("")", R"("a")", R"("b\u00e4")", R"("\u0061")", "12", R"({"k": 1})"},
       {{"STRING", "a"}, {"STRING", ""}, {"CHAR(2)", "bä"}, {"VARCHAR(9)", R"({"k":1})"}}},
      {"day",
       "DATE",
       {R"("2026-11-21")", R"("1969-12-31")", R"("soon")"},
       {{"DATE", "2026-11-21"}, {"DATE", "1970-01-01"}}},
      {"clock",
       "TIME(3)",
       {R"("10:00:00")", R"("23:59:59.999")"},
       {{"TIME(3)", "10:00:00.000"}, {"TIME(0)", "10:00:00"}}},
      {"at",
       "TIMESTAMP(3)",
       {R"("2026-11-21 10:00:00.000")", R"("1960-01-01 00:00:00.5")"},
       {{"TIMESTAMP(3)", "2026-11-21 10:00:00.000"}, {"TIMESTAMP(6)", "1960-01-01 00:00:00.500001"}}},
      {"z",
       "TIMESTAMP_LTZ(3)",
       {R"("2026-11-21 10:00:00.000Z")", R"("1960-01-01 00:00:00.5Z")"},
       {{"TIMESTAMP_LTZ(3)", "2026-11-21 10:00:00.000"}}},
  };
  return *kinds;
}

constexpr int kTimeColumn = 12;  // "at"

std::shared_ptr<arrow::Schema> Schema() {
  google::protobuf::RepeatedPtrField<v1::Column> columns;
  for (const Kind& kind : Kinds()) {
    columns.Add()->set_name(kind.name);
    columns.rbegin()->set_type(kind.type);
  }
  return *SchemaOf(columns);
}

class Chance {
 public:
  explicit Chance(uint64_t seed) : random_(seed) {}
  size_t Below(size_t count) { return random_.Below(count); }
  bool Once(size_t n) { return random_.Below(n) == 0; }
  template <typename T>
  const T& Among(const std::vector<T>& values) {
    return values[Below(values.size())];
  }

 private:
  Random random_;
};

std::string Record(Chance& chance) {
  std::vector<std::string> fields;
  for (const Kind& kind : Kinds()) {
    if (chance.Once(8)) continue;
    // Mostly good, so that some records are.
    const bool any = chance.Once(6);
    const std::string& value =
        any ? chance.Among(kind.values) : kind.values[chance.Below(std::min<size_t>(2, kind.values.size()))];
    fields.push_back(Cat("\"", kind.name, "\": ", chance.Once(10) ? "null" : value));
  }
  return Cat("{", absl::StrJoin(fields, ", "), "}");
}

v1::Expression Comparison(Chance& chance) {
  static const std::vector<std::string> names = {"equal",      "not_equal", "less",
                                                 "less_equal", "greater",   "greater_equal"};
  while (true) {
    const Kind& kind = chance.Among(Kinds());
    if (kind.constants.empty() || chance.Once(6))
      return Call(chance.Once(2) ? "is_null" : "is_not_null", {Column(kind.name)});
    if (std::string_view(kind.type) == "BOOLEAN" && chance.Once(2)) return Column(kind.name);
    auto constant = [&] {
      const auto& [type, value] = chance.Among(kind.constants);
      return Literal(Cat(type, " NOT NULL"), value);
    };
    if (chance.Once(5)) return Call("in_list", {Column(kind.name), constant(), constant()});
    if (chance.Once(3)) return Call(chance.Among(names), {constant(), Column(kind.name)});
    return Call(chance.Among(names), {Column(kind.name), constant()});
  }
}

v1::Expression Condition(Chance& chance, int depth) {
  if (depth == 0 || chance.Once(3)) return Comparison(chance);
  if (chance.Once(4)) return Call("not", {Condition(chance, depth - 1)});
  return Call(chance.Once(2) ? "and" : "or", {Condition(chance, depth - 1), Condition(chance, depth - 1)});
}

TEST(RecordFilterAndFilter, DecideAlike) {
  Chance chance(1);
  const std::shared_ptr<arrow::Schema> schema = Schema();
  int64_t num_filters = 0, num_kept = 0, num_dropped = 0, num_bad = 0;
  for (int round = 0; round < 3000; ++round) {
    const v1::Expression condition = Condition(chance, static_cast<int>(chance.Below(4)));
    const auto filter = RecordFilterOf(condition, *schema, *schema);
    if (!filter) continue;
    ++num_filters;
    SCOPED_TRACE(condition.ShortDebugString());
    auto all = *JsonDecoder::Make(schema, {});
    auto made = JsonDecoder::Make(schema, {.record_filter = filter, .time_column = "at"});
    ASSERT_TRUE(made.ok()) << made.status();
    JsonDecoder& filtering = **made;
    // Of each good record: nothing if it became a row, else its event time.
    std::vector<std::optional<EventTimeMicros>> dropped;
    for (int i = 0; i < 40; ++i) {
      const std::string text = Record(chance);
      const auto expected = all->Append({text.data(), text.size()});
      const auto decoded = filtering.Append({text.data(), text.size()});
      ASSERT_EQ(decoded.status(), expected.status()) << text;
      if (!decoded.ok()) {
        ASSERT_EQ(filtering.refusal(), all->refusal());
        ++num_bad;
        continue;
      }
      dropped.push_back(*decoded == Decoded::kDropped ? std::optional(filtering.dropped_time()) : std::nullopt);
    }
    const BatchPtr rows = *all->Flush(), kept = *filtering.Flush();
    ASSERT_TRUE(kept->ValidateFull().ok());
    const auto bound = BindExpression(condition, *schema);
    ASSERT_TRUE(bound.ok()) << bound.status();
    const auto truths = EvaluateArray(**bound, rows);
    ASSERT_TRUE(truths.ok()) << truths.status();
    const auto& is_true = static_cast<const arrow::BooleanArray&>(**truths);
    const auto& times = static_cast<const arrow::TimestampArray&>(*rows->column(kTimeColumn));
    int64_t next = 0;
    // A condition with "and" may have been taken in part: then more is kept, and the filter drops it.
    const bool whole = RecordFilterOf(Call("or", {condition, condition}), *schema, *schema).has_value();
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      const auto& time = dropped[static_cast<size_t>(row)];
      const bool wanted = is_true.IsValid(row) && is_true.Value(row);
      if (wanted || !time.has_value()) {
        ASSERT_FALSE(time.has_value()) << "row " << row << " was dropped: " << rows->Slice(row, 1)->ToString();
        ASSERT_TRUE(wanted || !whole) << "row " << row << " was kept: " << rows->Slice(row, 1)->ToString();
        ASSERT_TRUE(
            kept->Slice(next++, 1)->Equals(*rows->Slice(row, 1), arrow::EqualOptions::Defaults().nans_equal(true)));
        ++num_kept;
      } else {
        ASSERT_EQ(*time, times.IsNull(row) ? kNoWatermark : times.Value(row));
        ++num_dropped;
      }
    }
    ASSERT_EQ(next, kept->num_rows());
  }
  EXPECT_GT(num_filters, 1500);
  EXPECT_GT(num_kept, 10'000);
  EXPECT_GT(num_dropped, 10'000);
  EXPECT_GT(num_bad, 10'000);
}

// What comes over the wire need not be what the planner makes.
TEST(RecordFilterAndFilter, OneThatDoesNotFitIsRefused) {
  using internal::v1::RecordFilter;
  auto refusal = [](const RecordFilter& filter) {
    auto decoder = JsonDecoder::Make(Schema(), {.record_filter = filter});
    return decoder.ok() ? "taken" : std::string(decoder.status().message());
  };
  RecordFilter filter;
  EXPECT_EQ(refusal(filter), "record filter: it is of no known kind: 0");
  filter.set_kind(RecordFilter::AND);
  EXPECT_EQ(refusal(filter), "record filter: AND of 0 parts");
  filter.set_kind(RecordFilter::EQUAL);
  filter.set_column("nobody");
  EXPECT_EQ(refusal(filter), "record filter: there is no column nobody");
  filter.set_column("s");
  EXPECT_EQ(refusal(filter), "record filter: column s (string) is not compared with such a constant");
  filter.set_real(1);
  EXPECT_EQ(refusal(filter), "record filter: column s (string) is not compared with such a constant");
  filter.set_column("wide");
  filter.mutable_exact()->set_shift(39);
  EXPECT_EQ(refusal(filter), "record filter: column wide (decimal128(38, 0)) is not compared with such a constant");
  filter.mutable_exact()->set_shift(38);
  EXPECT_EQ(refusal(filter), "taken") << "what would overflow is not TRUE";
  RecordFilter deep = filter;
  for (int i = 0; i < 64; ++i) {
    RecordFilter outer;
    outer.set_kind(RecordFilter::NOT);
    outer.add_parts()->Swap(&deep);
    deep = std::move(outer);
  }
  EXPECT_EQ(refusal(deep), "record filter: it is nested deeper than 64");
}

}  // namespace
}  // namespace millrace
