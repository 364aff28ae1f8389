#include "worker/source_input.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/worker/step_clock.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;
using storage::v1::SplitState;

constexpr int64_t kMilli = 1000;

// Gives what it is told to.
class ScriptedSource final : public Source {
 public:
  absl::Status Open(std::span<const SplitState> splits, std::string_view, std::function<void()>) override { return AddSplits(splits); }
  absl::Status AddSplits(std::span<const SplitState> splits) override {
    for (const SplitState& state : splits) {
      SplitProgress& at = progress.emplace_back();
      at.id = state.id();
      at.position = state.position();
      at.end_position = state.end_position();
    }
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<SourceBatch>> Poll() override { return std::exchange(next, std::nullopt); }
  std::span<const SplitProgress> splits() const override { return progress; }
  void OnCheckpointComplete(std::span<const SplitState>) override {}
  void Close() override {}

  std::vector<SplitProgress> progress;
  std::optional<SourceBatch> next;
};

SplitState StateOf(const std::string& id) {
  SplitState state;
  state.set_id(id);
  state.set_end_position(-1);
  return state;
}

class SourceInputTest : public ::testing::Test {
 protected:
  void Start(const std::vector<SplitState>& splits, SourceInput::Options options = {}) {
    auto source = std::make_unique<ScriptedSource>();
    source_ = source.get();
    ASSERT_TRUE(source->Open(splits, "", nullptr).ok());
    options.uid = "in";
    options.watermark.emplace();
    options.watermark->set_column("at");
    options.watermark->set_max_out_of_orderness_ms(10);
    options.watermark->set_idle_timeout_ms(100);
    input_ = std::make_unique<SourceInput>(std::move(source), &clock_, options);
    input_->Start(splits);
  }
  // Rows of one split, by their times in ms.
  void Read(int split, const std::vector<int64_t>& times) {
    arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
    for (int64_t time : times) ASSERT_TRUE(builder.Append(time * kMilli).ok());
    auto column = builder.Finish().ValueOrDie();
    auto schema = arrow::schema({arrow::field("at", column->type())});
    SourceBatch& batch = source_->next.emplace();
    batch.rows = arrow::RecordBatch::Make(schema, column->length(), {column});
    batch.runs = {{.split = split, .num_rows = column->length()}};
    batch.num_records = column->length();
    source_->progress[static_cast<size_t>(split)].at_end = false;
    ASSERT_TRUE(input_->Poll().ok());
  }
  // Records of one split that are no rows.
  void Drop(int split, const std::vector<EventTimeMicros>& times) {
    SourceBatch& batch = source_->next.emplace();
    auto schema = arrow::schema({arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO))});
    batch.rows = arrow::RecordBatch::MakeEmpty(schema).ValueOrDie();
    for (EventTimeMicros time : times) AddToDropped(split, time, batch.dropped);
    batch.num_records = static_cast<int64_t>(times.size());
    ASSERT_TRUE(input_->Poll().ok());
  }
  // Polling, as a subtask does that waits for rows.
  void Pass(absl::Duration time) {
    for (absl::Duration left = time; left > absl::ZeroDuration(); left -= absl::Milliseconds(10)) {
      clock_.Pass(std::min(left, absl::Milliseconds(10)));
      ASSERT_TRUE(input_->Poll().ok());
    }
  }
  // In ms; "idle", or "-" if nothing is due.
  std::string Due() {
    auto event = input_->TakeTimeEvent();
    if (!event.has_value()) return "-";
    const auto* watermark = std::get_if<Watermark>(&*event);
    if (watermark == nullptr) return "idle";
    return watermark->time == kFinalWatermark ? "final" : Cat(static_cast<double>(watermark->time) / kMilli);
  }

  StepClock clock_;
  ScriptedSource* source_ = nullptr;
  std::unique_ptr<SourceInput> input_;
};

TEST_F(SourceInputTest, TheSlowestSplitHoldsTheWatermarkAndOneWithoutRowsHoldsItEntirely) {
  Start({StateOf("t/0"), StateOf("t/1")});
  Read(0, {1000, 900});
  EXPECT_EQ(Due(), "-") << "of the other one nothing is known";
  Read(1, {500});
  EXPECT_EQ(Due(), "489");
  Read(1, {2000});
  EXPECT_EQ(Due(), "989");
  Read(1, {100});
  EXPECT_EQ(Due(), "-") << "it never goes back";
}

