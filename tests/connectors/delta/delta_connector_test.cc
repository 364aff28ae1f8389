#include "connectors/delta/delta_connector.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <fstream>
#include <sstream>

#include "base/local_blob_store.h"
#include "connectors/delta/delta_committer.h"
#include "tests/connectors/delta/delta_test_support.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DeltaConnectorTest : public ::testing::Test {
 protected:
  DeltaConnectorTest() {
    ConnectorEnvironment environment;
    environment.clock = &clock_;
    environment.blob_stores = &stores_;
    connector_ = MakeDeltaConnector(environment);
  }

  SinkSpec SpecOf(const std::shared_ptr<arrow::Schema>& schema, const std::vector<std::string>& partition_by = {}) {
    SinkSpec spec;
    spec.identity = {"orders", "sink", "life1"};
    spec.schema = schema;
    spec.generation = Generation(1);
    (*spec.sink.mutable_options())["table-path"] = directory_.path() + "/table";
    for (const auto& name : partition_by) spec.sink.add_partition_by(name);
    return spec;
  }

  absl::Status Prepare(const SinkSpec& spec) { return PrepareTable(spec, "").status(); }
  absl::StatusOr<std::string> PrepareTable(const SinkSpec& spec, std::string_view table_id) {
    return (*connector_->OpenCatalog(spec))->Prepare(spec.identity, table_id);
  }

  // Writes, seals and persists one epoch, as the engine does.
  absl::StatusOr<std::string> Stage(const SinkSpec& spec, uint64_t epoch, const std::string& rows) {
    auto sink = *connector_->MakeSink(spec);
    absl::Status written = sink->Write(*BatchOf(spec.schema, rows));
    if (!written.ok()) return written;
    EXPECT_GT(sink->buffered_bytes(), 0u);
    auto staged = sink->Seal(Epoch(epoch));
    if (!staged.ok()) return staged.status();
    EXPECT_EQ(sink->buffered_bytes(), 0u);
    return (*staged)->Persist();
  }
  // And commits it.
  absl::StatusOr<CommitReceipt> RunEpoch(const SinkSpec& spec, uint64_t epoch, const std::string& rows) {
    absl::StatusOr<std::string> bytes = Stage(spec, epoch, rows);
    if (!bytes.ok()) return bytes.status();
    auto committable = CommittableOf(Epoch(epoch), *bytes);
    return (*connector_->MakeCommitter(spec))->Commit({spec.generation, Epoch(epoch), std::span(&committable, 1), {}});
  }

  // What deltalake reads: a line about the table, then a line per row.
  std::string ForeignRead(const std::string& table, const CommitIdentity& identity) {
    std::string out = directory_.path() + "/read.txt";
    std::string command = Cat("python3 ", MILLRACE_SOURCE_DIR, "/tests/connectors/delta/read_delta.py ", table, " ",
                              DeltaAppId(identity), " > ", out, " 2>&1");
    int result = std::system(command.c_str());
    std::stringstream text;
    text << std::ifstream(out).rdbuf();
    EXPECT_EQ(WEXITSTATUS(result), 0) << text.str() << "\nthis test needs: pip install deltalake==1.6.6 pyarrow";
    return text.str();
  }

  const FixedClock clock_;
  LocalBlobStoreFactory stores_;
  TemporaryDirectory directory_;
  std::unique_ptr<SinkConnector> connector_;
};

std::shared_ptr<arrow::Schema> Ids() { return arrow::schema({arrow::field("id", arrow::int64(), false)}); }

TEST_F(DeltaConnectorTest, OptionsAreAnAllowListWithAdvice) {
  v1::Sink sink;
  EXPECT_THAT(connector_->Validate(sink, *Ids()), ElementsAre(HasSubstr("'table-path' is missing")));
  auto& options = *sink.mutable_options();
  options["table-path"] = "/t";
  EXPECT_THAT(connector_->Validate(sink, *Ids()), ElementsAre());
  options["create"] = "always";
  options["linage"] = "append";
  EXPECT_THAT(connector_->Validate(sink, *Ids()),
              ElementsAre(HasSubstr("option 'create' is 'always'; use 'if-not-exists' or 'never'"),
                          HasSubstr("did you mean 'lineage'")));
}

