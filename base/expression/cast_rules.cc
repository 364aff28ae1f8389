#include "base/expression/cast_rules.h"

#include "arrow/compute/cast.h"
#include "arrow/type.h"
#include "base/expression/type_rules.h"

namespace millrace {
namespace {

bool CanCastExactly(const DataType& from, const DataType& to) {
  const TypeFamily a = FamilyOf(from), b = FamilyOf(to);
  if (a == TypeFamily::kNested || b == TypeFamily::kNested) return from.arrow->Equals(*to.arrow);
  if (a == TypeFamily::kMonths || b == TypeFamily::kMonths || a == TypeFamily::kMillis || b == TypeFamily::kMillis) {
    return a == b;
  }
  if (a == b || a == TypeFamily::kString || b == TypeFamily::kString) return true;
  switch (a) {
    case TypeFamily::kBoolean:
      return b == TypeFamily::kNumber;
    case TypeFamily::kNumber:
      return b == TypeFamily::kBoolean;
    case TypeFamily::kDate:
      return b == TypeFamily::kTimestamp || b == TypeFamily::kTimestampLtz;
    case TypeFamily::kTimestamp:
    case TypeFamily::kTimestampLtz:
      return b == TypeFamily::kTimestamp || b == TypeFamily::kTimestampLtz || b == TypeFamily::kDate ||
             b == TypeFamily::kTime;
    default:
      return false;
  }
}

bool CanCastField(const arrow::Field& from, const arrow::Field& to);

bool CanCastNested(const DataType& from, const DataType& to) {
  if (from.arrow->Equals(*to.arrow)) return true;
  if (from.arrow->id() != to.arrow->id() || from.arrow->num_fields() != to.arrow->num_fields()) return false;
  if (from.arrow->id() == arrow::Type::MAP) {
    const auto &x = static_cast<const arrow::MapType&>(*from.arrow), &y = static_cast<const arrow::MapType&>(*to.arrow);
    return CanCastField(*x.key_field(), *y.key_field()) && CanCastField(*x.item_field(), *y.item_field());
  }
  for (int i = 0; i < from.arrow->num_fields(); ++i) {
    if (!CanCastField(*from.arrow->field(i), *to.arrow->field(i))) return false;
  }
  return true;
}

// What Flink's CAST converts.
bool CanCastAsSql(const DataType& from, const DataType& to) {
  const TypeFamily a = FamilyOf(from), b = FamilyOf(to);
  if (b == TypeFamily::kString) return true;
  if (a == TypeFamily::kNested || b == TypeFamily::kNested) return a == b && CanCastNested(from, to);
  if (a == b) return true;
  switch (a) {
    case TypeFamily::kString:
      return b != TypeFamily::kMonths && b != TypeFamily::kMillis;
    case TypeFamily::kBoolean:
      return b == TypeFamily::kNumber;
    case TypeFamily::kNumber:
      return b == TypeFamily::kBoolean || (IsInteger(from) && (b == TypeFamily::kMonths || b == TypeFamily::kMillis));
    case TypeFamily::kDate:
      return b == TypeFamily::kTimestamp || b == TypeFamily::kTimestampLtz;
    case TypeFamily::kTime:
      return b == TypeFamily::kTimestamp || b == TypeFamily::kTimestampLtz;
    case TypeFamily::kTimestamp:
    case TypeFamily::kTimestampLtz:
      return b == TypeFamily::kTimestamp || b == TypeFamily::kTimestampLtz || b == TypeFamily::kDate ||
             b == TypeFamily::kTime;
    case TypeFamily::kMonths:
    case TypeFamily::kMillis:
      return IsInteger(to);
    default:
      return false;
  }
}

bool CanCastField(const arrow::Field& from, const arrow::Field& to) {
  if (from.nullable() && !to.nullable()) return false;
  return CanCastAsSql(MakeType(from.type(), true), MakeType(to.type(), true));
}

}  // namespace

bool CanCast(const DataType& from, const DataType& to, v1::CastMode mode) {
  if (mode == v1::CAST_MODE_SQL || mode == v1::CAST_MODE_TRY) return CanCastAsSql(from, to);
  return CanCastExactly(from, to);
}

}  // namespace millrace
