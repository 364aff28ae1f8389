// Flink's recorded answers to the statements about strings and times, computed by our functions: type for type, value
// for value.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "arrow/api.h"
#include "base/arrow_status.h"
#include "base/expression/expression.h"
#include "base/expression/parse_value.h"
#include "base/expression/temporal_format.h"
#include "base/expression/type_rules.h"
#include "base/macros.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "tests/base/expression/flink_sql.h"
#include "tests/base/expression/reference/compare.h"

namespace millrace {
namespace {

using Json = google::protobuf::Value;
using Row = std::map<std::string, Json>;

const std::string kFolder = std::string(MILLRACE_SOURCE_DIR) + "/tests/oracle/flink/";

std::vector<google::protobuf::Struct> JsonLines(const std::string& file) {
  std::ifstream in(kFolder + file);
  EXPECT_TRUE(in.good()) << file;
  std::vector<google::protobuf::Struct> lines;
  for (std::string line; std::getline(in, line);) {
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &lines.emplace_back()).ok()) << line;
  }
  return lines;
}

int64_t MicrosOf(std::string text) {
  text = absl::StrReplaceAll(text, {{"T", " "}, {"Z", ""}});
  return ParseTimestamp(text, 6).value();
}

absl::Status Append(const Json& value, const DataType& type, arrow::ArrayBuilder& builder) {
  if (value.kind_case() == Json::kNullValue || value.kind_case() == Json::KIND_NOT_SET)
    return FromArrow(builder.AppendNull());
  const std::string& text = value.string_value();
  std::string bytes;
  switch (type.arrow->id()) {
    case arrow::Type::INT32:
      return FromArrow(static_cast<arrow::Int32Builder&>(builder).Append(static_cast<int32_t>(value.number_value())));
    case arrow::Type::BINARY:
      EXPECT_TRUE(absl::Base64Unescape(text, &bytes));
      return FromArrow(static_cast<arrow::BinaryBuilder&>(builder).Append(bytes));
    case arrow::Type::STRING:
      return FromArrow(static_cast<arrow::StringBuilder&>(builder).Append(text));
    case arrow::Type::DATE32:
      return FromArrow(static_cast<arrow::Date32Builder&>(builder).Append(
          static_cast<int32_t>(MicrosOf(text) / 86'400'000'000 - (MicrosOf(text) % 86'400'000'000 < 0))));
    case arrow::Type::TIME32:
      return FromArrow(static_cast<arrow::Time32Builder&>(builder).Append(
          static_cast<int32_t>(MicrosOf("1970-01-01 " + text) / 1000)));
    default:
      return FromArrow(static_cast<arrow::TimestampBuilder&>(builder).Append(MicrosOf(text)));
  }
}

using Columns = std::vector<std::pair<std::string, std::string>>;

absl::StatusOr<BatchPtr> Table(const std::string& name, const Columns& columns) {
  const std::vector<google::protobuf::Struct> lines = JsonLines("data/" + name + ".json");
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [column, sql] : columns) {
    v1::Column declared;
    declared.set_name(column);
    declared.set_type(sql);
    ASSIGN_OR_RETURN(fields.emplace_back(), FieldOf(declared));
    ASSIGN_OR_RETURN(DataType type, ParseDataType(sql));
    std::unique_ptr<arrow::ArrayBuilder> builder;
    RETURN_IF_ERROR(FromArrow(arrow::MakeBuilder(arrow::default_memory_pool(), type.arrow, &builder)));
    for (const auto& line : lines) {
      auto found = line.fields().find(column);
      RETURN_IF_ERROR(Append(found == line.fields().end() ? Json() : found->second, type, *builder));
    }
    ASSIGN_OR_RETURN(arrays.emplace_back(), FromArrow(builder->Finish()));
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), static_cast<int64_t>(lines.size()), arrays);
}

// As Flink's recorder spells it.
std::string FlinkType(const DataType& type) {
  std::string sql = WithNullability(type, true).sql;
  if (sql == "TIME") return "TIME(0)";
  if (sql == "INTERVAL DAY TO SECOND(3)") return "INTERVAL SECOND(3)";
  if (sql == "INTERVAL YEAR TO MONTH") return "INTERVAL MONTH";
  if (absl::StartsWith(sql, "TIMESTAMP_LTZ")) return absl::StrCat("TIMESTAMP", sql.substr(13), " WITH LOCAL TIME ZONE");
  return absl::StrReplaceAll(sql, {{"STRING", "VARCHAR(2147483647)"}, {"BYTES", "VARBINARY(2147483647)"}});
}

