#include "connectors/dead_letter.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(DeadLetter, TheEnvelopeKeepsTheBytesAndWhereTheyCameFrom) {
  DeadLetterBuilder builder("orders", "in");
  EXPECT_EQ(builder.Flush(), nullptr);
  const std::string value = std::string("{\0bad", 5);
  DeadLetter letter;
  letter.error = "not JSON";
  letter.topic = "orders";
  letter.partition = 3;
  letter.offset = 42;
  letter.timestamp_ms = 7;
  letter.value = value.data();
  letter.value_size = value.size();
  builder.Append(letter);
  letter.timestamp_ms = -1;
  letter.key = "k";
  letter.key_size = 1;
  letter.value = nullptr;
  builder.Append(letter);
  EXPECT_EQ(builder.num_rows(), 2);
  auto batch = builder.Flush();
  ASSERT_NE(batch, nullptr);
  EXPECT_EQ(builder.num_rows(), 0);
  ASSERT_TRUE(batch->ValidateFull().ok());
  EXPECT_TRUE(batch->schema()->Equals(*DeadLetterSchema()));
  auto cell = [&](const char* column, int64_t row) {
    return batch->GetColumnByName(column)->GetScalar(row).ValueOrDie()->ToString();
  };
  EXPECT_EQ(cell("reason", 0), "decode");
  EXPECT_EQ(cell("pipeline", 0), "orders");
  EXPECT_EQ(cell("operator", 0), "in");
  EXPECT_EQ(cell("error", 0), "not JSON");
  EXPECT_EQ(cell("topic", 0), "orders");
  EXPECT_EQ(cell("partition", 0), "3");
  EXPECT_EQ(cell("offset", 0), "42");
  EXPECT_EQ(static_cast<const arrow::TimestampArray&>(*batch->GetColumnByName("timestamp")).Value(0), 7000);
  EXPECT_TRUE(batch->GetColumnByName("timestamp")->IsNull(1));
  EXPECT_EQ(static_cast<const arrow::BinaryArray&>(*batch->GetColumnByName("value")).GetView(0), value);
  EXPECT_TRUE(batch->GetColumnByName("value")->IsNull(1));
  EXPECT_TRUE(batch->GetColumnByName("key")->IsNull(0));
  EXPECT_EQ(static_cast<const arrow::BinaryArray&>(*batch->GetColumnByName("key")).GetView(1), "k");
  EXPECT_TRUE(batch->GetColumnByName("attempt")->IsNull(0));
}

TEST(DeadLetter, ColumnsAndSchemaAgree) {
  auto columns = DeadLetterColumns();
  ASSERT_EQ(columns.size(), DeadLetterSchema()->num_fields());
  for (int i = 0; i < columns.size(); ++i) EXPECT_EQ(columns[i].name(), DeadLetterSchema()->field(i)->name());
  EXPECT_FALSE(DeadLetterSchema()->GetFieldByName("reason")->nullable());
  EXPECT_TRUE(DeadLetterSchema()->GetFieldByName("value")->nullable());
}

}  // namespace
}  // namespace millrace
