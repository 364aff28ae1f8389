#include "base/byte_size.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(ByteSize, NumbersWithAndWithoutUnits) {
  EXPECT_EQ(ParseByteSize("4096").value(), 4096u);
  EXPECT_EQ(ParseByteSize("12B").value(), 12u);
  EXPECT_EQ(ParseByteSize("512MiB").value(), 512u << 20);
  EXPECT_EQ(ParseByteSize("1.5 gib").value(), 1536ull << 20);
  EXPECT_EQ(ParseByteSize("2GB").value(), 2'000'000'000u);
  EXPECT_EQ(ParseByteSize("1TiB").value(), 1ull << 40);
  EXPECT_EQ(ParseByteSize("0").value(), 0u);
}

TEST(ByteSize, AnythingElseIsRefusedWithAnExample) {
  for (const char* text : {"", "MiB", "-1", "1e9", "1.2.3MiB", "12 parsecs", ".5GiB", "9300000TB", "1 2", "512M"}) {
    auto parsed = ParseByteSize(text);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(parsed.status().message().find("such as 512MiB"), absl::string_view::npos) << parsed.status();
  }
}

TEST(ByteSize, ForPeople) {
  EXPECT_EQ(FormatByteSize(817), "817B");
  EXPECT_EQ(FormatByteSize(1536), "1.5KiB");
  EXPECT_EQ(FormatByteSize(512ull << 20), "512.0MiB");
  EXPECT_EQ(FormatByteSize(3ull << 50), "3072.0TiB");
}

}  // namespace
}  // namespace millrace
