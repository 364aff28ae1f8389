#include "base/data_type.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "arrow/type.h"
#include "arrow/util/key_value_metadata.h"
#include "base/element_types.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/nearest_name.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {
namespace {

constexpr int kDeepestNesting = 32;
constexpr int64_t kLongestString = 2147483647;

std::vector<std::string> TypeNames() {
  return {"BOOLEAN", "TINYINT", "SMALLINT", "INT",   "INTEGER", "BIGINT",    "FLOAT",         "DOUBLE", "DECIMAL", "CHAR", "VARCHAR",
          "STRING",  "BINARY",  "BYTES",    "DATE",  "TIME",    "TIMESTAMP", "TIMESTAMP_LTZ", "ARRAY",  "MAP",     "ROW",  "VARBINARY", "INTERVAL"};
}

// A field's name as a type spells it.
std::string Quoted(const std::string& name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '_';
  });
  if (plain) return name;
  std::string quoted = "`";
  for (char c : name) quoted.append(c == '`' ? 2 : 1, c);
  return quoted + "`";
}

// Recursive descent over one type's text. Keywords are matched without regard to letter case.
class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : text_(text) {}

  absl::StatusOr<DataType> ParseAll() {
    ASSIGN_OR_RETURN(DataType type, ParseType(0));
    SkipSpace();
    if (at_ != text_.size()) return Wrong("unexpected '", text_.substr(at_), "' behind ", type.sql);
    return type;
  }

  // Of the type that was parsed.
  std::vector<DataType> TakeElements() { return std::move(elements_); }

 private:
  template <typename... Args>
  absl::Status Wrong(const Args&... args) const {
    return InvalidArgument("type '", text_, "': ", args...);
  }

  void SkipSpace() {
    while (at_ < text_.size() && absl::ascii_isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }

  bool Take(char c) {
    SkipSpace();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::string_view PeekWord() {
    SkipSpace();
    size_t end = at_;
    while (end < text_.size() && (absl::ascii_isalnum(static_cast<unsigned char>(text_[end])) || text_[end] == '_')) ++end;
    return text_.substr(at_, end - at_);
  }

  bool TakeWord(std::string_view keyword) {
    const std::string_view word = PeekWord();
    if (absl::AsciiStrToUpper(AbslView(word)) != keyword) return false;
    at_ += word.size();
    return true;
  }

  // What stands at the cursor, for messages.
  std::string Here() {
    SkipSpace();
    if (at_ == text_.size()) return "the end";
    const std::string_view word = PeekWord();
    return Cat("'", word.empty() ? text_.substr(at_, 1) : word, "'");
  }

  absl::StatusOr<int64_t> TakeNumber(std::string_view of) {
    const std::string_view word = PeekWord();
    int64_t number = 0;
    if (word.empty() || !absl::SimpleAtoi(AbslView(word), &number)) {
      return Wrong("expected a whole number for the ", of, ", found ", Here());
    }
    at_ += word.size();
    return number;
  }

  absl::Status Expect(char c, std::string_view behind) {
    if (Take(c)) return absl::OkStatus();
    return Wrong("expected '", std::string(1, c), "' behind ", behind, ", found ", Here());
  }

  absl::StatusOr<int64_t> Argument(std::string_view name, std::string_view of, int64_t low, int64_t high, int64_t absent) {
    if (!Take('(')) return absent;
    ASSIGN_OR_RETURN(int64_t number, TakeNumber(of));
    RETURN_IF_ERROR(InRange(name, of, number, low, high));
    RETURN_IF_ERROR(Expect(')', Cat("the ", of, " of ", name)));
    return number;
  }

  absl::Status InRange(std::string_view name, std::string_view of, int64_t number, int64_t low, int64_t high) const {
    if (number >= low && number <= high) return absl::OkStatus();
    return Wrong("the ", of, " of ", name, " is ", number, "; use ", low, " to ", high);
  }

  absl::StatusOr<DataType> ParseType(int depth) {
    if (depth > kDeepestNesting) return Wrong("nested more than ", kDeepestNesting, " deep");
    ASSIGN_OR_RETURN(DataType type, ParseUnqualified(depth));
    if (TakeWord("NOT")) {
      if (!TakeWord("NULL")) return Wrong("expected NULL behind NOT, found ", Here());
      type.nullable = false;
      type.sql += " NOT NULL";
    } else {
      TakeWord("NULL");
    }
    return type;
  }

  absl::StatusOr<DataType> ParseUnqualified(int depth) {
    const std::string_view word = PeekWord();
    if (word.empty()) return Wrong("expected the name of a type, found ", Here());
    at_ += word.size();
    const std::string name = absl::AsciiStrToUpper(AbslView(word));
    if (name == "BOOLEAN") return Simple(arrow::boolean(), name);
    if (name == "TINYINT") return Simple(arrow::int8(), name);
    if (name == "SMALLINT") return Simple(arrow::int16(), name);
    if (name == "INT" || name == "INTEGER") return Simple(arrow::int32(), "INT");
    if (name == "BIGINT") return Simple(arrow::int64(), name);
    if (name == "FLOAT") return Simple(arrow::float32(), name);
    if (name == "DOUBLE") {
      TakeWord("PRECISION");
      return Simple(arrow::float64(), name);
    }
    if (name == "DATE") return Simple(arrow::date32(), name);
    if (name == "STRING") return Simple(arrow::utf8(), name);
    if (name == "BYTES") return Simple(arrow::binary(), name);
    if (name == "CHAR" || name == "VARCHAR") return Sized(arrow::utf8(), name, "STRING");
    if (name == "BINARY" || name == "VARBINARY") return Sized(arrow::binary(), name, "BYTES");
    if (name == "DECIMAL" || name == "DEC" || name == "NUMERIC") return Decimal();
    if (name == "TIME") {
      ASSIGN_OR_RETURN(int64_t precision, Argument(name, "precision", 0, 3, 0));
      RETURN_IF_ERROR(WithoutTimeZone(name));
      return Temporal(arrow::time32(arrow::TimeUnit::MILLI), name, precision);
    }
    if (name == "TIMESTAMP" || name == "TIMESTAMP_LTZ") return Timestamp(name);
    if (name == "ARRAY") return Array(depth);
    if (name == "MAP") return Map(depth);
    if (name == "ROW") return Row(depth);
    if (name == "INTERVAL") return Interval();
    return Wrong("there is no type '", word, "'", NameAdvice(word, TypeNames()));
  }

  static DataType Simple(std::shared_ptr<arrow::DataType> arrow, std::string sql) {
    return DataType{.arrow = std::move(arrow), .nullable = true, .precision = 0, .sql = std::move(sql)};
  }

  static DataType Temporal(std::shared_ptr<arrow::DataType> arrow, std::string_view name, int64_t precision) {
    DataType type = Simple(std::move(arrow), Cat(name, "(", precision, ")"));
    type.precision = static_cast<int>(precision);
    return type;
  }

  absl::StatusOr<DataType> Sized(std::shared_ptr<arrow::DataType> arrow, std::string_view name, std::string_view longest) {
    // No length at all is that of the constant ''.
    const bool fixed = !name.starts_with("VAR");
    ASSIGN_OR_RETURN(int64_t length, Argument(name, "length", fixed ? 0 : 1, kLongestString, 1));
    if (length == kLongestString && name.starts_with("VAR")) return Simple(std::move(arrow), std::string(longest));
    return Simple(std::move(arrow), Cat(name, "(", length, ")"));
  }

  absl::StatusOr<DataType> Decimal() {
    int64_t precision = 10;
    int64_t scale = 0;
    if (Take('(')) {
      ASSIGN_OR_RETURN(precision, TakeNumber("precision"));
      RETURN_IF_ERROR(InRange("DECIMAL", "precision", precision, 1, 38));
      if (Take(',')) {
        ASSIGN_OR_RETURN(scale, TakeNumber("scale"));
        RETURN_IF_ERROR(InRange("DECIMAL", "scale", scale, 0, precision));
      }
      RETURN_IF_ERROR(Expect(')', "the arguments of DECIMAL"));
    }
    return Simple(arrow::decimal128(static_cast<int32_t>(precision), static_cast<int32_t>(scale)),
                  Cat("DECIMAL(", precision, ", ", scale, ")"));
  }

  absl::Status WithoutTimeZone(std::string_view name) {
    if (!TakeWord("WITHOUT")) return absl::OkStatus();
    if (TakeWord("TIME") && TakeWord("ZONE")) return absl::OkStatus();
    return Wrong("expected TIME ZONE behind ", name, " WITHOUT, found ", Here());
  }

  absl::StatusOr<DataType> Timestamp(const std::string& name) {
    ASSIGN_OR_RETURN(int64_t precision, Argument(name, "precision", 0, 6, 6));
    bool local = name == "TIMESTAMP_LTZ";
    if (!local && TakeWord("WITH")) {
      if (!TakeWord("LOCAL")) return Wrong("TIMESTAMP WITH TIME ZONE is not supported; use TIMESTAMP_LTZ(", precision, ")");
      if (!TakeWord("TIME") || !TakeWord("ZONE")) return Wrong("expected TIME ZONE behind WITH LOCAL, found ", Here());
      local = true;
    } else if (!local) {
      RETURN_IF_ERROR(WithoutTimeZone(name));
    }
    if (local) return Temporal(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "TIMESTAMP_LTZ", precision);
    return Temporal(arrow::timestamp(arrow::TimeUnit::MICRO), "TIMESTAMP", precision);
  }

  // Both kinds, with the units between which Flink distinguishes nothing: months, and milliseconds.
  absl::StatusOr<DataType> Interval() {
    const std::string first = absl::AsciiStrToUpper(AbslView(PeekWord()));
    const bool months = first == "YEAR" || first == "MONTH";
    if (!months && first != "DAY" && first != "HOUR" && first != "MINUTE" && first != "SECOND") {
      return Wrong("expected YEAR TO MONTH or DAY TO SECOND(3) behind INTERVAL, found ", Here());
    }
    at_ += first.size();
    RETURN_IF_ERROR(Argument(first, "precision", 0, 9, 0).status());
    if (TakeWord("TO")) {
      const std::string last = absl::AsciiStrToUpper(AbslView(PeekWord()));
      const bool fits = months ? last == "MONTH" : last == "HOUR" || last == "MINUTE" || last == "SECOND";
      if (!fits) return Wrong("expected ", months ? "MONTH" : "HOUR, MINUTE or SECOND", " behind TO, found ", Here());
      at_ += last.size();
      RETURN_IF_ERROR(Argument(last, "precision", 0, 3, 3).status());
    }
    if (months) return Simple(arrow::month_interval(), "INTERVAL YEAR TO MONTH");
    return Simple(arrow::duration(arrow::TimeUnit::MILLI), "INTERVAL DAY TO SECOND(3)");
  }

  absl::StatusOr<DataType> Element(int depth) {
    ASSIGN_OR_RETURN(DataType type, ParseType(depth + 1));
    if (depth == 0) elements_.push_back(type);
    return type;
  }

  absl::StatusOr<DataType> Array(int depth) {
    RETURN_IF_ERROR(Expect('<', "ARRAY"));
    ASSIGN_OR_RETURN(DataType item, Element(depth));
    RETURN_IF_ERROR(Expect('>', "the element type of ARRAY"));
    return Simple(arrow::list(arrow::field("item", item.arrow, item.nullable)), Cat("ARRAY<", item.sql, ">"));
  }

  absl::StatusOr<DataType> Map(int depth) {
    RETURN_IF_ERROR(Expect('<', "MAP"));
    ASSIGN_OR_RETURN(DataType key, Element(depth));
    RETURN_IF_ERROR(Expect(',', "the key type of MAP"));
    ASSIGN_OR_RETURN(DataType value, Element(depth));
    RETURN_IF_ERROR(Expect('>', "the value type of MAP"));
    return Simple(arrow::map(key.arrow, arrow::field("value", value.arrow, value.nullable)),
                  Cat("MAP<", key.sql, ", ", value.sql, ">"));
  }

  // A bare word, or anything between back ticks, in which a doubled one stands for itself.
  absl::StatusOr<std::string> FieldName() {
    std::string name;
    if (Take('`')) {
      while (at_ < text_.size()) {
        const char c = text_[at_++];
        if (c != '`') {
          name += c;
        } else if (at_ < text_.size() && text_[at_] == '`') {
          name += text_[at_++];
        } else {
          return name;
        }
      }
      return Wrong("the back tick in front of '", name, "' is never closed");
    }
    const std::string_view word = PeekWord();
    if (word.empty()) return Wrong("expected the name of a ROW field, found ", Here());
    at_ += word.size();
    return std::string(word);
  }

  absl::StatusOr<DataType> Row(int depth) {
    const char close = Take('(') ? ')' : '>';
    if (close == '>') RETURN_IF_ERROR(Expect('<', "ROW"));
    arrow::FieldVector fields;
    std::set<std::string> names;
    std::string sql = "ROW<";
    do {
      ASSIGN_OR_RETURN(std::string name, FieldName());
      if (!names.insert(name).second) return Wrong("ROW has two fields named '", name, "'; rename one");
      ASSIGN_OR_RETURN(DataType type, Element(depth));
      absl::StrAppend(&sql, fields.empty() ? "" : ", ", Quoted(name), " ", type.sql);
      fields.push_back(arrow::field(name, type.arrow, type.nullable));
    } while (Take(','));
    RETURN_IF_ERROR(Expect(close, "the fields of ROW"));
    return Simple(arrow::struct_(std::move(fields)), sql + ">");
  }

  const std::string_view text_;
  size_t at_ = 0;
  std::vector<DataType> elements_;
};

std::string UnqualifiedSql(const arrow::DataType& type, int precision) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return "BOOLEAN";
    case arrow::Type::INT8:
      return "TINYINT";
    case arrow::Type::INT16:
      return "SMALLINT";
    case arrow::Type::INT32:
      return "INT";
    case arrow::Type::INT64:
      return "BIGINT";
    case arrow::Type::FLOAT:
      return "FLOAT";
    case arrow::Type::DOUBLE:
      return "DOUBLE";
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
      return "STRING";
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
      return "BYTES";
    case arrow::Type::DATE32:
      return "DATE";
    case arrow::Type::TIME32:
      return Cat("TIME(", std::min(precision, 3), ")");
    case arrow::Type::TIMESTAMP: {
      const bool local = !static_cast<const arrow::TimestampType&>(type).timezone().empty();
      return Cat(local ? "TIMESTAMP_LTZ(" : "TIMESTAMP(", precision, ")");
    }
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
      return Cat("DECIMAL(", decimal.precision(), ", ", decimal.scale(), ")");
    }
    case arrow::Type::INTERVAL_MONTHS:
      return "INTERVAL YEAR TO MONTH";
    case arrow::Type::DURATION:
      return "INTERVAL DAY TO SECOND(3)";
    case arrow::Type::LIST: {
      const auto& item = *static_cast<const arrow::ListType&>(type).value_field();
      return Cat("ARRAY<", SqlTypeOf(*item.type(), item.nullable()), ">");
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return Cat("MAP<", SqlTypeOf(*map.key_type(), true), ", ", SqlTypeOf(*map.item_type(), map.item_field()->nullable()), ">");
    }
    case arrow::Type::STRUCT: {
      std::string fields;
      for (const auto& field : type.fields()) {
        absl::StrAppend(&fields, fields.empty() ? "" : ", ", Quoted(field->name()), " ", SqlTypeOf(*field->type(), field->nullable()));
      }
      return Cat("ROW<", fields, ">");
    }
    default:
      return type.ToString();
  }
}

}  // namespace

