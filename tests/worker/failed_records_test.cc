// Records for which a computed column of the source has no value are bad records like those that cannot be decoded.
#include "worker/failed_records.h"

#include "base/error.h"
#include "base/random.h"
#include "connectors/dead_letter.h"
#include "tests/worker/operators/operator_fixture.h"
#include "tests/worker/step_clock.h"
#include "worker/source_input.h"

namespace millrace {
namespace {

using storage::v1::SplitState;
using testing::ElementsAre;
using testing::HasSubstr;

// Hands out what it is told to.
class ScriptedSource final : public Source {
 public:
  absl::Status Open(std::span<const SplitState> splits, std::string_view, std::function<void()>) override { return AddSplits(splits); }
  absl::Status AddSplits(std::span<const SplitState> splits) override {
    for (const SplitState& state : splits) progress.emplace_back().id = state.id();
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<SourceBatch>> Poll() override { return std::exchange(next, std::nullopt); }
  std::span<const SplitProgress> splits() const override { return progress; }
  void OnCheckpointComplete(std::span<const SplitState>) override {}
  void Close() override {}

  std::vector<SplitProgress> progress;
  std::optional<SourceBatch> next;
};

// Computes n / (n % 10) and n / (n % 7).
internal::v1::ChainNode Node() {
  internal::v1::ChainNode node;
  node.set_uid("in");
  node.add_used_columns("n");
  *node.add_output_schemas() = SchemaMessage({{"n", "INT"}, {"at", "INT"}, {"half", "INT"}});
  *node.mutable_source()->add_columns() = node.output_schemas(0).columns(0);
  auto literal = [](int value) {
    v1::Expression expression;
    expression.mutable_literal()->set_type("INT");
    expression.mutable_literal()->set_value(Cat(value));
    return expression;
  };
  auto column = [] {
    v1::Expression expression;
    expression.set_column("n");
    return expression;
  };
  auto call = [](const char* function, const v1::Expression& a, const v1::Expression& b) {
    v1::Expression expression;
    expression.mutable_call()->set_function(function);
    *expression.mutable_call()->add_args() = a;
    *expression.mutable_call()->add_args() = b;
    return expression;
  };
  for (auto [name, modulus] : {std::pair{"at", 10}, {"half", 7}}) {
    v1::NamedExpression& computed = *node.mutable_source()->add_computed();
    computed.set_name(name);
    *computed.mutable_expression() = call("divide", column(), call("modulo", column(), literal(modulus)));
  }
  return node;
}

SplitState StateOf(const std::string& id) {
  SplitState state;
  state.set_id(id);
  state.set_end_position(-1);
  return state;
}

class FailedRecordsTest : public testing::Test {
 protected:
  void Start(bool dead_letters_connected, const char* limit_percent = nullptr,
             const std::vector<SplitState>& splits = {StateOf("t/0"), StateOf("t/1")}) {
    auto source = std::make_unique<ScriptedSource>();
    source_ = source.get();
    ASSERT_TRUE(source->Open(splits, "", nullptr).ok());
    SourceInput::Options options;
    options.pipeline = "p";
    options.uid = "in";
    options.computed = Must(ComputedColumns::Make(Node()));
    options.dead_letters_connected = dead_letters_connected;
    if (limit_percent != nullptr) {
      options.bad_record_limit.emplace();
      options.bad_record_limit->set_percent(std::stod(limit_percent));
      options.bad_record_limit->set_window_records(20);
    }
    input_ = std::make_unique<SourceInput>(std::move(source), &clock_, options);
    input_->Start(splits);
  }
  static SourceBatch BatchWith(const std::string& numbers, std::vector<SplitRun> runs) {
    SourceBatch batch;
    batch.rows = BatchOf(ArrowSchema({{"n", "INT"}}), {numbers});
    batch.runs = std::move(runs);
    batch.num_records = batch.rows->num_rows();
    return batch;
  }
  // "topic/partition/offset error value"
  static std::vector<std::string> LettersIn(const SourceBatch& batch) {
    std::vector<std::string> texts;
    if (batch.dead_letters == nullptr) return texts;
    for (int64_t row = 0; row < batch.dead_letters->num_rows(); ++row) {
      auto text = [&](const char* column) {
        return batch.dead_letters->GetColumnByName(column)->GetScalar(row).ValueOrDie()->ToString();
      };
      const auto& values = static_cast<const arrow::BinaryArray&>(*batch.dead_letters->GetColumnByName("value"));
      texts.push_back(Cat(text("reason"), " ", text("operator"), " ", text("topic"), "/", text("partition"), "/", text("offset"), " ",
                          text("error"), " ", values.IsNull(row) ? "null" : values.GetString(row)));
    }
    return texts;
  }

