#include <arrow/api.h>

#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "tests/bench/click_batches.h"
#include "tests/bench/measurement.h"
#include "worker/shuffle/exchange_writer.h"
#include "worker/shuffle/frame_codec.h"

namespace millrace {
namespace {

constexpr int kNumBatches = 500;
constexpr int kRounds = 4;
constexpr int64_t kRows = 8192;
constexpr size_t kNumReceivers = 4;

// The reading end of an edge within the process: rows arrive as they are.
class LocalEdge final : public ChannelWriter {
 public:
  void Push(StreamEvent event) override {
    if (const auto* data = std::get_if<DataBatch>(&event)) num_rows += static_cast<uint64_t>(data->rows->num_rows());
  }
  bool Writable() const override { return true; }
  ChannelFeedback Feedback() const override { return {}; }
  uint64_t num_rows = 0;
};

// An edge between processes without the network: every event goes through its frame.
class FramedEdge final : public ChannelWriter {
 public:
  explicit FramedEdge(std::shared_ptr<arrow::Schema> schema) : decoder_({std::move(schema)}) {}
  void Push(StreamEvent event) override {
    auto frame = EncodeFrame(event);
    Check(frame.ok(), "rows of the schema have a frame");
    num_bytes += frame->size();
    auto decoded = decoder_.Decode(*frame);
    if (!decoded.ok()) Wrong(std::string(StdView(decoded.status().message())));
    if (const auto* data = std::get_if<DataBatch>(&*decoded)) num_rows += static_cast<uint64_t>(data->rows->num_rows());
  }
  bool Writable() const override { return true; }
  ChannelFeedback Feedback() const override { return {}; }
  uint64_t num_rows = 0;
  uint64_t num_bytes = 0;

 private:
  const FrameDecoder decoder_;
};

template <typename Edge, typename MakeEdge>
std::vector<std::shared_ptr<Edge>> Run(const std::vector<BatchPtr>& batches, MakeEdge make_edge) {
  std::vector<std::shared_ptr<Edge>> edges;
  std::vector<std::shared_ptr<ChannelWriter>> channels;
  for (size_t i = 0; i < kNumReceivers; ++i) {
    edges.push_back(make_edge());
    channels.push_back(edges.back());
  }
  const int key_column = 0;
  auto encoder = KeyEncoder::Make(*batches[0]->schema(), {&key_column, 1});
  Check(encoder.ok(), "BIGINT is a key type");
  ExchangeWriter writer(std::move(channels), {*encoder}, kNumKeyGroups);
  for (int round = 0; round < kRounds; ++round) {
    for (const BatchPtr& batch : batches) {
      if (!writer.Push(DataBatch{batch, 0}).ok()) Wrong("a batch was refused");
    }
  }
  uint64_t num_rows = 0;
  for (const auto& edge : edges) num_rows += edge->num_rows;
  if (num_rows != uint64_t{kNumBatches} * kRows * kRounds) Wrong("the number of rows that arrived");
  return edges;
}

}  // namespace

// Key, hash, and split of decoded batches over four receivers; then the same with every slice encoded as a frame and
// decoded again.
void BenchShuffle() {
  auto batches = ClickBatches(kNumBatches, kRows, 100'000, 3);
  constexpr uint64_t kEvents = uint64_t{kNumBatches} * kRows * kRounds;
  {
    Measurement measurement("shuffle_in_process");
    Run<LocalEdge>(batches, [] { return std::make_shared<LocalEdge>(); });
    measurement.Report(kEvents);
  }
  Measurement measurement("shuffle_frames");
  auto edges = Run<FramedEdge>(batches, [&] { return std::make_shared<FramedEdge>(batches[0]->schema()); });
  uint64_t bytes = 0;
  for (const auto& edge : edges) bytes += edge->num_bytes;
  measurement.Add("bytes_per_event", static_cast<double>(bytes) / static_cast<double>(kEvents));
  measurement.Report(kEvents);
}

}  // namespace millrace
