#include <limits>
#include <set>

#include "absl/strings/ascii.h"
#include "arrow/type.h"
#include "base/error.h"
#include "base/nearest_name.h"
#include "coordinator/sql/bind_expression.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/sql_types.h"

namespace millrace::sql {
namespace {

constexpr int kLongest = std::numeric_limits<int>::max();
constexpr int kDeepest = 32;

class TypeBinder {
 public:
  explicit TypeBinder(std::vector<Diagnostic>& diagnostics) : diagnostics_(diagnostics) {}

  std::optional<DataType> Bind(const TypeName& name, int depth) {
    if (depth > kDeepest) {
      ReportWrong(diagnostics_, name.range, "types are nested at most ", kDeepest, " deep");
      return std::nullopt;
    }
    std::optional<DataType> type = Nullable(name, depth);
    if (type && name.not_null) *type = WithNull(*std::move(type), false);
    return type;
  }

 private:
  bool InRange(const TypeName& name, std::string_view what, int value, int low, int high) {
    if (value >= low && value <= high) return true;
    ReportWrong(diagnostics_, name.range, "the ", what, " is ", value, "; use ", low, " to ", high);
    return false;
  }

  static DataType Of(const std::string& sql) { return *ParseDataType(sql); }

  std::optional<DataType> Sized(const TypeName& name, std::string_view word, int absent) {
    const int length = name.precision.value_or(absent);
    if (!InRange(name, Cat("length of ", word), length, 1, kLongest)) return std::nullopt;
    return Of(Cat(word, "(", length, ")"));
  }

  std::optional<DataType> Timestamp(const TypeName& name, std::string_view word) {
    const int precision = name.precision.value_or(6);
    if (precision > 6 && precision <= 9) {
      ReportUnsupported(diagnostics_, name.range, word, "(", precision,
                        ") is not supported: timestamps have microseconds; use ", word, "(6), or ", word,
                        "(3) if windows are to stand on it");
      return std::nullopt;
    }
    if (!InRange(name, Cat("precision of ", word), precision, 0, 6)) return std::nullopt;
    return Of(Cat(word, "(", precision, ")"));
  }

  std::optional<DataType> Time(const TypeName& name) {
    const int precision = name.precision.value_or(0);
    if (precision > 3 && precision <= 9) {
      ReportUnsupported(diagnostics_, name.range, "TIME(", precision,
                        ") is not supported: times of day have milliseconds; use TIME(3)");
      return std::nullopt;
    }
    if (!InRange(name, "precision of TIME", precision, 0, 3)) return std::nullopt;
    return Of(Cat("TIME(", precision, ")"));
  }

  std::optional<DataType> Decimal(const TypeName& name) {
    const int precision = name.precision.value_or(10), scale = name.scale.value_or(0);
    if (!InRange(name, "precision of DECIMAL", precision, 1, 38)) return std::nullopt;
    if (!InRange(name, "scale of DECIMAL", scale, 0, precision)) return std::nullopt;
    return Of(Cat("DECIMAL(", precision, ", ", scale, ")"));
  }

  std::optional<DataType> Interval(const TypeName& name) {
    const TimeUnit unit = name.interval->from;
    if (unit == TimeUnit::kYear || unit == TimeUnit::kMonth) return MonthsInterval(true);
    return MillisInterval(true);
  }

