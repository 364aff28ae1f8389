// Records that are wrong on purpose: each has a verdict, which docs/bad-records.md shows, and none harms the good ones
// beside it.
#include "tests/connectors/format/hostile_records.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "arrow/record_batch.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/random.h"
#include "base/utf8.h"
#include "connectors/format/json_decoder.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {
namespace {

std::unique_ptr<JsonDecoder> MakeDecoder() {
  google::protobuf::RepeatedPtrField<v1::Column> columns;
  for (const auto& [name, type] : HostileColumns()) {
    v1::Column* column = columns.Add();
    column->set_name(name);
    column->set_type(type);
  }
  return JsonDecoder::Make(SchemaOf(columns).value(), {}).value();
}

absl::Status Append(Decoder& decoder, const std::optional<std::string>& value) {
  return (value.has_value() ? decoder.Append({value->data(), value->size()}) : decoder.Append({})).status();
}

std::shared_ptr<arrow::RecordBatch> Flush(Decoder& decoder) {
  auto rows = decoder.Flush();
  EXPECT_TRUE(rows.ok()) << rows.status();
  EXPECT_TRUE((*rows)->ValidateFull().ok());
  return *rows;
}

// What became of it; `rows`: those of a decoder that held nothing else.
std::string VerdictOf(const absl::Status& status, Decoder& decoder) {
  if (!status.ok()) return Cat("refused: ", status.message());
  return Cat("accepted: ", ShowRow(*Flush(decoder), 0));
}

bool IsAccepted(const HostileRecord& record) { return record.verdict.starts_with("accepted: "); }

std::vector<std::string> GoodRecords(int count, uint64_t seed) {
  Random random(seed);
  std::vector<std::string> records;
  for (int i = 0; i < count; ++i) {
    records.push_back(Cat(R"({"id":)", i, R"(,"n":)", random.Below(1000), R"(,"price":)", random.Below(1000), R"(.25,"ratio":0.5,"name":"user )",
                          random.Below(100), R"( \u00e9","at":"2026-01-01 00:00:0)", random.Below(10), R"(.125Z","tags":[1,2,)", random.Below(9),
                          R"(],"attrs":{"a":1,"b":)", random.Below(9), R"(},"pos":{"x":)", random.Below(9), R"(},"more":[{"a":"b"}]})"));
  }
  return records;
}

class Hostile : public ::testing::TestWithParam<size_t> {
 protected:
  const HostileRecord& record() const { return HostileRecords()[GetParam()]; }
};

TEST_P(Hostile, MeetsItsVerdictAlone) {
  auto decoder = MakeDecoder();
  absl::Status status = Append(*decoder, record().value);
  if (!status.ok()) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(decoder->num_rows(), 0);
    EXPECT_EQ(ToUtf8(StdView(status.message())), StdView(status.message())) << "a dead letter's error is UTF-8";
    EXPECT_LT(status.message().size(), 300u) << "nor is it as long as the record";
    EXPECT_LT(decoder->refusal().size(), 200u);
  }
  EXPECT_EQ(VerdictOf(status, *decoder), record().verdict);
}

TEST_P(Hostile, LeavesItsNeighboursAsTheyAre) {
  const std::vector<std::string> good = GoodRecords(40, 1);
  auto alone = MakeDecoder();
  for (const std::string& text : good) ASSERT_TRUE(Append(*alone, text).ok()) << text;
  auto expected = Flush(*alone);

  auto decoder = MakeDecoder();
  const int64_t at = 17;
  for (int round = 0; round < 2; ++round) {
    for (int64_t i = 0; i < static_cast<int64_t>(good.size()); ++i) {
      if (i == at) {
        ASSERT_EQ(Append(*decoder, record().value).ok(), IsAccepted(record()));
      }
      ASSERT_TRUE(Append(*decoder, good[static_cast<size_t>(i)]).ok());
    }
    auto rows = Flush(*decoder);
    const int64_t more = IsAccepted(record()) ? 1 : 0;
    ASSERT_EQ(rows->num_rows(), expected->num_rows() + more);
    EXPECT_TRUE(rows->Slice(0, at)->Equals(*expected->Slice(0, at))) << "in front of it";
    EXPECT_TRUE(rows->Slice(at + more)->Equals(*expected->Slice(at))) << "behind it";
    if (more == 1) {
      EXPECT_EQ(Cat("accepted: ", ShowRow(*rows, at)), record().verdict);
    }
  }
}

std::string NameOf(const ::testing::TestParamInfo<size_t>& info) {
  std::string name;
  for (char c : HostileRecords()[info.param].name) name += absl::ascii_isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Records, Hostile, ::testing::Range(size_t{0}, HostileRecords().size()), NameOf);

