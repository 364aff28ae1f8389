#include "base/expression/evaluation_context.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "arrow/api.h"
#include "arrow/json/from_string.h"
#include "base/expression/constant_folding.h"
#include "base/expression/expression_set.h"
#include "base/expression/function_registry.h"

namespace millrace {
namespace {

// Each look at it is a second later.
class TickingClock final : public Clock {
 public:
  explicit TickingClock(absl::Time start) : now_(start) {}
  absl::Time Now() const override { return now_ += absl::Seconds(1); }
  absl::Duration Monotonic() const override { return absl::ZeroDuration(); }

 private:
  mutable absl::Time now_;
};

v1::Expression Column(const std::string& name) {
  v1::Expression expression;
  expression.set_column(name);
  return expression;
}
v1::Expression Literal(const std::string& type, const std::string& value) {
  v1::Expression expression;
  expression.mutable_literal()->set_type(type);
  expression.mutable_literal()->set_value(value);
  return expression;
}
v1::Expression Call(const std::string& function, const std::vector<v1::Expression>& args = {},
                    const std::string& zone = "") {
  v1::Expression expression;
  expression.mutable_call()->set_function(function);
  expression.mutable_call()->set_zone(zone);
  for (const auto& arg : args) *expression.mutable_call()->add_args() = arg;
  return expression;
}
const v1::Expression kInt5 = Literal("INT", "5");

BatchPtr Rows(const std::string& json = "[1, 2, null, -3]") {
  auto values = arrow::json::ArrayFromJSONString(arrow::int32(), json).ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("i", arrow::int32())}), values->length(), {values});
}

std::string Json(const arrow::Array& values) {
  std::string text;
  for (int64_t row = 0; row < values.length(); ++row) {
    text += (text.empty() ? "" : ",") + values.GetScalar(row).ValueOrDie()->ToString();
  }
  return text;
}

class EvaluationContextTest : public testing::Test {
 protected:
  ExpressionSet Bind(const std::vector<v1::Expression>& expressions) {
    std::vector<const v1::Expression*> all;
    for (const v1::Expression& expression : expressions) all.push_back(&expression);
    absl::StatusOr<ExpressionSet> set = ExpressionSet::Bind(all, *Rows()->schema());
    EXPECT_TRUE(set.ok()) << set.status();
    return *std::move(set);
  }
  arrow::ArrayVector Evaluate(const ExpressionSet& set, const BatchPtr& rows, EvaluationContext& context) {
    errors_ = {};
    auto columns = set.Evaluate(rows, errors_, &context);
    EXPECT_TRUE(columns.ok()) << columns.status();
    return columns.ok() ? *columns : arrow::ArrayVector();
  }

  RowErrors errors_;
};

TEST_F(EvaluationContextTest, TheTimeIsThatOfTheBatchInTheSessionsZone) {
  struct Case {
    const char* function;
    const char* zone;
    const char* now;
    const char* expected;
  };
  constexpr const char* kLate = "2026-11-21T20:30:40.123987+00:00";
  constexpr const char* kBefore1970 = "1969-12-31T23:59:59.999001+00:00";
  const Case cases[] = {
      {"current_timestamp", "", kLate, "2026-11-21 20:30:40.123000Z"},
      {"current_timestamp", "Asia/Tokyo", kLate, "2026-11-21 20:30:40.123000Z"},
      {"localtimestamp", "", kLate, "2026-11-21 20:30:40.123000"},
      {"localtimestamp", "Asia/Tokyo", kLate, "2026-11-22 05:30:40.123000"},
      {"localtimestamp", "America/New_York", "2026-07-01T02:00:00+00:00", "2026-06-30 22:00:00.000000"},
      {"current_date", "", kLate, "2026-11-21"},
      {"current_date", "Asia/Tokyo", kLate, "2026-11-22"},
      {"localtime", "", kLate, "20:30:40.000"},
      {"localtime", "Asia/Kathmandu", kLate, "02:15:40.000"},
      {"unix_timestamp", "Asia/Tokyo", kLate, "1795293040"},
      {"current_timestamp", "", kBefore1970, "1969-12-31 23:59:59.999000Z"},
      {"current_date", "", kBefore1970, "1969-12-31"},
      {"localtime", "", kBefore1970, "23:59:59.000"},
      {"unix_timestamp", "", kBefore1970, "-1"},
  };
  for (const Case& c : cases) {
    absl::Time now;
    std::string wrong;
    ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, c.now, &now, &wrong)) << wrong;
    const TickingClock clock(now - absl::Seconds(1));
    EvaluationContext context(&clock, 1);
    const std::string each = std::string(c.expected) + "," + c.expected;
    EXPECT_EQ(Json(*Evaluate(Bind({Call(c.function, {}, c.zone)}), Rows("[1, 2]"), context).at(0)), each)
        << c.function << " in " << c.zone;
  }
}

