#include "worker/operators/window_aggregate.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/expression/take_rows.h"
#include "base/random.h"
#include "state/state_key.h"
#include "tests/worker/operators/operator_fixture.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr int64_t kSecond = 1000 * 1000;
const Columns kInput = {{"k", "STRING"}, {"t", "TIMESTAMP_LTZ(3)"}, {"v", "INT"}};

internal::v1::ChainNode Node(bool combiner, int64_t size_ms = 1000, const char* zone = "") {
  internal::v1::ChainNode node;
  node.set_uid("counts");
  *node.add_input_schemas() = SchemaMessage(kInput);
  v1::WindowAggregate* window = combiner ? node.mutable_local_combine() : node.mutable_window_aggregate();
  window->set_time_column("t");
  window->set_size_ms(size_ms);
  window->set_zone(zone);
  window->add_keys("k");
  for (auto [function, column, name] :
       {std::tuple{"count", "", "n"}, {"sum", "v", "s"}, {"min", "v", "lo"}, {"avg", "v", "a"}}) {
    auto* aggregate = window->add_aggregates();
    aggregate->set_function(function);
    aggregate->set_column(column);
    aggregate->set_name(name);
  }
  *node.add_output_schemas() = SchemaMessage({{"k", "STRING"},
                                              {"window_start", "TIMESTAMP_LTZ(3)"},
                                              {"window_end", "TIMESTAMP_LTZ(3)"},
                                              {"n", "BIGINT NOT NULL"},
                                              {"s", "INT"},
                                              {"lo", "INT"},
                                              {"a", "INT"}});
  Columns late = kInput;
  late.push_back({"window_end", "TIMESTAMP_LTZ(3)"});
  late.push_back({"watermark", "TIMESTAMP_LTZ(3)"});
  *node.add_output_schemas() = SchemaMessage(late);
  return node;
}

OperatorContext OwnerContext(KeyGroupRange range, EventTimeMicros watermark = kNoWatermark) {
  OperatorContext context;
  context.key_groups = range;
  context.restored_watermark = watermark;
  return context;
}

OperatorContext CombinerContext(const FixedProgress& progress) {
  OperatorContext context;
  context.downstream = &progress;
  return context;
}

std::unique_ptr<Operator> Opened(const internal::v1::ChainNode& node,
                                 const OperatorContext& context = OwnerContext({0, kNumKeyGroups})) {
  std::unique_ptr<Operator> made = Must(MakeOperator(node));
  EXPECT_TRUE(made->Open(context).ok());
  return made;
}

BatchPtr Rows(const std::string& keys, const std::string& times, const std::string& values) {
  return BatchOf(ArrowSchema(kInput), {keys, times, values});
}

