#include "worker/computed_columns.h"

#include "arrow/api.h"
#include "arrow/compute/initialize.h"
#include "base/expression/evaluation_context.h"
#include "gtest/gtest.h"

namespace millrace {
namespace {

// Each look at it is a second later.
class TickingClock final : public Clock {
 public:
  absl::Time Now() const override { return now_ += absl::Seconds(1); }
  absl::Duration Monotonic() const override { return absl::ZeroDuration(); }

 private:
  mutable absl::Time now_ = absl::UnixEpoch();
};

TEST(ComputedColumns, OfOneBatchHaveOneTime) {
  ASSERT_TRUE(arrow::compute::Initialize().ok());
  internal::v1::ChainNode node;
  node.set_uid("in");
  node.add_used_columns("i");
  internal::v1::Schema& schema = *node.add_output_schemas();
  v1::Column& decoded = *schema.add_columns();
  decoded.set_name("i");
  decoded.set_type("INT");
  *node.mutable_source()->add_columns() = decoded;
  for (const char* name : {"a", "b"}) {
    v1::Column& column = *schema.add_columns();
    column.set_name(name);
    column.set_type("BIGINT NOT NULL");
    v1::NamedExpression& computed = *node.mutable_source()->add_computed();
    computed.set_name(name);
    computed.mutable_expression()->mutable_call()->set_function("unix_timestamp");
  }
  auto columns = ComputedColumns::Make(node);
  ASSERT_TRUE(columns.ok()) << columns.status();
  ASSERT_NE(*columns, nullptr);
  const TickingClock clock;
  EvaluationContext context(&clock, 1);
  arrow::Int32Builder builder;
  ASSERT_TRUE(builder.AppendValues({1, 2}).ok());
  const BatchPtr rows =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("i", arrow::int32())}), 2, {builder.Finish().ValueOrDie()});
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
