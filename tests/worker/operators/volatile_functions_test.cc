// Where filter and project have time and chance from: the operator's context.
#include <set>

#include "base/error.h"
#include "tests/worker/operators/operator_fixture.h"
#include "tests/worker/step_clock.h"

namespace millrace {
namespace {

const Columns kInput = {{"i", "INT"}};

v1::Expression Call(const std::string& function, const std::vector<v1::Expression>& args = {}) {
  v1::Expression expression;
  expression.mutable_call()->set_function(function);
  for (const auto& arg : args) *expression.mutable_call()->add_args() = arg;
  return expression;
}

BatchPtr ManyRows(int64_t rows) {
  arrow::Int32Builder builder;
  for (int64_t row = 0; row < rows; ++row) EXPECT_TRUE(builder.Append(static_cast<int32_t>(row)).ok());
  return arrow::RecordBatch::Make(ArrowSchema(kInput), rows, {builder.Finish().ValueOrDie()});
}

std::unique_ptr<Operator> Project(const Columns& columns, const std::vector<v1::Expression>& expressions) {
  internal::v1::ChainNode node;
  node.set_uid("p");
  *node.add_input_schemas() = SchemaMessage(kInput);
  *node.add_output_schemas() = SchemaMessage(columns);
  for (size_t i = 0; i < columns.size(); ++i) {
    v1::NamedExpression& column = *node.mutable_project()->add_columns();
    column.set_name(columns[i].first);
    *column.mutable_expression() = expressions[i];
  }
  return Must(MakeOperator(node));
}

std::unique_ptr<Operator> HalfFilter() {
  internal::v1::ChainNode node;
  node.set_uid("f");
  *node.add_input_schemas() = SchemaMessage(kInput);
  *node.add_output_schemas() = SchemaMessage(kInput);
  v1::Expression half;
  half.mutable_literal()->set_type("DOUBLE");
  half.mutable_literal()->set_value("0.5");
  *node.mutable_filter()->mutable_condition() = Call("less", {Call("rand"), half});
  return Must(MakeOperator(node));
}

OperatorContext ContextOf(const Clock& clock, uint64_t seed) {
  OperatorContext context;
  context.pipeline = "p";
  context.clock = &clock;
  context.seed = seed;
  return context;
}

std::vector<std::string> RowsOf(Operator& op, const BatchPtr& batch) {
  CollectedOutput out;
  absl::Status status = op.ProcessBatch(0, 0, batch, out);
  EXPECT_TRUE(status.ok()) << status;
  return out.Rows(0);
}

TEST(VolatileFunctionsOfOperators, TheTimeIsTheClocksAtEachBatch) {
  StepClock clock;
  std::unique_ptr<Operator> op = Project({{"t", "TIMESTAMP_LTZ(3)"}, {"s", "BIGINT"}},
                                         {Call("current_timestamp"), Call("unix_timestamp")});
  ASSERT_TRUE(op->Open(ContextOf(clock, 1)).ok());
  const std::string first = "2023-11-14 22:15:00.000000Z|1700000100";
  EXPECT_EQ(RowsOf(*op, ManyRows(2)), (std::vector<std::string>{first, first}));
  clock.Pass(absl::Milliseconds(1500));
  EXPECT_EQ(RowsOf(*op, ManyRows(1)), (std::vector<std::string>{"2023-11-14 22:15:01.500000Z|1700000101"}));
}

TEST(VolatileFunctionsOfOperators, ChanceIsTheSeedsAndGoesOn) {
  StepClock clock;
  const auto run = [&](uint64_t seed) {
    std::unique_ptr<Operator> op = Project({{"u", "CHAR(36)"}}, {Call("uuid")});
    EXPECT_TRUE(op->Open(ContextOf(clock, seed)).ok());
    std::vector<std::string> rows = RowsOf(*op, ManyRows(2));
    for (std::string& row : RowsOf(*op, ManyRows(2))) rows.push_back(std::move(row));
    return rows;
  };
  const std::vector<std::string> one = run(1);
  EXPECT_EQ(run(1), one);
  std::set<std::string> all(one.begin(), one.end());
  for (const std::string& row : run(2)) all.insert(row);
  EXPECT_EQ(all.size(), 8U);
}

TEST(VolatileFunctionsOfOperators, AFilterAsksOnceForEachRow) {
  StepClock clock;
  std::unique_ptr<Operator> op = HalfFilter();
  ASSERT_TRUE(op->Open(ContextOf(clock, 3)).ok());
  const size_t kept = RowsOf(*op, ManyRows(10'000)).size();
  EXPECT_GT(kept, 4'700U);
  EXPECT_LT(kept, 5'300U);
}

}  // namespace
}  // namespace millrace
