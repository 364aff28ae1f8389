#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "arrow/api.h"
#include "base/expression/expression.h"
#include "base/random.h"

namespace millrace {
namespace {

struct Constant {
  const char* type;
  const char* value;  // nullptr: NULL
};

v1::Expression Literal(const Constant& constant) {
  v1::Expression expression;
  expression.mutable_literal()->set_type(constant.type);
  if (constant.value != nullptr) expression.mutable_literal()->set_value(constant.value);
  return expression;
}

v1::Expression Call(const std::string& function, const std::vector<v1::Expression>& args) {
  v1::Expression expression;
  expression.mutable_call()->set_function(function);
  for (const auto& arg : args) *expression.mutable_call()->add_args() = arg;
  return expression;
}

// Types of values, each with constants that they can be compared with; the first ones are values, too.
struct Family {
  std::vector<const char*> types;
  std::vector<Constant> constants;
};

const std::vector<Family>& Families() {
  static const auto* const families = new std::vector<Family>{
      {{"TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(10, 2)", "DECIMAL(38, 18)"},
       {{"TINYINT", "3"},
        {"TINYINT", "-1"},
        {"TINYINT", "0"},
        {"TINYINT", "127"},
        {"INT", "3"},
        {"INT", "1000"},
        {"INT", "16777217"},
        {"BIGINT", "3"},
        {"BIGINT", "9007199254740993"},
        {"BIGINT", "9007199254740992"},
        {"BIGINT", "9223372036854775807"},
        {"FLOAT", "0.1"},
        {"FLOAT", "16777216"},
        {"DOUBLE", "0.1"},
        {"DOUBLE", "3"},
        {"DOUBLE", "-0"},
        {"DOUBLE", "0"},
        {"DOUBLE", "nan"},
        {"DOUBLE", "inf"},
        {"DOUBLE", "9007199254740992"},
        {"DECIMAL(5, 2)", "3.00"},
        {"DECIMAL(5, 2)", "0.10"},
        {"DECIMAL(38, 18)", "0.100000000000000000"},
        {"DECIMAL(38, 18)", "3.000000000000000001"},
        {"DECIMAL(38, 0)", "99999999999999999999999999999999999999"}}},
      {{"BOOLEAN"}, {{"BOOLEAN", "true"}, {"BOOLEAN", "false"}}},
      {{"STRING", "CHAR(3)", "VARCHAR(5)"},
       {{"CHAR(3)", "a  "}, {"STRING", "a"}, {"STRING", ""}, {"VARCHAR(5)", "ab"}, {"STRING", "ü"}, {"STRING", " "}}},
      {{"BYTES"}, {{"BYTES", "00ff"}, {"BYTES", ""}, {"BYTES", "00"}}},
      {{"DATE"}, {{"DATE", "1970-01-01"}, {"DATE", "2020-02-29"}, {"DATE", "0001-01-01"}}},
      {{"TIME(0)"}, {{"TIME(0)", "00:00:00"}, {"TIME(0)", "12:34:56"}}},
      {{"TIMESTAMP(3)", "TIMESTAMP(6)"},
       {{"TIMESTAMP(3)", "1970-01-01 00:00:00.000"}, {"TIMESTAMP(6)", "2020-02-29 12:34:56.789012"},
        {"TIMESTAMP(6)", "1969-12-31 23:59:59.999999"}}},
      {{"INTERVAL DAY TO SECOND(3)"}, {{"INTERVAL DAY TO SECOND(3)", "1"}, {"INTERVAL DAY TO SECOND(3)", "-5"}}},
      {{"INTERVAL YEAR TO MONTH"}, {{"INTERVAL YEAR TO MONTH", "1"}, {"INTERVAL YEAR TO MONTH", "-5"}}},
  };
  return *families;
}

// A column of the type with every constant of the family that it can hold, and NULL.
std::shared_ptr<arrow::Array> ValuesOf(const Family& family, const std::string& type) {
  const BatchPtr one_row = arrow::RecordBatch::Make(arrow::schema({}), 1, arrow::ArrayVector{});
  arrow::ArrayVector values;
  for (const Constant& constant : family.constants) {
    v1::Expression cast;
    *cast.mutable_cast()->mutable_operand() = Literal(constant);
    cast.mutable_cast()->set_type(type);
    cast.mutable_cast()->set_mode(v1::CAST_MODE_TRY);
    absl::StatusOr<ExpressionPtr> bound = BindExpression(cast, *one_row->schema());
    if (!bound.ok()) bound = BindExpression(Literal(constant), *one_row->schema());
    EXPECT_TRUE(bound.ok()) << bound.status();
    auto value = EvaluateArray(**bound, one_row);
    EXPECT_TRUE(value.ok()) << value.status();
    values.push_back(*value);
  }
  values.push_back(arrow::MakeArrayOfNull(values[0]->type(), 1).ValueOrDie());
  return arrow::Concatenate(values).ValueOrDie();
}

// The oracle is what IN means: one comparison after the other, joined by OR.
TEST(InList, AnswersAsComparisonsOneByOne) {
  constexpr uint64_t kSeed = 20261121;
  Random random(kSeed);
  int64_t num_true = 0, num_null = 0, num_false = 0;
  for (const Family& family : Families()) {
    for (const char* type : family.types) {
      const std::shared_ptr<arrow::Array> values = ValuesOf(family, type);
      const auto field = arrow::field("x", values->type(), true, arrow::key_value_metadata({"millrace.sql_type"}, {type}));
      // Not from its first value, so that offsets count.
      const BatchPtr rows = arrow::RecordBatch::Make(arrow::schema({field}), values->length() - 1, {values->Slice(1)});
      v1::Expression x;
      x.set_column("x");
      for (size_t items : {1, 2, 3, 5, 17, 40, 400}) {
        for (int round = 0; round < 8; ++round) {
          std::vector<v1::Expression> in = {x}, equals;
          for (size_t i = 0; i < items; ++i) {
            Constant constant = family.constants[random.Below(family.constants.size())];
            if (round % 4 == 3 && random.Below(items) == 0) constant.value = nullptr;
            in.push_back(Literal(constant));
            equals.push_back(Call("equal", {x, in.back()}));
          }
          absl::StatusOr<ExpressionPtr> bound = BindExpression(Call("in_list", in), *rows->schema());
          absl::StatusOr<ExpressionPtr> oracle =
              BindExpression(items == 1 ? equals[0] : Call("or", equals), *rows->schema());
          ASSERT_TRUE(bound.ok() && oracle.ok()) << bound.status() << oracle.status();
          EXPECT_EQ((*bound)->data_type().sql, (*oracle)->data_type().sql);
          auto actual = EvaluateArray(**bound, rows), expected = EvaluateArray(**oracle, rows);
          ASSERT_TRUE(actual.ok() && expected.ok()) << actual.status() << expected.status();
          ASSERT_TRUE((*actual)->ValidateFull().ok());
          ASSERT_TRUE((*actual)->Equals(**expected)) << "seed " << kSeed << ", type " << type << ": " << (*bound)->text()
                                                     << "\nof " << values->Slice(1)->ToString() << "\ngave "
                                                     << (*actual)->ToString() << "\nnot " << (*expected)->ToString();
          const auto& booleans = static_cast<const arrow::BooleanArray&>(**actual);
          num_true += booleans.true_count();
          num_null += booleans.null_count();
          num_false += booleans.length() - booleans.true_count() - booleans.null_count();
        }
      }
    }
  }
  EXPECT_GT(num_true, 1000);
  EXPECT_GT(num_null, 1000);
  EXPECT_GT(num_false, 1000);
}

TEST(InList, OfAConstantIsOneValueForAllRows) {
  const BatchPtr rows = arrow::RecordBatch::Make(arrow::schema({}), 3, arrow::ArrayVector{});
  absl::StatusOr<ExpressionPtr> bound = BindExpression(
      Call("in_list", {Literal({"INT", "2"}), Literal({"INT", "1"}), Literal({"INT", "2"})}), *rows->schema());
  ASSERT_TRUE(bound.ok()) << bound.status();
  auto values = EvaluateArray(**bound, rows);
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(static_cast<const arrow::BooleanArray&>(**values).true_count(), 3);
}

TEST(InList, AConstantThatCannotBeConvertedFailsTheRowsThatMeetIt) {
  arrow::Date32Builder days;
  ASSERT_TRUE(days.Append(0).ok());
  const auto field = arrow::field("x", arrow::date32());
  const BatchPtr rows = arrow::RecordBatch::Make(arrow::schema({field}), 1, {days.Finish().ValueOrDie()});
  v1::Expression x;
  x.set_column("x");
  absl::StatusOr<ExpressionPtr> bound =
      BindExpression(Call("in_list", {x, Literal({"STRING", "1970-01-01"}), Literal({"STRING", "soon"})}), *rows->schema());
  ASSERT_TRUE(bound.ok()) << bound.status();
  Evaluation evaluation(rows);
  auto values = EvaluateArray(**bound, evaluation);
  ASSERT_TRUE(values.ok()) << values.status();
  ASSERT_EQ(evaluation.errors.entries().size(), 1U);
}

}  // namespace
}  // namespace millrace
