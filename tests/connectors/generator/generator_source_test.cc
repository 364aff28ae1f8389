#include "connectors/generator/generator_connector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "arrow/scalar.h"
#include "base/error.h"
#include "connectors/generator/generator_options.h"
#include "connectors/generator/generator_source.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;

class FakeClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::UnixEpoch() + now_; }
  absl::Duration Monotonic() const override { return now_; }
  void Advance(absl::Duration by) { now_ += by; }

 private:
  absl::Duration now_;
};

// Keeps what blocks until the test runs it.
class HeldPool final : public IoPool {
 public:
  void Run(absl::AnyInvocable<void()> blocking) override { held_.push_back(std::move(blocking)); }
  void RunAll() {
    auto held = std::move(held_);
    held_.clear();
    for (auto& closure : held) closure();
  }

 private:
  std::vector<absl::AnyInvocable<void()>> held_;
};

class GeneratorTest : public ::testing::Test {
 protected:
  GeneratorTest() {
    spec_.pipeline = "p";
    spec_.uid = "clicks";
    spec_.source.set_connector("generator");
    AddColumn("user_id", "STRING");
    AddColumn("event_time", "TIMESTAMP_LTZ(3)");
    AddColumn("amount", "DECIMAL(10, 2)");
    AddColumn("event_id", "BIGINT");
    SetOption("rows", "3000");
    SetOption("splits", "2");
    environment_.clock = &clock_;
    environment_.io_pool = &pool_;
    connector_ = MakeGeneratorConnector(environment_);
  }
  void AddColumn(const std::string& name, const std::string& type) {
    v1::Column* column = spec_.source.add_columns();
    column->set_name(name);
    column->set_type(type);
    spec_.used_columns.push_back(name);
  }
  void SetOption(const std::string& name, const std::string& value) { (*spec_.source.mutable_options())[name] = value; }
  std::vector<storage::v1::SplitState> Start() {
    auto catalog = *connector_->OpenCatalog(spec_);
    system_id_ = *catalog->SystemId();
    return *catalog->ResolveStart(*catalog->ListSplits());
  }
  std::unique_ptr<Source> Open(const std::vector<storage::v1::SplitState>& splits) {
    auto source = connector_->MakeSource(spec_);
    EXPECT_TRUE(source.ok()) << source.status();
    absl::Status status = (*source)->Open(splits, system_id_, [this] { ++num_wakes_; });
    EXPECT_TRUE(status.ok()) << status;
    return std::move(*source);
  }
  // Every row as text, by split, until there is nothing to be had.
  std::vector<std::string> ReadAll(Source& source) {
    std::vector<std::string> rows(source.splits().size());
    while (true) {
      auto batch = source.Poll();
      EXPECT_TRUE(batch.ok()) << batch.status();
      if (!batch.ok() || !batch->has_value()) return rows;
      int64_t row = 0;
      for (const SplitRun& run : (*batch)->runs) {
        for (int64_t end = row + run.num_rows; row < end; ++row) {
          for (int column = 0; column < (*batch)->rows->num_columns(); ++column) {
            rows[run.split] += Cat((*(*batch)->rows->column(column)->GetScalar(row))->ToString(), ",");
          }
          rows[run.split] += "\n";
        }
      }
      EXPECT_EQ(row, (*batch)->rows->num_rows());
      if ((*batch)->dead_letters != nullptr) num_dead_letters_ += (*batch)->dead_letters->num_rows();
    }
  }

  FakeClock clock_;
  HeldPool pool_;
  ConnectorEnvironment environment_;
  std::unique_ptr<SourceConnector> connector_;
  SourceSpec spec_;
  std::string system_id_;
  int num_wakes_ = 0;
  int64_t num_dead_letters_ = 0;
};

TEST_F(GeneratorTest, TheSameSeedGivesTheSameRowsAndAnotherSeedOthers) {
  auto first = ReadAll(*Open(Start()));
  auto second = ReadAll(*Open(Start()));
  EXPECT_EQ(first, second);
  EXPECT_NE(first[0], first[1]);
  EXPECT_EQ(std::count(first[1].begin(), first[1].end(), '\n'), 3000);
  SetOption("seed", "2");
  EXPECT_NE(ReadAll(*Open(Start())), first);
}