TEST_F(DeltaConnectorTest, TheBufferIsASize) {
  v1::Sink sink;
  auto& options = *sink.mutable_options();
  options["table-path"] = "/t";
  options["buffer-size"] = "128MiB";
  EXPECT_THAT(connector_->Validate(sink, *Ids()), ElementsAre());
  options["buffer-size"] = "large";
  EXPECT_THAT(connector_->Validate(sink, *Ids()),
              ElementsAre("option 'buffer-size': 'large' is not a size, such as 512MiB or 2GiB"));
  options["buffer-size"] = "12B";
  EXPECT_THAT(connector_->Validate(sink, *Ids()), ElementsAre("option 'buffer-size': '12B' is less than 1.0KiB"));
}

TEST_F(DeltaConnectorTest, PrepareCreatesOnceAndComparesAfterwards) {
  SinkSpec spec = SpecOf(Ids());
  (*spec.sink.mutable_options())["create"] = "never";
  EXPECT_TRUE(absl::IsNotFound(Prepare(spec)));
  spec.sink.mutable_options()->erase("create");
  ASSERT_TRUE(Prepare(spec).ok());
  ASSERT_TRUE(Prepare(spec).ok());
  spec.schema = arrow::schema({arrow::field("id", arrow::utf8(), false)});
  absl::Status status = Prepare(spec);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("column id: the pipeline writes string not null, the table has long not null"));
}

TEST_F(DeltaConnectorTest, AnotherLineageIsRefusedUnlessTheUserSaysAppend) {
  SinkSpec spec = SpecOf(Ids());
  ASSERT_TRUE(Prepare(spec).ok());
  EXPECT_EQ(*(*connector_->OpenCatalog(spec))->LastCommitted(spec.identity), Epoch());
  ASSERT_TRUE(RunEpoch(spec, 3, "[[1]]").ok());
  EXPECT_EQ(*(*connector_->OpenCatalog(spec))->LastCommitted(spec.identity), Epoch(3));
  EXPECT_TRUE(Prepare(spec).ok());
  SinkSpec other_sink = spec;
  other_sink.identity.sink_uid = "sink2";
  other_sink.identity.lineage = "life2";
  EXPECT_TRUE(Prepare(other_sink).ok());
  SinkSpec reborn = spec;
  reborn.identity.lineage = "life2";
  absl::Status status = Prepare(reborn);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("option 'lineage' to 'append'"));
  (*reborn.sink.mutable_options())["lineage"] = "append";
  EXPECT_TRUE(Prepare(reborn).ok());
}

TEST_F(DeltaConnectorTest, ATableThatIsGoneOrAnotherOneIsRefused) {
  SinkSpec spec = SpecOf(Ids());
  auto id = PrepareTable(spec, "");
  ASSERT_TRUE(id.ok()) << id.status();
  ASSERT_FALSE(id->empty());
  EXPECT_EQ(*PrepareTable(spec, *id), *id);
  ASSERT_TRUE(RunEpoch(spec, 1, "[[1]]").ok());
  // Deleted: it is not made anew behind the user's back.
  std::filesystem::remove_all(directory_.path() + "/table");
  absl::Status gone = PrepareTable(spec, *id).status();
  EXPECT_EQ(gone.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(gone.message()), HasSubstr(Cat("id ", *id, ", is gone. Put it back")));
  // Made anew by someone else.
  SinkSpec other = spec;
  other.identity.lineage = "life2";
  auto other_id = PrepareTable(other, "");
  ASSERT_TRUE(other_id.ok()) << other_id.status();
  EXPECT_NE(*other_id, *id);
  absl::Status replaced = PrepareTable(spec, *id).status();
  EXPECT_EQ(replaced.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(replaced.message()), HasSubstr(Cat("its id is ", *other_id, ", this pipeline wrote to ", *id)));
  // A commit that was pending meanwhile is refused too, by a committer that never saw the old table.
  storage::v1::Committable committable;
  absl::Status commit =
      (*connector_->MakeCommitter(spec))
          ->Commit({spec.generation, Epoch(2), std::span(&committable, 1), {}, *id})
          .status();
  EXPECT_TRUE(commit.ok()) << "an empty epoch touches no table: " << commit;
  auto staged = Stage(spec, 2, "[[2]]");
  ASSERT_TRUE(staged.ok()) << staged.status();
  committable.set_sealed_epoch(2);
  committable.set_bytes(*staged);
  commit = (*connector_->MakeCommitter(spec))
               ->Commit({spec.generation, Epoch(2), std::span(&committable, 1), {}, *id})
               .status();
  EXPECT_EQ(commit.code(), absl::StatusCode::kFailedPrecondition) << commit;
  EXPECT_THAT(std::string(commit.message()), HasSubstr("another table is in its place"));
}