  StepClock clock_;
  ScriptedSource* source_ = nullptr;
  std::unique_ptr<SourceInput> input_;
};

TEST_F(FailedRecordsTest, TheyAreTakenOutWithALetterThatNamesThem) {
  Start(true);
  source_->next = BatchWith("[11, 20, 25, 14, 30, 31]", {{.split = 1, .num_rows = 3, .first_position = 100},
                                                         {.split = 0, .num_rows = 2, .first_position = 7},
                                                         {.split = 1, .num_rows = 1, .first_position = 103}});
  DeadLetterBuilder letters("p", "in");
  letters.Append({.error = "not JSON", .topic = "t", .partition = 0, .offset = 6});
  source_->next->dead_letters = letters.Flush();
  source_->next->bad_records = {{.split = 0, .num_before = 0, .position = 6, .reason = "not JSON"}};
  const SourceBatch batch = *Must(input_->Poll());
  EXPECT_EQ(batch.rows->schema()->field_names(), (std::vector<std::string>{"n", "at", "half"}));
  EXPECT_EQ(batch.rows->column(0)->ToString(), BatchOf(ArrowSchema({{"n", "INT"}}), {"[11, 25, 31]"})->column(0)->ToString());
  EXPECT_THAT(LettersIn(batch),
              ElementsAre("decode in t/0/6 not JSON null",
                          R"(expression in t/1/101 column "at": evaluate divide(n, modulo(n, INT '10')): division by zero: 20 {"n": 20})",
                          R"(expression in t/0/7 column "half": evaluate divide(n, modulo(n, INT '7')): division by zero: 14 {"n": 14})",
                          R"(expression in t/0/8 column "at": evaluate divide(n, modulo(n, INT '10')): division by zero: 30 {"n": 30})"));
  ASSERT_EQ(batch.runs.size(), 2u) << "what is missing begins a new run";
  EXPECT_EQ(batch.runs[0].num_rows, 1);
  EXPECT_EQ(batch.runs[1].split, 1);
  EXPECT_EQ(batch.runs[1].num_rows, 2);
  EXPECT_EQ(batch.runs[1].first_position, 102);
}

TEST_F(FailedRecordsTest, AllOfABatchMayFail) {
  Start(true);
  source_->next = BatchWith("[10, 20]", {{.split = 0, .num_rows = 2, .first_position = 7}});
  const SourceBatch batch = *Must(input_->Poll());
  EXPECT_EQ(batch.rows->num_rows(), 0);
  EXPECT_TRUE(batch.runs.empty());
  EXPECT_EQ(LettersIn(batch).size(), 2u);
}

TEST_F(FailedRecordsTest, OfAFileTheByteIsTold) {
  Start(true, nullptr, {StateOf("/data/3")});
  source_->progress[0].is_file = true;
  source_->next = BatchWith("[11, 20, 25]", {{.split = 0, .num_rows = 3, .first_position = 0}});
  source_->next->positions = {0, 9, 30};
  const SourceBatch batch = *Must(input_->Poll());
  EXPECT_THAT(LettersIn(batch), ElementsAre(HasSubstr("expression in /data/3/0/9 column")));
  EXPECT_THAT(batch.positions, ElementsAre(0, 30));
  ASSERT_EQ(batch.runs.size(), 1u);
  EXPECT_EQ(batch.runs[0].num_rows, 2);
}

TEST_F(FailedRecordsTest, UnreadTheFirstIsTold) {
  Start(false);
  source_->next = BatchWith("[11, 20, 14]", {{.split = 1, .num_rows = 3, .first_position = 100}});
  const absl::Status status = input_->Poll().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(R"(source in: column "at": evaluate divide(n, modulo(n, INT '10')): division by zero: 20; the row is {"n": 20}, )"
                        "read from topic t, partition 1, offset 101. Correct the expression, or set such rows aside"));
}

TEST_F(FailedRecordsTest, TheyDoNotMoveTheWatermark) {
  auto source = std::make_unique<ScriptedSource>();
  source_ = source.get();
  const std::vector<SplitState> splits = {StateOf("t/0")};
  ASSERT_TRUE(source->Open(splits, "", nullptr).ok());
  internal::v1::ChainNode node;
  node.set_uid("in");
  for (const char* name : {"n", "at"}) node.add_used_columns(name);
  *node.add_output_schemas() = SchemaMessage({{"n", "INT"}, {"at", "TIMESTAMP(3)"}, {"c", "INT"}});
  for (int i = 0; i < 2; ++i) *node.mutable_source()->add_columns() = node.output_schemas(0).columns(i);
  *node.mutable_source()->add_computed() = Node().source().computed(0);
  node.mutable_source()->mutable_computed(0)->set_name("c");
  SourceInput::Options options;
  options.uid = "in";
  options.watermark.emplace().set_column("at");
  options.computed = Must(ComputedColumns::Make(node));
  options.dead_letters_connected = true;
  SourceInput input(std::move(source), &clock_, options);
  input.Start(splits);
  SourceBatch batch;
  batch.rows = BatchOf(ArrowSchema({{"n", "INT"}, {"at", "TIMESTAMP(3)"}}), {"[11, 10]", R"(["1970-01-01 00:00:01", "1970-01-01 00:10:00"])"});
  batch.runs = {{.split = 0, .num_rows = 2}};
  source_->next = std::move(batch);
  ASSERT_TRUE(input.Poll().ok());
  EXPECT_EQ(input.newest_event_time(), 1'000'000);
}

// The limit counts both kinds together, by the order of each split's records, whatever batches there are.
TEST_F(FailedRecordsTest, TheyCountForTheLimitAtTheSameRecordWhateverBatches) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    // What stands at each offset of both splits: 0 decoded well, 1 cut, 2 without a value.
    Random random(seed);
    std::vector<std::vector<int>> kinds(2, std::vector<int>(300));
    for (auto& split : kinds) {
      for (int& kind : split) kind = random.Chance(0.1) ? 1 + static_cast<int>(random.Below(2)) : 0;
    }
    // The rule told once more: with 20 % of 20 records the fifth is too many.
    std::vector<int64_t> stops(2, -1);
    for (size_t split = 0; split < 2; ++split) {
      for (int64_t at = 0; at < 300 && stops[split] < 0; ++at) {
        int num_bad = 0;
        for (int64_t i = std::max<int64_t>(0, at - 19); i <= at; ++i) num_bad += kinds[split][static_cast<size_t>(i)] > 0 ? 1 : 0;
        if (kinds[split][static_cast<size_t>(at)] > 0 && num_bad == 5) stops[split] = at;
      }
    }
    Start(true, "20");
    std::vector<int64_t> next(2, 0);
    absl::Status status;
    bool may_stop = false;
    while (status.ok() && (next[0] < 300 || next[1] < 300)) {
      SourceBatch batch;
      std::string numbers;
      std::vector<int64_t> num_taken(2, 0);
      for (uint64_t i = 1 + random.Below(30); i > 0; --i) {
        const auto split = static_cast<size_t>(random.Below(2));
        if (next[split] == 300) continue;
        const int64_t position = next[split]++;
        const int kind = kinds[split][static_cast<size_t>(position)];
        may_stop = may_stop || position == stops[split];
        if (kind == 1) {
          batch.bad_records.push_back({.split = static_cast<int>(split), .num_before = num_taken[split], .position = position, .reason = "cut"});
        } else {
          numbers += Cat(numbers.empty() ? "" : ",", kind == 2 ? 10 : 11);
          AddToRuns(static_cast<int>(split), position, batch.runs);
        }
        ++num_taken[split];
      }
      batch.rows = BatchOf(ArrowSchema({{"n", "INT"}}), {Cat("[", numbers, "]")});
      source_->next = std::move(batch);
      status = input_->Poll().status();
      EXPECT_EQ(status.ok(), !may_stop);
    }
    if (status.ok()) continue;
    const std::string message(status.message());
    EXPECT_TRUE(message.find(Cat("partition: 0, offsets: ")) != message.npos ? message.find(Cat(" to ", stops[0], "; ")) != message.npos
                                                                              : message.find(Cat(" to ", stops[1], "; ")) != message.npos)
        << message << " " << stops[0] << " " << stops[1];
  }
}

}  // namespace
}  // namespace millrace
