#include "base/expression/temporal_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/expression/temporal_calendar.h"
#include "base/expression/temporal_simple_format.h"
#include "base/expression/temporal_text.h"
#include "base/expression/temporal_zone.h"

namespace millrace {
namespace {

int64_t Micros(int64_t year, int month, int day, int hour = 0, int minute = 0, int second = 0, int64_t micros = 0) {
  return DaysOf(absl::CivilDay(year, month, day)) * kMicrosPerDay +
         (int64_t{hour} * 3600 + minute * 60 + second) * 1'000'000 + micros;
}

std::string Print(std::string_view pattern, int64_t micros) {
  absl::StatusOr<TimeFormat> format = TimeFormat::Compile(pattern);
  return format.ok() ? format->Print(micros) : std::string(format.status().message());
}

std::optional<int64_t> Parse(std::string_view pattern, std::string_view text) {
  absl::StatusOr<TimeFormat> format = TimeFormat::Compile(pattern);
  EXPECT_TRUE(format.ok()) << format.status();
  return format->Parse(text);
}

TEST(TimeFormat, PrintsAsJava) {
  const int64_t time = Micros(2024, 12, 30, 20, 5, 9, 123'456);
  EXPECT_EQ(Print("yyyy/MM/dd HH:mm:ss.SSS", time), "2024/12/30 20:05:09.123");
  EXPECT_EQ(Print("EEE, d MMM yyyy", time), "Mon, 30 Dec 2024");
  EXPECT_EQ(Print("EEEE d MMMM yy", time), "Monday 30 December 24");
  EXPECT_EQ(Print("hh:mm a h K k H", time), "08:05 PM 8 8 20 20");
  EXPECT_EQ(Print("D e u Q QQQ", time), "365 2 2024 4 Q4");
  EXPECT_EQ(Print("SSSSSS S n", time), "123456 1 123456000");
  EXPECT_EQ(Print("'at' yyyy''[MM]", time), "at 2024'12");
  EXPECT_EQ(Print("Y w", time), "2025 1") << "weeks of the United States";
  EXPECT_EQ(Print("yyyy-MM-dd", Micros(10000, 1, 1)), "+10000-01-01");
  EXPECT_EQ(Print("yyyy u G", Micros(0, 1, 1)), "0001 0 BC");
  EXPECT_EQ(Print("HH:mm:ss.SSS", -1000), "23:59:59.999");
  EXPECT_THAT(Print("yyyy-MM-dd z", time), testing::HasSubstr("zone"));
  EXPECT_THAT(Print("bbb", time), testing::HasSubstr("'b'"));
  EXPECT_THAT(Print("yyyy'", time), testing::HasSubstr("quotes"));
  EXPECT_THAT(Print("MMMMMM", time), testing::HasSubstr("at most 5"));
}

TEST(TimeFormat, ParsesAsJava) {
  EXPECT_EQ(Parse("yyyyMMdd", "20200229"), Micros(2020, 2, 29));
  EXPECT_EQ(Parse("yyyyMMddHHmmssSSS", "20200229010203456"), Micros(2020, 2, 29, 1, 2, 3, 456'000));
  EXPECT_EQ(Parse("dd/MM/yyyy", "29/02/2020"), Micros(2020, 2, 29));
  EXPECT_EQ(Parse("dd/MM/yyyy", "29/2/2020"), std::nullopt);
  EXPECT_EQ(Parse("d/M/yyyy", "9/2/2020"), Micros(2020, 2, 9));
  EXPECT_EQ(Parse("yyyy-MM-dd", "2021-02-31"), Micros(2021, 2, 28)) << "the last day of the month";
  EXPECT_EQ(Parse("yyyy-MM-dd", "2021-02-32"), std::nullopt);
  EXPECT_EQ(Parse("yyyy-MM-dd", "2021-02-03x"), std::nullopt);
  EXPECT_EQ(Parse("yyyy-MM-dd", "20210-02-03"), std::nullopt);
  EXPECT_EQ(Parse("yyyy-MM-dd", "+20210-02-03"), Micros(20210, 2, 3));
  EXPECT_EQ(Parse("yyyy", "2021"), Micros(2021, 1, 1));
  EXPECT_EQ(Parse("HH:mm", "10:30"), Micros(1970, 1, 1, 10, 30));
  EXPECT_EQ(Parse("hh:mm a", "12:30 AM"), Micros(1970, 1, 1, 0, 30));
  EXPECT_EQ(Parse("yyyy-MM-dd HH:mm", "2020-12-31 24:00"), Micros(2021, 1, 1));
  EXPECT_EQ(Parse("yyyy-MM-dd HH:mm", "2020-12-31 24:01"), std::nullopt);
  EXPECT_EQ(Parse("EEE, d MMM yyyy", "Mon, 30 Dec 2024"), Micros(2024, 12, 30));
  EXPECT_EQ(Parse("EEE, d MMM yyyy", "Tue, 30 Dec 2024"), std::nullopt);
  EXPECT_EQ(Parse("yyyy-MM-dd['T'HH:mm]", "2024-12-30"), Micros(2024, 12, 30));
  EXPECT_EQ(Parse("yyyy-MM-dd['T'HH:mm]", "2024-12-30T01:02"), Micros(2024, 12, 30, 1, 2));
  EXPECT_EQ(Parse("yy", "21"), Micros(2021, 1, 1));
  EXPECT_EQ(Parse("yyyy D", "2020 60"), Micros(2020, 2, 29));
}

TEST(ToTimestamp, ReadsWhatFlinkReads) {
  EXPECT_EQ(ToTimestamp("2020-02-29 01:02:03"), Micros(2020, 2, 29, 1, 2, 3));
  EXPECT_EQ(ToTimestamp("2020-02-29 01:02:03.456789"), Micros(2020, 2, 29, 1, 2, 3, 456'000));
  EXPECT_EQ(ToTimestamp("2020-2-9"), Micros(2020, 2, 9));
  EXPECT_EQ(ToTimestamp("2020-2-9 1:2:3"), Micros(2020, 2, 9, 1, 2, 3));
  EXPECT_EQ(ToTimestamp("2020-02-29T01:02:03"), std::nullopt);
  EXPECT_EQ(ToTimestamp("nonsense"), std::nullopt);
  EXPECT_EQ(ToTimestamp(""), std::nullopt);
  const TimeFormat format = *TimeFormat::Compile("yyyyMMdd");
  EXPECT_EQ(ToTimestamp("20200229", format), Micros(2020, 2, 29));
  EXPECT_EQ(ToTimestamp(" 1999-9-10 05:20:10.5", format), Micros(1999, 9, 10, 5, 20, 10, 500'000));
  EXPECT_EQ(ToTimestamp("1999-9-10", format), Micros(1999, 9, 10));
  EXPECT_EQ(ToTimestamp("1999", format), std::nullopt);
  EXPECT_EQ(ToTimestampLtz(1582934400123, 3), Micros(2020, 2, 29, 0, 0, 0, 123'000));
  EXPECT_EQ(ToTimestampLtz(1582934400, 0), Micros(2020, 2, 29));
  EXPECT_EQ(ToTimestampLtz(253402300800, 0), std::nullopt);
}

TEST(ToDate, ReadsWhatFlinkReads) {
  EXPECT_EQ(ToDate("2020-02-29"), Micros(2020, 2, 29) / kMicrosPerDay);
  EXPECT_EQ(ToDate("2020-2-9 12:00:00"), Micros(2020, 2, 9) / kMicrosPerDay);
  EXPECT_EQ(ToDate("2020"), Micros(2020, 1, 1) / kMicrosPerDay);
  EXPECT_EQ(ToDate("2020-03"), Micros(2020, 3, 1) / kMicrosPerDay);
  EXPECT_EQ(ToDate("2021-02-29"), std::nullopt);
  EXPECT_EQ(ToDate("10000-01-01"), std::nullopt);
  EXPECT_EQ(ToDate("nonsense"), std::nullopt);
  const SimpleTimeFormat format = *SimpleTimeFormat::Compile("dd/MM/yyyy");
  EXPECT_EQ(ToDate("29/02/2020", format), Micros(2020, 2, 29) / kMicrosPerDay);
  EXPECT_EQ(ToDate("31/02/2020", format), Micros(2020, 3, 2) / kMicrosPerDay) << "days carry over";
  EXPECT_EQ(ToDate("x", format), std::nullopt);
}

TEST(SimpleTimeFormat, ParsesAndPrintsAsJava) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  auto unix_time = [&](std::string_view text, std::string_view pattern) {
    return UnixTimestamp(text, *SimpleTimeFormat::Compile(pattern), utc);
  };
  EXPECT_EQ(unix_time("29.02.2020", "dd.MM.yyyy"), 1582934400);
  EXPECT_EQ(unix_time("20200229010203", "yyyyMMddHHmmss"), 1582938123);
  EXPECT_EQ(unix_time("29 february 2020 1 pm", "d MMM yyyy h a"), 1582934400 + 13 * 3600);
  EXPECT_EQ(unix_time("2020-02-29 01:02:03.999 and more", "yyyy-MM-dd HH:mm:ss"), 1582938123);
  EXPECT_EQ(unix_time("nonsense", "yyyy"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(FromUnixTime(0, *SimpleTimeFormat::Compile("EEEE dd-MMM-yy HH:mm:ss.SSS u D 'o''clock' Z"), utc),
            "Thursday 01-Jan-70 00:00:00.000 4 1 o'clock +0000");
  // The calendar of the time.
  EXPECT_EQ(unix_time("1582-10-15", "yyyy-MM-dd") - unix_time("1582-10-04", "yyyy-MM-dd"), 86400);
  EXPECT_EQ(ReformatTime("0001-01-01 10:00:00", *SimpleTimeFormat::Compile("yyyy-MM-dd")), "0001-01-01");
  EXPECT_EQ(ReformatTime("2020-01-01", *SimpleTimeFormat::Compile("yyyy")), std::nullopt);
  EXPECT_FALSE(SimpleTimeFormat::Compile("yyyy-ww").ok());
  EXPECT_FALSE(SimpleTimeFormat::Compile("dd.MM.yy")->CheckParses().ok());
  EXPECT_TRUE(SimpleTimeFormat::Compile("dd.MM.yyyy")->CheckParses().ok());
}

TEST(TemporalZone, SkippedAndRepeatedTimes) {
  const absl::TimeZone berlin = *SessionZone("Europe/Berlin");
  const SimpleTimeFormat& format = DefaultSimpleFormat();
  EXPECT_EQ(UnixTimestamp("2021-03-28 02:30:00", format, berlin), 1616895000);
  EXPECT_EQ(UnixTimestamp("2021-10-31 02:30:00", format, berlin), 1635643800) << "the later of the two";
  EXPECT_EQ(InstantMicros(Micros(2021, 10, 31, 2, 30), berlin), 1635640200'000'000) << "the earlier of the two";
  EXPECT_EQ(InstantMicros(Micros(2021, 3, 28, 2, 30), berlin), 1616895000'000'000);
  EXPECT_EQ(FromUnixTime(1616895000, format, berlin), "2021-03-28 03:30:00");
  EXPECT_EQ(ConvertZone("2021-03-28 01:30:00", "UTC", "Europe/Berlin"), "2021-03-28 03:30:00");
  EXPECT_EQ(ConvertZone("1970-01-01 00:00:00", "UTC", "America/Los_Angeles"), "1969-12-31 16:00:00");
  EXPECT_EQ(ConvertZone("1970-01-01 00:00:00", "UTC", "GMT+05:30"), "1970-01-01 05:30:00");
  EXPECT_EQ(ConvertZone("1970-01-01 00:00:00", "PST", "Nowhere/City"), "1970-01-01 08:00:00");
  EXPECT_EQ(LocalMicros(-2208988800'000'000, *SessionZone("Asia/Kathmandu")), Micros(1900, 1, 1, 5, 41, 16));
  EXPECT_FALSE(SessionZone("Nowhere/City").ok());
  EXPECT_FALSE(SessionZone("/etc/localtime").ok());
  EXPECT_EQ(OffsetAt(0, *SessionZone("UTC-03:30")), -12'600'000'000);
}

}  // namespace
}  // namespace millrace
