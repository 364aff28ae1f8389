// Compares casts, arithmetic, comparisons and conditions with what Flink has answered: type for type, value for value.
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "absl/strings/str_format.h"
#include "arrow/api.h"
#include "base/error.h"
#include "base/expression/constant_folding.h"
#include "base/expression/expression.h"
#include "base/expression/format_value.h"
#include "base/expression/type_rules.h"
#include "base/value_text.h"
#include "connectors/format/json_decoder.h"
#include "coordinator/sql/parser.h"
#include "gtest/gtest.h"
#include "simdjson.h"
#include "tests/base/expression/reference/compare.h"
#include "tests/base/expression/sql_expression.h"

namespace millrace {
namespace {

using simdjson::dom::element;

std::string ReadFile(const std::string& name) {
  std::ifstream file(std::string(MILLRACE_SOURCE_DIR) + "/tests/oracle/flink/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The columns of tables.sql.
const std::map<std::string, std::string>& Tables() {
  static const auto& tables = *new std::map<std::string, std::string>{
      {"numbers", "ROW<id INT NOT NULL, b BOOLEAN, ti TINYINT, si SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, dc "
                  "DECIMAL(10, 2), wide DECIMAL(38, 18), u STRING>"},
      {"texts", "ROW<id INT NOT NULL, s STRING, v VARCHAR(10), c CHAR(3), n STRING, bin BYTES>"},
      {"times", "ROW<id INT NOT NULL, dt DATE, tm TIME, ts TIMESTAMP(3), ts6 TIMESTAMP(6), ltz TIMESTAMP_LTZ(3)>"},
      {"nested", "ROW<id INT NOT NULL, arr ARRAY<INT>, words ARRAY<STRING>, m MAP<STRING, INT>, r ROW<a INT, b STRING>>"},
  };
  return tables;
}

BatchPtr Table(const std::string& name) {
  // The spelling of a column's type is what stands behind its name.
  google::protobuf::RepeatedPtrField<v1::Column> columns;
  std::string list = Tables().at(name).substr(4);
  list.pop_back();
  int depth = 0;
  std::string part;
  auto add = [&] {
    const size_t start = part.find_first_not_of(' ');
    const size_t end = part.find(' ', start);
    v1::Column& column = *columns.Add();
    column.set_name(part.substr(start, end - start));
    column.set_type(part.substr(end + 1));
    part.clear();
  };
  for (const char c : list) {
    depth += c == '<' || c == '(' ? 1 : c == '>' || c == ')' ? -1 : 0;
    if (c == ',' && depth == 0) {
      add();
    } else {
      part += c;
    }
  }
  add();
  JsonDecoder::Options options;
  options.timestamp_format = TimestampFormat::kIso8601;
  auto decoder = JsonDecoder::Make(SchemaOf(columns).value(), options).value();
  std::istringstream lines(ReadFile("data/" + name + ".json"));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    RawRecord record;
    record.value = line.data();
    record.value_size = line.size();
    EXPECT_TRUE(decoder->Append(record).ok());
  }
  return decoder->Flush().value();
}

std::string Rendered(const DataType& type, const arrow::Array& values, int64_t row) {
  if (values.IsNull(row)) return "null";
  std::string text;
  auto cut = [&] {
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  };
  switch (FamilyOf(type)) {
    case TypeFamily::kBoolean:
      return static_cast<const arrow::BooleanArray&>(values).Value(row) ? "true" : "false";
    case TypeFamily::kBytes:
      for (unsigned char c : static_cast<const arrow::BinaryArray&>(values).GetView(row)) text += absl::StrFormat("%02x", c);
      return text;
    case TypeFamily::kTimestamp:
    case TypeFamily::kTimestampLtz:
      AppendTimestamp(static_cast<const arrow::TimestampArray&>(values).Value(row), 6, text);
      cut();
      return text + (FamilyOf(type) == TypeFamily::kTimestampLtz ? "Z" : "");
    case TypeFamily::kNested:
      if (type.arrow->id() == arrow::Type::LIST) {
        const auto& list = static_cast<const arrow::ListArray&>(values);
        const DataType item = MakeType(type.arrow->field(0)->type(), true, 6);
        for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
          text += (text.empty() ? "" : ",") + Rendered(item, *list.values(), i);
        }
        return "[" + text + "]";
      }
      [[fallthrough]];
    default:
      MakeFormatter(type, absl::UTCTimeZone())(values, row, text);
      return text;
  }
}

std::string Rendered(const DataType& type, const element& expected) {
  if (expected.is_null()) return "null";
  if (expected.is_bool()) return expected.get_bool().value() ? "true" : "false";
  std::string text;
  if (expected.is_string()) {
    text = std::string(expected.get_string().value());
    // Years above 9999 are written with four digits here.
    return text.starts_with("+1") && FamilyOf(type) != TypeFamily::kString ? text.substr(2) : text;
  }
  if (expected.is_array()) {
    const DataType item = MakeType(type.arrow->field(0)->type(), true, 6);
    const simdjson::dom::array items = expected.get_array().value();
    for (const element inner : items) text += (text.empty() ? "" : ",") + Rendered(item, inner);
    return "[" + text + "]";
  }
  if (type.arrow->id() == arrow::Type::FLOAT) {
    AppendJavaFloat(static_cast<float>(expected.get_double().value()), &text);
  } else if (type.arrow->id() == arrow::Type::DOUBLE) {
    AppendJavaDouble(expected.get_double().value(), &text);
  } else {
    text = Cat(expected.get_int64().value());
  }
  return text;
}

// Java's library may differ in the last digit of a DOUBLE.
bool IsNextTo(const DataType& type, const std::string& own, const element& expected) {
  if (type.arrow->id() != arrow::Type::DOUBLE || !expected.is_double()) return false;
  const double there = expected.get_double().value();
  char* end = nullptr;
  const double here = std::strtod(own.c_str(), &end);
  return *end == '\0' && (here == std::nextafter(there, here));
}

class FlinkStatements : public testing::TestWithParam<const char*> {
 protected:
  reference::Compared with_reference;

