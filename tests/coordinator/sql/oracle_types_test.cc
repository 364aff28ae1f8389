// The types of what Apache Flink answered: for every statement of tests/oracle/flink/answers, our columns have the same
// names, types and nullability, and what Flink refuses is refused.
// golden/oracle_exceptions.txt lists what differs, and why.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "absl/strings/str_replace.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "base/error.h"
#include "tests/coordinator/sql/cases.h"
#include "tests/coordinator/sql/planned.h"

namespace millrace::sql {
namespace {

std::string Read(const std::string& name) {
  std::ifstream file(std::string(MILLRACE_SOURCE_DIR) + "/tests/oracle/flink/" + name);
  EXPECT_TRUE(file) << name;
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

// As Millrace spells it.
std::string OurSpelling(const std::string& flink) {
  const std::string spelled = absl::StrReplaceAll(flink, {{"VARCHAR(2147483647)", "STRING"},
                                                          {"VARBINARY(2147483647)", "BYTES"},
                                                          {"INTERVAL SECOND(3)", "INTERVAL DAY TO SECOND(3)"},
                                                          {"INTERVAL MONTH", "INTERVAL YEAR TO MONTH"}});
  absl::StatusOr<DataType> type = ParseDataType(spelled);
  return type.ok() ? type->sql : spelled;
}

// Why, by statement.
const std::map<std::string, std::string>& Exceptions() {
  static const auto* const exceptions = [] {
    auto* all = new std::map<std::string, std::string>;
    std::istringstream lines(ReadText("golden/oracle_exceptions.txt"));
    std::string current;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("# ")) {
        current = line.substr(2);
      } else if (!line.empty()) {
        (*all)[line] = current;
      }
    }
    return all;
  }();
  return *exceptions;
}

std::string ColumnsOf(const google::protobuf::Struct& answer) {
  std::string text;
  for (const auto& column : answer.fields().at("columns").list_value().values()) {
    const auto& fields = column.struct_value().fields();
    std::string type = OurSpelling(fields.at("type").string_value());
    if (!fields.at("nullable").bool_value()) type += " NOT NULL";
    absl::StrAppend(&text, text.empty() ? "" : ", ", fields.at("name").string_value(), " ", type);
  }
  return text;
}

// "": as Flink; else how it differs.
std::string DifferenceOf(const google::protobuf::Struct& answer, const Catalog& catalog, const Session& session) {
  const std::string sql = answer.fields().at("sql").string_value();
  const Planned planned = PlanOf(sql, catalog, session);
  if (answer.fields().contains("refused")) {
    return planned.diagnostics.empty() ? Cat("Flink refuses it: ", answer.fields().at("refused").string_value()) : "";
  }
  if (!planned.diagnostics.empty()) return planned.diagnostics[0].message;
  if (!answer.fields().contains("columns")) return "";
  const std::string ours = TextOf(planned.columns), theirs = ColumnsOf(answer);
  return ours == theirs ? "" : Cat("ours: ", ours, " Flink's: ", theirs);
}

void Check(const std::string& name) {
  Catalog catalog;
  Declare(Read("tables.sql"), catalog);
  Session session;
  std::istringstream lines(Read("answers/" + name + ".jsonl"));
  for (std::string line; std::getline(lines, line);) {
    google::protobuf::Struct answer;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(line, &answer).ok()) << line;
    const std::string sql = answer.fields().at("sql").string_value();
    if (answer.fields().contains("set")) {
      const size_t begin = sql.find("= '");
      session.time_zone = sql.substr(begin + 3, sql.size() - begin - 4);
      continue;
    }
    const std::string difference = DifferenceOf(answer, catalog, session);
    const auto exception = Exceptions().find(sql);
    if (exception == Exceptions().end()) {
      EXPECT_EQ(difference, "") << sql;
    } else {
      EXPECT_NE(difference, "") << sql << "\nis listed: " << exception->second;
    }
  }
}

TEST(OracleTypes, Arithmetic) { Check("arithmetic"); }
TEST(OracleTypes, Casts) { Check("casts"); }
TEST(OracleTypes, Comparison) { Check("comparison"); }
TEST(OracleTypes, Conditional) { Check("conditional"); }
TEST(OracleTypes, NestedTypes) { Check("nested_types"); }
TEST(OracleTypes, Queries) { Check("queries"); }
TEST(OracleTypes, Strings) { Check("strings"); }
TEST(OracleTypes, Temporal) { Check("temporal"); }
TEST(OracleTypes, InLists) { Check("in_lists"); }
TEST(OracleTypes, Overlaps) { Check("overlaps"); }
TEST(OracleTypes, Volatile) { Check("volatile"); }
TEST(OracleTypes, Windows) { Check("windows"); }

}  // namespace
}  // namespace millrace::sql