TEST_F(DeltaConnectorTest, RowsThatDoNotFitAreRefusedByColumn) {
  auto sink = *connector_->MakeSink(SpecOf(Ids()));
  auto nullable = arrow::schema({arrow::field("id", arrow::int64())});
  absl::Status status = sink->Write(*BatchOf(nullable, "[[1], [null]]"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("column id is NOT NULL, but 1 of 2 rows"));
  EXPECT_FALSE(sink->Write(*BatchOf(arrow::schema({arrow::field("id", arrow::int32())}), "[[1]]")).ok());
  EXPECT_FALSE(sink->Write(*BatchOf(arrow::schema({arrow::field("ident", arrow::int64())}), "[[1]]")).ok());
  auto nothing = sink->Seal(Epoch(1));
  ASSERT_TRUE(nothing.ok());
  EXPECT_EQ(*nothing, nullptr);
}

TEST_F(DeltaConnectorTest, StagingTheSameEpochAgainGivesTheSameFiles) {
  SinkSpec spec = SpecOf(Ids());
  std::string first;
  for (int run = 0; run < 2; ++run) {
    auto sink = *connector_->MakeSink(spec);
    ASSERT_TRUE(sink->Write(*BatchOf(Ids(), "[[1], [2]]")).ok());
    auto bytes = (*sink->Seal(Epoch(1)))->Persist();
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    if (run == 0) first = *bytes;
    EXPECT_EQ(*bytes, first);
  }
}

std::shared_ptr<arrow::Schema> EveryType() {
  return arrow::schema({
      arrow::field("id", arrow::int64(), false),
      arrow::field("b", arrow::boolean()),
      arrow::field("i8", arrow::int8()),
      arrow::field("i16", arrow::int16()),
      arrow::field("i32", arrow::int32()),
      arrow::field("f", arrow::float32()),
      arrow::field("d", arrow::float64()),
      arrow::field("dec", arrow::decimal128(10, 2)),
      arrow::field("big", arrow::decimal128(38, 10)),
      arrow::field("s", arrow::utf8()),
      arrow::field("bin", arrow::binary()),
      arrow::field("day", arrow::date32()),
      arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
      arrow::field("local", arrow::timestamp(arrow::TimeUnit::MICRO)),
      arrow::field("list", arrow::list(arrow::field("element", arrow::int32()))),
      arrow::field("map", arrow::map(arrow::utf8(), arrow::int64())),
      arrow::field("row", arrow::struct_({arrow::field("x", arrow::int32()), arrow::field("y", arrow::utf8())})),
  });
}

constexpr const char* kValues =
    R"(true, -8, 16, 32, 0.5, -1e300, "12345678.90", "-0.0000000001", "ä\"\\", "xyz", 20778, 1795255200123456, -1, [1, null], [["k", 7]], [3, "z"])";