absl::StatusOr<DataType> ParseDataType(std::string_view sql) { return TypeParser(sql).ParseAll(); }

absl::StatusOr<std::vector<DataType>> ElementTypesOf(const DataType& type) {
  TypeParser parser(type.sql);
  RETURN_IF_ERROR(parser.ParseAll().status());
  return parser.TakeElements();
}

std::string SqlTypeOf(const arrow::DataType& type, bool nullable, int precision) {
  return Cat(UnqualifiedSql(type, precision), nullable ? "" : " NOT NULL");
}

absl::StatusOr<std::shared_ptr<arrow::Field>> FieldOf(const v1::Column& column) {
  if (column.name().empty()) return InvalidArgument("a column of type '", column.type(), "' has no name; give it one");
  absl::StatusOr<DataType> type = ParseDataType(column.type());
  if (!type.ok()) return Annotate(type.status(), "column '", column.name(), "'");
  return arrow::field(column.name(), type->arrow, type->nullable, arrow::key_value_metadata({"millrace.sql_type"}, {type->sql}));
}

absl::StatusOr<std::shared_ptr<arrow::Schema>> SchemaOf(const google::protobuf::RepeatedPtrField<v1::Column>& columns) {
  arrow::FieldVector fields;
  std::set<std::string> names;
  for (const v1::Column& column : columns) {
    ASSIGN_OR_RETURN(std::shared_ptr<arrow::Field> field, FieldOf(column));
    if (!names.insert(column.name()).second) return InvalidArgument("two columns are named '", column.name(), "'; rename one");
    fields.push_back(std::move(field));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace millrace
