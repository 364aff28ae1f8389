#include "tests/bench/click_batches.h"

#include <utility>

#include "arrow/api.h"
#include "base/check.h"
#include "base/random.h"

namespace millrace {
namespace {

using Columns = std::vector<std::pair<const char*, const char*>>;

void Fill(const Columns& columns, internal::v1::Schema* schema) {
  for (const auto& [name, type] : columns) {
    auto* column = schema->add_columns();
    column->set_name(name);
    column->set_type(type);
  }
}

template <typename Builder>
std::shared_ptr<arrow::Array> Finish(Builder& builder) {
  auto array = builder.Finish();
  Check(array.ok(), "an array of benchmark data");
  return *array;
}

}  // namespace

std::vector<BatchPtr> ClickBatches(int num_batches, int64_t rows_per_batch, uint64_t num_users, uint64_t seed) {
  Random random(seed);
  auto time_type = arrow::timestamp(arrow::TimeUnit::MICRO);
  auto schema = arrow::schema({arrow::field("user_id", arrow::int64()), arrow::field("event_time", time_type, false),
                               arrow::field("amount", arrow::int64())});
  std::vector<BatchPtr> batches;
  int64_t time = int64_t{1'767'225'600} * 1'000'000;
  for (int batch = 0; batch < num_batches; ++batch) {
    arrow::Int64Builder users, amounts;
    arrow::TimestampBuilder times(time_type, arrow::default_memory_pool());
    for (int64_t row = 0; row < rows_per_batch; ++row) {
      Check(users.Append(static_cast<int64_t>(random.Below(num_users))).ok() && times.Append(time).ok() &&
                amounts.Append(static_cast<int64_t>(random.Below(1000))).ok(),
            "memory for benchmark data");
      time += 10;
    }
    batches.push_back(arrow::RecordBatch::Make(schema, rows_per_batch, {Finish(users), Finish(times), Finish(amounts)}));
  }
  return batches;
}

internal::v1::ChainNode ClickWindowNode() {
  const Columns input = {{"user_id", "BIGINT"}, {"event_time", "TIMESTAMP(3) NOT NULL"}, {"amount", "BIGINT"}};
  internal::v1::ChainNode node;
  node.set_uid("per_user");
  Fill(input, node.add_input_schemas());
  v1::WindowAggregate& window = *node.mutable_window_aggregate();
  window.set_time_column("event_time");
  window.set_size_ms(10'000);
  window.add_keys("user_id");
  auto* clicks = window.add_aggregates();
  clicks->set_function("count");
  clicks->set_name("clicks");
  auto* amount = window.add_aggregates();
  amount->set_function("sum");
  amount->set_column("amount");
  amount->set_name("amount");
  Fill({{"user_id", "BIGINT"},
        {"window_start", "TIMESTAMP(3) NOT NULL"},
        {"window_end", "TIMESTAMP(3) NOT NULL"},
        {"clicks", "BIGINT NOT NULL"},
        {"amount", "BIGINT"}},
       node.add_output_schemas());
  Columns late = input;
  late.push_back({"window_end", "TIMESTAMP(3) NOT NULL"});
  late.push_back({"watermark", "TIMESTAMP(3) NOT NULL"});
  Fill(late, node.add_output_schemas());
  return node;
}

}  // namespace millrace
