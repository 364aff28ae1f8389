#include "connectors/filesystem/filesystem_source.h"

#include <gmock/gmock.h>

#include <map>

#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "base/error.h"
#include "base/macros.h"
#include "connectors/filesystem/filesystem_source_connector.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MapFiles final : public InputFiles {
 public:
  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override {
    std::vector<std::string> names;
    for (const auto& [name, text] : files) {
      if (name == path || name.starts_with(Cat(path, "/"))) names.push_back(name);
    }
    return names;
  }
  absl::StatusOr<int64_t> Size(const std::string& path) override {
    auto file = files.find(path);
    if (file == files.end()) return NotFound("no ", path);
    return static_cast<int64_t>(file->second.size());
  }
  absl::StatusOr<std::string> Read(const std::string& path, int64_t offset, int64_t max_bytes) override {
    if (num_failures > 0 && num_failures-- > 0) return Unavailable("planted");
    RETURN_IF_ERROR(Size(path).status());
    return files[path].substr(static_cast<size_t>(offset), static_cast<size_t>(max_bytes));
  }

  std::map<std::string, std::string> files;
  int num_failures = 0;
};

class HeldPool final : public IoPool {
 public:
  void Run(absl::AnyInvocable<void()> blocking) override { held_.push_back(std::move(blocking)); }
  bool RunAll() {
    auto held = std::move(held_);
    held_.clear();
    for (auto& closure : held) closure();
    return !held.empty();
  }

 private:
  std::vector<absl::AnyInvocable<void()>> held_;
};

class FilesystemSourceTest : public ::testing::Test {
 protected:
  FilesystemSourceTest() {
    ConnectorEnvironment environment;
    environment.io_pool = &pool_;
    connector_ = MakeFilesystemSourceConnector(environment, files_);
    spec_.uid = "in";
    (*spec_.source.mutable_options())["path"] = "in";
    (*spec_.source.mutable_options())["format"] = "json";
    v1::Column& column = *spec_.source.add_columns();
    column.set_name("id");
    column.set_type("INT NOT NULL");
    spec_.used_columns = {"id"};
    spec_.dead_letters_connected = true;
  }
  std::vector<storage::v1::SplitState> Start() {
    auto catalog = *connector_->OpenCatalog(spec_);
    return *catalog->ResolveStart(*catalog->ListSplits());
  }
  std::unique_ptr<Source> Open(const std::vector<storage::v1::SplitState>& splits) {
    auto source = *connector_->MakeSource(spec_);
    EXPECT_TRUE(source->Open(splits, "filesystem in", [this] { ++num_wakes_; }).ok());
    return source;
  }
  absl::Status ReadAll(Source& source) {
    while (true) {
      ASSIGN_OR_RETURN(std::optional<SourceBatch> batch, source.Poll());
      if (!batch.has_value()) {
        if (!pool_.RunAll()) return absl::OkStatus();
        continue;
      }
      const auto& ids = static_cast<const arrow::Int32Array&>(*batch->rows->column(0));
      for (int64_t i = 0; i < ids.length(); ++i) ids_.push_back(ids.Value(i));
      if (batch->dead_letters != nullptr) letters_.push_back(batch->dead_letters);
      bad_records_.insert(bad_records_.end(), batch->bad_records.begin(), batch->bad_records.end());
    }
  }
  static storage::v1::SplitState StateOf(const SplitProgress& progress) {
    storage::v1::SplitState state;
    state.set_id(progress.id);
    state.set_position(progress.position);
    state.set_end_position(progress.end_position);
    state.set_fingerprint(progress.fingerprint);
    return state;
  }
  // Reads one batch of a long file and returns where it stands.
  storage::v1::SplitState ReadHalf() {
    for (int i = 0; i < 20'000; ++i) files_->files["in/a"] += Cat("{\"id\":", i, "}\n");
    auto source = Open(Start());
    EXPECT_FALSE((*source->Poll()).has_value());
    pool_.RunAll();
    EXPECT_TRUE((*source->Poll()).has_value());
    return StateOf(source->splits()[0]);
  }

  std::shared_ptr<MapFiles> files_ = std::make_shared<MapFiles>();
  HeldPool pool_;
  std::unique_ptr<SourceConnector> connector_;
  SourceSpec spec_;
  int num_wakes_ = 0;
  std::vector<int32_t> ids_;
  std::vector<BatchPtr> letters_;
  std::vector<BadRecord> bad_records_;
};

TEST_F(FilesystemSourceTest, PollNeverReadsItself) {
  files_->files["in/a"] = "{\"id\":1}\n";
  auto source = Open(Start());
  files_->num_failures = 1;  // who read now would fail
  EXPECT_FALSE((*source->Poll()).has_value());
  files_->num_failures = 0;
  EXPECT_EQ(num_wakes_, 0);
  pool_.RunAll();
  EXPECT_EQ(num_wakes_, 1);
  EXPECT_TRUE((*source->Poll()).has_value());
}

TEST_F(FilesystemSourceTest, BadLinesAreNamedByFileAndByte) {
  files_->files["in/a"] = "{\"id\":1}\nbroken\n\n{\"id\":\"x\"}\n{\"id\":2}";
  auto source = Open(Start());
  ASSERT_TRUE(ReadAll(*source).ok());
  EXPECT_THAT(ids_, ElementsAre(1, 2));
  ASSERT_EQ(bad_records_.size(), 2u);
  EXPECT_EQ(bad_records_[0].position, 9);
  EXPECT_EQ(bad_records_[0].num_before, 1);
  EXPECT_EQ(bad_records_[1].position, 17);
  EXPECT_EQ(bad_records_[1].num_before, 2);
  auto topics = letters_[0]->GetColumnByName("topic");
  auto offsets = letters_[0]->GetColumnByName("offset");
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*topics).GetView(0), "in/a");
  EXPECT_EQ(static_cast<const arrow::Int64Array&>(*offsets).Value(1), 17);
  auto values = letters_[0]->GetColumnByName("value");
  EXPECT_EQ(static_cast<const arrow::BinaryArray&>(*values).GetView(0), "broken");
}