std::string TimeText(int64_t micros) {
  std::string text = TimeFormat::Compile("uuuu-MM-dd HH:mm:ss.SSSSSS")->Print(micros);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

// What a recorded value looks like; of ours, the same.
std::string Show(const Json& value) {
  switch (value.kind_case()) {
    case Json::kNumberValue:
      return absl::StrFormat("%.17g", value.number_value());
    case Json::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case Json::kStringValue:
      return "'" + value.string_value() + "'";
    case Json::kListValue: {
      std::vector<std::string> parts;
      for (const Json& part : value.list_value().values()) parts.push_back(Show(part));
      return "[" + absl::StrJoin(parts, ", ") + "]";
    }
    default:
      return "null";
  }
}

std::string Show(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return "null";
  auto list = [&](const arrow::Array& values, int64_t from, int64_t length) {
    std::vector<std::string> parts;
    for (int64_t i = from; i < from + length; ++i) parts.push_back(Show(values, i));
    return parts;
  };
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false";
    case arrow::Type::INT32:
      return absl::StrFormat("%.17g", static_cast<double>(static_cast<const arrow::Int32Array&>(array).Value(row)));
    case arrow::Type::INT64:
      return absl::StrFormat("%.17g", static_cast<double>(static_cast<const arrow::Int64Array&>(array).Value(row)));
    case arrow::Type::STRING:
      return "'" + static_cast<const arrow::StringArray&>(array).GetString(row) + "'";
    case arrow::Type::BINARY:
      return "'" + absl::BytesToHexString(static_cast<const arrow::BinaryArray&>(array).GetString(row)) + "'";
    case arrow::Type::DATE32:
      return "'" +
             TimeText(static_cast<const arrow::Date32Array&>(array).Value(row) * int64_t{86'400'000'000})
                 .substr(0, 10) +
             "'";
    case arrow::Type::TIME32:
      return "'" + TimeText(static_cast<const arrow::Time32Array&>(array).Value(row) * int64_t{1000}).substr(11) + "'";
    case arrow::Type::TIMESTAMP: {
      const bool local = !static_cast<const arrow::TimestampType&>(*array.type()).timezone().empty();
      return "'" + TimeText(static_cast<const arrow::TimestampArray&>(array).Value(row)) + (local ? "Z'" : "'");
    }
    case arrow::Type::LIST: {
      const auto& lists = static_cast<const arrow::ListArray&>(array);
      return "[" + absl::StrJoin(list(*lists.values(), lists.value_offset(row), lists.value_length(row)), ", ") + "]";
    }
    case arrow::Type::MAP: {
      const auto& maps = static_cast<const arrow::MapArray&>(array);
      std::vector<std::string> keys = list(*maps.keys(), maps.value_offset(row), maps.value_length(row));
      std::vector<std::string> values = list(*maps.items(), maps.value_offset(row), maps.value_length(row));
      std::vector<std::string> entries;
      for (size_t i = 0; i < keys.size(); ++i) entries.push_back("[" + keys[i] + ", " + values[i] + "]");
      std::sort(entries.begin(), entries.end());
      return "[" + absl::StrJoin(entries, ", ") + "]";
    }
    case arrow::Type::INTERVAL_MONTHS:
      return absl::StrCat("'P", static_cast<const arrow::MonthIntervalArray&>(array).Value(row), "M'");
    case arrow::Type::DURATION: {
      const int64_t seconds = static_cast<const arrow::DurationArray&>(array).Value(row) / 1000;
      std::string text = "'PT";
      if (seconds / 3600 != 0) absl::StrAppend(&text, seconds / 3600, "H");
      if (seconds / 60 % 60 != 0) absl::StrAppend(&text, seconds / 60 % 60, "M");
      if (seconds % 60 != 0) absl::StrAppend(&text, seconds % 60, "S");
      return text + "'";
    }
    default:
      return "?" + array.type()->ToString();
  }
}

class FlinkAnswers : public testing::Test {
 protected:
  // Compares all answers of a file but those that hold one of `elsewhere`, and returns how many there were.
  int Compare(const std::string& file, const std::set<std::string>& elsewhere) {
    absl::StatusOr<BatchPtr> texts = Table("texts", {{"id", "INT NOT NULL"},
                                                     {"s", "STRING"},
                                                     {"v", "VARCHAR(10)"},
                                                     {"c", "CHAR(3)"},
                                                     {"n", "STRING"},
                                                     {"bin", "BYTES"}});
    absl::StatusOr<BatchPtr> times = Table("times", {{"id", "INT NOT NULL"},
                                                     {"dt", "DATE"},
                                                     {"tm", "TIME"},
                                                     {"ts", "TIMESTAMP(3)"},
                                                     {"ts6", "TIMESTAMP(6)"},
                                                     {"ltz", "TIMESTAMP_LTZ(3)"}});
    EXPECT_TRUE(texts.ok()) << texts.status();
    EXPECT_TRUE(times.ok()) << times.status();
    int compared = 0;
    std::string zone;
    for (const google::protobuf::Struct& answer : JsonLines("answers/" + file)) {
      const std::string sql = answer.fields().at("sql").string_value();
      if (absl::StartsWith(sql, "SET 'table.local-time-zone' = '")) zone = sql.substr(31, sql.size() - 32);
      const bool skipped = std::any_of(elsewhere.begin(), elsewhere.end(),
                                       [&](const std::string& part) { return absl::StrContains(sql, part); });
      if (skipped || answer.fields().count("rows") == 0) continue;
      SCOPED_TRACE(sql + (zone.empty() ? "" : " in " + zone));
      CompareOne(answer, absl::StrContains(sql, "FROM times") ? *times : *texts, absl::StrContains(sql, "FROM t"),
                 zone);
      ++compared;
    }
    printf("%s: %d statements, %d columns, %d values\n", file.c_str(), compared, columns_, values_);
    return compared;
  }

 private:
  reference::Compared with_reference_;
  int columns_ = 0;
  int values_ = 0;

  void CompareOne(const google::protobuf::Struct& answer, const BatchPtr& table, bool has_table,
                  const std::string& zone) {
    absl::StatusOr<std::vector<v1::Expression>> list = SelectList(answer.fields().at("sql").string_value(), zone);
    ASSERT_TRUE(list.ok()) << list.status();
    const auto& columns = answer.fields().at("columns").list_value().values();
    ASSERT_EQ(list->size(), static_cast<size_t>(columns.size()));
    const BatchPtr batch = has_table ? table : table->Slice(0, 1);
    const auto& ids = static_cast<const arrow::Int32Array&>(*batch->column(0));
    for (int column = 0; column < columns.size(); ++column) {
      const std::string text = (*list)[static_cast<size_t>(column)].ShortDebugString();
      SCOPED_TRACE(text);
      ++columns_;
      absl::StatusOr<ExpressionPtr> bound = BindExpression((*list)[static_cast<size_t>(column)], *batch->schema());
      if (!bound.ok()) {
        ADD_FAILURE() << bound.status();
        continue;
      }
      const auto& recorded = columns[column].struct_value().fields();
      EXPECT_EQ(FlinkType((*bound)->data_type()), recorded.at("type").string_value());
      EXPECT_EQ((*bound)->data_type().nullable, recorded.at("nullable").bool_value());
      Evaluation evaluation(batch);
      absl::StatusOr<std::shared_ptr<arrow::Array>> values = EvaluateArray(**bound, evaluation);
      ASSERT_TRUE(values.ok()) << values.status();
      EXPECT_TRUE((*values)->ValidateFull().ok());
      std::map<int64_t, std::string> failed;
      std::set<int64_t> failed_rows;
      for (const RowErrors::Entry& entry : evaluation.errors.entries()) {
        failed[entry.row] = entry.message;
        failed_rows.insert(entry.row);
      }
      // The reference evaluator has Flink's values too, which are these, as is looked at below.
      const auto difference =
          reference::FindDifference((*list)[static_cast<size_t>(column)], batch, (*bound)->data_type(), **values,
                                    failed_rows, with_reference_);
      EXPECT_FALSE(difference) << *difference;
      for (const Json& row : answer.fields().at("rows").list_value().values()) {
        const Json& expected = row.list_value().values(column);
        const auto id = static_cast<int32_t>(row.list_value().values(0).number_value());
        int64_t at = 0;
        while (has_table && ids.Value(at) != id) ++at;
        ++values_;
        EXPECT_EQ(failed.count(at) != 0 ? failed[at] : Show(**values, at), Show(expected)) << "row " << at;
      }
    }
  }
};

TEST_F(FlinkAnswers, Strings) {
  // Literals only; JSON is another family's.
  EXPECT_EQ(Compare("strings.jsonl", {"U&'", "JSON_"}), 52);
}

TEST_F(FlinkAnswers, Times) {
  // Comparisons of TIMESTAMP_LTZ with TIMESTAMP, OVERLAPS: the planner makes them of other functions.
  EXPECT_EQ(Compare("temporal.jsonl", {"OVERLAPS", "ltz = ts", "ltz > "}), 42);
}

}  // namespace
}  // namespace millrace
