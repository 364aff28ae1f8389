#include "base/failpoint.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

// Fails at one side of every action, and damages what it is shown.
class Spoiler final : public FailpointHandler {
 public:
  explicit Spoiler(FailpointSide fails_at) : fails_at_(fails_at) {}
  absl::Status OnPoint(FailpointId id, FailpointSide side, std::string* bytes) override {
    reached.emplace_back(id.action().name, side);
    if (bytes != nullptr) bytes->append("!");
    return side == fails_at_ ? Unavailable("planned") : absl::OkStatus();
  }
  std::vector<std::pair<std::string_view, FailpointSide>> reached;

 private:
  const FailpointSide fails_at_;
};

TEST(Failpoint, ActionsAreNamedOnceWithWhatTheyDo) {
  std::set<std::string_view> names;
  for (const FailpointAction& action : kFailpointActions) {
    EXPECT_TRUE(names.insert(action.name).second) << action.name;
    EXPECT_NE(action.name.find('.'), std::string_view::npos) << action.name;
    EXPECT_FALSE(action.what.empty()) << action.name;
    EXPECT_EQ(FailpointId::FromIndex(names.size() - 1).action().name, action.name);
  }
  // Two points each.
  EXPECT_GE(names.size(), 30u);
  EXPECT_EQ(FailpointId("local.create").index(), 0u);
}

TEST(Failpoint, NothingHappensWhileNothingIsArmed) {
  EXPECT_TRUE(failpoint::Before("manifest.put").ok());
  EXPECT_TRUE(failpoint::After("manifest.put").ok());
  EXPECT_EQ(failpoint::Around("manifest.put", [] { return absl::StatusOr<int>(3); }).value(), 3);
}

TEST(Failpoint, AnErrorBeforeAnActionKeepsItFromBeingDoneAndOneAfterItDoesNot) {
  for (FailpointSide side : {FailpointSide::kBefore, FailpointSide::kAfter}) {
    Spoiler spoiler(side);
    ArmFailpoints(&spoiler);
    absl::Cleanup disarm = [] { ArmFailpoints(nullptr); };
    int done = 0;
    auto status = failpoint::Around("manifest.put", [&] {
      ++done;
      return absl::OkStatus();
    });
    EXPECT_TRUE(absl::IsUnavailable(status));
    EXPECT_EQ(done, side == FailpointSide::kBefore ? 0 : 1);
    EXPECT_EQ(spoiler.reached.front(), std::pair(std::string_view("manifest.put"), FailpointSide::kBefore));
    EXPECT_EQ(spoiler.reached.size(), side == FailpointSide::kBefore ? 1u : 2u);
  }
}

TEST(Failpoint, AnActionThatCannotFailIsDoneWhateverThePointsSay) {
  Spoiler spoiler(FailpointSide::kBefore);
  ArmFailpoints(&spoiler);
  absl::Cleanup disarm = [] { ArmFailpoints(nullptr); };
  int done = 0;
  failpoint::Around("api.answer", [&] { ++done; });
  EXPECT_EQ(done, 1);
  EXPECT_EQ(spoiler.reached.size(), 2u);
}

TEST(Failpoint, BytesMayBeDamagedBeforeTheyAreWrittenAndAfterTheyAreRead) {
  class Damage final : public FailpointHandler {
   public:
    absl::Status OnPoint(FailpointId, FailpointSide, std::string* bytes) override {
      if (bytes != nullptr) bytes->append("!");
      return absl::OkStatus();
    }
  } damage;
  ArmFailpoints(&damage);
  absl::Cleanup disarm = [] { ArmFailpoints(nullptr); };
  std::string written = "a";
  std::string stored;
  auto put = [&] {
    stored = written;
    return absl::OkStatus();
  };
  EXPECT_TRUE(failpoint::Around("manifest.put", put, &written).ok());
  EXPECT_EQ(stored, "a!");
  EXPECT_EQ(failpoint::Around("manifest.get", [&] { return absl::StatusOr<std::string>(stored); }).value(), "a!!");
}

}  // namespace
}  // namespace millrace
