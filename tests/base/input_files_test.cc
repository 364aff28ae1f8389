#include "base/input_files.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;

class InputFilesTest : public ::testing::Test {
 protected:
  InputFilesTest() : root_(Cat(testing::TempDir(), "/input-files-", getpid())) {
    std::filesystem::create_directories(root_ + "/below");
    for (const char* name : {"b", "a", ".hidden", "_hidden", "below/c"}) std::ofstream(Cat(root_, "/", name)) << "0123456789";
  }
  ~InputFilesTest() override { std::filesystem::remove_all(root_); }

  const std::string root_;
  SystemInputFiles files_;
};

TEST_F(InputFilesTest, ListsTheFilesOfADirectoryOrTheFileItself) {
  EXPECT_THAT(*files_.List(root_), ElementsAre(root_ + "/a", root_ + "/b"));
  EXPECT_THAT(*files_.List(root_ + "/.hidden"), ElementsAre(root_ + "/.hidden"));
  EXPECT_EQ(files_.List(root_ + "/x").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(InputFilesTest, ReadsPieces) {
  EXPECT_EQ(*files_.Size(root_ + "/a"), 10);
  EXPECT_EQ(*files_.Read(root_ + "/a", 3, 4), "3456");
  EXPECT_EQ(*files_.Read(root_ + "/a", 8, 4), "89");
  EXPECT_EQ(*files_.Read(root_ + "/a", 10, 4), "");
  EXPECT_EQ(files_.Read(root_ + "/x", 0, 4).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(files_.Size(root_ + "/a/b").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(files_.Size(root_).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace millrace