TEST_F(DeltaConnectorTest, EveryTypeIsReadByAForeignReaderFromLogAndFromCheckpoint) {
  SinkSpec spec = SpecOf(EveryType());
  ASSERT_TRUE(Prepare(spec).ok());
  std::string expected;
  for (uint64_t epoch = 1; epoch <= 12; ++epoch) {
    auto receipt = RunEpoch(
        spec, epoch,
        epoch == 1
            ? "[[1, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null]]"
            : Cat("[[", epoch, ", ", kValues, "]]"));
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    expected +=
        epoch == 1
            ? R"({"at": null, "b": null, "big": null, "bin": null, "d": null, "day": null, "dec": null, "f": null, "i16": null, "i32": null, "i8": null, "id": 1, "list": null, "local": null, "map": null, "row": null, "s": null})"
            : Cat(R"({"at": "2026-11-21 10:00:00.123456+00:00", "b": true, "big": "-1E-10", "bin": "78797a", "d": -1e+300, "day": "2026-11-21", "dec": "12345678.90", "f": 0.5, "i16": 16, "i32": 32, "i8": -8, "id": )",
                  epoch,
                  R"(, "list": [1, null], "local": "1969-12-31 23:59:59.999999", "map": [["k", 7]], "row": {"x": 3, "y": "z"}, "s": "\u00e4\"\\"})");
    expected += "\n";
  }
  const std::string table = directory_.path() + "/table";
  EXPECT_EQ(ForeignRead(table, spec.identity), "{\"version\": 12, \"txn\": 12, \"files\": 12}\n" + expected);

  // The checkpoint of version 10 must say all that the log before it said.
  const std::string copy = directory_.path() + "/copy";
  std::filesystem::copy(table, copy, std::filesystem::copy_options::recursive);
  for (int version = 0; version < 10; ++version) {
    ASSERT_TRUE(std::filesystem::remove(Cat(copy, "/", DeltaCommitName(version)))) << version;
  }
  EXPECT_EQ(ForeignRead(copy, spec.identity), "{\"version\": 12, \"txn\": 12, \"files\": 12}\n" + expected);
  (*spec.sink.mutable_options())["table-path"] = copy;
  EXPECT_TRUE(Prepare(spec).ok());
  EXPECT_EQ(*(*connector_->OpenCatalog(spec))->LastCommitted(spec.identity), Epoch(12));
}

TEST_F(DeltaConnectorTest, AForeignWriterMayAppendAndCheckpointInBetween) {
  SinkSpec spec = SpecOf(Ids());
  ASSERT_TRUE(Prepare(spec).ok());
  ASSERT_TRUE(RunEpoch(spec, 1, "[[1]]").ok());
  const std::string table = directory_.path() + "/table";
  std::string command = Cat("python3 ", MILLRACE_SOURCE_DIR, "/tests/connectors/delta/append_delta.py ", table, " 2");
  ASSERT_EQ(std::system(command.c_str()), 0) << "this test needs: pip install deltalake==1.6.6 pyarrow";
  // All that is left of our marker and files is what the foreign checkpoint says.
  for (int version = 0; version <= 2; ++version) {
    ASSERT_TRUE(std::filesystem::remove(Cat(table, "/", DeltaCommitName(version)))) << version;
  }
  ASSERT_TRUE(Prepare(spec).ok());
  auto again = RunEpoch(spec, 1, "[[1]]");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->duplicate);
  auto next = RunEpoch(spec, 2, "[[3]]");
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->table_version, 3u);
  EXPECT_EQ(ForeignRead(table, spec.identity),
            "{\"version\": 3, \"txn\": 2, \"files\": 3}\n{\"id\": 1}\n{\"id\": 2}\n{\"id\": 3}\n");
}

TEST_F(DeltaConnectorTest, PartitionValuesAreReadByAForeignReader) {
  auto schema = arrow::schema({
      arrow::field("id", arrow::int64()),
      arrow::field("day", arrow::date32()),
      arrow::field("country", arrow::utf8()),
      arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
      arrow::field("price", arrow::decimal128(10, 2)),
      arrow::field("ok", arrow::boolean()),
  });
  SinkSpec spec = SpecOf(schema, {"day", "country", "at", "price", "ok"});
  ASSERT_THAT(connector_->Validate(spec.sink, *schema), ElementsAre());
  ASSERT_TRUE(Prepare(spec).ok());
  auto receipt = RunEpoch(spec, 1,
                          R"([[1, 20778, "a=/ %", 1795255200123456, "1.50", true], [2, null, null, null, null, null],
                              [3, 20778, "a=/ %", 1795255200123456, "1.50", true], [4, 20778, "", -1, "-0.01", false]])");
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(ForeignRead(directory_.path() + "/table", spec.identity),
            R"({"version": 1, "txn": 1, "files": 3}
{"at": "2026-11-21 10:00:00.123456+00:00", "country": "a=/ %", "day": "2026-11-21", "id": 1, "ok": true, "price": "1.50"}
{"at": null, "country": null, "day": null, "id": 2, "ok": null, "price": null}
{"at": "2026-11-21 10:00:00.123456+00:00", "country": "a=/ %", "day": "2026-11-21", "id": 3, "ok": true, "price": "1.50"}
{"at": "1969-12-31 23:59:59.999999+00:00", "country": null, "day": "2026-11-21", "id": 4, "ok": false, "price": "-0.01"}
)");
}

}  // namespace
}  // namespace millrace
