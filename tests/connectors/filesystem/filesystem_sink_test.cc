#include <gmock/gmock.h>

#include <map>

#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/memory_blob_store.h"
#include "connectors/filesystem/filesystem_sink_connector.h"
#include "connectors/format/json_decoder.h"
#include "connectors/row_files/row_files.h"
#include "millrace/storage/v1/row_files.pb.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OneStore final : public BlobStoreFactory {
 public:
  explicit OneStore(std::shared_ptr<BlobStore> store) : store_(std::move(store)) {}
  absl::StatusOr<std::shared_ptr<BlobStore>> Open(std::string_view) override { return store_; }

 private:
  const std::shared_ptr<BlobStore> store_;
};

class FilesystemSinkTest : public ::testing::Test {
 protected:
  FilesystemSinkTest() : factory_(store_), connector_(MakeFilesystemSinkConnector({nullptr, nullptr, &factory_, nullptr})) {
    spec_.identity = {"p", "out", "0123456789abcdef"};
    (*spec_.sink.mutable_options())["path"] = "out";
    (*spec_.sink.mutable_options())["format"] = "json";
    google::protobuf::RepeatedPtrField<v1::Column> columns;
    for (const auto& [name, type] : std::vector<std::pair<std::string, std::string>>{
             {"id", "INT"}, {"country", "STRING"}, {"at", "TIMESTAMP_LTZ(3)"}}) {
      columns.Add()->set_name(name);
      columns.rbegin()->set_type(type);
    }
    spec_.schema = SchemaOf(columns).value();
  }
  storage::v1::Committable Stage(uint64_t epoch, const std::vector<std::string>& lines) {
    auto decoder = JsonDecoder::Make(spec_.schema, {}).value();
    for (const std::string& line : lines) EXPECT_TRUE(decoder->Append({line.data(), line.size()}).ok());
    auto sink = *connector_->MakeSink(spec_);
    EXPECT_TRUE(sink->Write(*decoder->Flush().value()).ok());
    storage::v1::Committable committable;
    committable.set_sealed_epoch(epoch);
    committable.set_bytes(*(*sink->Seal(Epoch(epoch)))->Persist());
    return committable;
  }
  absl::Status Commit(uint64_t epoch, const storage::v1::Committable& staged, const std::string& table_id = "") {
    CommitRequest request{Generation(1), Epoch(epoch), std::span(&staged, 1), {}};
    request.table_id = table_id;
    return (*connector_->MakeCommitter(spec_))->Commit(request).status();
  }
  // Text by directory, of what is seen; the names of files are checked apart.
  std::map<std::string, std::string> Seen() {
    std::map<std::string, std::string> seen;
    const std::vector<std::string> names = *store_->List("");
    for (const std::string& name : names) {
      if (!name.starts_with("_millrace/")) seen[name.substr(0, name.find("part-"))] += *store_->Get(name);
    }
    return seen;
  }
  std::string Prepare() { return *(*connector_->OpenCatalog(spec_))->Prepare(spec_.identity, ""); }

  const std::shared_ptr<MemoryBlobStore> store_ = std::make_shared<MemoryBlobStore>();
  OneStore factory_;
  const std::unique_ptr<SinkConnector> connector_;
  SinkSpec spec_;
};

TEST_F(FilesystemSinkTest, NothingIsSeenBeforeTheCommit) {
  auto staged = Stage(7, {R"({"id":1,"country":"DE","at":"2020-01-01 00:00:00.5Z"})", R"({"id":2})"});
  EXPECT_THAT(Seen(), IsEmpty());
  ASSERT_TRUE(Commit(7, staged).ok());
  EXPECT_EQ(Seen()[""], "{\"id\":1,\"country\":\"DE\",\"at\":\"2020-01-01 00:00:00.5Z\"}\n{\"id\":2,\"country\":null,\"at\":null}\n");
  const std::vector<std::string> names = *store_->List("part-");
  ASSERT_EQ(names.size(), 1u);
  EXPECT_TRUE(names[0].starts_with("part-01234567-000000000007-00000-")) << names[0];
  EXPECT_TRUE(names[0].ends_with(".json")) << names[0];
  EXPECT_THAT(*store_->List("_millrace/p/out/0123456789abcdef/staged/"), IsEmpty());
}

TEST_F(FilesystemSinkTest, PartitionsAreDirectoriesAndNotInTheFiles) {
  spec_.sink.add_partition_by("country");
  (*spec_.sink.mutable_options())["json.timestamp-format.standard"] = "ISO-8601";
  ASSERT_TRUE(Commit(1, Stage(1, {R"({"id":1,"country":"DE","at":"2020-01-01 00:00:00Z"})", R"({"id":2,"country":"a/b=c"})", R"({"id":3})",
                                  R"({"id":4,"country":"DE"})"}))
                  .ok());
  EXPECT_EQ(Seen(), (std::map<std::string, std::string>{
                        {"country=DE/", "{\"id\":1,\"at\":\"2020-01-01T00:00:00Z\"}\n{\"id\":4,\"at\":null}\n"},
                        {"country=a%2Fb%3Dc/", "{\"id\":2,\"at\":null}\n"},
                        {"country=__DEFAULT_PARTITION__/", "{\"id\":3,\"at\":null}\n"}}));
}

