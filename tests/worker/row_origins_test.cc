// Rows that fail in a chain name the record that they came from, whatever was dropped, repeated and joined before them.
#include "worker/row_origins.h"

#include "base/error.h"
#include "base/random.h"
#include "connectors/dead_letter.h"
#include "tests/worker/operators/operator_fixture.h"
#include "worker/operator_chain.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> Texts(const std::vector<RecordPlace>& places) {
  std::vector<std::string> texts;
  for (const RecordPlace& place : places) texts.push_back(place.Text());
  return texts;
}

SplitProgress Split(const std::string& id, int64_t position = 0, bool is_file = false) {
  SplitProgress split;
  split.id = id;
  split.position = position;
  split.is_file = is_file;
  return split;
}

TEST(RowOrigins, RunsTellWhereRowsOfABatchStand) {
  SourceBatch batch;
  batch.runs = {{.split = 1, .num_rows = 2, .first_position = 10},
                {.split = 0, .num_rows = 1, .first_position = 7},
                {.split = 1, .num_rows = 2, .first_position = 13}};
  const std::vector<SplitProgress> splits = {Split("clicks/3"), Split("a/b/12")};
  const RowOrigins origins(batch, splits);
  EXPECT_THAT(Texts(origins.PlacesOf({0, 1, 2, 3, 4})),
              ElementsAre("topic a/b, partition 12, offset 10", "topic a/b, partition 12, offset 11",
                          "topic clicks, partition 3, offset 7", "topic a/b, partition 12, offset 13",
                          "topic a/b, partition 12, offset 14"));
  EXPECT_THAT(Texts(origins.PlacesOf({4, 0})),
              ElementsAre("topic a/b, partition 12, offset 14", "topic a/b, partition 12, offset 10"));
  EXPECT_THAT(origins.PlacesOf({}), IsEmpty());
}

TEST(RowOrigins, RecordsOfFilesStandAtBytes) {
  SourceBatch batch;
  batch.runs = {{.split = 0, .num_rows = 3, .first_position = 0}};
  batch.positions = {0, 9, 31};
  const std::vector<SplitProgress> splits = {Split("/data/part/3", 0, /*is_file=*/true)};
  const std::vector<RecordPlace> places = RowOrigins(batch, splits).PlacesOf({0, 2});
  EXPECT_THAT(Texts(places), ElementsAre("file /data/part/3, byte 0", "file /data/part/3, byte 31"));
  EXPECT_EQ(places[1].topic, "/data/part/3");
  EXPECT_EQ(places[1].partition, 0);
}

TEST(RowOrigins, WhatWasTakenIsTracedThroughAllSteps) {
  SourceBatch batch;
  batch.runs = {{.split = 0, .num_rows = 10, .first_position = 100}};
  const std::vector<SplitProgress> splits = {Split("t/0")};
  const RowOrigins read(batch, splits);
  const std::vector<uint32_t> kept = {1, 4, 9};
  const RowOrigins filtered(read, kept);
  const std::vector<uint32_t> repeated = {0, 0, 2, 2, 2};
  const RowOrigins unnested(filtered, repeated);
  EXPECT_THAT(Texts(unnested.PlacesOf({1, 2, 4})),
              ElementsAre("topic t, partition 0, offset 101", "topic t, partition 0, offset 109", "topic t, partition 0, offset 109"));
}

v1::Expression Column(const std::string& name) {
  v1::Expression expression;
  expression.set_column(name);
  return expression;
}

v1::Expression Call(const std::string& function, const std::vector<v1::Expression>& args) {
  v1::Expression expression;
  expression.mutable_call()->set_function(function);
  for (const auto& arg : args) *expression.mutable_call()->add_args() = arg;
  return expression;
}

v1::Expression Int(int value) {
  v1::Expression expression;
  expression.mutable_literal()->set_type("INT");
  expression.mutable_literal()->set_value(Cat(value));
  return expression;
}

// Keeps what comes, or makes rows of its own of it.
class End final : public Operator {
 public:
  explicit End(std::vector<BatchPtr>* kept) : kept_(kept) {}
  absl::Status Open(const OperatorContext&) override { return absl::OkStatus(); }
  absl::Status ProcessBatch(uint32_t, uint32_t, const BatchPtr& rows, Output& out) override {
    if (kept_ == nullptr) {
      out.Emit(0, rows);
    } else {
      kept_->push_back(rows);
    }
    return absl::OkStatus();
  }
  absl::Status OnWatermark(EventTimeMicros, Output&) override { return absl::OkStatus(); }
  absl::StatusOr<std::unique_ptr<FrozenEntries>> BeforeBarrier(Epoch, Output&) override { return nullptr; }