// All of them, in any order, one decoder, several batches.
TEST(HostileRecords, AllTogetherHarmNoGoodOne) {
  const uint64_t seed = static_cast<uint64_t>(::testing::UnitTest::GetInstance()->random_seed()) + 1;
  SCOPED_TRACE(Cat("seed ", seed));
  Random random(seed);
  const std::vector<std::string> good = GoodRecords(600, seed);
  auto alone = MakeDecoder();
  for (const std::string& text : good) ASSERT_TRUE(Append(*alone, text).ok());
  auto expected = Flush(*alone);

  auto decoder = MakeDecoder();
  std::vector<size_t> order;
  for (size_t i = 0; i < HostileRecords().size(); ++i) order.insert(order.begin() + static_cast<int64_t>(random.Below(i + 1)), i);
  size_t next = 0;
  int64_t checked = 0;
  std::set<std::string> kinds;
  for (size_t i = 0; i < good.size(); ++i) {
    std::vector<int64_t> accepted;
    for (size_t n = random.Below(3); n > 0 && next < order.size(); --n) {
      const HostileRecord& record = HostileRecords()[order[next++]];
      ASSERT_EQ(Append(*decoder, record.value).ok(), IsAccepted(record)) << record.name;
      if (!IsAccepted(record)) kinds.insert(decoder->refusal());
      if (IsAccepted(record)) accepted.push_back(decoder->num_rows() - 1);
    }
    ASSERT_TRUE(Append(*decoder, good[i]).ok());
    auto rows = Flush(*decoder);
    ASSERT_EQ(rows->num_rows(), 1 + static_cast<int64_t>(accepted.size()));
    ASSERT_TRUE(rows->Slice(rows->num_rows() - 1)->Equals(*expected->Slice(checked++, 1)));
  }
  EXPECT_EQ(next, order.size());
  EXPECT_LT(kinds.size(), 45u) << "reasons say nothing of a record's own values, so that they can be counted";
}

TEST(HostileRecords, AreManyAndHaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const HostileRecord& record : HostileRecords()) EXPECT_TRUE(names.insert(record.name).second) << record.name;
  EXPECT_GE(names.size(), 100u);
}

// Keys are remembered by their place in the record, and the room of a large record is not needed for the next one.
TEST(HostileRecords, LeaveNoMemoryBehind) {
  auto in_use = [] {
    struct mallinfo2 info = mallinfo2();
    return static_cast<int64_t>(info.uordblks + info.hblkhd);
  };
  auto decoder = MakeDecoder();
  ASSERT_TRUE(Append(*decoder, R"({"id":1})").ok());
  Flush(*decoder);
  const int64_t before = in_use();
  std::string short_keys;
  for (int i = 0; i < 16; ++i) {
    std::string text = Cat(R"({"id":1,)", short_keys);
    for (int key = 0; key < 16; ++key) text += Cat("\"", std::string(800'000, static_cast<char>('a' + key)), "\":1,");
    ASSERT_TRUE(Append(*decoder, Cat(text, R"("z":1})")).ok());
    for (int key = 0; key < 16; ++key) short_keys += R"("k":1,)";
  }
  std::string numbers = "[7";
  for (int i = 0; i < 3'000'000; ++i) numbers += ",7";
  ASSERT_FALSE(Append(*decoder, Cat(R"({"id":1,"tags":)", numbers, R"(,"x"]})")).ok());
  numbers.clear();
  numbers.shrink_to_fit();
  ASSERT_TRUE(Append(*decoder, R"({"id":2})").ok());
  Flush(*decoder);
  EXPECT_LT(in_use() - before, 16 << 20);
}

// A cell of a Markdown table.
std::string Cell(std::string_view text, bool is_code) {
  return is_code ? Cat("`", text, "`") : absl::StrReplaceAll(AbslView(text), {{"<", "&lt;"}});
}

std::string TableOfDocumentation() {
  std::string table = "| record | what it is | verdict |\n|---|---|---|\n";
  for (const HostileRecord& record : HostileRecords()) {
    bool is_code = (record.value.has_value() && record.shown == *record.value) || record.shown.find('<') != std::string::npos;
    std::string verdict = absl::StrReplaceAll(
        record.verdict, {{std::string(64, '9'), "9…9"}, {std::string(64, 'k'), "k…k"}, {std::string(60, 'x'), "x…x"}});
    table += Cat("| ", record.name, " | ", Cell(record.shown, is_code), " | ", Cell(verdict, false), " |\n");
  }
  return table;
}

// MILLRACE_WRITE_DOCS=1 writes it instead.
TEST(HostileRecords, AreDocumentedAsTheyAreJudged) {
  const std::string path = MILLRACE_SOURCE_DIR "/docs/bad-records.md";
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  ASSERT_TRUE(file.good()) << path;
  const std::string page = text.str();
  const std::string begin = "<!-- table -->\n";
  const std::string end = "<!-- end of table -->\n";
  const size_t from = page.find(begin);
  const size_t to = page.find(end);
  ASSERT_NE(from, page.npos);
  ASSERT_NE(to, page.npos);
  const size_t first = from + begin.size();
  if (std::getenv("MILLRACE_WRITE_DOCS") != nullptr) {
    std::ofstream(path) << page.substr(0, first) << TableOfDocumentation() << page.substr(to);
    return;
  }
  EXPECT_EQ(page.substr(first, to - first), TableOfDocumentation())
      << "docs/bad-records.md is not what the decoder does; MILLRACE_WRITE_DOCS=1 connectors_test "
         "--gtest_filter=HostileRecords.AreDocumentedAsTheyAreJudged writes the table anew";
}

}  // namespace
}  // namespace millrace
