#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::reference {

// A whole number of any length, by the digits: what DECIMALs are computed with. Slow and plain.
class Whole {
 public:
  Whole() = default;
  Whole(int64_t value);  // NOLINT: a number is one
  // Digits, with a '-' in front perhaps.
  static Whole Of(std::string_view text);
  static Whole Power10(int64_t exponent);

  bool IsZero() const { return digits_.empty(); }
  bool IsNegative() const { return negative_; }
  // Without leading zeros; 0 has none.
  int64_t NumDigits() const { return static_cast<int64_t>(digits_.size()); }
  std::string Text() const;
  // The value modulo 2^64, as a signed number.
  int64_t LowBits() const;

  Whole operator-() const;
  Whole operator+(const Whole& other) const;
  Whole operator-(const Whole& other) const { return *this + -other; }
  Whole operator*(const Whole& other) const;
  // Cut towards zero, and what remains, which has the sign of this.
  Whole DividedBy(const Whole& divisor, Whole* remainder = nullptr) const;
  // Half away from zero.
  Whole Rounded(const Whole& divisor) const;
  // value · 10^−from as value · 10^−to, half away from zero.
  Whole Rescaled(int64_t from, int64_t to) const;

  bool operator==(const Whole& other) const = default;
  std::strong_ordering operator<=>(const Whole& other) const;

 private:
  static std::strong_ordering CompareMagnitudes(const std::vector<int>& a, const std::vector<int>& b);
  void Trim();

  bool negative_ = false;
  // The last digit first; 0 has none.
  std::vector<int> digits_;
};

}  // namespace millrace::reference
