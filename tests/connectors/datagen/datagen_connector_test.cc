#include "connectors/datagen/datagen_connector.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <set>

#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "arrow/util/decimal.h"
#include "base/error.h"
#include "connectors/datagen/datagen_options.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FakeClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1'795'255'200); }
  absl::Duration Monotonic() const override { return now; }
  absl::Duration now;
};

class DatagenTest : public ::testing::Test {
 protected:
  DatagenTest() {
    environment_.clock = &clock_;
    connector_ = MakeDatagenConnector(environment_);
    Set("number-of-rows", "2000");
    clock_.now = absl::Hours(0);
  }
  void Column(const std::string& name, const std::string& type) {
    v1::Column& column = *spec_.source.add_columns();
    column.set_name(name);
    column.set_type(type);
    spec_.used_columns.push_back(name);
  }
  void Set(const std::string& name, const std::string& value) { (*spec_.source.mutable_options())[name] = value; }
  std::vector<std::string> Mistakes() { return connector_->Validate(spec_.source); }
  std::unique_ptr<Source> Open() {
    EXPECT_THAT(Mistakes(), IsEmpty());
    auto catalog = *connector_->OpenCatalog(spec_);
    auto source = *connector_->MakeSource(spec_);
    EXPECT_TRUE(source->Open(*catalog->ResolveStart(*catalog->ListSplits()), *catalog->SystemId(), [] {}).ok());
    return source;
  }
  // All rows of one column, by what `read` makes of them.
  template <typename Array, typename Value>
  std::vector<Value> Read(const std::string& column, std::function<Value(const Array&, int64_t)> read) {
    auto source = Open();
    clock_.now += absl::Hours(1);
    std::vector<Value> values;
    while (true) {
      auto batch = source->Poll();
      EXPECT_TRUE(batch.ok()) << batch.status();
      if (!batch.ok() || !batch->has_value()) return values;
      auto array = (*batch)->rows->GetColumnByName(column);
      for (int64_t i = 0; i < array->length(); ++i) values.push_back(read(static_cast<const Array&>(*array), i));
    }
  }
  template <typename Array>
  auto Read(const std::string& column) {
    using Value = std::decay_t<decltype(std::declval<const Array&>().Value(0))>;
    return Read<Array, Value>(column, [](const Array& array, int64_t i) { return array.Value(i); });
  }
  std::vector<std::string> ReadText(const std::string& column) {
    return Read<arrow::BinaryArray, std::string>(column, [](const auto& array, int64_t i) { return std::string(array.GetView(i)); });
  }

  FakeClock clock_;
  ConnectorEnvironment environment_;
  std::unique_ptr<SourceConnector> connector_;
  SourceSpec spec_;
};

template <typename Values>
void ExpectWithin(const Values& values, auto min, auto max) {
  EXPECT_EQ(values.size(), 2000u);
  EXPECT_GE(*std::min_element(values.begin(), values.end()), min);
  EXPECT_LE(*std::max_element(values.begin(), values.end()), max);
}

TEST_F(DatagenTest, RandomNumbersLieWithinTheirBoundsAndReachThem) {
  Column("ti", "TINYINT");
  Column("i", "INT");
  Column("l", "BIGINT");
  Column("d", "DOUBLE");
  Column("f", "FLOAT");
  Column("dc", "DECIMAL(10, 2)");
  Set("fields.i.min", "-3");
  Set("fields.i.max", "3");
  Set("fields.d.min", "0.5");
  Set("fields.d.max", "1.5");
  Set("fields.dc.min", "-0.05");
  Set("fields.dc.max", "1");
  auto ints = Read<arrow::Int32Array>("i");
  ExpectWithin(ints, -3, 3);
  EXPECT_EQ(std::set<int32_t>(ints.begin(), ints.end()).size(), 7u);
  auto tiny = Read<arrow::Int8Array>("ti");
  EXPECT_EQ(std::set<int8_t>(tiny.begin(), tiny.end()).size(), 256u);
  auto longs = Read<arrow::Int64Array>("l");
  EXPECT_LT(*std::min_element(longs.begin(), longs.end()), int64_t{-1} << 61);
  EXPECT_GT(*std::max_element(longs.begin(), longs.end()), int64_t{1} << 61);
  ExpectWithin(Read<arrow::DoubleArray>("d"), 0.5, 1.5);
  for (float value : Read<arrow::FloatArray>("f")) EXPECT_TRUE(std::isfinite(value));
  auto decimals = Read<arrow::Decimal128Array, int64_t>("dc", [](const auto& array, int64_t i) {
    return static_cast<int64_t>(arrow::Decimal128(array.GetValue(i)).low_bits());
  });
  ExpectWithin(decimals, -5, 100);
  EXPECT_EQ(std::set<int64_t>(decimals.begin(), decimals.end()).size(), 106u);
}

