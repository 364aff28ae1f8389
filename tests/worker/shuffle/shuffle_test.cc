#include <arrow/api.h>
#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "worker/shuffle/channel.h"
#include "worker/shuffle/exchange_writer.h"
#include "worker/shuffle/frame_codec.h"
#include "worker/shuffle/partitioner.h"

namespace millrace {
namespace {

BatchPtr Numbers(std::vector<int64_t> values) {
  arrow::Int64Builder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  return arrow::RecordBatch::Make(schema, static_cast<int64_t>(values.size()), {*builder.Finish()});
}

TEST(Crc32c, IsCastagnolis) { EXPECT_EQ(Crc32c("123456789"), 0xe3069283u); }

TEST(FrameCodec, EveryEventComesBack) {
  BatchPtr rows = Numbers({1, 2, 3});
  FrameDecoder decoder({nullptr, rows->schema()});
  auto round_trip = [&](const StreamEvent& event) {
    auto frame = EncodeFrame(event);
    EXPECT_TRUE(frame.ok());
    auto back = decoder.Decode(*frame);
    EXPECT_TRUE(back.ok()) << back.status();
    return *back;
  };
  EXPECT_TRUE(std::get<DataBatch>(round_trip(DataBatch{rows, 1})).rows->Equals(*rows));
  EXPECT_EQ(std::get<Watermark>(round_trip(Watermark{-5})).time, -5);
  EXPECT_TRUE(std::holds_alternative<Idle>(round_trip(Idle{})));
  auto barrier = std::get<Barrier>(round_trip(Barrier{Epoch(7), BarrierKind::kDrain, 42}));
  EXPECT_EQ(barrier.epoch, Epoch(7));
  EXPECT_EQ(barrier.kind, BarrierKind::kDrain);
  EXPECT_EQ(barrier.rows_before, 42u);
  EXPECT_EQ(std::get<EndOfInput>(round_trip(EndOfInput{9})).rows_before, 9u);
}

TEST(FrameCodec, AFlippedBitOfTheRowsIsDataLoss) {
  BatchPtr rows = Numbers({1, 2, 3});
  FrameDecoder decoder({rows->schema()});
  std::string frame = *EncodeFrame(DataBatch{rows, 0});
  int refused = 0;
  for (size_t i = 0; i < frame.size(); ++i) {
    std::string damaged = frame;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    auto event = decoder.Decode(damaged);
    if (!event.ok()) {
      EXPECT_EQ(event.status().code(), absl::StatusCode::kDataLoss) << event.status();
      ++refused;
    }
  }
  EXPECT_GE(refused, static_cast<int>(frame.size()) - 2);
}

TEST(FrameCodec, APortWithoutSchemaRefusesRows) {
  BatchPtr rows = Numbers({1});
  FrameDecoder decoder({rows->schema()});
  EXPECT_EQ(decoder.Decode(*EncodeFrame(DataBatch{rows, 1})).status().code(), absl::StatusCode::kDataLoss);
}

TEST(Partitioner, EveryRowGoesToTheOwnerOfItsKeyGroupInOrder) {
  std::vector<int64_t> values(1000);
  std::vector<uint64_t> hashes(1000);
  for (int i = 0; i < 1000; ++i) {
    values[i] = i;
    hashes[i] = HashKeyBytes(std::string_view(reinterpret_cast<const char*>(&values[i]), 8));
  }
  for (uint32_t parallelism : {1u, 2u, 3u, 7u}) {
    auto slices = PartitionByHash(Numbers(values), hashes, parallelism, kNumKeyGroups);
    ASSERT_TRUE(slices.ok());
    int64_t total = 0;
    for (uint32_t subtask = 0; subtask < parallelism; ++subtask) {
      if ((*slices)[subtask] == nullptr) continue;
      auto column = std::static_pointer_cast<arrow::Int64Array>((*slices)[subtask]->column(0));
      int64_t previous = -1;
      for (int64_t i = 0; i < column->length(); ++i) {
        int64_t value = column->Value(i);
        EXPECT_GT(value, previous);
        previous = value;
        EXPECT_EQ(SubtaskOfKeyGroup(KeyGroupOfHash(hashes[value]), parallelism), subtask);
      }
      total += column->length();
    }
    EXPECT_EQ(total, 1000);
  }
}

// Else the state of a pipeline without keys is not in the range of who has it, and a restore does not find it.
TEST(ExchangeWriter, RowsWithoutKeysGoToTheOwnerOfTheStateOfTheEmptyKey) {
  const uint32_t group = KeyGroupOfHash(HashKeyBytes(""));
  for (uint32_t parallelism : {1u, 2u, 3u, 7u, 720u}) {
    std::vector<std::shared_ptr<Channel>> channels;
    for (uint32_t i = 0; i < parallelism; ++i) {
      channels.push_back(std::make_shared<Channel>(1000, [] {}, [](const ChannelFeedback&) {}));
    }
    ExchangeWriter writer({channels.begin(), channels.end()}, {}, kNumKeyGroups);
    ASSERT_TRUE(writer.Push(DataBatch{Numbers({1, 2})}).ok());
    for (uint32_t i = 0; i < parallelism; ++i) {
      EXPECT_EQ(channels[i]->queued_bytes() > 0, KeyGroupsOfSubtask(i, parallelism).Contains(group)) << i << " of " << parallelism;
    }
  }
}

TEST(Channel, CreditEndsAtTheLimitAndComesBackWithReading) {
  int reader_wakes = 0;
  std::vector<ChannelFeedback> feedback;
  Channel channel(100, [&] { ++reader_wakes; }, [&](const ChannelFeedback& f) { feedback.push_back(f); });
  channel.Push(Watermark{1});
  EXPECT_TRUE(channel.Writable());
  channel.Push(Watermark{2});
  EXPECT_FALSE(channel.Writable());
  EXPECT_EQ(reader_wakes, 1);
  EXPECT_TRUE(channel.Pop().has_value());
  EXPECT_TRUE(channel.Writable());
  EXPECT_TRUE(channel.Pop().has_value());
  EXPECT_FALSE(channel.Pop().has_value());
  EXPECT_EQ(feedback.back().consumed_bytes, 128u);
}

TEST(Channel, WhatIsQueuedIsChargedUntilItIsReadOrTheChannelGoes) {
  auto memory = MemoryAccount::Make();
  auto channel = std::make_unique<Channel>(100, [] {}, [](const ChannelFeedback&) {}, memory);
  channel->Push(DataBatch{Numbers({1, 2, 3}), 0});
  channel->Push(Watermark{1});
  EXPECT_EQ(memory->used(MemoryKind::kBuffers), 64u + 24u + 64u);
  EXPECT_EQ(memory->used(MemoryKind::kBuffers), channel->queued_bytes());
  channel->Pop();
  EXPECT_EQ(memory->used(MemoryKind::kBuffers), 64u);
  channel = nullptr;
  EXPECT_EQ(memory->used(MemoryKind::kBuffers), 0u);
}

TEST(Channel, WhatWasSentBeforeItBrokeIsStillRead) {
  Channel channel(100, [] {}, [](const ChannelFeedback&) {});
  channel.Push(Watermark{1});
  channel.Break(absl::UnavailableError("gone"));
  EXPECT_TRUE(channel.broken().ok());
  EXPECT_TRUE(channel.Pop().has_value());
  EXPECT_FALSE(channel.broken().ok());
}

}  // namespace
}  // namespace millrace
