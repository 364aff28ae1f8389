#include "worker/computed_columns.h"

#include "arrow/api.h"
#include "base/expression/evaluation_context.h"
#include "gtest/gtest.h"
#include "tests/base/expression/plan_expressions.h"

namespace millrace {
namespace {

using plan_expressions::Call;
using plan_expressions::Column;
using plan_expressions::Literal;

// Each look at it is a second later.
class TickingClock final : public Clock {
 public:
  absl::Time Now() const override { return now_ += absl::Seconds(1); }
  absl::Duration Monotonic() const override { return absl::ZeroDuration(); }

 private:
  mutable absl::Time now_ = absl::UnixEpoch();
};

// A source with the column i INT.
internal::v1::ChainNode SourceNode() {
  internal::v1::ChainNode node;
  node.set_uid("in");
  node.add_used_columns("i");
  v1::Column& decoded = *node.add_output_schemas()->add_columns();
  decoded.set_name("i");
  decoded.set_type("INT");
  *node.mutable_source()->add_columns() = decoded;
  return node;
}

void Compute(internal::v1::ChainNode& node, const char* name, const char* type, const v1::Expression& expression) {
  v1::Column& column = *node.mutable_output_schemas(0)->add_columns();
  column.set_name(name);
  column.set_type(type);
  v1::NamedExpression& computed = *node.mutable_source()->add_computed();
  computed.set_name(name);
  *computed.mutable_expression() = expression;
}

BatchPtr Rows(const std::vector<int32_t>& values) {
  arrow::Int32Builder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  const auto schema = arrow::schema({arrow::field("i", arrow::int32())});
  return arrow::RecordBatch::Make(schema, static_cast<int64_t>(values.size()), {builder.Finish().ValueOrDie()});
}

// In a process that has done nothing else, as ctest runs it, Arrow's functions are not known yet: a source and a sink
// alone are a pipeline.
TEST(ComputedColumns, NeedNoOperatorBesideThem) {
  internal::v1::ChainNode node = SourceNode();
  Compute(node, "twice", "INT", Call("times", {Column("i"), Literal("INT NOT NULL", "2")}));
  auto columns = ComputedColumns::Make(node);
  ASSERT_TRUE(columns.ok()) << columns.status();
  const TickingClock clock;
  EvaluationContext context(&clock, 1);
  std::vector<RowErrors> errors;
  auto computed = (*columns)->Append(Rows({3, -4}), errors, context);
  ASSERT_TRUE(computed.ok()) << computed.status();
  const auto& values = static_cast<const arrow::Int32Array&>(*(*computed)->column(1));
  EXPECT_EQ(values.Value(0), 6);
  EXPECT_EQ(values.Value(1), -8);
}

TEST(ComputedColumns, OfOneBatchHaveOneTime) {
  internal::v1::ChainNode node = SourceNode();
  for (const char* name : {"a", "b"}) Compute(node, name, "BIGINT NOT NULL", Call("unix_timestamp", {}));
  auto columns = ComputedColumns::Make(node);
  ASSERT_TRUE(columns.ok()) << columns.status();
  ASSERT_NE(*columns, nullptr);
  const TickingClock clock;
  EvaluationContext context(&clock, 1);
  const BatchPtr rows = Rows({1, 2});
  for (int64_t second : {1, 2}) {
    std::vector<RowErrors> errors;
    auto computed = (*columns)->Append(rows, errors, context);
    ASSERT_TRUE(computed.ok()) << computed.status();
    EXPECT_TRUE(errors.empty());
    for (int column : {1, 2}) {
      const auto& values = static_cast<const arrow::Int64Array&>(*(*computed)->column(column));
      EXPECT_EQ(values.Value(0), second);
      EXPECT_EQ(values.Value(1), second);
    }
  }
}

}  // namespace
}  // namespace millrace