TEST_F(DatagenTest, SequencesCountAndEndTheTable) {
  Column("n", "BIGINT");
  Column("s", "STRING");
  Column("dc", "DECIMAL(5, 1)");
  for (const char* name : {"n", "s", "dc"}) {
    Set(Cat("fields.", name, ".kind"), "sequence");
    Set(Cat("fields.", name, ".start"), "-1");
    Set(Cat("fields.", name, ".end"), std::string_view(name) == "n" ? "2" : "9");
  }
  EXPECT_THAT(Read<arrow::Int64Array>("n"), ElementsAre(-1, 0, 1, 2));
  EXPECT_THAT(ReadText("s"), ElementsAre("-1", "0", "1", "2"));
  auto decimals = Read<arrow::Decimal128Array, std::string>("dc", [](const auto& array, int64_t i) { return array.FormatValue(i); });
  EXPECT_THAT(decimals, ElementsAre("-1.0", "0.0", "1.0", "2.0"));
  spec_.source.mutable_options()->erase("number-of-rows");
  EXPECT_TRUE(connector_->IsBounded(spec_.source));
  // By several readers together.
  Set("scan.parallelism", "3");
  auto numbers = Read<arrow::Int64Array>("n");
  std::sort(numbers.begin(), numbers.end());
  EXPECT_THAT(numbers, ElementsAre(-1, 0, 1, 2));
}

TEST_F(DatagenTest, TextHasItsLength) {
  Column("s", "STRING");
  Column("c", "CHAR(3)");
  Column("v", "VARCHAR(7)");
  Column("b", "BYTES");
  Set("fields.v.var-len", "true");
  Set("fields.b.length", "5");
  for (const std::string& text : ReadText("s")) EXPECT_EQ(text.size(), 100u);
  for (const std::string& text : ReadText("c")) EXPECT_EQ(text.size(), 3u);
  for (const std::string& text : ReadText("b")) EXPECT_EQ(text.size(), 5u);
  std::set<size_t> sizes;
  for (const std::string& text : ReadText("v")) sizes.insert(text.size());
  EXPECT_THAT(sizes, ElementsAre(1, 2, 3, 4, 5, 6, 7));
}

