#include "base/metrics.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/clock.h"
#include "base/memory_blob_store.h"
#include "base/metered_blob_store.h"

namespace millrace {
namespace {

bool Shows(Metrics& metrics, const std::string& line) {
  return ("\n" + metrics.Text()).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, TheSameNameAndLabelsAreOneSeries) {
  Metrics metrics;
  metrics.AddCounter("a_total", "A.", {{"x", "1"}})->Add(2);
  metrics.AddCounter("a_total", "A.", {{"x", "1"}})->Add(3);
  metrics.AddCounter("a_total", "A.", {{"x", "2"}})->Add();
  EXPECT_TRUE(Shows(metrics, "a_total{x=\"1\"} 5")) << metrics.Text();
  EXPECT_TRUE(Shows(metrics, "a_total{x=\"2\"} 1"));
}

TEST(Metrics, FiguresAreCollectedBeforeEveryTextUntilTheHandleGoes) {
  Metrics metrics;
  int calls = 0;
  auto handle = metrics.BeforeText([&] { metrics.AddGauge("calls", "Calls.")->Set(++calls); });
  EXPECT_TRUE(Shows(metrics, "calls 1"));
  EXPECT_TRUE(Shows(metrics, "calls 2"));
  handle = nullptr;
  EXPECT_TRUE(Shows(metrics, "calls 2"));
}

TEST(MetricScope, ASeriesGoesWithTheLastScopeThatHoldsIt) {
  Metrics metrics;
  auto first = std::make_unique<MetricScope>(&metrics, Labels{{"pipeline", "clicks"}});
  auto second = std::make_unique<MetricScope>(&metrics, Labels{{"pipeline", "clicks"}});
  first->AddCounter("rows_total", "Rows.", {{"operator", "f"}})->Add(1);
  second->AddCounter("rows_total", "Rows.", {{"operator", "f"}})->Add(1);
  first = nullptr;
  EXPECT_TRUE(Shows(metrics, "rows_total{operator=\"f\",pipeline=\"clicks\"} 2")) << metrics.Text();
  second->AddCounter("rows_total", "Rows.", {{"operator", "f"}})->Add(1);
  EXPECT_TRUE(Shows(metrics, "rows_total{operator=\"f\",pipeline=\"clicks\"} 3"));
  second = nullptr;
  EXPECT_EQ(metrics.Text().find("rows_total"), std::string::npos);
}

TEST(MetricScope, WithoutMetricsNothingIsRecorded) {
  MetricScope scope(nullptr, {});
  scope.AddCounter("a_total", "A.")->Add();
  scope.AddGauge("b", "B.")->Set(1);
  scope.AddHistogram("c_seconds", "C.", {1})->Observe(1);
}

TEST(MetricScope, WhatIsBehindTheLimitIsCountedAndMakesRoomLater) {
  Metrics metrics(2);
  MetricScope stays(&metrics, {});
  auto goes = std::make_unique<MetricScope>(&metrics, Labels{});
  stays.AddGauge("a", "A.")->Set(1);
  goes->AddGauge("b", "B.")->Set(1);
  auto late = std::make_unique<MetricScope>(&metrics, Labels{});
  late->AddGauge("c", "C.")->Set(1);
  EXPECT_TRUE(Shows(metrics, "millrace_metrics_series_dropped_total 1")) << metrics.Text();
  EXPECT_FALSE(Shows(metrics, "c 1"));
  goes = nullptr;
  stays.AddGauge("c", "C.")->Set(2);
  late = nullptr;  // it never had a share in the series that now is there
  EXPECT_TRUE(Shows(metrics, "c 2"));
}

class MemoryStores final : public BlobStoreFactory {
  absl::StatusOr<std::shared_ptr<BlobStore>> Open(std::string_view) override {
    return std::make_shared<MemoryBlobStore>();
  }
};

TEST(MeteredBlobStore, CountsRequestsByOutcomeAndOnlyBytesThatCame) {
  Metrics metrics;
  SystemClock clock;
  MemoryStores inner;
  MeteredBlobStoreFactory stores(&inner, &clock, &metrics);
  auto store = *stores.Open("x");
  ASSERT_TRUE(store->Put("a", "1234").ok());
  ASSERT_EQ(*store->PutIfAbsent("a", "12345"), PutResult::kAlreadyExists);
  ASSERT_EQ(*store->Get("a"), "1234");
  ASSERT_FALSE(store->Get("b").ok());
  EXPECT_TRUE(Shows(metrics, "millrace_object_store_requests_total{code=\"OK\",op=\"get\"} 1")) << metrics.Text();
  EXPECT_TRUE(Shows(metrics, "millrace_object_store_requests_total{code=\"NOT_FOUND\",op=\"get\"} 1"));
  EXPECT_TRUE(Shows(metrics, "millrace_object_store_bytes_total{direction=\"written\"} 4"));
  EXPECT_TRUE(Shows(metrics, "millrace_object_store_bytes_total{direction=\"read\"} 4"));
  EXPECT_TRUE(Shows(metrics, "millrace_object_store_request_seconds_count{op=\"get\"} 2"));
}

}  // namespace
}  // namespace millrace