TEST_F(EvaluationContextTest, ABatchHasOneTimeWhereverInItsExpressionsItIsLookedAt) {
  const TickingClock clock(absl::FromUnixSeconds(100));
  EvaluationContext context(&clock, 1);
  const v1::Expression seconds = Call("unix_timestamp");
  // The branch can fail, so it is evaluated for its rows alone.
  const v1::Expression some = Call("case", {Call("greater", {Column("i"), Literal("INT", "1")}),
                                            Call("divide", {seconds, Column("i")}), seconds});
  const ExpressionSet set = Bind({seconds, some, seconds});
  for (const char* second : {"101", "102"}) {
    arrow::ArrayVector columns = Evaluate(set, Rows("[1, 2]"), context);
    EXPECT_EQ(Json(*columns.at(0)), std::string(second) + "," + second);
    EXPECT_TRUE(columns.at(2)->Equals(*columns.at(0)));
    EXPECT_EQ(columns.at(1)->GetScalar(0).ValueOrDie()->ToString(), second);
    EXPECT_EQ(columns.at(1)->GetScalar(1).ValueOrDie()->ToString(), second == std::string("101") ? "50" : "51");
  }
  EXPECT_TRUE(errors_.empty());
}

TEST_F(EvaluationContextTest, EveryRowAndEveryCallHasAChanceOfItsOwn) {
  const std::string many = "[" + [] {
    std::string rows = "0";
    for (int i = 1; i < 1000; ++i) rows += ",0";
    return rows;
  }() + "]";
  const ExpressionSet set =
      Bind({Call("rand"), Call("rand"), Call("uuid"), Call("uuid"), Call("rand_integer", {Literal("INT", "3")})});
  EXPECT_EQ(set.num_shared(), 0U);
  const TickingClock clock(absl::UnixEpoch());
  EvaluationContext context(&clock, 7);
  std::set<std::string> numbers, uuids;
  int counts[3] = {0, 0, 0};
  for (int batch = 0; batch < 2; ++batch) {
    const arrow::ArrayVector columns = Evaluate(set, Rows(many), context);
    ASSERT_EQ(columns.size(), 5U);
    for (int64_t row = 0; row < 1000; ++row) {
      for (size_t column : {0, 1}) {
        const double value = static_cast<const arrow::DoubleArray&>(*columns[column]).Value(row);
        ASSERT_TRUE(value >= 0 && value < 1) << value;
        numbers.insert(columns[column]->GetScalar(row).ValueOrDie()->ToString() + "/" + std::to_string(value));
      }
      for (size_t column : {2, 3}) {
        const std::string uuid(static_cast<const arrow::StringArray&>(*columns[column]).GetView(row));
        ASSERT_EQ(uuid.size(), 36U);
        ASSERT_EQ(uuid[14], '4') << uuid;
        uuids.insert(uuid);
      }
      ++counts[static_cast<const arrow::Int32Array&>(*columns[4]).Value(row)];
    }
  }
  EXPECT_GT(numbers.size(), 3'990U);
  EXPECT_EQ(uuids.size(), 4'000U);
  for (int count : counts) EXPECT_NEAR(count, 2000 / 3, 150);
}

TEST_F(EvaluationContextTest, TheSameSeedGivesTheSameValues) {
  const TickingClock clock(absl::UnixEpoch());
  const ExpressionSet set = Bind({Call("rand"), Call("uuid"), Call("rand", {kInt5})});
  EvaluationContext one(&clock, 11), same(&clock, 11), other(&clock, 12);
  for (int batch = 0; batch < 2; ++batch) {
    const arrow::ArrayVector a = Evaluate(set, Rows(), one), b = Evaluate(set, Rows(), same),
                             c = Evaluate(set, Rows(), other);
    for (size_t column = 0; column < 3; ++column) EXPECT_TRUE(a[column]->Equals(*b[column])) << column;
    EXPECT_FALSE(a[0]->Equals(*c[0]));
    EXPECT_FALSE(a[1]->Equals(*c[1]));
    EXPECT_TRUE(a[2]->Equals(*c[2])) << "its seed is in the call";
  }
}

// The numbers are those of java.util.Random, as Flink 2.2 gave them.
TEST_F(EvaluationContextTest, AConstantSeedBeginsOneSequenceForAllRows) {
  const TickingClock clock(absl::UnixEpoch());
  EvaluationContext context(&clock, 1);
  const v1::Expression one = Literal("INT", "1");
  const ExpressionSet set = Bind({Call("rand", {kInt5}), Call("rand", {kInt5}),
                                  Call("rand_integer", {one, Literal("INT", "6")}),
                                  Call("rand_integer", {one, Literal("INT", "8")}),
                                  Call("rand_integer", {one, Literal("INT", "1000000007")})});
  const double expected[] = {0.730519863614471,  0.08825840967622589, 0.4889045498516358,
                             0.461837214623537,  0.4485983912283127,  0.6977123432245299,
                             0.2777673057578094, 0.7599608278137966};
  const char* integers[][2] = {{"3,4,1,3", "2,4,2,4"},
                               {"5,0,3,3", "1,0,2,5"},
                               {"569548978,215764588,880641847,874970313", "446064254,77814904,714504434,414906599"}};
  for (int batch = 0; batch < 2; ++batch) {
    const arrow::ArrayVector columns = Evaluate(set, Rows(), context);
    ASSERT_EQ(columns.size(), 5U);
    for (int64_t row = 0; row < 4; ++row) {
      EXPECT_EQ(static_cast<const arrow::DoubleArray&>(*columns[0]).Value(row), expected[batch * 4 + row]);
    }
    EXPECT_TRUE(columns[0]->Equals(*columns[1])) << "each call has a sequence of its own";
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(Json(*columns[2 + i]), integers[i][batch]);
  }
}

TEST_F(EvaluationContextTest, AnotherSeedBeginsOneForEachRow) {
  const TickingClock clock(absl::UnixEpoch());
  EvaluationContext context(&clock, 1);
  const ExpressionSet set =
      Bind({Call("rand", {Column("i")}), Call("rand_integer", {Column("i"), Literal("INT", "10")})});
  const arrow::ArrayVector columns = Evaluate(set, Rows("[5, null, 5]"), context);
  const auto& numbers = static_cast<const arrow::DoubleArray&>(*columns.at(0));
  EXPECT_EQ(numbers.Value(0), 0.730519863614471);
  EXPECT_TRUE(numbers.IsNull(1));
  EXPECT_EQ(numbers.Value(2), 0.730519863614471);
  EXPECT_EQ(Json(*columns.at(1)), "7,null,7");
}

TEST_F(EvaluationContextTest, ABoundOfNothingFailsItsRow) {
  const TickingClock clock(absl::UnixEpoch());
  EvaluationContext context(&clock, 1);
  const v1::Expression one = Literal("INT", "1");
  Evaluate(Bind({Call("rand_integer", {Column("i")}), Call("rand_integer", {one, Column("i")})}), Rows("[1, null, 0, -3]"),
           context);
  ASSERT_EQ(errors_.entries().size(), 4U);
  EXPECT_EQ(errors_.entries()[0].row, 2);
  EXPECT_EQ(errors_.entries()[0].message, "evaluate rand_integer(i): RAND_INTEGER takes a bound above 0, not 0");
  EXPECT_EQ(errors_.entries()[1].message, "evaluate rand_integer(i): RAND_INTEGER takes a bound above 0, not -3");
  EXPECT_EQ(errors_.entries()[3].row, 3);
}

TEST_F(EvaluationContextTest, NothingOfThemIsFolded) {
  for (const v1::Expression& expression :
       {Call("current_timestamp"), Call("localtime"), Call("unix_timestamp"), Call("rand"), Call("rand", {kInt5}),
        Call("rand_integer", {kInt5}), Call("rand_integer", {kInt5, kInt5}), Call("uuid")}) {
    EXPECT_FALSE(IsDeterministic(expression));
    EXPECT_EQ(FoldConstants(expression).SerializeAsString(), expression.SerializeAsString());
    const v1::Expression around = Call("is_null", {expression});
    EXPECT_FALSE(IsDeterministic(around));
    EXPECT_EQ(FoldConstants(around).SerializeAsString(), around.SerializeAsString());
  }
  const v1::Expression of_text = Call("unix_timestamp", {Literal("STRING", "1970-01-01 00:00:10")});
  EXPECT_TRUE(IsDeterministic(of_text)) << "only without arguments it is the time";
  EXPECT_EQ(FoldConstants(of_text).literal().value(), "10");
}

TEST_F(EvaluationContextTest, WithoutAContextTheyFailAndOthersDoNot) {
  const ExpressionSet set = Bind({Column("i"), Call("plus", {Call("rand"), Literal("DOUBLE", "1")})});
  RowErrors errors;
  auto columns = set.Evaluate(Rows(), errors);
  EXPECT_EQ(columns.status().code(), absl::StatusCode::kInternal) << columns.status();
  EXPECT_EQ(columns.status().message(), "evaluate rand(): neither time nor randomness is known here");
}

TEST(VolatileFunctions, TheirTypesAreFlinks) {
  const auto type = [](const std::string& name, const std::vector<std::string>& args = {}) {
    std::vector<DataType> types;
    for (const std::string& arg : args) types.push_back(*ParseDataType(arg));
    std::vector<CallArgument> arguments;
    for (const DataType& own : types) arguments.push_back({.type = own});
    absl::StatusOr<ResolvedCall> call = ResolveCall(name, arguments);
    return call.ok() ? call->result.sql : std::string(call.status().message());
  };
  for (const char* name : {"CURRENT_TIMESTAMP", "NOW", "CURRENT_ROW_TIMESTAMP"}) {
    EXPECT_EQ(type(name), "TIMESTAMP_LTZ(3) NOT NULL") << name;
  }
  EXPECT_EQ(type("LOCALTIMESTAMP"), "TIMESTAMP(3) NOT NULL");
  EXPECT_EQ(type("CURRENT_DATE"), "DATE NOT NULL");
  EXPECT_EQ(type("CURRENT_TIME"), "TIME(0) NOT NULL");
  EXPECT_EQ(type("LOCALTIME"), "TIME(0) NOT NULL");
  EXPECT_EQ(type("UNIX_TIMESTAMP"), "BIGINT NOT NULL");
  EXPECT_EQ(type("UUID"), "CHAR(36) NOT NULL");
  EXPECT_EQ(type("RAND"), "DOUBLE NOT NULL");
  EXPECT_EQ(type("RAND", {"INT"}), "DOUBLE");
  EXPECT_EQ(type("RAND_INTEGER", {"INT NOT NULL"}), "INT NOT NULL");
  EXPECT_EQ(type("RAND_INTEGER", {"INT", "INT NOT NULL"}), "INT");
  EXPECT_EQ(type("RAND", {"STRING"}),
            "function RAND takes RAND() or RAND(seed), not (STRING); cast the arguments to what it takes");
  EXPECT_EQ(type("NOW", {"INT"}), "function NOW takes CURRENT_TIMESTAMP, not (INT); cast the arguments to what it takes");
}

}  // namespace
}  // namespace millrace