std::vector<std::string> Sorted(std::vector<std::string> rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

TEST(WindowAggregate, FiresAWindowOnceTheWatermarkReachesItsEndLessAMillisecond) {
  auto op = Opened(Node(false));
  CollectedOutput out;
  ASSERT_TRUE(
      op->ProcessBatch(0, 0, Rows(R"(["b", "a", null, "a"])", "[999999, 0, 5, 1000000]", "[1, 2, null, 4]"), out).ok());
  ASSERT_TRUE(op->OnWatermark(998999, out).ok());
  EXPECT_THAT(out.Rows(0), IsEmpty());
  ASSERT_TRUE(op->OnWatermark(999000, out).ok());
  EXPECT_THAT(out.Rows(0), UnorderedElementsAre("null|1970-01-01 00:00:00.000000Z|1970-01-01 00:00:01.000000Z|1|null|null|null",
                                       "a|1970-01-01 00:00:00.000000Z|1970-01-01 00:00:01.000000Z|1|2|2|2",
                                       "b|1970-01-01 00:00:00.000000Z|1970-01-01 00:00:01.000000Z|1|1|1|1"));
}

TEST(WindowAggregate, SendsLateRowsToTheirOwnOutputWithWindowEndAndWatermark) {
  auto op = Opened(Node(false));
  CollectedOutput out;
  ASSERT_TRUE(op->OnWatermark(2 * kSecond - 1000, out).ok());
  ASSERT_TRUE(op->ProcessBatch(0, 0, Rows(R"(["x", "y"])", "[1999999, 2000000]", "[1, 2]"), out).ok());
  EXPECT_THAT(out.Rows(1),
              ElementsAre("x|1970-01-01 00:00:01.999999Z|1|1970-01-01 00:00:02.000000Z|1970-01-01 00:00:01.999000Z"));
}

TEST(WindowAggregate, CutsByTheClocksOfItsZoneAndFiresWhenAnHourHasComeTwice) {
  internal::v1::ChainNode node = Node(false, 3'600'000, "Europe/Berlin");
  auto op = Opened(node);
  CollectedOutput out;
  // 02:10 in summer and in winter time, and 03:00.
  constexpr int64_t kTen = 1'729'987'800 * kSecond;
  const std::string times = Cat("[", kTen, ", ", kTen + 3600 * kSecond, ", ", kTen + 6600 * kSecond, "]");
  ASSERT_TRUE(op->ProcessBatch(0, 0, Rows(R"(["a", "a", "a"])", times, "[1, 2, 4]"), out).ok());
  ASSERT_TRUE(op->OnWatermark(kTen + 3600 * kSecond, out).ok());
  EXPECT_THAT(out.Rows(0), IsEmpty());
  ASSERT_TRUE(op->OnWatermark(kTen + 6599 * kSecond + 999'000, out).ok());
  EXPECT_THAT(out.Rows(0), ElementsAre("a|2024-10-27 02:00:00.000000Z|2024-10-27 03:00:00.000000Z|2|3|1|1"));
  ASSERT_TRUE(op->ProcessBatch(0, 0, Rows(R"(["b"])", Cat("[", kTen, "]"), "[1]"), out).ok());
  EXPECT_THAT(out.Rows(1), ElementsAre("b|2024-10-27 00:10:00.000000Z|1|2024-10-27 03:00:00.000000Z|"
                                       "2024-10-27 01:59:59.999000Z"));
}

TEST(WindowAggregate, RefusesAZoneThatThereIsNot) {
  EXPECT_THAT(MakeOperator(Node(false, 1000, "Europe/Berlim")).status().message(), HasSubstr("Europe/Berlim"));
}

TEST(WindowAggregate, PutsTimesBefore1970IntoTheirWindow) {
  auto op = Opened(Node(false));
  CollectedOutput out;
  ASSERT_TRUE(op->ProcessBatch(0, 0, Rows(R"(["x"])", "[-1]", "[1]"), out).ok());
  ASSERT_TRUE(op->OnWatermark(kFinalWatermark, out).ok());
  EXPECT_THAT(out.Rows(0), ElementsAre("x|1969-12-31 23:59:59.000000Z|1970-01-01 00:00:00.000000Z|1|1|1|1"));
}

TEST(WindowAggregate, ARowWithoutTimeFailsForGoodAndNamesTheColumn) {
  auto op = Opened(Node(false));
  CollectedOutput out;
  absl::Status status = op->ProcessBatch(0, 0, Rows(R"(["x"])", "[null]", "[1]"), out);
  EXPECT_TRUE(IsPermanent(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"t\""));
}

TEST(WindowAggregate, APartialAggregateOfAPassedWindowIsABug) {
  auto combiner_node = Node(true);
  FixedProgress progress;
  auto combiner = Opened(combiner_node, CombinerContext(progress));
  CollectedOutput partials;
  ASSERT_TRUE(combiner->ProcessBatch(0, 0, Rows(R"(["x"])", "[5]", "[1]"), partials).ok());
  ASSERT_TRUE(combiner->OnIdle(partials).ok());
  ASSERT_EQ(partials.emitted.size(), 1u);
  auto op = Opened(Node(false));
  CollectedOutput out;
  ASSERT_TRUE(op->OnWatermark(kSecond, out).ok());
  EXPECT_EQ(op->ProcessBatch(0, 1, partials.emitted[0].second, out).code(), absl::StatusCode::kInternal);
}

TEST(WindowAggregate, RefusesAPlanWhoseResultTypesAreNotItsOwn) {
  auto node = Node(false);
  node.mutable_output_schemas(0)->mutable_columns(4)->set_type("BIGINT");
  EXPECT_EQ(MakeOperator(node).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(WindowAggregate, ABarrierFreezesOnlyWhatChanged) {
  auto op = Opened(Node(false));
  CollectedOutput out;
  EXPECT_EQ(Must(op->BeforeBarrier(Epoch(1), out)), nullptr);
  ASSERT_TRUE(op->ProcessBatch(0, 0, Rows(R"(["x"])", "[5]", "[1]"), out).ok());
  EXPECT_NE(Must(op->BeforeBarrier(Epoch(2), out)), nullptr);
  EXPECT_EQ(Must(op->BeforeBarrier(Epoch(3), out)), nullptr);
}

// MAX of strings lives beside the table, where an update overwrites it in place; SUM lives in the table itself.
TEST(WindowAggregate, WhatABarrierFrozeStaysAsItWasWhateverComesAfter) {
  for (const char* column : {"v", "s"}) {
    SCOPED_TRACE(column);
    const Columns input = {{"k", "STRING"}, {"t", "TIMESTAMP_LTZ(3)"}, {"v", "INT"}, {"s", "STRING"}};
    bool is_text = std::string_view(column) == "s";
    internal::v1::ChainNode node;
    node.set_uid("top");
    *node.add_input_schemas() = SchemaMessage(input);
    v1::WindowAggregate* window = node.mutable_window_aggregate();
    window->set_time_column("t");
    window->set_size_ms(1000);
    window->add_keys("k");
    auto* aggregate = window->add_aggregates();
    aggregate->set_function(is_text ? "max" : "sum");
    aggregate->set_column(column);
    aggregate->set_name("r");
    *node.add_output_schemas() = SchemaMessage({{"k", "STRING"},
                                                {"window_start", "TIMESTAMP_LTZ(3)"},
                                                {"window_end", "TIMESTAMP_LTZ(3)"},
                                                {"r", is_text ? "STRING" : "INT"}});
    Columns late = input;
    late.push_back({"window_end", "TIMESTAMP_LTZ(3)"});
    late.push_back({"watermark", "TIMESTAMP_LTZ(3)"});
    *node.add_output_schemas() = SchemaMessage(late);

    auto op = Opened(node);
    CollectedOutput out;
    auto feed = [&](const std::string& number, const std::string& text) {
      BatchPtr rows = BatchOf(ArrowSchema(input), {R"(["a"])", "[5]", "[" + number + "]", R"([")" + text + R"("])"});
      ASSERT_TRUE(op->ProcessBatch(0, 0, rows, out).ok());
    };
    feed("1", "m");
    auto frozen = Must(op->BeforeBarrier(Epoch(1), out));
    feed("10", "z");
    ASSERT_TRUE(op->OnWatermark(kSecond, out).ok());
    op.reset();

    MemoryStateBackend backend;
    ASSERT_TRUE(frozen->WriteTo(backend).ok());
    auto restored = Opened(node);
    ASSERT_TRUE(restored->Restore(backend).ok());
    CollectedOutput fired;
    ASSERT_TRUE(restored->OnWatermark(kSecond, fired).ok());
    EXPECT_THAT(fired.Rows(0), ElementsAre(testing::EndsWith(is_text ? "|m" : "|1")));
  }
}

TEST(LocalCombine, PassesEverythingWhileAReceiverDoesNotCountTheChannel) {
  FixedProgress progress;
  progress.counts = false;
  auto op = Opened(Node(true), CombinerContext(progress));
  CollectedOutput out;
  BatchPtr rows = Rows(R"(["x", "x"])", "[5, 6]", "[1, 2]");
  ASSERT_TRUE(op->ProcessBatch(0, 0, rows, out).ok());
  ASSERT_EQ(out.emitted.size(), 1u);
  EXPECT_EQ(out.emitted[0].first, 0u);
  EXPECT_EQ(out.emitted[0].second, rows);
}

TEST(LocalCombine, PassesRowsWhoseWindowAReceiverHasReachedAndCombinesTheOthers) {
  FixedProgress progress;
  progress.reached = kSecond;
  auto op = Opened(Node(true), CombinerContext(progress));
  CollectedOutput out;
  ASSERT_TRUE(op->ProcessBatch(0, 0, Rows(R"(["x", "x", "x"])", "[5, 1000000, 1000001]", "[1, 2, 3]"), out).ok());
  EXPECT_EQ(out.Rows(0).size(), 1u);
  EXPECT_THAT(out.Rows(1), IsEmpty());
  EXPECT_EQ(Must(op->BeforeBarrier(Epoch(1), out)), nullptr);
  EXPECT_EQ(out.Rows(1).size(), 1u);
}

// Feeds batches of 4,096 rows whose keys repeat after `num_keys`, a watermark after every 16; returns how many rows
// passed uncombined.
size_t RowsPassed(int num_keys, int num_batches) {
  FixedProgress progress;
  auto op = Opened(Node(true), CombinerContext(progress));
  size_t num_passed = 0;
  int next = 0;
  for (int batch = 1; batch <= num_batches; ++batch) {
    arrow::StringBuilder keys;
    arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), arrow::default_memory_pool());
    arrow::Int32Builder values;
    for (int i = 0; i < 4096; ++i) {
      EXPECT_TRUE(keys.Append(std::to_string(next++ % num_keys)).ok() && times.Append(5).ok() && values.Append(1).ok());
    }
    CollectedOutput out;
    EXPECT_TRUE(op->ProcessBatch(0, 0,
                                 arrow::RecordBatch::Make(ArrowSchema(kInput), 4096,
                                                          {*keys.Finish(), *times.Finish(), *values.Finish()}),
                                 out)
                    .ok());
    if (batch % 16 == 0) {
      EXPECT_TRUE(op->OnWatermark(0, out).ok());
    }
    for (const auto& [output, rows] : out.emitted) {
      if (output == 0) num_passed += static_cast<size_t>(rows->num_rows());
    }
  }
  return num_passed;
}

TEST(LocalCombine, StepsAsideWhenKeysDoNotRepeat) { EXPECT_GE(RowsPassed(1'000'000'000, 40), 24u * 4096); }

// 65,536 rows between watermarks make 20,000 groups, though the first half of them looks as if keys hardly repeated.
TEST(LocalCombine, JudgesRepetitionOverWhatItSendsAtOnce) { EXPECT_EQ(RowsPassed(20'000, 40), 0u); }

// A naive model: std::map from (window, key) to the values seen.
struct Model {
  std::map<std::pair<int64_t, std::string>, std::vector<int32_t>> open;
  int64_t watermark = kNoWatermark;
  std::vector<std::string> fired;
  size_t num_late = 0;
  int64_t size = kSecond;
  absl::TimeZone zone = absl::UTCTimeZone();
  std::map<int64_t, bool> passed = {};

  int64_t Local(int64_t time) const {
    return time + absl::ToInt64Microseconds(absl::Seconds(zone.At(absl::FromUnixMicros(time)).offset));
  }
  // Whether no clock shows the window again: looked at minute by minute.
  bool HasPassed(int64_t start) {
    if (zone == absl::UTCTimeZone() || watermark == kNoWatermark || watermark == kFinalWatermark)
      return WindowHasPassed(start + size, watermark);
    auto [found, is_new] = passed.try_emplace(start, true);
    for (int64_t time = watermark + 1000; is_new && time < watermark + 10800 * kSecond; time += 60 * kSecond) {
      found->second = found->second && Local(time) >= start + size;
    }
    return found->second;
  }
  void Add(const std::string& key, int64_t time, int32_t value) {
    int64_t start = WindowStart(Local(time), size, 0);
    if (HasPassed(start)) {
      ++num_late;
    } else {
      open[{start, key}].push_back(value);
    }
  }
  void Advance(int64_t to) {
    watermark = std::max(watermark, to);
    passed.clear();
    while (!open.empty() && HasPassed(open.begin()->first.first)) {
      const auto& [window, values] = *open.begin();
      int64_t sum = 0;
      for (int32_t value : values) sum += value;
      fired.push_back(window.second + "|" + std::to_string(window.first) + "|" + std::to_string(values.size()) + "|" +
                      std::to_string(static_cast<int32_t>(sum)) + "|" +
                      std::to_string(*std::min_element(values.begin(), values.end())) + "|" +
                      std::to_string(sum / static_cast<int64_t>(values.size())));
      open.erase(open.begin());
    }
  }
};

std::vector<std::string> FiredOf(const CollectedOutput& out) {
  std::vector<std::string> rows;
  for (const auto& [number, batch] : out.emitted) {
    if (number != 0) continue;
    for (int64_t i = 0; i < batch->num_rows(); ++i) {
      auto text = [&](int column) { return (*batch->column(column)->GetScalar(i))->ToString(); };
      int64_t start = static_cast<const arrow::TimestampArray&>(*batch->column(1)).Value(i);
      rows.push_back(text(0) + "|" + std::to_string(start) + "|" + text(3) + "|" + text(4) + "|" + text(5) + "|" +
                     text(6));
    }
  }
  return rows;
}

// Hands a combiner's output to the windows behind it, split over the owners of the key groups.
class Router final : public Output {
 public:
  explicit Router(std::vector<std::unique_ptr<Operator>>* owners, CollectedOutput* out) : owners_(owners), out_(out) {}
  void Emit(uint32_t output, BatchPtr rows) override {
    int column = rows->schema()->GetFieldIndex("k");
    KeyEncoder encoder = Must(KeyEncoder::Make(*rows->schema(), std::vector<int>{column}));
    KeyRows keys;
    ASSERT_TRUE(encoder.Encode(*rows, keys).ok());
    std::vector<std::vector<uint32_t>> parts(owners_->size());
    for (uint32_t i = 0; i < rows->num_rows(); ++i) {
      KeyGroup group = KeyGroupOfHash(HashKeyBytes(keys[i]));
      parts[SubtaskOfKeyGroup(group, static_cast<uint32_t>(parts.size()))].push_back(i);
    }
    for (size_t owner = 0; owner < parts.size(); ++owner) {
      if (parts[owner].empty()) continue;
      absl::Status status = (*owners_)[owner]->ProcessBatch(0, output, Must(TakeRows(rows, parts[owner])), *out_);
      ASSERT_TRUE(status.ok()) << status;
    }
  }

 private:
  std::vector<std::unique_ptr<Operator>>* owners_;
  CollectedOutput* out_;
};

// Random rows, watermarks and barriers; the operators are thrown away at barriers and restored with other key ranges.
void RunAgainstModel(uint64_t seed, bool with_combiner, int64_t begin = 0, int64_t unit = kSecond, const char* zone = "") {
  SCOPED_TRACE("seed " + std::to_string(seed) + (with_combiner ? ", combiner" : "") + zone);
  Random random(seed);
  Model model;
  model.size = unit;
  ASSERT_TRUE(absl::LoadTimeZone(*zone == 0 ? "UTC" : zone, &model.zone));
  CollectedOutput out;
  MemoryBlobStore blobs;
  FixedProgress progress;
  auto combiner = Opened(Node(true, unit / 1000, zone), CombinerContext(progress));
  std::vector<std::unique_ptr<Operator>> owners;
  std::vector<std::unique_ptr<MemoryStateBackend>> backends;
  std::vector<storage::v1::SnapshotHandle> handles;
  auto deploy = [&](uint32_t parallelism) {
    owners.clear();
    backends.clear();
    for (uint32_t i = 0; i < parallelism; ++i) {
      KeyGroupRange range = KeyGroupsOfSubtask(i, parallelism);
      backends.push_back(std::make_unique<MemoryStateBackend>());
      ASSERT_TRUE(backends[i]->Restore(handles, range, blobs).ok());
      owners.push_back(Opened(Node(false, unit / 1000, zone), OwnerContext(range, model.watermark)));
      ASSERT_TRUE(owners[i]->Restore(*backends[i]).ok());
    }
  };
  deploy(2);
  Router router(&owners, &out);
  int64_t now = begin - 3 * unit;
  for (uint64_t step = 1; step <= 120; ++step) {
    arrow::StringBuilder keys;
    arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), arrow::default_memory_pool());
    arrow::Int32Builder values;
    for (uint64_t i = random.Below(200); i > 0; --i) {
      std::string key = "k" + std::to_string(random.Below(40));
      int64_t time = now + static_cast<int64_t>(random.Below(4 * static_cast<uint64_t>(unit))) - 2 * unit;
      auto value = static_cast<int32_t>(random.Next());
      ASSERT_TRUE(keys.Append(key).ok() && times.Append(time).ok() && values.Append(value).ok());
      model.Add(key, time, value);
    }
    int64_t num_rows = keys.length();
    BatchPtr rows =
        arrow::RecordBatch::Make(ArrowSchema(kInput), num_rows, {*keys.Finish(), *times.Finish(), *values.Finish()});
    if (with_combiner && random.Chance(0.8)) {
      ASSERT_TRUE(combiner->ProcessBatch(0, 0, rows, router).ok());
    } else {
      router.Emit(0, rows);
    }
    if (random.Chance(0.3)) {
      now += static_cast<int64_t>(random.Below(2 * static_cast<uint64_t>(unit)));
      ASSERT_TRUE(combiner->OnWatermark(now, router).ok());
      for (auto& owner : owners) ASSERT_TRUE(owner->OnWatermark(now, out).ok());
      model.Advance(now);
      progress.reached = now;
    }
    if (random.Chance(0.25)) {
      ASSERT_EQ(Must(combiner->BeforeBarrier(Epoch(step), router)), nullptr);
      handles.clear();
      for (uint32_t i = 0; i < owners.size(); ++i) {
        auto frozen = Must(owners[i]->BeforeBarrier(Epoch(step), out));
        if (frozen != nullptr) {
          ASSERT_TRUE(frozen->WriteTo(*backends[i]).ok());
        }
        handles.push_back(
            Must(backends[i]->Snapshot(Epoch(step), KeyGroupsOfSubtask(i, static_cast<uint32_t>(owners.size())), blobs,
                                       "s" + std::to_string(step) + "-" + std::to_string(i))));
      }
      if (random.Chance(0.5)) deploy(1 + static_cast<uint32_t>(random.Below(4)));
    }
  }
  ASSERT_TRUE(combiner->OnWatermark(kFinalWatermark, router).ok());
  for (auto& owner : owners) ASSERT_TRUE(owner->OnWatermark(kFinalWatermark, out).ok());
  model.Advance(kFinalWatermark);
  EXPECT_EQ(Sorted(FiredOf(out)), Sorted(model.fired));
  EXPECT_EQ(out.Rows(1).size(), model.num_late);
  EXPECT_GT(model.num_late, 0u);
}

TEST(WindowAggregate, AgreesWithANaiveModelThroughBarriersAndRescales) {
  for (uint64_t seed = 1; seed <= 20; ++seed) RunAgainstModel(seed, false);
}

TEST(WindowAggregate, AgreesWithANaiveModelBehindACombiner) {
  for (uint64_t seed = 101; seed <= 120; ++seed) RunAgainstModel(seed, true);
}

// Clocks change 10 windows after the beginning: an hour comes twice, or is skipped.
TEST(WindowAggregate, AgreesWithANaiveModelWhenClocksChange) {
  constexpr int64_t kHalfHour = 1800 * kSecond;
  for (uint64_t seed = 201; seed <= 208; ++seed) {
    const bool twice = seed % 2 == 0;
    RunAgainstModel(seed, seed % 4 < 2, (twice ? 1'730'613'600 : 1'710'054'000) * kSecond - 10 * kHalfHour, kHalfHour,
                    "America/New_York");
  }
}

// Values that were counted outlive a restore as long as their window does, and no longer.
TEST(WindowAggregate, AValueCountsOncePerWindowAcrossARestore) {
  internal::v1::ChainNode node = Node(false);
  for (v1::Aggregate& aggregate : *node.mutable_window_aggregate()->mutable_aggregates()) {
    aggregate.set_distinct(!aggregate.column().empty());
  }
  const KeyGroupRange all{0, kNumKeyGroups};
  MemoryBlobStore blobs;
  MemoryStateBackend backend;
  CollectedOutput out;
  auto op = Opened(node);
  ASSERT_TRUE(op->ProcessBatch(0, 0, Rows(R"(["a", "a", "a", "a"])", "[0, 1, 1000000, 1000001]", "[5, 5, 5, 7]"), out).ok());
  ASSERT_TRUE(Must(op->BeforeBarrier(Epoch(1), out))->WriteTo(backend).ok());
  ASSERT_TRUE(op->OnWatermark(999000, out).ok());
  EXPECT_THAT(out.Rows(0), ElementsAre("a|1970-01-01 00:00:00.000000Z|1970-01-01 00:00:01.000000Z|2|5|5|5"));
  ASSERT_TRUE(Must(op->BeforeBarrier(Epoch(2), out))->WriteTo(backend).ok());
  const storage::v1::SnapshotHandle handle = Must(backend.Snapshot(Epoch(2), all, blobs, "x"));

  MemoryStateBackend restored;
  ASSERT_TRUE(restored.Restore({&handle, 1}, all, blobs).ok());
  std::vector<Slice> slices;
  for (uint32_t group = 0; group < kNumKeyGroups; ++group) {
    for (TableId table = 16; table < 18; ++table) {
      ASSERT_TRUE(restored.Scan(static_cast<KeyGroup>(group), table, -1, 10 * kSecond, [&](std::string_view key, std::string_view) {
        slices.push_back(ParseStateKey(key)->slice);
        return true;
      }).ok());
    }
  }
  EXPECT_THAT(slices, ElementsAre(kSecond, kSecond, kSecond, kSecond)) << "5 and 7, of sum and of avg";
  auto again = Opened(node, OwnerContext(all, 999000));
  ASSERT_TRUE(again->Restore(restored).ok());
  CollectedOutput after;
  ASSERT_TRUE(again->ProcessBatch(0, 0, Rows(R"(["a", "a", "a"])", "[1000002, 1000003, 1000004]", "[7, 9, 9]"), after).ok());
  ASSERT_TRUE(again->OnWatermark(kFinalWatermark, after).ok());
  EXPECT_THAT(after.Rows(0), ElementsAre("a|1970-01-01 00:00:01.000000Z|1970-01-01 00:00:02.000000Z|5|21|5|7"));
}

}  // namespace
}  // namespace millrace