TEST_F(FilesystemSinkTest, AFileThatWasTakenAwayDoesNotComeBack) {
  auto staged = Stage(1, {R"({"id":1})"});
  ASSERT_TRUE(Commit(1, staged).ok());
  const std::string name = store_->List("part-")->front();
  ASSERT_TRUE(store_->Delete(name).ok());
  ASSERT_TRUE(Commit(1, staged).ok());
  EXPECT_THAT(Seen(), IsEmpty());
}

TEST_F(FilesystemSinkTest, WhatWasCommittedButNotPublishedIsPublishedByTheNextOne) {
  const std::string id = Prepare();
  auto staged = Stage(1, {R"({"id":1})"});
  ASSERT_TRUE(Commit(1, staged, id).ok());
  // As after a kill between the entry in the log and the file's name.
  const std::string name = store_->List("part-")->front();
  const std::string bytes = *store_->Get(name);
  storage::v1::RowFilesCommittable decoded;
  ASSERT_TRUE(decoded.ParseFromString(staged.bytes()));
  ASSERT_TRUE(store_->Put(decoded.files(0).staged_path(), bytes).ok());
  ASSERT_TRUE(store_->Delete(name).ok());
  ASSERT_TRUE((*connector_->MakeCommitter(spec_))->Fence(Generation(2), Epoch(5), id).ok());
  EXPECT_EQ(Seen()[""], bytes);
}

TEST_F(FilesystemSinkTest, AnotherFileOfThatNameIsNotTouched) {
  auto staged = Stage(1, {R"({"id":1})"});
  storage::v1::RowFilesCommittable decoded;
  ASSERT_TRUE(decoded.ParseFromString(staged.bytes()));
  ASSERT_TRUE(store_->Put(decoded.files(0).path(), "mine").ok());
  EXPECT_EQ(Commit(1, staged).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(*store_->Get(decoded.files(0).path()), "mine");
}

TEST_F(FilesystemSinkTest, AnotherDirectoryIsRefused) {
  const std::string id = Prepare();
  auto staged = Stage(1, {R"({"id":1})"});
  EXPECT_EQ(Commit(1, staged, "other").code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(store_->Delete("_millrace/id").ok());
  EXPECT_EQ(Commit(1, staged, id).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ((*connector_->OpenCatalog(spec_))->Prepare(spec_.identity, id).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(FilesystemSinkTest, SeveralPipelinesMayWriteToOneDirectory) {
  const std::string id = Prepare();
  ASSERT_TRUE(Commit(1, Stage(1, {R"({"id":1})"}), id).ok());
  spec_.identity = {"q", "out", "fedcba9876543210"};
  EXPECT_EQ(Prepare(), id);
  ASSERT_TRUE(Commit(1, Stage(1, {R"({"id":1})"}), id).ok());
  EXPECT_EQ(store_->List("part-")->size(), 2u);
}

TEST_F(FilesystemSinkTest, DamageToTheLogIsDataLoss) {
  ASSERT_TRUE(Commit(1, Stage(1, {R"({"id":1})"})).ok());
  const std::string entry = store_->List("_millrace/p/out/0123456789abcdef/log/")->front();
  std::string bytes = *store_->Get(entry);
  bytes[3] ^= 1;
  ASSERT_TRUE(store_->Put(entry, bytes).ok());
  EXPECT_EQ(Commit(2, Stage(2, {R"({"id":2})"})).code(), absl::StatusCode::kDataLoss);
}

TEST_F(FilesystemSinkTest, OptionsAreChecked) {
  auto& options = *spec_.sink.mutable_options();
  options.clear();
  options["pfad"] = "x";
  options["format"] = "parquet";
  options["sink.rolling-policy.file-size"] = "10";
  options["sink.rolling-policy.rollover-interval"] = "1 min";
  spec_.sink.add_partition_by("city");
  EXPECT_THAT(connector_->Validate(spec_.sink, *spec_.schema),
              ElementsAre("filesystem: option 'format': there is no format 'parquet'; use 'json'",
                          HasSubstr("there is no option 'pfad'"),
                          "filesystem: option 'sink.rolling-policy.file-size': '10' is less than 1.0KiB",
                          HasSubstr("'sink.rolling-policy.rollover-interval': files become visible with each checkpoint"),
                          "filesystem: option 'path' is missing; name the directory to write to",
                          "filesystem: there is no column 'city' to partition by"));
}

}  // namespace
}  // namespace millrace
