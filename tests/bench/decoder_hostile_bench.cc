#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "arrow/api.h"
#include "base/check.h"
#include "base/data_type.h"
#include "base/random.h"
#include "connectors/dead_letter.h"
#include "connectors/format/json_decoder.h"
#include "tests/bench/measurement.h"

namespace millrace {
namespace {

constexpr int kNumTexts = 8192;
constexpr int kRounds = 400;
constexpr int kOneIn = 100;

std::vector<std::string> Clicks() {
  Random random(7);
  std::vector<std::string> texts;
  for (int i = 0; i < kNumTexts; ++i) {
    uint64_t x = random.Next();
    texts.push_back(absl::StrFormat(
        R"({"user_id":%d,"event_time":"2026-01-01 00:%02d:%02d.%03d","amount":%d,"url":"/shop/item/%05d","agent":"%08x"})",
        (x >> 40) % 100'000, i / 60 % 60, i % 60, i % 1000, x % 1000, (x >> 20) % 100'000, static_cast<uint32_t>(x >> 32)));
  }
  return texts;
}

// Of about the size of the good ones, and bad at the beginning, in the middle, at the end, and for a column.
std::string HostileClick(const std::string& good, int kind) {
  std::string text = good;
  if (kind % 5 == 0) text.pop_back();
  if (kind % 5 == 1) text[text.size() / 2] = '\xff';
  if (kind % 5 == 2) text.insert(text.size() - 1, ",\"x\":" + std::string(70, '['));
  if (kind % 5 == 3) text.replace(text.find("amount\":") + 8, 1, "1.7e400,\"y\":");
  if (kind % 5 == 4) text += "{}";
  return text;
}

// Events are the good ones; what the bad ones among them cost, dead letters included, is in their time.
void Decode(const char* workload, bool with_hostile) {
  const std::vector<std::string> good = Clicks();
  std::vector<std::string> texts;
  for (int i = 0; i < kNumTexts; ++i) {
    texts.push_back(good[static_cast<size_t>(i)]);
    if (with_hostile && i % (kOneIn - 1) == kOneIn - 2) texts.push_back(HostileClick(good[static_cast<size_t>(i)], i));
  }
  const auto num_hostile = static_cast<int64_t>(texts.size()) - kNumTexts;
  auto schema = arrow::schema({arrow::field("user_id", arrow::int64()),
                               arrow::field("event_time", arrow::timestamp(arrow::TimeUnit::MICRO), false),
                               arrow::field("amount", arrow::int64())});
  auto decoder = JsonDecoder::Make(schema, {});
  Check(decoder.ok(), "a decoder for three plain columns");
  DeadLetterBuilder dead_letters("bench", "clicks");
  std::shared_ptr<arrow::RecordBatch> expected;
  Measurement measurement(workload);
  for (int round = 0; round < kRounds; ++round) {
    for (const std::string& text : texts) {
      absl::Status status = (*decoder)->Append({text.data(), text.size()}).status();
      if (status.ok()) continue;
      const std::string error(status.message());
      dead_letters.Append({.error = error, .topic = "clicks", .value = text.data(), .value_size = text.size()});
    }
    auto batch = (*decoder)->Flush();
    if (dead_letters.num_rows() != num_hostile) Wrong("the number of dead letters");
    dead_letters.Flush();
    if ((*batch)->num_rows() != kNumTexts) Wrong("the number of good rows");
    if (expected == nullptr) expected = *batch;
    if (round % 100 == 99 && !(*batch)->Equals(*expected)) Wrong("the good rows");
  }
  measurement.Add("hostile_percent", 100.0 * static_cast<double>(num_hostile) / static_cast<double>(texts.size()));
  measurement.Report(uint64_t{kNumTexts} * kRounds);
}

}  // namespace

void BenchDecoderHostile() {
  Decode("decoder_hostile_0", false);
  Decode("decoder_hostile_1", true);
}

}  // namespace millrace
