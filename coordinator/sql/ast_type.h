#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/sql/source_range.h"

namespace millrace::sql {

struct Identifier {
  SourceRange range;
  std::string text;
  bool quoted = false;
  bool operator==(const Identifier& other) const { return text == other.text; }
};

// One or more identifiers with dots between them: the name of a table or view, or the path of a column.
struct QualifiedName {
  SourceRange range;
  std::vector<Identifier> parts;
  bool operator==(const QualifiedName&) const = default;
};

enum class TimeUnit {
  kYear,
  kQuarter,
  kMonth,
  kWeek,
  kDay,
  kHour,
  kMinute,
  kSecond,
  kMillisecond,
  kMicrosecond,
  kNanosecond,
  kMillennium,
  kCentury,
  kDecade,
  kDayOfWeek,
  kDayOfYear,
  kEpoch,
  kIsoDayOfWeek,
  kIsoYear
};

// YEAR(4) TO MONTH, DAY TO SECOND(3), SECOND: `precision` is of the first unit, `fraction` of the seconds.
struct IntervalUnit {
  SourceRange range;
  TimeUnit from = TimeUnit::kSecond;
  std::optional<int> precision;
  std::optional<TimeUnit> to;
  std::optional<int> fraction;
  bool operator==(const IntervalUnit&) const = default;
};

enum class TypeKind {
  kBoolean,
  kTinyint,
  kSmallint,
  kInt,
  kBigint,
  kFloat,
  kDouble,
  kDecimal,
  kChar,
  kVarchar,
  kString,
  kBinary,
  kVarbinary,
  kBytes,
  kDate,
  kTime,
  kTimestamp,
  kTimestampLtz,
  kInterval,
  kArray,
  kMultiset,
  kMap,
  kRow,
  kUnknown
};

struct RowField;

// A type as declared, nullable unless `not_null`.
struct TypeName {
  SourceRange range;
  TypeKind kind = TypeKind::kString;
  // What stood in parentheses: length, precision, then scale.
  std::optional<int> precision;
  std::optional<int> scale;
  std::optional<IntervalUnit> interval;  // kInterval
  std::vector<TypeName> elements;        // ARRAY and MULTISET: one; MAP: key and value
  std::vector<RowField> fields;          // ROW
  std::optional<Identifier> unknown;     // kUnknown: a word that is no type
  bool not_null = false;
  friend bool operator==(const TypeName&, const TypeName&);
};

struct RowField {
  Identifier name;
  TypeName type;
  std::optional<std::string> comment;
  bool operator==(const RowField&) const = default;
};

inline bool operator==(const TypeName& a, const TypeName& b) {
  return a.kind == b.kind && a.precision == b.precision && a.scale == b.scale && a.interval == b.interval &&
         a.elements == b.elements && a.fields == b.fields && a.unknown == b.unknown && a.not_null == b.not_null;
}

}  // namespace millrace::sql
