#pragma once

#include <optional>

#include "arrow/util/decimal.h"

namespace millrace {

// Wide enough for any sum, product or shifted dividend of two 38-digit numbers.
using WideDecimal = arrow::Decimal256;
constexpr int kWideDigits = 76;

WideDecimal Power10(int digits);
WideDecimal Subtract(WideDecimal a, WideDecimal b);
WideDecimal AbsoluteValue(const WideDecimal& value);
// a / b cut towards zero, and what remains, with the sign of a. `b` is not 0. Arrow's own Divide is one too small for
// some divisors of more than 32 bits, and leaves a remainder larger than the divisor.
struct WideQuotient {
  WideDecimal quotient;
  WideDecimal remainder;
};
WideQuotient DividedBy(const WideDecimal& a, const WideDecimal& b);
// a / b, half away from zero. `b` is not 0.
WideDecimal RoundedQuotient(const WideDecimal& a, const WideDecimal& b);
// `value` with `to` digits behind the point instead of `from`, half away from zero.
WideDecimal Rescaled(const WideDecimal& value, int from, int to);
// Nothing: it has more digits than that.
std::optional<arrow::Decimal128> Fitted(const WideDecimal& value, int precision);

}  // namespace millrace
