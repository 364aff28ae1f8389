// The simulation can fail: each bug that is planted in the code is found within a number of seeds.
#include "tests/sim/planted_bugs.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <ostream>

#include "tests/sim/promises.h"
#include "tests/sim/seed_run.h"

namespace millrace::sim {

// For gtest.
static void PrintTo(const PlantedBug& bug, std::ostream* out) { *out << bug.name; }

namespace {

constexpr uint64_t kMostSeeds = 200;

class PlantedBugTest : public testing::TestWithParam<PlantedBug> {};

TEST_P(PlantedBugTest, IsFound) {
  const PlantedBug& bug = GetParam();
  uint64_t num_asked = 0;
  for (uint64_t seed = 1; seed <= kMostSeeds; ++seed) {
    Outcome outcome = RunSeed(seed, /*with_faults=*/true, bug.name);
    num_asked += outcome.bug_asked;
    if (outcome.problem.empty()) continue;
    std::printf("%s: found by seed %llu: %s\n", bug.name.data(), static_cast<unsigned long long>(seed),
                outcome.problem.c_str());
    return;
  }
  EXPECT_GT(num_asked, 0u) << "no source that ran asks MILLRACE_PLANTED(" << bug.name << "); is it new? Run cmake again";
  FAIL() << kMostSeeds << " seeds did not notice that " << bug.what;
}

TEST(PlantedBugsTest, AreAllInTheDocs) {
  std::ifstream file(MILLRACE_SOURCE_DIR "/docs/reliability.md");
  const std::string docs{std::istreambuf_iterator<char>(file), {}};
  for (const PlantedBug& bug : PlantedBugs()) {
    EXPECT_NE(docs.find(Cat("| `", bug.name, "` | ", bug.what, " |")), std::string::npos) << bug.name;
  }
  for (const PromiseText& text : Promises()) {
    EXPECT_NE(docs.find(Cat("| ", text.name, " | ", text.sentence, " |")), std::string::npos) << text.name;
  }
}

INSTANTIATE_TEST_SUITE_P(PlantedBugs, PlantedBugTest, testing::ValuesIn(PlantedBugs().begin(), PlantedBugs().end()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace millrace::sim