  static std::string FieldName(const std::string& name) {
    bool plain = !name.empty();
    std::string quoted = "`";
    for (const char c : name) {
      plain = plain && (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_');
      quoted.append(c == '`' ? 2 : 1, c);
    }
    return plain ? name : quoted + "`";
  }

  std::optional<DataType> Row(const TypeName& name, int depth) {
    arrow::FieldVector fields;
    std::set<std::string> names;
    std::string sql = "ROW<";
    bool right = true;
    for (const RowField& field : name.fields) {
      if (!names.insert(field.name.text).second) {
        ReportWrong(diagnostics_, field.name.range, "ROW has two fields named '", field.name.text, "'; rename one");
        right = false;
      }
      std::optional<DataType> type = Bind(field.type, depth + 1);
      if (!type) {
        right = false;
        continue;
      }
      absl::StrAppend(&sql, fields.empty() ? "" : ", ", FieldName(field.name.text), " ", type->sql);
      fields.push_back(arrow::field(field.name.text, type->arrow, type->nullable));
    }
    if (!right) return std::nullopt;
    return DataType{.arrow = arrow::struct_(std::move(fields)), .nullable = true, .precision = 0, .sql = sql + ">"};
  }

  std::optional<DataType> Nullable(const TypeName& name, int depth) {
    switch (name.kind) {
      case TypeKind::kBoolean:
        return Of("BOOLEAN");
      case TypeKind::kTinyint:
        return Of("TINYINT");
      case TypeKind::kSmallint:
        return Of("SMALLINT");
      case TypeKind::kInt:
        return Of("INT");
      case TypeKind::kBigint:
        return Of("BIGINT");
      case TypeKind::kFloat:
        return Of("FLOAT");
      case TypeKind::kDouble:
        return Of("DOUBLE");
      case TypeKind::kString:
        return Of("STRING");
      case TypeKind::kBytes:
        return Of("BYTES");
      case TypeKind::kDate:
        return Of("DATE");
      case TypeKind::kDecimal:
        return Decimal(name);
      case TypeKind::kChar:
        return Sized(name, "CHAR", 1);
      case TypeKind::kVarchar:
        return Sized(name, "VARCHAR", kLongest);
      case TypeKind::kBinary:
        return Sized(name, "BINARY", 1);
      case TypeKind::kVarbinary:
        return Sized(name, "VARBINARY", kLongest);
      case TypeKind::kTime:
        return Time(name);
      case TypeKind::kTimestamp:
        return Timestamp(name, "TIMESTAMP");
      case TypeKind::kTimestampLtz:
        return Timestamp(name, "TIMESTAMP_LTZ");
      case TypeKind::kInterval:
        return Interval(name);
      case TypeKind::kUnknown: {
        static const auto* const known = new std::vector<std::string>{
            "BOOLEAN",   "TINYINT",       "SMALLINT", "INT",    "BIGINT",    "FLOAT",    "DOUBLE", "DECIMAL",
            "CHAR",      "VARCHAR",       "STRING",   "BINARY", "VARBINARY", "BYTES",    "DATE",   "TIME",
            "TIMESTAMP", "TIMESTAMP_LTZ", "INTERVAL", "ARRAY",  "MAP",       "MULTISET", "ROW"};
        ReportWrong(diagnostics_, name.unknown->range, "there is no type '", name.unknown->text, "'",
                    NameAdvice(name.unknown->text, *known));
        return std::nullopt;
      }
      case TypeKind::kMultiset:
        ReportUnsupported(diagnostics_, name.range, "the type MULTISET is not supported; use ARRAY");
        return std::nullopt;
      case TypeKind::kArray: {
        std::optional<DataType> item = Bind(name.elements[0], depth + 1);
        if (!item) return std::nullopt;
        return DataType{.arrow = arrow::list(arrow::field("item", item->arrow, item->nullable)),
                        .nullable = true,
                        .precision = 0,
                        .sql = Cat("ARRAY<", item->sql, ">")};
      }
      case TypeKind::kMap: {
        std::optional<DataType> key = Bind(name.elements[0], depth + 1);
        std::optional<DataType> value = Bind(name.elements[1], depth + 1);
        if (!key || !value) return std::nullopt;
        return DataType{.arrow = arrow::map(key->arrow, arrow::field("value", value->arrow, value->nullable)),
                        .nullable = true,
                        .precision = 0,
                        .sql = Cat("MAP<", key->sql, ", ", value->sql, ">")};
      }
      case TypeKind::kRow:
        return Row(name, depth);
    }
    return std::nullopt;
  }

  std::vector<Diagnostic>& diagnostics_;
};

}  // namespace

std::optional<DataType> BindType(const TypeName& type, std::vector<Diagnostic>& diagnostics) {
  return TypeBinder(diagnostics).Bind(type, 0);
}

}  // namespace millrace::sql
