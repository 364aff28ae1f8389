// Any bytes as a frame from another worker: refused, or an event whose own frame decodes to it again.
#include <arrow/api.h>

#include "tests/fuzz/fuzz_target.h"
#include "worker/shuffle/frame_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  static const auto schema = arrow::schema({arrow::field("k", arrow::utf8()), arrow::field("v", arrow::int64(), false),
                                            arrow::field("t", arrow::timestamp(arrow::TimeUnit::MICRO))});
  // Port 1: the rows of the corpus, which are the golden ones.
  static const auto golden =
      arrow::schema({arrow::field("name", arrow::utf8(), false), arrow::field("number", arrow::int64())});
  static const FrameDecoder decoder({schema, golden});
  auto event = decoder.Decode({reinterpret_cast<const char*>(data), size});
  if (!event.ok()) return 0;
  auto frame = EncodeFrame(*event);
  Require(frame.ok(), "what was decoded has a frame");
  auto again = decoder.Decode(*frame);
  Require(again.ok() && again->index() == event->index(), "and that decodes to the same kind of event");
  if (const auto* rows = std::get_if<DataBatch>(&*event)) {
    Require(rows->rows->ValidateFull().ok(), "rows are sound");
    Require(std::get<DataBatch>(*again).rows->Equals(*rows->rows), "and to the same rows");
  }
  return 0;
}