 private:
  std::vector<BatchPtr>* const kept_;
};

// `partition` and `offset` are where the row stands; `k` decides who fails for it, and how often it is repeated.
const Columns kRead = {{"partition", "INT"}, {"offset", "INT"}, {"k", "INT"}, {"list", "ARRAY<INT>"}};

class OriginsInChainTest : public testing::Test {
 protected:
  OriginsInChainTest() {
    Node("read", {}).mutable_source();
    // Fails for k = 0; drops 3 and 6.
    auto& filter = Node("filter", {{"read", 0}});
    *filter.add_input_schemas() = *filter.add_output_schemas() = SchemaMessage(kRead);
    *filter.mutable_filter()->mutable_condition() =
        Call("and", {Call("greater_equal", {Call("divide", {Int(100), Column("k")}), Int(0)}),
                     Call("not_equal", {Call("modulo", {Column("k"), Int(3)}), Int(0)})});
    // Fails for k = 1.
    Project("first", "filter", 1);
    auto& unnest = Node("unnest", {{"first", 0}});
    unnest.mutable_unnest()->set_column("list");
    unnest.mutable_unnest()->add_names("x");
    *unnest.add_input_schemas() = SchemaMessage(kRead);
    Columns with = kRead;
    with.emplace_back("x", "INT");
    *unnest.add_output_schemas() = SchemaMessage(with);
    // A second way for the same rows, which fails for k = 2, and both together.
    Project("other", "filter", 2);
    auto& both = Node("both", {{"first", 0}, {"other", 0}});
    both.mutable_union_();
    for (int i = 0; i < 2; ++i) *both.add_input_schemas() = SchemaMessage(kRead);
    *both.add_output_schemas() = SchemaMessage(kRead);
    // Fails for k = 4, and k = 5.
    Project("second", "unnest", 4, with);
    Project("joined", "both", 5);
    // What follows on rows that an operator has made fails for k = 7.
    Node("made", {{"read", 0}}).mutable_group_aggregate();
    Project("behind", "made", 7);
    Node("letters", {{"filter", 1}, {"first", 1}, {"other", 1}, {"second", 1}, {"joined", 1}, {"behind", 1}}).mutable_sink();
  }

  internal::v1::ChainNode& Node(const std::string& uid, const std::vector<std::pair<std::string, uint32_t>>& inputs) {
    auto& node = *stage_.add_nodes();
    node.set_uid(uid);
    for (const auto& [from, output] : inputs) {
      node.add_inputs()->set_from_uid(from);
      node.mutable_inputs(node.inputs_size() - 1)->set_output(output);
    }
    return node;
  }
  // All columns; the third fails where k is `fails_for`.
  void Project(const std::string& uid, const std::string& from, int fails_for, const Columns& columns = kRead) {
    auto& node = Node(uid, {{from, 0}});
    *node.add_input_schemas() = *node.add_output_schemas() = SchemaMessage(columns);
    for (const auto& [name, type] : columns) {
      auto* column = node.mutable_project()->add_columns();
      column->set_name(name);
      *column->mutable_expression() =
          name != "k" ? Column(name)
                      : Call("plus", {Column("k"), Call("times", {Int(0), Call("divide", {Int(1), Call("minus", {Column("k"), Int(fails_for)})})})});
    }
  }
  std::unique_ptr<OperatorChain> Make(bool dead_letters_connected) {
    std::vector<OperatorChain::Node> nodes(static_cast<size_t>(stage_.nodes_size()));
    for (int i = 0; i < stage_.nodes_size(); ++i) {
      const internal::v1::ChainNode& plan = stage_.nodes(i);
      OperatorChain::Node& node = nodes[static_cast<size_t>(i)];
      node.plan = &plan;
      if (plan.has_source()) continue;
      if (plan.has_sink() || plan.has_group_aggregate()) {
        node.op = std::make_unique<End>(plan.has_sink() ? &letters_ : nullptr);
      } else {
        node.op = Must(MakeOperator(plan));
      }
      OperatorContext context;
      context.pipeline = "p";
      context.dead_letters_connected = dead_letters_connected;
      EXPECT_TRUE(node.op->Open(context).ok());
    }
    return Must(OperatorChain::Make(std::move(nodes), {}, {}));
  }
  // Rows that say themselves where they stand, of splits whose records come in runs with gaps.
  void Read(Random& random) {
    batch_ = {};
    std::vector<std::string> json(4);
    const int num_rows = 1 + static_cast<int>(random.Below(60));
    for (int row = 0; row < num_rows; ++row) {
      const bool goes_on = row > 0 && random.Chance(0.7);
      split_ = goes_on ? split_ : static_cast<int>(random.Below(splits_.size()));
      if (!goes_on && random.Chance(0.5)) ++splits_[static_cast<size_t>(split_)].position;
      const int64_t position = splits_[static_cast<size_t>(split_)].position++;
      AddToRuns(split_, position, batch_.runs);
      const int k = static_cast<int>(random.Below(9));
      std::string list;
      for (uint64_t i = random.Below(4); i > 0; --i) list += Cat(list.empty() ? "" : ",", i);
      const std::vector<std::string> values = {Cat(split_ * 10), Cat(position), Cat(k), Cat("[", list, "]")};
      for (size_t i = 0; i < json.size(); ++i) json[i] += Cat(json[i].empty() ? "[" : ",", values[i]);
    }
    for (std::string& column : json) column += "]";
    batch_.rows = BatchOf(ArrowSchema(kRead), json);
  }