  // Adds to `checked` the values that were compared.
  void Check(const element& answer, const std::string& zone, size_t& checked) {
    const std::string statement(answer["sql"].get_string().value());
    SCOPED_TRACE(statement);
    absl::StatusOr<sql::Script> script = sql::ParseScript(statement + ";");
    if (!script.ok()) return;
    const auto* query = std::get_if<sql::Query>(&script->statements[0].node);
    const auto* select = query == nullptr ? nullptr : std::get_if<sql::Select>(&query->body);
    if (select == nullptr) return;
    BatchPtr rows = arrow::RecordBatch::Make(arrow::schema({}), 1, arrow::ArrayVector{});
    if (!select->from.empty()) {
      const auto* table = std::get_if<sql::NamedTable>(&select->from[0].node);
      if (table == nullptr) return;
      rows = Table(table->name.parts.back().text);
    }
    const bool fails = answer["fails"].error() == simdjson::SUCCESS;
    bool failed = false;
    for (size_t i = 0; i < select->items.size(); ++i) {
      const auto* item = std::get_if<sql::Expression>(&select->items[i].value);
      std::optional<v1::Expression> plan = item == nullptr ? std::nullopt : PlanOf(*item, *rows->schema(), zone);
      if (fails) {
        if (plan) failed = failed || !EvaluateArray(**BindExpression(*plan, *rows->schema()), rows).ok();
        continue;
      }
      if (answer["rows"].error() != simdjson::SUCCESS) return;
      const element column = answer["columns"].at(i).value();
      std::string type(column["type"].get_string().value());
      if (type.find("TIMESTAMP(9)") != std::string::npos) continue;  // not ours
      if (!column["nullable"].get_bool().value()) type += " NOT NULL";
      if (!plan || (plan->has_literal() && plan->literal().type().empty())) {
        ADD_FAILURE() << "item " << i << " is not understood";
        continue;
      }
      CheckColumn(*plan, rows, *ParseDataType(type), answer["rows"], i, !select->from.empty(), checked);
      CheckColumn(FoldConstants(*plan), rows, *ParseDataType(type), answer["rows"], i, !select->from.empty(), checked);
    }
    EXPECT_TRUE(failed || !fails) << "no row failed";
  }

