// Which parts of a condition a decoder is asked to decide. That it decides them as the filter does:
// tests/worker/record_filter_test.cc.
#include "base/expression/record_filter.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "arrow/type.h"
#include "base/data_type.h"
#include "base/error.h"
#include "tests/base/expression/plan_expressions.h"

namespace millrace {
namespace {

using internal::v1::RecordFilter;
using plan_expressions::Call;
using plan_expressions::Cast;
using plan_expressions::Column;
using plan_expressions::Literal;

std::shared_ptr<arrow::Schema> SchemaWith(const std::vector<std::pair<const char*, const char*>>& columns) {
  google::protobuf::RepeatedPtrField<v1::Column> protos;
  for (const auto& [name, type] : columns) {
    protos.Add()->set_name(name);
    protos.rbegin()->set_type(type);
  }
  return *SchemaOf(protos);
}

// "(n GREATER 5)"; a number that is compared shifted: "(d×10^2 …".
std::string TextOf(const RecordFilter& filter) {
  std::vector<std::string> parts;
  for (const RecordFilter& part : filter.parts()) parts.push_back(TextOf(part));
  const std::string kind = RecordFilter::Kind_Name(filter.kind());
  if (!parts.empty()) return Cat(kind, "[", absl::StrJoin(parts, " "), "]");
  std::string constant;
  if (filter.has_exact()) {
    EXPECT_EQ(filter.exact().high(), static_cast<int64_t>(filter.exact().low()) < 0 ? -1 : 0)
        << "these fit into 64 bits";
    constant = Cat(" ", static_cast<int64_t>(filter.exact().low()));
  }
  if (filter.has_real()) constant = absl::StrCat(" ", filter.real(), "e0");
  if (filter.constant_case() == RecordFilter::kText) constant = Cat(" '", filter.text(), "'");
  const std::string shift = filter.exact().shift() > 0 ? Cat("×10^", filter.exact().shift()) : "";
  return Cat("(", filter.column(), shift, " ", kind, constant, ")");
}

std::string Taken(const v1::Expression& condition) {
  static const auto input = SchemaWith({{"n", "INT"},
                                        {"b", "BIGINT"},
                                        {"d", "DECIMAL(10, 2)"},
                                        {"x", "DOUBLE"},
                                        {"f", "FLOAT"},
                                        {"s", "STRING"},
                                        {"ok", "BOOLEAN"},
                                        {"day", "DATE"},
                                        {"at", "TIMESTAMP(3)"},
                                        {"raw", "BYTES"},
                                        {"a", "ARRAY<INT>"},
                                        {"wide", "DECIMAL(38, 0)"},
                                        {"offset", "BIGINT"}});
  // One that does not come from the payload.
  static const auto records = arrow::schema(arrow::FieldVector(input->fields().begin(), input->fields().end() - 1));
  const auto filter = RecordFilterOf(condition, *records, *input);
  return filter ? TextOf(*filter) : "nothing";
}

v1::Expression Int(int value) { return Literal("INT NOT NULL", Cat(value)); }

// 10 / n > 1: fails where n is 0.
v1::Expression MayFail() { return Call("greater", {Call("divide", {Int(10), Column("n")}), Int(1)}); }

TEST(RecordFilter, ComparesColumnsWithConstants) {
  EXPECT_EQ(Taken(Call("greater", {Column("n"), Int(5)})), "(n GREATER 5)");
  EXPECT_EQ(Taken(Call("greater", {Int(5), Column("n")})), "(n LESS 5)");
  EXPECT_EQ(Taken(Call("less_equal", {Int(5), Column("n")})), "(n GREATER_EQUAL 5)");
  EXPECT_EQ(Taken(Call("not_equal", {Column("b"), Int(-7)})), "(b NOT_EQUAL -7)");
  EXPECT_EQ(Taken(Call("equal", {Column("s"), Literal("STRING NOT NULL", "purchase")})), "(s EQUAL 'purchase')");
  EXPECT_EQ(Taken(Call("less", {Column("day"), Literal("DATE NOT NULL", "1970-01-11")})), "(day LESS 10)");
  EXPECT_EQ(Taken(Call("less", {Column("at"), Literal("TIMESTAMP(3) NOT NULL", "1970-01-01 00:00:01.000")})),
            "(at LESS 1000000)");
  EXPECT_EQ(Taken(Column("ok")), "(ok EQUAL 1)");
  EXPECT_EQ(Taken(Call("is_not_null", {Column("a")})), "(a IS_NOT_NULL)") << "that needs no order";
}

TEST(RecordFilter, ComparesNumbersAsTheFilterDoes) {
  EXPECT_EQ(Taken(Call("greater", {Column("d"), Int(5)})), "(d GREATER 500)") << "in units of the column";
  EXPECT_EQ(Taken(Call("greater", {Column("d"), Literal("DECIMAL(4, 3) NOT NULL", "1.005")})), "(d×10^1 GREATER 1005)");
  EXPECT_EQ(Taken(Call("greater", {Column("n"), Literal("DECIMAL(3, 1) NOT NULL", "10.5")})), "(n×10^1 GREATER 105)");
  EXPECT_EQ(Taken(Call("greater", {Column("x"), Int(5)})), "(x GREATER 5e0)");
  EXPECT_EQ(Taken(Call("greater", {Column("x"), Literal("DECIMAL(3, 1) NOT NULL", "10.5")})), "(x GREATER 10.5e0)");
  EXPECT_EQ(Taken(Call("greater", {Column("f"), Literal("DOUBLE NOT NULL", "0.5")})), "(f GREATER 0.5e0)");
  EXPECT_EQ(Taken(Call("equal", {Literal("FLOAT NOT NULL", "0.5"), Column("x")})), "nothing")
      << "x would be rounded to a FLOAT";
  EXPECT_EQ(Taken(Call("equal", {Column("n"), Literal("DOUBLE NOT NULL", "0.5")})), "nothing");
  EXPECT_EQ(Taken(Call("equal", {Column("wide"), Literal("DECIMAL(3, 2) NOT NULL", "0.50")})), "nothing")
      << "40 digits";
}

TEST(RecordFilter, JoinsConditionsInThreeValues) {
  const v1::Expression five = Call("equal", {Column("n"), Int(5)});
  EXPECT_EQ(Taken(Call("not", {five})), "NOT[(n EQUAL 5)]");
  EXPECT_EQ(Taken(Call("or", {five, Column("ok"), Call("is_null", {Column("s")})})),
            "OR[(n EQUAL 5) (ok EQUAL 1) (s IS_NULL)]");
  EXPECT_EQ(Taken(Call("or", {five, MayFail()})), "nothing");
  EXPECT_EQ(Taken(Call("in_list", {Column("n"), Int(1), Int(2)})), "OR[(n EQUAL 1) (n EQUAL 2)]");
  EXPECT_EQ(Taken(Call("in_list", {Column("x"), Literal("DOUBLE NOT NULL", "1")})), "nothing");
  std::vector<v1::Expression> many = {Column("n")};
  for (int i = 0; i < 17; ++i) many.push_back(Int(i));
  EXPECT_EQ(Taken(Call("in_list", many)), "nothing") << "a batch looks them up in a set";
  const std::vector<v1::Expression> alternatives(17, five);
  EXPECT_EQ(Taken(Call("or", alternatives)), "nothing") << "each would be asked of each record";
  EXPECT_EQ(Taken(Call("and", {Call("or", alternatives), Column("ok")})), "(ok EQUAL 1)");
}

TEST(RecordFilter, LeavesOutWhatItCannotDecide) {
  const v1::Expression five = Call("equal", {Column("n"), Int(5)});
  EXPECT_EQ(Taken(Call("equal", {Column("n"), Column("b")})), "nothing");
  EXPECT_EQ(Taken(Call("equal", {Column("offset"), Int(5)})), "nothing") << "not of the payload";
  EXPECT_EQ(Taken(Call("equal", {Column("raw"), Literal("BYTES NOT NULL", "00")})), "nothing");
  EXPECT_EQ(Taken(Call("equal", {Column("n"), Literal("INT")})), "nothing") << "NULL";
  EXPECT_EQ(Taken(Call("equal", {Column("day"), Literal("STRING NOT NULL", "1970-01-11")})), "nothing");
  EXPECT_EQ(Taken(Call("equal", {Cast(Column("s"), "INT", v1::CAST_MODE_TRY), Int(5)})), "nothing");
  const v1::Expression like = Call("like", {Column("s"), Literal("STRING NOT NULL", "a%")});
  EXPECT_EQ(Taken(like), "nothing");
  EXPECT_EQ(Taken(Call("and", {like, five})), "(n EQUAL 5)") << "nobody can tell which came first";
  EXPECT_EQ(Taken(Call("and", {Call("and", {five, like}), Column("ok")})), "AND[(n EQUAL 5) (ok EQUAL 1)]");
}

// Rows for which something fails are dead letters, or the end: a decoder that drops them would hide that.
TEST(RecordFilter, TakesNothingBehindWhatCanFail) {
  const v1::Expression five = Call("equal", {Column("n"), Int(5)});
  EXPECT_EQ(Taken(Call("and", {five, MayFail(), Column("ok")})), "(n EQUAL 5)") << "the filter would not get that far";
  EXPECT_EQ(Taken(Call("and", {MayFail(), five})), "nothing");
  EXPECT_EQ(Taken(Call("and", {Call("equal", {Column("missing"), Int(1)}), five})), "nothing");
}

}  // namespace
}  // namespace millrace