TEST_F(SourceInputTest, RecordsThatAreDroppedCountForWatermarkAndIdleness) {
  Start({StateOf("t/0"), StateOf("t/1")});
  Read(0, {1000});
  EXPECT_EQ(Due(), "-");
  Drop(1, {500 * kMilli, kNoWatermark, 400 * kMilli});
  EXPECT_EQ(Due(), "489") << "as of rows";
  EXPECT_EQ(input_->newest_event_time(), 500 * kMilli);
  source_->progress[0].at_end = source_->progress[1].at_end = true;
  Pass(absl::Milliseconds(60));
  Drop(1, {600 * kMilli});
  Pass(absl::Milliseconds(60));
  EXPECT_EQ(Due(), "589") << "the other one is idle by now, this one is not";
}

TEST_F(SourceInputTest, OnlyASplitThatStandsAtItsEndBecomesIdle) {
  Start({StateOf("t/0"), StateOf("t/1")});
  Read(0, {1000});
  Read(1, {500});
  EXPECT_EQ(Due(), "489");
  Pass(absl::Seconds(10));
  EXPECT_EQ(Due(), "-") << "starved is not idle";
  source_->progress[1].at_end = true;
  Pass(absl::Milliseconds(99));
  EXPECT_EQ(Due(), "-");
  Pass(absl::Milliseconds(1));
  EXPECT_EQ(Due(), "989");
  source_->progress[0].at_end = true;
  Pass(absl::Milliseconds(100));
  EXPECT_EQ(Due(), "idle");
  Read(1, {700});
  EXPECT_EQ(Due(), "989") << "a row late by then does not move it back";
}

TEST_F(SourceInputTest, WatermarksAndIdlenessTravelWithTheSplit) {
  Start({StateOf("t/0"), StateOf("t/1")});
  Read(0, {1000});
  Read(1, {500});
  source_->progress[1].at_end = true;
  Pass(absl::Milliseconds(100));
  storage::v1::SourceState state = input_->State();
  EXPECT_EQ(state.splits(0).watermark_micros(), 989 * kMilli);
  EXPECT_FALSE(state.splits(0).idle());
  EXPECT_TRUE(state.splits(1).idle());
  Start({state.splits(0), state.splits(1)});
  EXPECT_EQ(Due(), "989") << "the idle one does not count, and the other one is where it was";
  Read(1, {600});
  EXPECT_EQ(Due(), "-");
  Start({state.splits(1), StateOf("t/2")});
  EXPECT_EQ(Due(), "-") << "a new one holds it back";
}

TEST_F(SourceInputTest, ASplitThatIsFoundHoldsTheWatermarkAndOneThatIsKnownIsNotAddedTwice) {
  Start({StateOf("t/0")});
  Read(0, {1000});
  EXPECT_EQ(Due(), "989");
  ASSERT_TRUE(input_->AddSplits(std::vector<SplitState>{StateOf("t/0"), StateOf("t/1")}).ok());
  EXPECT_EQ(source_->progress.size(), 2u);
  Read(0, {2000});
  EXPECT_EQ(Due(), "-");
  Read(1, {1500});
  EXPECT_EQ(Due(), "1489");
}

TEST_F(SourceInputTest, AFinishedSplitHoldsNothingAndTheLastOneEndsAllTime) {
  SourceInput::Options options;
  options.bounded = true;
  Start({StateOf("t/0"), StateOf("t/1")}, options);
  Read(0, {1000});
  Read(1, {500});
  source_->progress[1].finished = true;
  EXPECT_EQ(Due(), "989");
  source_->progress[0].finished = true;
  EXPECT_EQ(Due(), "final");
  EXPECT_EQ(Due(), "-");
}

