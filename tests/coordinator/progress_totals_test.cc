#include "coordinator/progress_totals.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

v1::Progress Report(uint64_t records, double rate = 0, int64_t lag = 0) {
  v1::Progress progress;
  progress.set_records_in(records);
  progress.set_late_records(records / 10);
  progress.set_dead_letters(records / 100);
  progress.set_shuffle_bytes(records * 8);
  progress.set_records_per_second(rate);
  progress.set_lag_records(lag);
  progress.set_watermark_ms(static_cast<int64_t>(records));
  return progress;
}

TEST(ProgressTotals, WorkersAreSummedAndTheNewestReportOfEachCounts) {
  ProgressTotals totals;
  totals.OnReport("w1", 1, Report(100, 10, 5));
  totals.OnReport("w1", 1, Report(200, 20, 4));
  totals.OnReport("w2", 1, Report(300, 30, 3));
  v1::Progress view = totals.view();
  EXPECT_EQ(view.records_in(), 500u);
  EXPECT_EQ(view.late_records(), 50u);
  EXPECT_EQ(view.shuffle_bytes(), 4000u);
  EXPECT_EQ(view.records_per_second(), 50);
  EXPECT_EQ(view.lag_records(), 7);
  EXPECT_EQ(view.watermark_ms(), 200);
}

TEST(ProgressTotals, WhatAnEndedDeploymentReadStaysWithoutItsRate) {
  ProgressTotals totals;
  totals.OnReport("w1", 1, Report(200, 20, 4));
  totals.OnEnded(1);
  v1::Progress view = totals.view();
  EXPECT_EQ(view.records_in(), 200u);
  EXPECT_EQ(view.dead_letters(), 2u);
  EXPECT_EQ(view.records_per_second(), 0);
  EXPECT_EQ(view.lag_records(), 4);
  EXPECT_EQ(view.watermark_ms(), 200);
}

TEST(ProgressTotals, ALateReportOfAnEndedDeploymentCountsNothing) {
  ProgressTotals totals;
  totals.OnReport("w1", 1, Report(200, 20));
  totals.OnEnded(1);
  totals.OnReport("w1", 1, Report(250, 20));
  EXPECT_EQ(totals.view().records_in(), 200u);
  totals.OnEnded(2);  // one that never reported
  totals.OnReport("w1", 2, Report(9));
  EXPECT_EQ(totals.view().records_in(), 200u);
}

TEST(ProgressTotals, DeploymentsAddUpAlsoWhenTheEndOfOneWasNotTold) {
  ProgressTotals totals;
  totals.OnReport("w1", 1, Report(200));
  totals.OnReport("w2", 1, Report(100));
  totals.OnReport("w1", 3, Report(50, 5, 1));
  totals.OnReport("w2", 1, Report(1000));  // older than what runs
  EXPECT_EQ(totals.view().records_in(), 350u);
  EXPECT_EQ(totals.view().watermark_ms(), 50);
  totals.OnEnded(3);
  totals.OnEnded(3);
  EXPECT_EQ(totals.view().records_in(), 350u);
}

TEST(ProgressTotals, LagsBeyondAllNumbersStayAtTheHighest) {
  v1::Progress far;
  far.set_lag_records(std::numeric_limits<int64_t>::max());
  ProgressTotals totals;
  totals.OnReport("w1", 1, far);
  totals.OnReport("w2", 1, far);
  EXPECT_EQ(totals.view().lag_records(), std::numeric_limits<int64_t>::max());
}

TEST(ProgressTotals, LagIsUnknownBeforeTheFirstReport) { EXPECT_EQ(ProgressTotals().view().lag_records(), -1); }

}  // namespace
}  // namespace millrace
