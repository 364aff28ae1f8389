#include "tests/connectors/format/hostile_records.h"

#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "arrow/scalar.h"
#include "arrow/type.h"
#include "base/error.h"
#include "base/utf8.h"

namespace millrace {
namespace {

constexpr size_t kMaxShown = 60;

std::string Repeat(std::string_view text, size_t times) {
  std::string repeated;
  repeated.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i) repeated += text;
  return repeated;
}

// A record with more fields behind its id; the text is what documentation shows.
HostileRecord With(std::string name, std::string_view fields, std::string verdict) {
  std::string value = Cat(R"({"id":1,)", fields, "}");
  return {std::move(name), value, value, std::move(verdict)};
}

// One that is too long, or not text: documentation says what it is made of.
HostileRecord Made(std::string name, std::string shown, std::string value, std::string verdict) {
  return {std::move(name), std::move(shown), std::move(value), std::move(verdict)};
}

HostileRecord Plain(std::string name, std::string value, std::string verdict) {
  std::string shown = value;
  return {std::move(name), std::move(shown), std::move(value), std::move(verdict)};
}

std::string Nested(size_t arrays) { return Cat(R"({"id":1,"x":)", Repeat("[", arrays), Repeat("]", arrays), "}"); }

std::vector<HostileRecord> MakeRecords() {
  using namespace std::string_literals;
  std::string fields_100k;
  for (int i = 0; i < 100'000; ++i) fields_100k += Cat("\"f", i, "\":", i, ",");
  return {
      // Nothing, or less than a record.
      {"no value", "none: a tombstone", std::nullopt, "refused: the record has no value (a tombstone)"},
      Made("empty", "0 bytes", "", "refused: not JSON: it is empty"),
      Made("white space only", "blank, tab, line break", " \t\r\n", "refused: not JSON: it is empty"),
      Plain("cut behind the brace", "{", "refused: not JSON: it ends in the middle"),
      Plain("cut in a key", R"({"id)", "refused: not JSON: a string has no closing quote"),
      Plain("cut behind a key", R"({"id")", "refused: not JSON: a colon is missing behind a key"),
      Plain("cut behind a colon", R"({"id":)", "refused: not JSON: it ends in the middle"),
      Plain("cut behind a number", R"({"id":1)", "refused: not JSON: it ends in the middle"),
      Plain("cut behind a comma", R"({"id":1,)", "refused: not JSON: it ends in the middle"),
      Plain("cut in a literal", R"({"id":1,"x":tru)", "refused: not JSON: a value is neither string, number, true, false, null, object nor array"),
      Plain("cut in a string", R"({"id":1,"name":"mil)", "refused: not JSON: a string has no closing quote"),
      Plain("cut in an escape", R"({"id":1,"name":"mil\)", "refused: not JSON: a string has no closing quote"),
      Plain("cut in an array", R"({"id":1,"tags":[1,2)", "refused: not JSON: it ends in the middle"),
      // More than a record, or something else.
      Plain("text behind it", R"({"id":1} x)", "refused: not JSON: text follows behind the object"),
      Plain("two documents", R"({"id":1}{"id":2})", "refused: not JSON: text follows behind the object"),
      Made("two lines", R"({"id":1}, line break, {"id":2})", "{\"id\":1}\n{\"id\":2}", "refused: not JSON: text follows behind the object"),
      Plain("an array of records", R"([{"id":1}])", "refused: not JSON: it is not a JSON object"),
      Plain("a number alone", "1", "refused: not JSON: it is not a JSON object"),
      Plain("a string alone", R"("id")", "refused: not JSON: it is not a JSON object"),
      Plain("null alone", "null", "refused: not JSON: it is not a JSON object"),
      Plain("XML", "<id>1</id>", "refused: not JSON: a value is neither string, number, true, false, null, object nor array"),
      // Almost JSON.
      Plain("a comment", R"({"id":1 /* one */})", "refused: not JSON: a comma or closing bracket is missing"),
      Plain("single quotes", "{'id':1}", "refused: not JSON: an object's key is not a string"),
      Plain("a key without quotes", "{id:1}", "refused: not JSON: an object's key is not a string"),
      Plain("a comma at the end", R"({"id":1,})", "refused: not JSON: an object's key is not a string"),
      With("a comma at the end of an array", R"("tags":[1,])", "refused: not JSON: a value is missing"),
      Plain("no comma", R"({"id":1 "n":2})", "refused: not JSON: a comma or closing bracket is missing"),
      Plain("no colon", R"({"id" 1})", "refused: not JSON: a colon is missing behind a key"),
      Plain("the wrong bracket", R"({"id":1])", "refused: not JSON: a comma or closing bracket is missing"),
      With("NaN", R"("ratio":NaN)", "refused: not JSON: a value is neither string, number, true, false, null, object nor array"),
      With("Infinity", R"("ratio":-Infinity)", "refused: not JSON: a value is neither string, number, true, false, null, object nor array"),
      With("a leading zero", R"("n":007)", "refused: not JSON: a value is neither string, number, true, false, null, object nor array"),
      With("a leading plus", R"("n":+7)", "refused: not JSON: a value is neither string, number, true, false, null, object nor array"),
      With("a hexadecimal number", R"("n":0x10)", "refused: not JSON: a value is neither string, number, true, false, null, object nor array"),
      With("a number that begins with a point", R"("ratio":.5)", "refused: not JSON: a value is neither string, number, true, false, null, object nor array"),
      // Bytes.
      Made("not UTF-8", R"({"id":1,"name":"<ff>"})", "{\"id\":1,\"name\":\"\xff\"}", "refused: not JSON: it is not UTF-8"),
      Made("an overlong slash", R"({"id":1,"name":"<c0 af>"})", "{\"id\":1,\"name\":\"\xc0\xaf\"}", "refused: not JSON: it is not UTF-8"),
      Made("a surrogate in UTF-8", R"({"id":1,"name":"<ed a0 80>"})", "{\"id\":1,\"name\":\"\xed\xa0\x80\"}", "refused: not JSON: it is not UTF-8"),
      Made("beyond Unicode", R"({"id":1,"name":"<f4 90 80 80>"})", "{\"id\":1,\"name\":\"\xf4\x90\x80\x80\"}", "refused: not JSON: it is not UTF-8"),
      Made("a cut character", R"({"id":1,"name":"<f0 9f 98>"})", "{\"id\":1,\"name\":\"\xf0\x9f\x98\"}", "refused: not JSON: it is not UTF-8"),
      Made("not UTF-8 where nobody looks", R"({"id":1,"x":"<ff>"})", "{\"id\":1,\"x\":\"\xff\"}", "refused: not JSON: it is not UTF-8"),
      Made("UTF-16", R"({"id":1} in UTF-16, little-endian)", "{\0\"\0i\0d\0\"\0:\0" "1\0}\0"s, "refused: not JSON: a string holds a control character"),
      Made("a byte order mark", R"(<ef bb bf>{"id":1})", "\xef\xbb\xbf{\"id\":1}", "refused: not JSON: it begins with a byte order mark"),
      Made("a NUL in a string", R"({"id":1,"name":"a<00>b"})", "{\"id\":1,\"name\":\"a\0b\"}"s, "refused: not JSON: a string holds a control character"),
      Made("a NUL between tokens", R"({"id":1<00>,"n":2})", "{\"id\":1\0,\"n\":2}"s, "refused: not JSON: a value is neither string, number, true, false, null, object nor array"),
      Made("a NUL at the end", R"({"id":1}<00>)", "{\"id\":1}\0"s, "refused: not JSON: text follows behind the object"),
      Made("a line break in a string", R"({"id":1,"name":"a<0a>b"})", "{\"id\":1,\"name\":\"a\nb\"}", "refused: not JSON: a string holds a control character"),
      With("an escaped NUL", R"("name":"a\u0000b")", "accepted: id = 1, name = a<00>b"),
      With("a surrogate pair", R"("name":"\ud83d\ude00")", "accepted: id = 1, name = \xf0\x9f\x98\x80"),
      With("a lone surrogate", R"("name":"\ud83d")", "refused: not JSON: a string holds a malformed escape"),
      With("a reversed surrogate pair", R"("name":"\ude00\ud83d")", "refused: not JSON: a string holds a malformed escape"),
      With("an escape that JSON has not", R"("name":"\x41")", "refused: not JSON: a string holds a malformed escape"),
      With("a bad escape where nobody looks", R"("x":"\u12")", "refused: not JSON: a string holds a malformed escape"),
      // Numbers.
      With("1e400 as DOUBLE", R"("ratio":1e400)", "refused: column 'ratio' (DOUBLE): 1e400 is out of range"),
      With("1e-400 as DOUBLE", R"("ratio":1e-400)", "refused: column 'ratio' (DOUBLE): 1e-400 is out of range"),
      With("1e400 as INT", R"("n":1e400)", "refused: column 'n' (INT): 1e400 is out of range"),
      With("1e400 as STRING", R"("name":1e400)", "accepted: id = 1, name = 1e400"),
      With("an exponent beyond counting", R"("price":1e99999999999999999999)", "refused: column 'price' (DECIMAL(10, 2)): 1e99999999999999999999 is out of range"),
      With("minus zero as INT", R"("n":-0)", "accepted: id = 1, n = 0"),
      With("minus zero as DOUBLE", R"("ratio":-0.0)", "accepted: id = 1, ratio = -0"),
      Made("10,000 digits as INT", R"("n": 10,000 times 9)", Cat(R"({"id":1,"n":)", Repeat("9", 10'000), "}"),
           Cat("refused: column 'n' (INT): ", Repeat("9", 64), "… is out of range")),
      Made("10,000 digits as DOUBLE", R"("ratio": 10,000 times 9)", Cat(R"({"id":1,"ratio":)", Repeat("9", 10'000), "}"),
           Cat("refused: column 'ratio' (DOUBLE): ", Repeat("9", 64), "… is out of range")),
      Made("10,000 digits of a fraction", R"("ratio": 0. and 10,000 times 3)", Cat(R"({"id":1,"ratio":0.)", Repeat("3", 10'000), "}"),
           "accepted: id = 1, ratio = 0.3333333333333333"),
      Made("10,000 zeros that cancel out", R"("price": 1, 10,000 zeros, e-9999)", Cat(R"({"id":1,"price":1)", Repeat("0", 10'000), "e-9999}"),
           "accepted: id = 1, price = 10.00"),
      With("an INT out of range", R"("n":2147483648)", "refused: column 'n' (INT): 2147483648 is out of range"),
      Plain("a BIGINT out of range", R"({"id":9223372036854775808})", "refused: column 'id' (BIGINT): 9223372036854775808 is out of range"),
      With("a fraction for an INT", R"("n":1.7)", "refused: column 'n' (INT): 1.7 does not fit without loss"),
      With("a DECIMAL out of range", R"("price":123456789.00)", "refused: column 'price' (DECIMAL(10, 2)): 123456789.00 is out of range"),
      With("a DECIMAL too fine", R"("price":0.005)", "refused: column 'price' (DECIMAL(10, 2)): 0.005 does not fit without loss"),
      // Times.
      With("February 30th", R"("at":"2026-02-30 00:00:00Z")", R"(refused: column 'at' (TIMESTAMP_LTZ(3)): "2026-02-30 00:00:00Z" is not a time of the form yyyy-MM-dd HH:mm:ss[.fraction]Z)"),
      With("the year 10000", R"("at":"10000-01-01 00:00:00Z")", R"(refused: column 'at' (TIMESTAMP_LTZ(3)): "10000-01-01 00:00:00Z" is not a time of the form yyyy-MM-dd HH:mm:ss[.fraction]Z)"),
      With("a microsecond for TIMESTAMP_LTZ(3)", R"("at":"2026-01-01 00:00:00.000001Z")", R"(refused: column 'at' (TIMESTAMP_LTZ(3)): "2026-01-01 00:00:00.000001Z" has more digits of a second than the column's type)"),
      With("a number for a time", R"("at":1767225600)", "refused: column 'at' (TIMESTAMP_LTZ(3)): 1767225600 is a number, not a time; set 'json.timestamp-format.standard' = 'EPOCH-MILLIS' if it counts milliseconds"),
      // Types.
      Plain("nothing for NOT NULL", "{}", "refused: column 'id' (BIGINT): is missing, but the column is NOT NULL"),
      Plain("null for NOT NULL", R"({"id":null})", "refused: column 'id' (BIGINT): is null, but the column is NOT NULL"),
      With("true for an INT", R"("n":true)", "refused: column 'n' (INT): true is not a number"),
      With("text for an INT", R"("n":"many")", R"(refused: column 'n' (INT): "many" is not a number)"),
      With("an object for an INT", R"("n":{"n":1})", "refused: column 'n' (INT): { is not a number"),
      With("an object for a STRING", R"("name":{"first": "Ada"})", R"(accepted: id = 1, name = {"first":"Ada"})"),
      With("an object for an ARRAY", R"("tags":{})", "refused: column 'tags' (ARRAY<INT>): is not an array"),
      With("an array for a MAP", R"("attrs":[])", "refused: column 'attrs' (MAP<STRING, INT>): is not an object"),
      With("one bad element", R"("tags":[1,2,"x"])", R"(refused: column 'tags.[2]' (ARRAY<INT>): "x" is not a number)"),
      With("one bad field of a ROW", R"("pos":{"x":[]})", "refused: column 'pos.x' (ROW<x INT>): [ is not a number"),
      // Keys.
      With("a key twice", R"("n":1,"n":2)", "accepted: id = 1, n = 2"),
      With("a key twice, first bad", R"("n":"x","n":2)", "accepted: id = 1, n = 2"),
      With("a key twice, then bad", R"("n":1,"n":"x")", R"(refused: column 'n' (INT): "x" is not a number)"),
      Plain("an escaped key", R"({"\u0069d":7})", "accepted: id = 7"),
      With("the empty key", R"("":1)", "accepted: id = 1"),
      With("a key in other letters", R"("ID":2,"N":3)", "accepted: id = 1"),
      // Size.
      Made("a key of 1 MB", "a key of 1,000,000 times k", Cat(R"({"id":1,")", Repeat("k", 1'000'000), "\":1}"), "accepted: id = 1"),
      Made("a MAP's key of 1 MB with a bad value", R"("attrs": {1,000,000 times k: "x"})",
           Cat(R"({"id":1,"attrs":{")", Repeat("k", 1'000'000), R"(":"x"}})"),
           Cat("refused: column 'attrs.", Repeat("k", 64), R"(…' (MAP<STRING, INT>): "x" is not a number)")),
      Made("a string of 10 MB", R"("name": 10,000,000 times x)", Cat(R"({"id":1,"name":")", Repeat("x", 10'000'000), "\"}"),
           Cat("accepted: id = 1, name = ", Repeat("x", kMaxShown), "… (10000000 bytes)")),
      Made("10 MB that nobody asked for", R"("x": 10,000,000 times x)", Cat(R"({"id":1,"x":")", Repeat("x", 10'000'000), "\"}"), "accepted: id = 1"),
      Made("larger than 16 MiB", R"("x": 17,000,000 times x)", Cat(R"({"id":1,"x":")", Repeat("x", 17'000'000), "\"}"),
           "refused: not JSON: it is larger than 16 MiB"),
      Made("10 MB of white space", R"({"id":1} behind 10,000,000 blanks)", Cat(Repeat(" ", 10'000'000), R"({"id":1})"), "accepted: id = 1"),
      Made("100,000 fields", "f0 to f99999 in front of the id", Cat("{", fields_100k, R"("id":1})"), "accepted: id = 1"),
      Made("1,000,000 elements, the last one bad", R"("tags": 1,000,000 times 7, then x)",
           Cat(R"({"id":1,"tags":[)", Repeat("7,", 1'000'000), R"("x"]})"),
           R"(refused: column 'tags.[1000000]' (ARRAY<INT>): "x" is not a number)"),
      Made("long text of wide characters for an INT", R"("n": 40 times é)", Cat(R"({"id":1,"n":")", Repeat("\xc3\xa9", 40), "\"}"),
           Cat("refused: column 'n' (INT): \"", Repeat("\xc3\xa9", 31), "… is not a number")),
      // Depth.
      Made("64 deep", "63 arrays in the object", Nested(63), "accepted: id = 1"),
      Made("65 deep", "64 arrays in the object", Nested(64), "refused: not JSON: it is nested more than 64 deep"),
      Made("a bomb of arrays", "1,000,000 times [", Cat(R"({"id":1,"x":)", Repeat("[", 1'000'000)), "refused: not JSON: it is nested more than 64 deep"),
      Made("a bomb of objects", R"(200,000 times {"a":)", Repeat(R"({"a":)", 200'000), "refused: not JSON: it is nested more than 64 deep"),
      Made("a bomb in a STRING", R"("name": 100,000 times [, closed)",
           Cat(R"({"id":1,"name":)", Repeat("[", 100'000), Repeat("]", 100'000), "}"), "refused: not JSON: it is nested more than 64 deep"),
  };
}

}  // namespace

const std::vector<std::pair<std::string, std::string>>& HostileColumns() {
  static const auto& columns = *new std::vector<std::pair<std::string, std::string>>{
      {"id", "BIGINT NOT NULL"}, {"n", "INT"},         {"price", "DECIMAL(10, 2)"},   {"ratio", "DOUBLE"}, {"name", "STRING"},
      {"at", "TIMESTAMP_LTZ(3)"}, {"tags", "ARRAY<INT>"}, {"attrs", "MAP<STRING, INT>"}, {"pos", "ROW<x INT>"}};
  return columns;
}

const std::vector<HostileRecord>& HostileRecords() {
  static const auto& records = *new std::vector<HostileRecord>(MakeRecords());
  return records;
}

std::string ShowRow(const arrow::RecordBatch& rows, int64_t row) {
  std::string shown;
  for (int column = 0; column < rows.num_columns(); ++column) {
    const arrow::Array& values = *rows.column(column);
    if (values.IsNull(row)) continue;
    std::string text;
    if (values.type_id() == arrow::Type::STRING) {
      text = static_cast<const arrow::StringArray&>(values).GetString(row);
    } else {
      text = values.GetScalar(row).ValueOrDie()->ToString();
    }
    if (text.size() > kMaxShown) text = Cat(Utf8Prefix(text, kMaxShown), "… (", text.size(), " bytes)");
    for (size_t nul; (nul = text.find('\0')) != text.npos;) text.replace(nul, 1, "<00>");
    shown += Cat(shown.empty() ? "" : ", ", rows.schema()->field(column)->name(), " = ", text);
  }
  return shown;
}

}  // namespace millrace
