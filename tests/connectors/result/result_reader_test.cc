#include "connectors/result/result_reader.h"

#include <gmock/gmock.h>

#include "absl/strings/str_split.h"
#include "arrow/array.h"
#include "arrow/builder.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "base/error.h"
#include "base/memory_blob_store.h"
#include "connectors/result/result_connector.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OneStore final : public BlobStoreFactory {
 public:
  explicit OneStore(std::shared_ptr<BlobStore> store) : store_(std::move(store)) {}
  absl::StatusOr<std::shared_ptr<BlobStore>> Open(std::string_view) override { return store_; }

 private:
  const std::shared_ptr<BlobStore> store_;
};

class ResultTest : public ::testing::Test {
 protected:
  ResultTest() : factory_(store_), connector_(MakeResultConnector({nullptr, nullptr, &factory_, nullptr})) {
    spec_.identity = {"q", "result", "run1"};
    (*spec_.sink.mutable_options())["path"] = "x";
    spec_.schema = arrow::schema({arrow::field("id", arrow::int64())});
  }
  std::shared_ptr<arrow::RecordBatch> Rows(int64_t first, int64_t count) {
    arrow::Int64Builder ids;
    for (int64_t id = first; id < first + count; ++id) EXPECT_TRUE(ids.Append(id).ok());
    return arrow::RecordBatch::Make(spec_.schema, count, {ids.Finish().ValueOrDie()});
  }
  // One epoch of one subtask, written in parts of so many rows.
  void RunEpoch(uint64_t epoch, int64_t first, int64_t count, int64_t part = 1'000'000) {
    auto sink = *connector_->MakeSink(spec_);
    for (int64_t at = 0; at < count; at += part) {
      ASSERT_TRUE(sink->Write(*Rows(first + at, std::min(part, count - at))).ok());
      ASSERT_TRUE(sink->TakePart(true)->Persist().ok());
    }
    storage::v1::Committable committable;
    committable.set_sealed_epoch(epoch);
    committable.set_bytes(*(*sink->Seal(Epoch(epoch)))->Persist());
    auto receipt = (*connector_->MakeCommitter(spec_))->Commit({Generation(1), Epoch(epoch), std::span(&committable, 1), {}});
    ASSERT_TRUE(receipt.ok()) << receipt.status();
  }
  // All lines from `at` on, which moves there.
  std::vector<std::string> Read(ResultReader& reader, ResultCursor* at) {
    std::vector<std::string> lines;
    while (true) {
      auto part = reader.Next(*at);
      EXPECT_TRUE(part.ok()) << part.status();
      if (!part.ok() || !part->has_value()) return lines;
      const size_t before = lines.size();
      for (absl::string_view line : absl::StrSplit((*part)->lines, '\n', absl::SkipEmpty())) lines.emplace_back(line);
      EXPECT_EQ(lines.size() - before, (*part)->num_rows);
      *at = (*part)->next;
    }
  }

  const std::shared_ptr<MemoryBlobStore> store_ = std::make_shared<MemoryBlobStore>();
  OneStore factory_;
  const std::unique_ptr<SinkConnector> connector_;
  SinkSpec spec_;
};

TEST_F(ResultTest, RowsComeInTheOrderInWhichTheyWereSent) {
  ResultReader reader(store_, spec_.identity);
  ResultCursor at;
  EXPECT_THAT(Read(reader, &at), IsEmpty());
  RunEpoch(3, 30, 5, 2);
  EXPECT_THAT(Read(reader, &at), ElementsAre("[30]", "[31]", "[32]", "[33]", "[34]"));
  EXPECT_THAT(Read(reader, &at), IsEmpty());
  RunEpoch(4, 7, 2);
  EXPECT_THAT(Read(reader, &at), ElementsAre("[7]", "[8]"));
  // By another process, from the beginning and from a cursor's text.
  ResultReader other(store_, spec_.identity);
  ResultCursor again;
  EXPECT_EQ(Read(other, &again).size(), 7u);
  EXPECT_EQ(again, at);
  again = *ResultCursor::Parse("1:2");
  EXPECT_THAT(Read(other, &again), ElementsAre("[34]", "[7]", "[8]"));
}