  void CheckColumn(const v1::Expression& plan, const BatchPtr& rows, const DataType& type, const element& expected,
                          size_t i, bool has_id, size_t& checked) {
    absl::StatusOr<ExpressionPtr> bound = BindExpression(plan, *rows->schema());
    ASSERT_TRUE(bound.ok()) << bound.status();
    const DataType& own = (*bound)->data_type();
    // A DECIMAL that would need more than 38 digits may be NULL here.
    if (!IsDecimal(own) || DigitsOf(own).precision < 38) {
      // Whether a value that is known is NULL is more exact than Flink's types.
      const bool folded = plan.has_literal();
      EXPECT_EQ(WithNullability(own, folded || type.nullable).sql, WithNullability(type, folded || type.nullable).sql)
          << (*bound)->text();
      EXPECT_TRUE(folded || own.nullable == type.nullable) << (*bound)->text() << " is " << own.sql;
    }
    Evaluation evaluation(rows);
    auto values = EvaluateArray(**bound, evaluation);
    ASSERT_TRUE(values.ok()) << values.status();
    std::map<int64_t, std::string> errors;
    std::set<int64_t> failed;
    for (const RowErrors::Entry& entry : evaluation.errors.ByRow()) {
      errors[entry.row] = entry.message;
      failed.insert(entry.row);
    }
    // The reference evaluator has Flink's values too, which are these, as is looked at below.
    const auto difference = reference::FindDifference(plan, rows, own, **values, failed, with_reference);
    EXPECT_FALSE(difference) << (*bound)->text() << ": " << *difference;
    const simdjson::dom::array expected_rows = expected.get_array().value();
    for (const element row : expected_rows) {
      int64_t at = 0;
      if (has_id) {
        const auto& ids = static_cast<const arrow::Int32Array&>(*rows->GetColumnByName("id"));
        const int64_t id = row.at(0).get_int64().value();
        while (ids.Value(at) != id) ++at;
      }
      const std::string own_value = errors.contains(at) ? errors[at] : Rendered(own, **values, at);
      if (IsNextTo(own, own_value, row.at(i).value())) continue;
      EXPECT_EQ(own_value, Rendered(own, row.at(i).value())) << (*bound)->text() << " of row " << at;
      ++checked;
    }
  }
};

TEST_P(FlinkStatements, AreGivenHereToo) {
  std::istringstream lines(ReadFile(std::string("answers/") + GetParam() + ".jsonl"));
  simdjson::dom::parser parser;
  std::string zone;
  size_t checked = 0;
  for (std::string line; std::getline(lines, line);) {
    const element answer = parser.parse(line);
    if (answer["set"].error() == simdjson::SUCCESS) {
      const std::string statement(answer["sql"].get_string().value());
      zone = statement.substr(statement.rfind(' ') + 2);
      zone.resize(zone.find('\''));
      continue;
    }
    if (answer["refused"].error() == simdjson::SUCCESS) continue;
    Check(answer, zone, checked);
  }
  EXPECT_GT(checked, 200U);
  EXPECT_LT(with_reference.unknown, with_reference.known / 10) << "the reference has no opinion of too much";
}

INSTANTIATE_TEST_SUITE_P(Families, FlinkStatements, testing::Values("arithmetic", "casts", "comparison", "conditional"));

}  // namespace
}  // namespace millrace