TEST_F(GeneratorTest, AnyPositionCanBeResumed) {
  auto whole = ReadAll(*Open(Start()));
  auto splits = Start();
  splits[0].set_position(1234);
  splits[1].set_position(3000);
  auto source = Open(splits);
  EXPECT_TRUE(source->splits()[1].finished);
  auto rest = ReadAll(*source);
  EXPECT_EQ(std::count(rest[0].begin(), rest[0].end(), '\n'), 3000 - 1234);
  EXPECT_TRUE(whole[0].ends_with(rest[0]));
  EXPECT_EQ(rest[1], "");
  EXPECT_EQ(source->splits()[0].position, 3000);
  EXPECT_TRUE(source->splits()[0].finished);
}

TEST_F(GeneratorTest, BadRecordsBecomeDeadLettersOrFailThePipeline) {
  SetOption("bad-ratio", "0.1");
  spec_.dead_letters_connected = true;
  auto rows = ReadAll(*Open(Start()));
  int64_t good = std::count(rows[0].begin(), rows[0].end(), '\n') + std::count(rows[1].begin(), rows[1].end(), '\n');
  EXPECT_EQ(good + num_dead_letters_, 6000);
  EXPECT_NEAR(static_cast<double>(num_dead_letters_), 600, 150);
  spec_.dead_letters_connected = false;
  auto source = Open(Start());
  EXPECT_EQ(source->Poll().status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(GeneratorTest, ABadRecordPartsTheRowsAroundIt) {
  SetOption("bad-ratio", "0.3");
  spec_.dead_letters_connected = true;
  auto source = Open(Start());
  int64_t num_rows = 0;
  while (auto batch = *source->Poll()) {
    const auto& ids = static_cast<const arrow::Int64Array&>(*batch->rows->column(3));
    int64_t row = 0;
    for (const SplitRun& run : batch->runs) {
      const std::string& id = source->splits()[static_cast<size_t>(run.split)].id;
      EXPECT_GT(run.num_rows, 0);
      for (int64_t i = 0; i < run.num_rows; ++i, ++row) {
        EXPECT_EQ(ids.Value(row), (run.first_position + i) * 2 + (id.back() - '0'));
      }
    }
    EXPECT_EQ(row, ids.length());
    num_rows += row;
  }
  EXPECT_NEAR(static_cast<double>(num_rows), 4200, 300);
}

TEST_F(GeneratorTest, ARateHoldsRowsBackAndWakes) {
  SetOption("rows-per-second", "100");
  auto source = Open(Start());
  auto none = source->Poll();
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->has_value());
  EXPECT_EQ(num_wakes_, 0);
  pool_.RunAll();
  EXPECT_EQ(num_wakes_, 1);
  clock_.Advance(absl::Seconds(2));
  auto rows = ReadAll(*source);
  EXPECT_EQ(std::count(rows[0].begin(), rows[0].end(), '\n'), 100);
  EXPECT_TRUE(source->splits()[0].at_end);
  EXPECT_FALSE(source->splits()[0].finished);
  source->Close();
  pool_.RunAll();
  EXPECT_EQ(num_wakes_, 1);
}

TEST_F(GeneratorTest, DisorderAndLatenessStayInTheirBounds) {
  GeneratorOptions options{.event_step_ms = 10, .disorder_ms = 500, .late_ratio = 0.05};
  int num_late = 0;
  for (int64_t i = 0; i < 10'000; ++i) {
    int64_t place = (options.start_time_ms + i * 10) * 1000;
    int64_t older = place - GenerateRow(options, 3, i).event_time_micros;
    ASSERT_GE(older, 0);
    if (older > 500'000) {
      ASSERT_GE(older, 3'600'000'000);
      ++num_late;
    }
  }
  EXPECT_NEAR(num_late, 500, 120);
}

TEST_F(GeneratorTest, AnotherIdentityIsDataLoss) {
  auto splits = Start();
  SetOption("seed", "9");
  auto source = *connector_->MakeSource(spec_);
  EXPECT_EQ(source->Open(splits, system_id_, [] {}).code(), absl::StatusCode::kDataLoss);
}

TEST_F(GeneratorTest, ValidateNamesEveryMistake) {
  EXPECT_TRUE(connector_->Validate(spec_.source).empty());
  SetOption("row", "7");
  SetOption("late-ratio", "2");
  AddColumn("price", "INT");
  AddColumn("url", "BIGINT");
  std::string all;
  for (const std::string& mistake : connector_->Validate(spec_.source)) all += mistake + "\n";
  EXPECT_THAT(all, HasSubstr("'row'; did you mean 'rows'?"));
  EXPECT_THAT(all, HasSubstr("'late-ratio': '2' is not a number from 0 to 1"));
  EXPECT_THAT(all, HasSubstr("column 'price'"));
  EXPECT_THAT(all, HasSubstr("column 'url'"));
}

}  // namespace
}  // namespace millrace