  internal::v1::Stage stage_;
  std::vector<BatchPtr> letters_;
  SourceBatch batch_;
  int split_ = 0;
  std::vector<SplitProgress> splits_ = {Split("t/0", 5), Split("t/10", 5000), Split("t/20")};
};

TEST_F(OriginsInChainTest, EveryLetterNamesTheRecordThatItsRowSaysItIs) {
  const uint64_t seed = 7;
  SCOPED_TRACE(seed);
  Random random(seed);
  auto chain = Make(true);
  std::map<std::string, int> num_by_operator;
  uint64_t num_letters = 0;
  for (int i = 0; i < 200; ++i) {
    Read(random);
    letters_.clear();
    const RowOrigins origins(batch_, splits_);
    ASSERT_TRUE(chain->EmitFromSource(0, batch_.rows, &origins).ok());
    for (const BatchPtr& letters : letters_) {
      for (int64_t row = 0; row < letters->num_rows(); ++row) {
        auto text = [&](const char* column) { return letters->GetColumnByName(column)->GetScalar(row).ValueOrDie()->ToString(); };
        ++num_letters;
        ++num_by_operator[text("operator")];
        const auto& values = static_cast<const arrow::BinaryArray&>(*letters->GetColumnByName("value"));
        const std::string value = values.GetString(row);
        if (text("operator") == "behind") {
          EXPECT_EQ(text("topic") + text("partition") + text("offset"), "nullnullnull");
          continue;
        }
        EXPECT_EQ(text("topic"), "t");
        EXPECT_THAT(value, HasSubstr(Cat(R"({"partition": )", text("partition"), R"(, "offset": )", text("offset"), ",")));
      }
    }
  }
  EXPECT_EQ(chain->rows_set_aside(), num_letters);
  for (const char* uid : {"filter", "first", "other", "second", "joined", "behind"}) EXPECT_GT(num_by_operator[uid], 100) << uid;
}

TEST_F(OriginsInChainTest, UnreadTheErrorNamesOperatorColumnRowAndRecord) {
  auto chain = Make(false);
  batch_.rows = BatchOf(ArrowSchema(kRead), {"[0, 20]", "[41, 8]", "[8, 1]", "[[], []]"});
  batch_.runs = {{.split = 0, .num_rows = 1, .first_position = 41}, {.split = 2, .num_rows = 1, .first_position = 8}};
  const RowOrigins origins(batch_, splits_);
  absl::Status status = chain->EmitFromSource(0, batch_.rows, &origins);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const std::string message(status.message());
  EXPECT_THAT(message, testing::StartsWith("operator first: column \"k\": evaluate "));
  EXPECT_THAT(message, HasSubstr(R"(division by zero: 1; the row is {"partition": 20, "offset": 8, "k": 1, "list": "[]"}, )"
                                 "read from topic t, partition 20, offset 8. Correct the expression, or "));
}

TEST_F(OriginsInChainTest, UnknownOriginsAreNotGuessed) {
  auto chain = Make(false);
  batch_.rows = BatchOf(ArrowSchema(kRead), {"[0]", "[41]", "[1]", "[[]]"});
  absl::Status status = chain->EmitFromSource(0, batch_.rows);
  EXPECT_THAT(std::string(status.message()), HasSubstr("which operators before it made, so that no record can be named. Correct"));
}

}  // namespace
}  // namespace millrace
