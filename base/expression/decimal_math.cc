#include "base/expression/decimal_math.h"

#include <array>

namespace millrace {

WideDecimal Power10(int digits) { return WideDecimal(WideDecimal(1).IncreaseScaleBy(digits)); }

WideDecimal Subtract(WideDecimal a, WideDecimal b) { return a + WideDecimal(b.Negate()); }

WideDecimal AbsoluteValue(const WideDecimal& value) { return WideDecimal(WideDecimal::Abs(value)); }

namespace {

// Bit by bit, of numbers that are not negative; the divisor is below 2^254.
WideQuotient LongDivision(const WideDecimal& a, const WideDecimal& divisor) {
  const std::array<uint64_t, 4> bits = a.little_endian_array();
  std::array<uint64_t, 4> quotient = {};
  WideDecimal rest(0);
  for (int bit = 255; bit >= 0; --bit) {
    const size_t word = static_cast<size_t>(bit) / 64;
    rest = rest + rest;
    if ((bits[word] >> (bit % 64) & 1) != 0) rest += WideDecimal(1);
    if (rest < divisor) continue;
    rest = Subtract(rest, divisor);
    quotient[word] |= uint64_t{1} << (bit % 64);
  }
  return {WideDecimal(WideDecimal::LittleEndianArray, quotient), rest};
}

}  // namespace

WideQuotient DividedBy(const WideDecimal& a, const WideDecimal& b) {
  const WideDecimal divisor = AbsoluteValue(b);
  auto [quotient, rest] = *AbsoluteValue(a).Divide(divisor);
  if (rest >= divisor) {
    // Arrow's quotient of 256 bits is sometimes too small, by one or by very much.
    const WideQuotient exact = LongDivision(AbsoluteValue(a), divisor);
    quotient = exact.quotient;
    rest = exact.remainder;
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
