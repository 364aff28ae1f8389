// What every bounded Source and its catalog promise, on each of them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <functional>
#include <map>

#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "arrow/scalar.h"
#include "base/error.h"
#include "base/local_blob_store.h"
#include "connectors/registry.h"

namespace millrace {
namespace {

class FakeClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1'795'255'200); }
  // Far enough at every look for any rate.
  absl::Duration Monotonic() const override { return now_ += absl::Hours(1); }

 private:
  mutable absl::Duration now_;
};

// Runs what blocks when the test says so.
class HeldPool final : public IoPool {
 public:
  void Run(absl::AnyInvocable<void()> blocking) override { held_.push_back(std::move(blocking)); }
  bool RunOne() {
    if (held_.empty()) return false;
    auto closure = std::move(held_.front());
    held_.pop_front();
    closure();
    return true;
  }

 private:
  std::deque<absl::AnyInvocable<void()>> held_;
};

struct Kind {
  std::string connector;
  std::map<std::string, std::string> options;
  std::vector<std::pair<std::string, std::string>> columns;
  int64_t num_rows = 0;
  // By name, below the test's directory, which is ${dir} in options.
  std::map<std::string, std::string> files = {};
  // What the first column says of the record that stands at a position of a split. Null: of a file, told by its bytes.
  std::function<int64_t(int64_t number, int64_t position)> first_column = nullptr;
};

// The "id" of the line of a file that begins at a byte; −1: no line begins there.
int64_t IdOfLineAt(const std::string& text, int64_t position) {
  const auto at = static_cast<size_t>(position);
  constexpr std::string_view kBefore = "{\"id\":";
  if (at > 0 && text[at - 1] != '\n') return -1;
  if (text.compare(at, kBefore.size(), kBefore) != 0) return -1;
  return std::stoll(text.substr(at + kBefore.size(), 20));
}

std::vector<Kind> Kinds() {
  std::string lines;
  for (int i = 0; i < 2500; ++i) lines += Cat("{\"id\":", i, ",\"s\":\"row ", i, "\"}\n");
  std::string many;
  for (int i = 0; i < 30'000; ++i) many += Cat("{\"id\":", i, ",\"s\":\"", std::string(static_cast<size_t>(i % 97), 'x'), "\"}\n");
  return {
      {"generator", {{"rows", "2500"}, {"splits", "2"}}, {{"event_id", "BIGINT"}, {"url", "STRING"}}, 5000, {},
       [](int64_t number, int64_t position) { return position * 2 + number; }},
      {"values", {{"rows", lines}}, {{"id", "BIGINT"}, {"s", "STRING"}}, 2500, {},
       [](int64_t /*number*/, int64_t position) { return position; }},
      {"datagen",
       {{"number-of-rows", "5003"}, {"scan.parallelism", "3"}, {"fields.n.kind", "sequence"}, {"fields.n.start", "1"},
        {"fields.n.end", "9999"}, {"fields.s.null-rate", "0.2"}},
       {{"n", "BIGINT"}, {"s", "STRING"}, {"ts", "TIMESTAMP_LTZ(3)"}},
       5003,
       {},
       [](int64_t number, int64_t position) { return position * 3 + number + 1; }},
      {"filesystem",
       {{"path", "${dir}/files"}, {"format", "json"}},
       {{"id", "BIGINT"}, {"s", "STRING"}},
       30'003,
       {{"files/a.json", many}, {"files/b.json", "{\"id\":1}\n\n \r\n{\"id\":2}\r\n{\"id\":3}"}, {"files/empty", ""},
        {"files/.hidden", "?"}, {"files/_hidden", "?"}, {"files/below/c.json", "?"}}},
      {"filesystem", {{"path", "file://${dir}/one.json"}, {"format", "json"}}, {{"id", "BIGINT"}}, 30'000, {{"one.json", many}}},
  };
}

class SourceContract : public ::testing::TestWithParam<Kind> {
 protected:
  using Rows = std::map<std::string, std::vector<std::string>>;  // by split

  SourceContract() : registry_(BuiltinConnectors({&clock_, &pool_, &blob_stores_, nullptr})) {
    directory_ = Cat(testing::TempDir(), "/millrace-source-contract-", getpid());
    auto store = *blob_stores_.Open(directory_);
    for (const auto& [name, text] : GetParam().files) EXPECT_TRUE(store->Put(name, text).ok());
    connector_ = *registry_.FindSource(GetParam().connector);
    spec_.pipeline = "p";
    spec_.uid = "in";
    spec_.source.set_connector(GetParam().connector);
    for (auto [name, value] : GetParam().options) {
      if (size_t at = value.find("${dir}"); at != value.npos) value.replace(at, 6, directory_);
      (*spec_.source.mutable_options())[name] = value;
    }
    for (const auto& [name, type] : GetParam().columns) {
      v1::Column& column = *spec_.source.add_columns();
      column.set_name(name);
      column.set_type(type);
      spec_.used_columns.push_back(name);
    }
    EXPECT_EQ(connector_->Validate(spec_.source), std::vector<std::string>());
    auto catalog = *connector_->OpenCatalog(spec_);
    system_id_ = *catalog->SystemId();
    start_ = *catalog->ResolveStart(*catalog->ListSplits());
  }

  ~SourceContract() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<Source> Open(const std::vector<storage::v1::SplitState>& splits) {
    auto source = connector_->MakeSource(spec_);
    EXPECT_TRUE(source.ok()) << source.status();
    absl::Status opened = (*source)->Open(splits, system_id_, [] {});
    EXPECT_TRUE(opened.ok()) << opened;
    return *std::move(source);
  }
  // The next batch with records; nothing when all splits are finished or nothing more comes.
  std::optional<SourceBatch> Next(Source& source) {
    while (true) {
      auto batch = source.Poll();
      EXPECT_TRUE(batch.ok()) << batch.status();
      if (!batch.ok()) return std::nullopt;
      if (batch->has_value()) return std::move(**batch);
      if (!pool_.RunOne()) return std::nullopt;
    }
  }
  void Add(const Source& source, const SourceBatch& batch, Rows* rows) {
    int64_t row = 0;
    int64_t num_rows = 0;
    for (const SplitRun& run : batch.runs) num_rows += run.num_rows;
    ASSERT_EQ(num_rows, batch.rows->num_rows());
    for (const SplitRun& run : batch.runs) {
      for (int64_t end = row + run.num_rows; row < end; ++row) {
        std::string text;
        for (const auto& column : batch.rows->columns()) text += Cat((*column->GetScalar(row))->ToString(), ",");
        (*rows)[source.splits()[static_cast<size_t>(run.split)].id].push_back(text);
      }
    }
  }
  Rows ReadAll(Source& source) {
    Rows rows;
    while (auto batch = Next(source)) Add(source, *batch, &rows);
    return rows;
  }
  int64_t FirstColumnAt(const SplitProgress& split, int64_t position) {
    const size_t slash = split.id.rfind('/');
    if (!split.is_file) return GetParam().first_column(std::stoll(split.id.substr(slash + 1)), position);
    for (const auto& [name, text] : GetParam().files) {
      if (split.id.ends_with(name)) return IdOfLineAt(text, position);
    }
    return -1;
  }
  static std::vector<storage::v1::SplitState> StateOf(const Source& source) {
    std::vector<storage::v1::SplitState> states;
    for (const SplitProgress& progress : source.splits()) {
      auto& state = states.emplace_back();
      state.set_id(progress.id);
      state.set_position(progress.position);
      state.set_end_position(progress.end_position);
      state.set_fingerprint(progress.fingerprint);
      state.set_finished(progress.finished);
    }
    return states;
  }

  FakeClock clock_;
  HeldPool pool_;
  LocalBlobStoreFactory blob_stores_;
  ConnectorRegistry registry_;
  std::string directory_;
  const SourceConnector* connector_ = nullptr;
  SourceSpec spec_;
  std::string system_id_;
  std::vector<storage::v1::SplitState> start_;
};

TEST_P(SourceContract, IsBoundedAndSaysSo) {
  EXPECT_TRUE(connector_->IsBounded(spec_.source));
  ASSERT_FALSE(start_.empty());
  for (const auto& split : start_) EXPECT_GE(split.end_position(), split.position()) << split.id();
}

TEST_P(SourceContract, ReadsEveryRowOnceAndFinishes) {
  auto source = Open(start_);
  Rows rows = ReadAll(*source);
  int64_t num_rows = 0;
  for (const auto& [split, texts] : rows) num_rows += static_cast<int64_t>(texts.size());
  EXPECT_EQ(num_rows, GetParam().num_rows);
  for (const SplitProgress& split : source->splits()) {
    EXPECT_TRUE(split.finished && split.at_end) << split.id;
    EXPECT_EQ(split.position, split.end_position) << split.id;
    EXPECT_EQ(split.lag, 0) << split.id;
  }
  auto more = source->Poll();
  ASSERT_TRUE(more.ok());
  EXPECT_FALSE(more->has_value());
  source->Close();
}

// Whoever reads one record at its position, and nothing else, finds the row.
TEST_P(SourceContract, EveryRowStandsAtThePositionThatIsTold) {
  auto source = Open(start_);
  std::map<std::string, int64_t> next;
  int64_t num_rows = 0;
  while (auto batch = Next(*source)) {
    const auto& firsts = static_cast<const arrow::Int64Array&>(*batch->rows->column(0));
    const bool by_row = !batch->positions.empty();
    if (by_row) {
      ASSERT_EQ(batch->positions.size(), static_cast<size_t>(batch->rows->num_rows()));
    }
    EXPECT_LE(batch->runs.size(), 1u) << "records without gaps are one run";
    int64_t row = 0;
    for (const SplitRun& run : batch->runs) {
      const SplitProgress& split = source->splits()[static_cast<size_t>(run.split)];
      EXPECT_EQ(split.is_file, by_row) << split.id;
      for (int64_t i = 0; i < run.num_rows; ++i, ++row, ++num_rows) {
        const int64_t position = by_row ? batch->positions[static_cast<size_t>(row)] : run.first_position + i;
        if (i == 0) {
          ASSERT_EQ(run.first_position, position);
        }
        ASSERT_GE(position, next[split.id]) << split.id;
        next[split.id] = position + 1;
        ASSERT_LT(position, split.position) << "a checkpoint now does not read it again";
        ASSERT_EQ(firsts.Value(row), FirstColumnAt(split, position)) << split.id << " at " << position;
      }
    }
  }
  EXPECT_EQ(num_rows, GetParam().num_rows);
}

TEST_P(SourceContract, TheSameRowsComeAgain) { EXPECT_EQ(ReadAll(*Open(start_)), ReadAll(*Open(start_))); }

TEST_P(SourceContract, GoesOnWhereACheckpointStands) {
  const Rows whole = ReadAll(*Open(start_));
  size_t num_batches = 0;
  while (true) {
    auto source = Open(start_);
    Rows rows;
    bool all = true;
    for (size_t i = 0; i < num_batches && all; ++i) {
      auto batch = Next(*source);
      all = batch.has_value();
      if (all) Add(*source, *batch, &rows);
    }
    if (!all) break;
    auto states = StateOf(*source);
    source->Close();
    for (auto& [split, texts] : ReadAll(*Open(states))) {
      rows[split].insert(rows[split].end(), texts.begin(), texts.end());
    }
    ASSERT_EQ(rows, whole) << "after " << num_batches << " batches";
    ++num_batches;
  }
  EXPECT_GT(num_batches, 2u);
}

TEST_P(SourceContract, SplitsMayComeLaterAndOneByOne) {
  const Rows whole = ReadAll(*Open(start_));
  auto source = Open({});
  for (const auto& split : start_) ASSERT_TRUE(source->AddSplits(std::vector{split}).ok());
  EXPECT_EQ(ReadAll(*source), whole);
}

TEST_P(SourceContract, RowsAreCountedWithoutColumns) {
  spec_.used_columns.clear();
  auto source = Open(start_);
  int64_t num_rows = 0;
  while (auto batch = Next(*source)) {
    EXPECT_EQ(batch->rows->num_columns(), 0);
    num_rows += batch->rows->num_rows();
  }
  EXPECT_EQ(num_rows, GetParam().num_rows);
}

// A source that makes use of a record filter drops what it is not TRUE for, and of it says how many; nothing else
// changes. One that does not hands on everything.
TEST_P(SourceContract, RecordsThatNobodyWantsAreNoRowsOrAllAre) {
  const Rows whole = ReadAll(*Open(start_));
  auto& filter = spec_.record_filter.emplace();
  filter.set_kind(internal::v1::RecordFilter::LESS);
  filter.set_column(GetParam().columns[0].first);
  filter.mutable_exact()->set_low(1000);
  auto source = Open(start_);
  Rows rows;
  int64_t num_rows = 0, num_dropped = 0, num_records = 0;
  while (auto batch = Next(*source)) {
    ASSERT_TRUE(batch->rows->ValidateFull().ok());
    Add(*source, *batch, &rows);
    num_rows += batch->rows->num_rows();
    num_records += batch->num_records;
    for (const DroppedRecords& dropped : batch->dropped) num_dropped += dropped.num_records;
    const auto& firsts = static_cast<const arrow::Int64Array&>(*batch->rows->column(0));
    int64_t row = 0;
    for (const SplitRun& run : batch->runs) {
      const SplitProgress& split = source->splits()[static_cast<size_t>(run.split)];
      for (int64_t i = 0; i < run.num_rows; ++i, ++row) {
        const int64_t position =
            batch->positions.empty() ? run.first_position + i : batch->positions[static_cast<size_t>(row)];
        ASSERT_EQ(firsts.Value(row), FirstColumnAt(split, position)) << split.id << " at " << position;
      }
    }
  }
  EXPECT_EQ(num_records, GetParam().num_rows);
  EXPECT_EQ(num_rows + num_dropped, num_records);
  Rows expected;
  for (const auto& [split, texts] : whole) {
    for (const std::string& text : texts) {
      if (num_dropped == 0 || std::stoll(text) < 1000) expected[split].push_back(text);
    }
  }
  EXPECT_EQ(rows, expected);
  EXPECT_EQ(num_dropped > 0, GetParam().options.contains("format"));
  EXPECT_EQ(StateOf(*source).back().position(), StateOf(*source).back().end_position());
}

TEST_P(SourceContract, AnotherSystemIsDataLoss) {
  auto source = *connector_->MakeSource(spec_);
  EXPECT_EQ(source->Open(start_, Cat(system_id_, "x"), [] {}).code(), absl::StatusCode::kDataLoss);
}

TEST_P(SourceContract, AnUnknownOptionNamesTheNearest) {
  (*spec_.source.mutable_options())["rovs-per-secont"] = "1";
  auto mistakes = connector_->Validate(spec_.source);
  ASSERT_EQ(mistakes.size(), 1u);
  EXPECT_NE(mistakes[0].find("'rovs-per-secont'"), std::string::npos) << mistakes[0];
}

INSTANTIATE_TEST_SUITE_P(Sources, SourceContract, ::testing::ValuesIn(Kinds()),
                         [](const auto& info) { return Cat(info.param.connector, info.index); });

}  // namespace
}  // namespace millrace
