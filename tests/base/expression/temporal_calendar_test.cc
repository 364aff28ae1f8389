#include "base/expression/temporal_calendar.h"

#include <gtest/gtest.h>

#include <limits>

namespace millrace {
namespace {

using enum TemporalUnit;

int32_t Day(int64_t year, int month, int day) { return static_cast<int32_t>(DaysOf(absl::CivilDay(year, month, day))); }
int64_t Micros(int64_t year, int month, int day, int hour = 0, int minute = 0, int second = 0, int64_t micros = 0) {
  return Day(year, month, day) * kMicrosPerDay + (int64_t{hour} * 3600 + minute * 60 + second) * 1'000'000 + micros;
}

TEST(TemporalCalendar, ExtractsFromDates) {
  struct Row {
    int32_t day;
    int64_t year, quarter, week, day_of_year, day_of_week, iso_day_of_week, iso_year, decade, century, millennium;
  };
  const Row rows[] = {
      {Day(1970, 1, 1), 1970, 1, 1, 1, 5, 4, 1970, 197, 20, 2},
      {Day(2024, 12, 30), 2024, 4, 1, 365, 2, 1, 2025, 202, 21, 3},
      {Day(2023, 1, 1), 2023, 1, 52, 1, 1, 7, 2022, 202, 21, 3},
      {Day(1582, 10, 15), 1582, 4, 41, 288, 6, 5, 1582, 158, 16, 2},
      {Day(1, 1, 1), 1, 1, 1, 1, 2, 1, 1, 0, 1, 1},
      {Day(9999, 12, 31), 9999, 4, 52, 365, 6, 5, 9999, 999, 100, 10},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(ExtractFromDate(kYear, row.day), row.year);
    EXPECT_EQ(ExtractFromDate(kQuarter, row.day), row.quarter) << row.year;
    EXPECT_EQ(ExtractFromDate(kWeek, row.day), row.week) << row.year;
    EXPECT_EQ(ExtractFromDate(kDayOfYear, row.day), row.day_of_year) << row.year;
    EXPECT_EQ(ExtractFromDate(kDayOfWeek, row.day), row.day_of_week) << row.year;
    EXPECT_EQ(ExtractFromDate(kIsoDayOfWeek, row.day), row.iso_day_of_week) << row.year;
    EXPECT_EQ(ExtractFromDate(kIsoYear, row.day), row.iso_year) << row.year;
    EXPECT_EQ(ExtractFromDate(kDecade, row.day), row.decade) << row.year;
    EXPECT_EQ(ExtractFromDate(kCentury, row.day), row.century) << row.year;
    EXPECT_EQ(ExtractFromDate(kMillennium, row.day), row.millennium) << row.year;
  }
}

TEST(TemporalCalendar, PartsBefore1970AreCutTowardsZero) {
  const int64_t time = Micros(1965, 11, 6, 3, 6, 55, 632'789);
  EXPECT_EQ(ExtractFromTimestamp(kHour, time), -20);
  EXPECT_EQ(ExtractFromTimestamp(kMinute, time), -53);
  EXPECT_EQ(ExtractFromTimestamp(kSecond, time), -4);
  EXPECT_EQ(ExtractFromTimestamp(kMillisecond, time), -368);
  EXPECT_EQ(ExtractFromTimestamp(kMicrosecond, time), -367'211);
  EXPECT_EQ(ExtractFromTimestamp(kEpoch, time), -131'057'584);
  EXPECT_EQ(ExtractFromTimestamp(kDay, time), 7);
  EXPECT_EQ(ExtractFromTimestamp(kMicrosecond, Micros(2020, 1, 1, 0, 0, 0, 999'456)), 999'456);
}

TEST(TemporalCalendar, FloorsAndCeils) {
  const int64_t time = Micros(2024, 12, 30, 10, 20, 30, 123'456);
  EXPECT_EQ(FloorTimestamp(kSecond, time), Micros(2024, 12, 30, 10, 20, 30));
  EXPECT_EQ(FloorTimestamp(kMillisecond, time), Micros(2024, 12, 30, 10, 20, 30, 123'000));
  EXPECT_EQ(FloorTimestamp(kDay, time), Micros(2024, 12, 30));
  EXPECT_EQ(FloorTimestamp(kWeek, time), Micros(2024, 12, 29));
  EXPECT_EQ(FloorTimestamp(kQuarter, time), Micros(2024, 10, 1));
  EXPECT_EQ(CeilTimestamp(kHour, time), Micros(2024, 12, 30, 11));
  EXPECT_EQ(CeilTimestamp(kMonth, time), Micros(2025, 1, 1));
  EXPECT_EQ(CeilTimestamp(kQuarter, Micros(2020, 4, 1)), Micros(2020, 7, 1)) << "as Flink";
  EXPECT_EQ(FloorTimestamp(kWeek, Micros(1965, 11, 6, 3)), Micros(1965, 11, 7)) << "as Flink";
  EXPECT_EQ(FloorTimestamp(kDay, Micros(1965, 11, 6, 3)), Micros(1965, 11, 6));
  // Julian days before 1582-10-15.
  EXPECT_EQ(FloorTimestamp(kWeek, Micros(1, 1, 1)), Micros(1, 1, 2));
  EXPECT_EQ(CeilTimestamp(kMonth, Micros(1, 1, 1)), Micros(1, 2, 1));
  EXPECT_EQ(FloorDate(kMonth, Day(1582, 10, 15)), Day(1582, 10, 1));
  EXPECT_EQ(CeilDate(kYear, Day(2020, 1, 1)), Day(2020, 1, 1));
  EXPECT_EQ(CeilDate(kYear, Day(2020, 2, 29)), Day(2021, 1, 1));
  EXPECT_EQ(FloorDate(kDecade, Day(2020, 2, 29)), Day(2020, 1, 1));
  EXPECT_EQ(FloorDate(kCentury, Day(2020, 2, 29)), Day(2001, 1, 1));
  EXPECT_EQ(FloorTime(kHour, 45'000'001), 43'200'000);
  EXPECT_EQ(CeilTime(kSecond, 1), 1000);
}

TEST(TemporalCalendar, MonthsKeepTheDayIfTheyCan) {
  EXPECT_EQ(AddMonthsToDate(Day(2020, 1, 31), 1), Day(2020, 2, 29));
  EXPECT_EQ(AddMonthsToDate(Day(2020, 3, 31), -1), Day(2020, 2, 29));
  EXPECT_EQ(AddMonthsToDate(Day(2020, 2, 29), 12), Day(2021, 2, 28));
  EXPECT_EQ(AddMonthsToDate(Day(1, 1, 1), -1), Day(0, 12, 1));
  EXPECT_EQ(AddMonthsToTimestamp(Micros(1969, 12, 31, 23, 59, 59, 999), 2), Micros(1970, 2, 28, 23, 59, 59, 999));
  EXPECT_EQ(AddToTime(86'399'000, 3'600'000), 3'599'000);
  EXPECT_EQ(AddToTime(0, -30'000), 86'370'000);
  EXPECT_EQ(AddToTime(5, std::numeric_limits<int64_t>::max()), 5 + std::numeric_limits<int64_t>::max() % 86'400'000);
}

TEST(TemporalCalendar, DifferencesCountWholeUnits) {
  auto millis = [](int64_t micros) { return micros / 1000; };
  const int64_t january31 = millis(Micros(2020, 1, 31));
  EXPECT_EQ(DifferenceInUnits(kMonth, january31, millis(Micros(2020, 2, 29, 23))), 1);
  EXPECT_EQ(DifferenceInUnits(kMonth, january31, millis(Micros(2020, 2, 28))), 0);
  EXPECT_EQ(DifferenceInUnits(kMonth, january31, -1), -601) << "1969-12-31 23:59:59.999, as Flink";
  EXPECT_EQ(DifferenceInUnits(kMonth, january31, millis(Micros(1, 1, 1))), -24228);
  EXPECT_EQ(DifferenceInUnits(kYear, millis(Micros(2020, 2, 29)), millis(Micros(2021, 3, 28))), 1);
  EXPECT_EQ(DifferenceInUnits(kDay, 1, kMillisPerDay), 0);
  EXPECT_EQ(DifferenceInUnits(kDay, 0, -kMillisPerDay - 1), -1);
  EXPECT_EQ(DifferenceInUnits(kMonth, millis(Micros(2020, 1, 1, 12)), millis(Micros(2020, 2, 1, 11))), 0);
}

TEST(TemporalCalendar, HistoricalDaysRoundTrip) {
  EXPECT_EQ(DaysOfHistorical(1582, 10, 4) + 1, DaysOfHistorical(1582, 10, 15));
  EXPECT_EQ(DaysOfHistorical(1970, 13, 1), Day(1971, 1, 1));
  EXPECT_EQ(DaysOfHistorical(1, 1, 3), Day(1, 1, 1));
  for (int32_t day = Day(-5, 1, 1); day < Day(1700, 1, 1); day += 13) {
    const HistoricalDay date = HistoricalDayOf(day);
    ASSERT_EQ(DaysOfHistorical(date.year, date.month, date.day), day);
  }
}

}  // namespace
}  // namespace millrace