TEST_F(ResultTest, ACursorOfAnotherRunIsRefused) {
  RunEpoch(1, 0, 2);
  ResultReader reader(store_, spec_.identity);
  EXPECT_EQ(reader.Next({5, 0}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(reader.Next({1, 9}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ResultCursor::Parse("0:1").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ResultCursor::Parse("1:2:3").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ResultCursor::Parse("")->ToString(), "1:0");
}

TEST_F(ResultTest, DamageAndLossAreTold) {
  RunEpoch(1, 0, 2);
  const std::string name = store_->List("_results/q/run1/result/staged/")->front();
  const std::string bytes = *store_->Get(name);
  ASSERT_TRUE(store_->Put(name, "[0]\n[7]\n").ok());
  ResultReader reader(store_, spec_.identity);
  EXPECT_THAT(reader.Next({}).status().ToString(), HasSubstr("is damaged"));
  ASSERT_TRUE(store_->Delete(name).ok());
  EXPECT_THAT(reader.Next({}).status().ToString(), HasSubstr("is gone"));
  EXPECT_EQ(reader.Next({}).status().code(), absl::StatusCode::kDataLoss);
  const std::string entry = store_->List("_results/q/run1/result/log/")->front();
  ASSERT_TRUE(store_->Put(entry, "nonsense").ok());
  EXPECT_EQ(ResultReader(store_, spec_.identity).Next({}).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ResultTest, WhatWasTakenCanBeDiscarded) {
  for (uint64_t epoch = 1; epoch <= 4; ++epoch) RunEpoch(epoch, static_cast<int64_t>(epoch), 1);
  ResultReader reader(store_, spec_.identity);
  ASSERT_TRUE(reader.Discard({3, 0}).ok());
  EXPECT_EQ(reader.Next({2, 0}).status().code(), absl::StatusCode::kNotFound);
  ResultCursor at{3, 0};
  EXPECT_THAT(Read(reader, &at), ElementsAre("[3]", "[4]"));
  // The end of the log stays, so that commits go on behind it.
  ASSERT_TRUE(reader.Discard(at).ok());
  EXPECT_EQ(store_->List("_results/")->size(), 2u);
  RunEpoch(5, 5, 1);
  EXPECT_THAT(Read(reader, &at), ElementsAre("[5]"));
}

TEST_F(ResultTest, TheNextRunRemovesTheLastOne) {
  RunEpoch(1, 0, 2);
  SinkSpec other = spec_;
  other.identity.pipeline = "another";
  ASSERT_TRUE((*connector_->OpenCatalog(other))->Prepare(other.identity, "").ok());
  ASSERT_TRUE((*connector_->OpenCatalog(spec_))->Prepare(spec_.identity, "").ok());
  ResultCursor at;
  ResultReader reader(store_, spec_.identity);
  EXPECT_EQ(Read(reader, &at).size(), 2u);
  spec_.identity.lineage = "run2";
  ASSERT_TRUE((*connector_->OpenCatalog(spec_))->Prepare(spec_.identity, "").ok());
  EXPECT_THAT(*store_->List("_results/q/"), IsEmpty());
}

TEST_F(ResultTest, OptionsAreChecked) {
  v1::Sink sink;
  (*sink.mutable_options())["pat"] = "x";
  sink.add_partition_by("id");
  EXPECT_THAT(connector_->Validate(sink, *spec_.schema),
              ElementsAre("result: there is no option 'pat'; did you mean 'path'?", "result: option 'path' is missing: where results are kept",
                          "result: rows for a reader cannot be partitioned"));
}

TEST(SplitResultRow, FindsTheCells) {
  EXPECT_THAT(*SplitResultRow("[1,\"a,]\\\"b\",[[\"k\",2],[3]],null]\n"), ElementsAre("1", "\"a,]\\\"b\"", "[[\"k\",2],[3]]", "null"));
  EXPECT_THAT(*SplitResultRow("[]"), IsEmpty());
  for (const char* wrong : {"", "[", "{}", "[[1]", "[\"a]", "[1]]"}) {
    EXPECT_EQ(SplitResultRow(wrong).status().code(), absl::StatusCode::kInvalidArgument) << wrong;
  }
}

}  // namespace
}  // namespace millrace
