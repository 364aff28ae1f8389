#include "base/nearest_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace millrace {
namespace {

const std::vector<std::string> kColumns = {"user_id", "url", "amount", "event_time"};

TEST(NearestName, FindsTypingMistakes) {
  EXPECT_EQ(NearestName("usr_id", kColumns), "user_id");
  EXPECT_EQ(NearestName("AMOUNT", kColumns), "amount");
  EXPECT_EQ(NearestName("ulr", kColumns), "url") << "a swap is one mistake";
  EXPECT_EQ(NearestName("eventtime", kColumns), "event_time");
}

TEST(NearestName, IsSilentWhenMoreThanAThirdDiffers) {
  EXPECT_EQ(NearestName("customer", kColumns), std::nullopt);
  EXPECT_EQ(NearestName("uxy", kColumns), std::nullopt);
  EXPECT_EQ(NearestName("", kColumns), std::nullopt);
  EXPECT_EQ(NearestName("a", {}), std::nullopt);
}

TEST(NearestName, PrefersTheClosest) {
  const std::vector<std::string> known = {"ordered_at", "order_at", "order_ad"};
  EXPECT_EQ(NearestName("order_a", known), "order_at");
}

TEST(NearestName, AdviceListsAShortTableWhenNothingIsNear) {
  EXPECT_EQ(NameAdvice("usr_id", kColumns), "; did you mean 'user_id'?");
  EXPECT_EQ(NameAdvice("customer", kColumns), "; known: user_id, url, amount, event_time");
  EXPECT_EQ(NameAdvice("customer", {}), "");
  EXPECT_EQ(NameAdvice("customer", std::vector<std::string>(21, "x")), "");
}

}  // namespace
}  // namespace millrace