TEST_F(DatagenTest, TimeGoesOnWithTheRate) {
  Column("ts", "TIMESTAMP(3)");
  Column("past", "TIMESTAMP_LTZ(6)");
  Column("dt", "DATE");
  Column("tm", "TIME(0)");
  Set("rows-per-second", "100");
  Set("fields.past.max-past", "2 s");
  constexpr int64_t kStarted = 1'795'255'200'000'000;
  auto times = Read<arrow::TimestampArray>("ts");
  for (size_t i = 0; i < times.size(); ++i) EXPECT_EQ(times[i], kStarted + static_cast<int64_t>(i) * 10'000);
  auto past = Read<arrow::TimestampArray>("past");
  int64_t most = 0;
  for (size_t i = 0; i < past.size(); ++i) {
    const int64_t older = times[i] - past[i];
    EXPECT_GE(older, 0);
    EXPECT_LE(older, 2'000'000);
    most = std::max(most, older);
  }
  EXPECT_GT(most, 1'900'000);
  EXPECT_EQ(Read<arrow::Date32Array>("dt").front(), kStarted / 86'400'000'000);
  EXPECT_EQ(Read<arrow::Time32Array>("tm")[150], kStarted % 86'400'000'000 / 1000 + 1000);
}

TEST_F(DatagenTest, ARateHoldsRowsBack) {
  Column("i", "INT");
  Set("rows-per-second", "100");
  auto source = Open();
  EXPECT_FALSE((*source->Poll()).has_value());
  clock_.now += absl::Seconds(2);
  EXPECT_EQ((*source->Poll())->num_records, 200);
  EXPECT_FALSE((*source->Poll()).has_value());
}

TEST_F(DatagenTest, NullsComeAtTheirRate) {
  Column("i", "INT");
  Set("fields.i.null-rate", "0.25");
  auto nulls = Read<arrow::Int32Array, int>("i", [](const auto& array, int64_t i) { return array.IsNull(i) ? 1 : 0; });
  EXPECT_NEAR(static_cast<double>(std::count(nulls.begin(), nulls.end(), 1)), 500, 120);
}

TEST_F(DatagenTest, RowsDoNotDependOnTheColumnsReadButOnTheSeed) {
  Column("a", "INT");
  Column("b", "INT");
  auto values = Read<arrow::Int32Array>("b");
  EXPECT_NE(values, Read<arrow::Int32Array>("a"));
  spec_.used_columns = {"b"};
  EXPECT_EQ(values, Read<arrow::Int32Array>("b"));
  Set("seed", "2");
  EXPECT_NE(values, Read<arrow::Int32Array>("b"));
}

TEST_F(DatagenTest, OtherOptionsAreAnotherOutside) {
  Column("a", "INT");
  auto catalog = *connector_->OpenCatalog(spec_);
  const std::string before = *catalog->SystemId();
  Set("fields.a.max", "7");
  auto source = *connector_->MakeSource(spec_);
  EXPECT_EQ(source->Open({}, before, [] {}).code(), absl::StatusCode::kDataLoss);
}

TEST_F(DatagenTest, WithoutAnEndItIsUnbounded) {
  Column("a", "INT");
  EXPECT_TRUE(connector_->IsBounded(spec_.source));
  spec_.source.mutable_options()->erase("number-of-rows");
  EXPECT_FALSE(connector_->IsBounded(spec_.source));
  auto catalog = *connector_->OpenCatalog(spec_);
  EXPECT_EQ(catalog->ResolveStart(*catalog->ListSplits())->front().end_position(), -1);
}

TEST_F(DatagenTest, OptionsAreChecked) {
  Column("i", "TINYINT NOT NULL");
  Column("c", "CHAR(3)");
  Column("b", "BOOLEAN");
  Column("r", "ROW<a INT>");
  Set("rows-per-second", "0");
  Set("fields.i.mx", "1");
  Set("fields.i.min", "5");
  Set("fields.i.max", "300");
  Set("fields.i.null-rate", "0.1");
  Set("fields.c.length", "2");
  Set("fields.b.kind", "sequence");
  EXPECT_THAT(Mistakes(),
              ElementsAre("datagen: column 'r': datagen cannot fill a column of type ROW<a INT>; generate scalars and build it in a query",
                          "datagen: option 'fields.c.length': a CHAR(3) has the length of its type; leave it out",
                          "datagen: option 'fields.i.max': '300' is not a value of the column",
                          HasSubstr("datagen: there is no option 'fields.i.mx'; did you mean 'fields.i.max'?"),
                          "datagen: option 'fields.i.null-rate': the column is NOT NULL",
                          HasSubstr("datagen: option 'rows-per-second': '0' is not an integer from 1 to"),
                          "datagen: column 'b': only numbers and strings can be a sequence"));
}

TEST_F(DatagenTest, SequencesAreChecked) {
  Column("i", "TINYINT");
  Column("j", "INT");
  Set("fields.i.kind", "sequence");
  Set("fields.i.start", "1");
  Set("fields.j.start", "1");
  EXPECT_THAT(Mistakes(), ElementsAre("datagen: column 'i': a sequence needs its 'start' and its 'end'",
                                      "datagen: column 'j': 'start' and 'end' need 'fields.j.kind' = 'sequence'"));
  Set("fields.i.end", "128");
  Set("fields.j.kind", "sequence");
  Set("fields.j.end", "0");
  Set("fields.j.min", "0");
  EXPECT_THAT(Mistakes(), ElementsAre("datagen: column 'i': its 'start' or 'end' is not a value of the column",
                                      "datagen: column 'j': a sequence has no 'min'",
                                      "datagen: column 'j': its 'start' is above its 'end'"));
}

TEST_F(DatagenTest, BoundsAreInOrder) {
  Column("i", "TINYINT");
  Column("d", "DOUBLE");
  Set("fields.i.min", "5");
  Set("fields.i.max", "4");
  Set("fields.d.min", "0.5");
  Set("fields.d.max", "-0.5");
  EXPECT_THAT(Mistakes(), ElementsAre("datagen: column 'i': its 'min' is above its 'max'",
                                      "datagen: column 'd': its 'min' is above its 'max'"));
}

}  // namespace
}  // namespace millrace
