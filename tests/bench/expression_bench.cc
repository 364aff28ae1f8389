#include <array>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "arrow/api.h"
#include "base/check.h"
#include "base/data_type.h"
#include "base/expression/expression_set.h"
#include "base/random.h"
#include "coordinator/sql/compiler.h"
#include "tests/bench/measurement.h"

namespace millrace {
namespace {

constexpr int64_t kRows = 65'536;
// Enough for the clock, of what is computed as fast as it is read and of the rest.
constexpr int kFast = 1024, kRounds = 64;
constexpr const char* kColumns =
    "n INT, id BIGINT, price DECIMAL(12, 2), name STRING, url STRING, digits STRING, note STRING, t TIMESTAMP(3)";

struct Workload {
  std::string name;
  std::string sql;
  const char* first;  // what the first row gives
  int num_rounds = kRounds;
};

const Workload kWorkloads[] = {
    {"compare_and_logic", "n > 100 AND (id <> 7 OR n < 200) AND note IS NOT NULL", "true", kFast},
    {"decimal_arithmetic", "price * 1.19 + 5.00", "128.8076"},
    {"case", "CASE WHEN n < 10 THEN 'few' WHEN n < 1000 THEN 'some' ELSE 'many' END", "some", kFast},
    {"upper", "UPPER(name)", "ALICE OF NORTHAMPTON"},
    {"substring", "SUBSTRING(name, 3, 8)", "ice of N"},
    {"like_prefix", "url LIKE 'https://shop%'", "true"},
    {"like_contains", "url LIKE '%channel=9%'", "true"},
    {"regexp_extract", "REGEXP_EXTRACT(url, '(&|^)channel=([^&]*)', 2)", "99"},
    {"cast_string_to_int", "CAST(digits AS INT)", "4711"},
    {"date_format", "DATE_FORMAT(t, 'yyyy-MM-dd HH:mm')", "2026-11-21 08:30"},
    {"extract_hour", "EXTRACT(HOUR FROM t)", "8", kFast},
    {"floor_to_hour", "FLOOR(t TO HOUR)", "2026-11-21 08:00:00.000000", kFast},
    {"coalesce", "COALESCE(note, name)", "a note", kFast},
    {"in_3", "n IN (3, 500, 999)", "true", kFast},
    {"in_10", "n IN (3, 33, 333, 500, 611, 702, 803, 904, 905, 999)", "true", kFast},
    {"in_10_strings", "note IN ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'a note', 'j')", "true"},
};

// value IN (…) with this many constants, one of which is the first row's, made of numbers by `spell`.
template <typename Spell>
std::string InList(const char* value, int count, const std::string& first, Spell spell) {
  std::string sql = absl::StrCat(value, " IN (", first);
  for (int i = 1; i < count; ++i) absl::StrAppend(&sql, ", ", spell(i));
  return sql + ")";
}

std::vector<Workload> Workloads() {
  std::vector<Workload> all(std::begin(kWorkloads), std::end(kWorkloads));
  const auto number = [](int i) { return absl::StrCat(2 * i + 1); };
  const auto text = [](int i) { return absl::StrCat("'note ", i, "'"); };
  for (int count : {20, 1000}) {
    all.push_back({absl::StrCat("in_", count), InList("n", count, "500", number), "true"});
    all.push_back({absl::StrCat("in_", count, "_strings"), InList("note", count, "'a note'", text), "true"});
  }
  return all;
}

template <typename Builder, typename Value>
void Append(Builder& builder, const Value& value) {
  Check(builder.Append(value).ok(), "a value of benchmark data");
}

// The first row is what the workloads expect; the others are as long, and different.
BatchPtr Rows() {
  arrow::Int32Builder n;
  arrow::Int64Builder id;
  arrow::Decimal128Builder price(arrow::decimal128(12, 2));
  arrow::StringBuilder name, url, digits, note;
  arrow::TimestampBuilder t(arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
  constexpr int64_t kMorning = 1'795'249'800'000'000;  // 2026-11-21 08:30:00
  constexpr std::array<const char*, 4> kNames = {"alice of Northampton", "Bob from Nottingham", "carol in Newcastle",
                                                 "Dave at Northallerton"};
  Random random(1);
  for (int64_t row = 0; row < kRows; ++row) {
    const bool first = row == 0;
    Append(n, first ? 500 : static_cast<int32_t>(random.Below(2000)));
    Append(id, row);
    Append(price, arrow::Decimal128(first ? 10'404 : static_cast<int64_t>(random.Below(1'000'000))));
    Append(name, kNames[static_cast<size_t>(row) % kNames.size()]);
    Append(url, absl::StrCat(row % 3 == 0 ? "https://shop" : "https://blog",
                             ".example.com/a/b/item.htm?query=1&channel=",
                             first ? 99 : static_cast<int64_t>(random.Below(1000))));
    Append(digits, absl::StrCat(first ? 4711 : static_cast<int64_t>(random.Below(100'000'000))));
    if (row % 2 == 0) Append(note, "a note");
    if (row % 2 != 0) Check(note.AppendNull().ok(), "a NULL of benchmark data");
    Append(t, kMorning + row * 1'234'000);
  }
  arrow::ArrayVector columns;
  arrow::ArrayBuilder* const builders[] = {&n, &id, &price, &name, &url, &digits, &note, &t};
  for (arrow::ArrayBuilder* builder : builders) columns.push_back(*builder->Finish());
  arrow::FieldVector fields;
  constexpr std::array<const char*, 8> kTypes = {"INT",    "BIGINT", "DECIMAL(12, 2)", "STRING",
                                                 "STRING", "STRING", "STRING",         "TIMESTAMP(3)"};
  constexpr std::array<const char*, 8> kNamesOfColumns = {"n", "id", "price", "name", "url", "digits", "note", "t"};
  for (size_t i = 0; i < columns.size(); ++i) {
    fields.push_back(arrow::field(kNamesOfColumns[i], columns[i]->type(), true,
                                  arrow::key_value_metadata({"millrace.sql_type"}, {kTypes[i]})));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), kRows, std::move(columns));
}

// As a script's SELECT has it.
v1::Expression PlanOf(const Workload& workload) {
  const std::string script = absl::StrCat("CREATE TABLE t (", kColumns, ") WITH ('connector' = 'filesystem', 'path' = ",
                                          "'/t', 'format' = 'json'); SELECT ", workload.sql, " AS v FROM t;");
  const sql::Compilation compiled = sql::Compile(script, {});
  if (!compiled.plan) Wrong(absl::StrCat("no plan for ", workload.sql));
  for (const v1::Node& node : compiled.plan->nodes()) {
    if (node.has_project()) return node.project().columns(0).expression();
  }
  Wrong(absl::StrCat("no projection for ", workload.sql));
}

}  // namespace

// Typical expressions of SQL, each by itself, over batches of 65,536 rows.
void BenchExpressions() {
  const BatchPtr rows = Rows();
  for (const Workload& workload : Workloads()) {
    const v1::Expression plan = PlanOf(workload);
    const v1::Expression* const expressions[] = {&plan};
    absl::StatusOr<ExpressionSet> set = ExpressionSet::Bind(expressions, *rows->schema());
    if (!set.ok()) Wrong(set.status().ToString());
    std::shared_ptr<arrow::Array> result;
    Measurement measurement(absl::StrCat("expression_", workload.name));
    for (int round = 0; round < workload.num_rounds; ++round) {
      RowErrors errors;
      auto columns = set->Evaluate(rows, errors);
      if (!columns.ok() || !errors.empty()) Wrong(workload.sql);
      result = (*columns)[0];
    }
    measurement.Report(static_cast<uint64_t>(workload.num_rounds) * kRows);
    const std::string first = (*result->GetScalar(0))->ToString();
    if (result->length() != kRows || first != workload.first) Wrong(absl::StrCat(workload.sql, " gave ", first));
  }
}

}  // namespace millrace