TEST_F(SourceInputTest, BadRecordsAreCountedPerSplitAndTheCountsAreState) {
  SourceInput::Options options;
  options.bad_record_limit.emplace();
  options.bad_record_limit->set_percent(20);
  options.bad_record_limit->set_window_records(10);
  auto poll_bad = [&](int split, int64_t position) {
    source_->next.emplace().bad_records = {{.split = split, .num_before = 0, .position = position, .reason = "cut"}};
    return input_->Poll().status();
  };
  Start({StateOf("t/0"), StateOf("t/1")}, options);
  EXPECT_TRUE(poll_bad(0, 5).ok());
  EXPECT_TRUE(poll_bad(1, 5).ok());
  EXPECT_TRUE(poll_bad(0, 6).ok());
  EXPECT_TRUE(poll_bad(1, 6).ok());
  storage::v1::SourceState state = input_->State();
  EXPECT_EQ(state.splits(0).bad_records().num_records(), 2u);
  Start({state.splits(0)}, options);
  Read(0, {1, 2, 3});
  absl::Status status = poll_bad(0, 10);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("source in: too many bad records: 3 of the last 10 of a partition, 30 %; the limit is 20 %: topic: t, partition: 0, "
                        "offsets: 5 to 10; 3 of them: cut"));
  Start({state.splits(0)}, options);
  Read(0, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_TRUE(poll_bad(0, 20).ok()) << "those of before are further back than ten records";
}

TEST_F(SourceInputTest, WithoutALimitNothingIsCounted) {
  Start({StateOf("t/0")});
  source_->next.emplace().bad_records = {{.split = 0, .num_before = 0, .position = 5, .reason = "cut"}};
  EXPECT_TRUE(input_->Poll().ok());
  EXPECT_FALSE(input_->State().splits(0).has_bad_records());
}

// Event time may be computed, and stands behind what was read.
TEST_F(SourceInputTest, EventTimeMayStandOnAComputedColumn) {
  internal::v1::ChainNode node;
  node.set_uid("in");
  node.add_used_columns("at");
  auto* columns = node.add_output_schemas();
  for (auto [name, type] : {std::pair{"at", "TIMESTAMP(6)"}, {"exact", "TIMESTAMP(3)"}}) {
    auto* column = columns->add_columns();
    column->set_name(name);
    column->set_type(type);
  }
  *node.mutable_source()->add_columns() = columns->columns(0);
  for (const char* name : {"unread", "exact"}) {
    v1::NamedExpression& computed = *node.mutable_source()->add_computed();
    computed.set_name(name);
    computed.mutable_expression()->mutable_cast()->mutable_operand()->set_column("at");
    computed.mutable_expression()->mutable_cast()->set_type("TIMESTAMP(3)");
  }
  auto computed = ComputedColumns::Make(node);
  ASSERT_TRUE(computed.ok()) << computed.status();
  ASSERT_NE(*computed, nullptr);

  auto source = std::make_unique<ScriptedSource>();
  ScriptedSource* scripted = source.get();
  ASSERT_TRUE(source->Open(std::vector{StateOf("a")}, "", nullptr).ok());
  SourceInput::Options options;
  options.uid = "in";
  options.watermark.emplace().set_column("exact");
  options.computed = *computed;
  SourceInput input(std::move(source), &clock_, options);
  input.Start(std::vector{StateOf("a")});

  arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
  ASSERT_TRUE(builder.Append(7 * kMilli).ok() && builder.AppendNull().ok());
  auto column = builder.Finish().ValueOrDie();
  SourceBatch& batch = scripted->next.emplace();
  batch.rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("at", column->type())}), 2, {column});
  batch.runs = {{.split = 0, .num_rows = 2}};
  auto polled = input.Poll();
  ASSERT_TRUE(polled.ok()) << polled.status();
  EXPECT_EQ((*polled)->rows->schema()->field_names(), (std::vector<std::string>{"at", "exact"}));
  EXPECT_EQ(input.newest_event_time(), 7 * kMilli) << "a row without time tells nothing";

  // A row that has no value ends it, and says which column.
  ASSERT_TRUE(builder.Append(7 * kMilli + 1).ok());
  column = builder.Finish().ValueOrDie();
  SourceBatch& bad = scripted->next.emplace();
  bad.rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("at", column->type())}), 1, {column});
  bad.runs = {{.split = 0, .num_rows = 1}};
  EXPECT_THAT(std::string(input.Poll().status().message()), HasSubstr("source in: column \"exact\""));
}

}  // namespace
}  // namespace millrace
