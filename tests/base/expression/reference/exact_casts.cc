// CAST of the plan, which is exact or fails.
#include <algorithm>

#include "arrow/type.h"
#include "tests/base/expression/reference/functions.h"
#include "tests/base/expression/reference/times.h"

namespace millrace::reference {
namespace {

int64_t Lowest(const DataType& type) { return -(int64_t{1} << (type.arrow->bit_width() - 2)) * 2; }
int64_t Highest(const DataType& type) { return ~Lowest(type); }

}  // namespace

Result CastExactly(const Value& value, const DataType& from, const DataType& to) {
  const TypeFamily a = FamilyOf(from), b = FamilyOf(to);
  if (a == TypeFamily::kNumber && b == TypeFamily::kNumber) {
    if (IsInteger(from) && IsInteger(to)) {
      const bool fits = value.number() >= Lowest(to) && value.number() <= Highest(to);
      return fits ? Result(value) : Fails();
    }
    if (IsDecimal(from) && IsDecimal(to)) {
      const int x = DigitsOf(from).scale, y = DigitsOf(to).scale;
      const Whole scaled = value.decimal().Rescaled(x, y);
      const bool exact = scaled.Rescaled(y, std::max(x, y)) == value.decimal().Rescaled(x, std::max(x, y));
      return exact && scaled.NumDigits() <= DigitsOf(to).precision ? Result(scaled) : Fails();
    }
    if (IsInteger(from) && IsDecimal(to)) {
      // Types too narrow for every number are refused, whatever the number is.
      if (DigitsOf(from).precision + DigitsOf(to).scale > DigitsOf(to).precision) return Unknown();
      const Whole scaled = Whole(value.number()).Rescaled(0, DigitsOf(to).scale);
      return scaled.NumDigits() <= DigitsOf(to).precision ? Result(scaled) : Fails();
    }
    return Unknown();
  }
  if (a == b && (a == TypeFamily::kTimestamp || a == TypeFamily::kTimestampLtz)) {
    return CutMicros(value.number(), to.precision) == value.number() ? Result(value) : Fails();
  }
  return a == b && a == TypeFamily::kBoolean ? Result(value) : Unknown();
}

}  // namespace millrace::reference