TEST_F(FilesystemSourceTest, UnreadABadLineFailsAndSaysWhere) {
  files_->files["in/a"] = "{\"id\":1}\nbroken\n";
  spec_.dead_letters_connected = false;
  absl::Status status = ReadAll(*Open(Start()));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("decode record: file: in/a, byte: 9: "));
  EXPECT_THAT(std::string(status.message()), HasSubstr("value: broken; connect the source's dead_letter output"));
}

TEST_F(FilesystemSourceTest, RowsThatComeLaterAreNotRead) {
  files_->files["in/a"] = "{\"id\":1}\n";
  auto start = Start();
  files_->files["in/a"] += "{\"id\":2}\n";
  files_->files["in/b"] = "{\"id\":3}\n";
  ASSERT_TRUE(ReadAll(*Open(start)).ok());
  EXPECT_THAT(ids_, ElementsAre(1));
}

TEST_F(FilesystemSourceTest, AFileThatWasChangedIsDataLoss) {
  auto state = ReadHalf();
  const std::string original = files_->files["in/a"];
  const auto position = static_cast<size_t>(state.position());
  auto read = [&] { return ReadAll(*Open({state})); };
  ASSERT_GT(position, 10'000u);
  ASSERT_TRUE(read().ok());
  files_->files["in/a"][3] = '?';
  EXPECT_THAT(read().ToString(), HasSubstr("its first bytes are others"));
  files_->files["in/a"] = original;
  files_->files["in/a"][position - 5] ^= 1;
  EXPECT_THAT(read().ToString(), HasSubstr("its bytes before the position are others"));
  files_->files["in/a"] = original.substr(0, original.size() - 1);
  EXPECT_THAT(read().ToString(), HasSubstr("bytes, and had"));
  files_->files.clear();
  EXPECT_THAT(read().ToString(), HasSubstr("resume reading file in/a"));
  EXPECT_EQ(read().code(), absl::StatusCode::kDataLoss);
}

TEST_F(FilesystemSourceTest, WhatCannotBeReadNowIsTriedAgain) {
  files_->files["in/a"] = "{\"id\":1}\n";
  auto source = Open(Start());
  files_->num_failures = 1;
  EXPECT_EQ(ReadAll(*source).code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(ReadAll(*source).ok());
  EXPECT_THAT(ids_, ElementsAre(1));
}

TEST_F(FilesystemSourceTest, ALineTooLargeIsABadRecordAndReadingGoesOn) {
  files_->files["in/a"] = Cat("{\"id\":1}\n{\"id\":2,\"s\":\"", std::string(20 << 20, 'x'), "\"}\n{\"id\":3}\n");
  auto source = Open(Start());
  ASSERT_TRUE(ReadAll(*source).ok());
  EXPECT_THAT(ids_, ElementsAre(1, 3));
  EXPECT_EQ(bad_records_.size(), 1u);
  // The file is known again behind it, too.
  auto state = StateOf(source->splits()[0]);
  state.set_end_position(state.end_position() + 9);
  files_->files["in/a"] += "{\"id\":4}\n";
  ASSERT_TRUE(ReadAll(*Open({state})).ok());
  EXPECT_THAT(ids_, ElementsAre(1, 3, 4));
}

TEST_F(FilesystemSourceTest, ADirectoryWithoutFilesEndsAtOnce) {
  auto start = Start();
  ASSERT_EQ(start.size(), 1u);
  auto source = Open(start);
  EXPECT_TRUE(source->splits()[0].finished);
  EXPECT_FALSE((*source->Poll()).has_value());
}

TEST_F(FilesystemSourceTest, OptionsAreChecked) {
  auto& options = *spec_.source.mutable_options();
  options.clear();
  options["source.monitor-interval"] = "5 s";
  options["path"] = "s3://bucket/x";
  options["format"] = "csv";
  options["json.timestamp-format.standart"] = "SQL";
  EXPECT_THAT(connector_->Validate(spec_.source),
              ElementsAre("filesystem: option 'format': there is no format 'csv'; use 'json'",
                          HasSubstr("'json.timestamp-format.standart'; did you mean 'json.timestamp-format.standard'?"),
                          "filesystem: option 'path': 's3://bucket/x' is not a path or a file:// URI",
                          HasSubstr("filesystem: option 'source.monitor-interval': a directory is read once")));
}

}  // namespace
}  // namespace millrace
