#include "base/expression/decimal_math.h"

namespace millrace {

WideDecimal Power10(int digits) { return WideDecimal(WideDecimal(1).IncreaseScaleBy(digits)); }

WideDecimal Subtract(WideDecimal a, WideDecimal b) { return a + WideDecimal(b.Negate()); }

WideDecimal AbsoluteValue(const WideDecimal& value) { return WideDecimal(WideDecimal::Abs(value)); }

WideQuotient DividedBy(const WideDecimal& a, const WideDecimal& b) {
  const WideDecimal divisor = AbsoluteValue(b);
  auto [quotient, rest] = *AbsoluteValue(a).Divide(divisor);
  while (rest >= divisor) {
    quotient += WideDecimal(1);
    rest = Subtract(rest, divisor);
  }
  const bool negative = a.IsNegative() != b.IsNegative();
  return {negative ? Subtract(WideDecimal(0), quotient) : quotient,
          a.IsNegative() ? Subtract(WideDecimal(0), rest) : rest};
}

WideDecimal RoundedQuotient(const WideDecimal& a, const WideDecimal& b) {
  auto [quotient, remainder] = DividedBy(a, b);
  WideDecimal rest = AbsoluteValue(remainder);
  if (rest >= Subtract(AbsoluteValue(b), rest)) quotient += WideDecimal(a.IsNegative() == b.IsNegative() ? 1 : -1);
  return quotient;
}

WideDecimal Rescaled(const WideDecimal& value, int from, int to) {
  if (to >= from) return WideDecimal(value.IncreaseScaleBy(to - from));
  return RoundedQuotient(value, Power10(from - to));
}

std::optional<arrow::Decimal128> Fitted(const WideDecimal& value, int precision) {
  if (!value.FitsInPrecision(precision)) return std::nullopt;
  const auto& words = value.little_endian_array();
  return arrow::Decimal128(static_cast<int64_t>(words[1]), words[0]);
}

}  // namespace millrace
