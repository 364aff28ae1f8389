#include "tests/base/expression/reference/whole.h"

#include <algorithm>

namespace millrace::reference {

Whole::Whole(int64_t value) : negative_(value < 0) {
  uint64_t rest = negative_ ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  for (; rest != 0; rest /= 10) digits_.push_back(static_cast<int>(rest % 10));
}

Whole Whole::Of(std::string_view text) {
  Whole whole;
  whole.negative_ = text.starts_with('-');
  if (whole.negative_) text.remove_prefix(1);
  for (size_t i = text.size(); i > 0; --i) whole.digits_.push_back(text[i - 1] - '0');
  whole.Trim();
  return whole;
}

Whole Whole::Power10(int64_t exponent) {
  Whole whole;
  whole.digits_.assign(static_cast<size_t>(exponent), 0);
  whole.digits_.push_back(1);
  return whole;
}

void Whole::Trim() {
  while (!digits_.empty() && digits_.back() == 0) digits_.pop_back();
  if (digits_.empty()) negative_ = false;
}

std::string Whole::Text() const {
  if (IsZero()) return "0";
  std::string text = negative_ ? "-" : "";
  for (size_t i = digits_.size(); i > 0; --i) text += static_cast<char>('0' + digits_[i - 1]);
  return text;
}

int64_t Whole::LowBits() const {
  uint64_t bits = 0;
  for (size_t i = digits_.size(); i > 0; --i) bits = bits * 10 + static_cast<uint64_t>(digits_[i - 1]);
  return static_cast<int64_t>(negative_ ? uint64_t{0} - bits : bits);
}

Whole Whole::operator-() const {
  Whole result = *this;
  result.negative_ = !negative_ && !IsZero();
  return result;
}

std::strong_ordering Whole::CompareMagnitudes(const std::vector<int>& a, const std::vector<int>& b) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  for (size_t i = a.size(); i > 0; --i) {
    if (a[i - 1] != b[i - 1]) return a[i - 1] <=> b[i - 1];
  }
  return std::strong_ordering::equal;
}

std::strong_ordering Whole::operator<=>(const Whole& other) const {
  if (negative_ != other.negative_) return negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
  return negative_ ? CompareMagnitudes(other.digits_, digits_) : CompareMagnitudes(digits_, other.digits_);
}

Whole Whole::operator+(const Whole& other) const {
  const bool same_sign = negative_ == other.negative_;
  const bool larger = CompareMagnitudes(digits_, other.digits_) >= 0;
  const Whole &a = larger ? *this : other, &b = larger ? other : *this;
  Whole sum;
  sum.negative_ = a.negative_;
  int carry = 0;
  for (size_t i = 0; i < a.digits_.size(); ++i) {
    const int digit = i < b.digits_.size() ? b.digits_[i] : 0;
    int value = a.digits_[i] + (same_sign ? digit : -digit) + carry;
    carry = value < 0 ? -1 : value / 10;
    sum.digits_.push_back(value < 0 ? value + 10 : value % 10);
  }
  if (carry > 0) sum.digits_.push_back(carry);
  sum.Trim();
  return sum;
}

Whole Whole::operator*(const Whole& other) const {
  Whole product;
  product.negative_ = negative_ != other.negative_;
  product.digits_.assign(digits_.size() + other.digits_.size(), 0);
  for (size_t i = 0; i < digits_.size(); ++i) {
    int carry = 0;
    for (size_t j = 0; j < other.digits_.size() || carry > 0; ++j) {
      const int value = product.digits_[i + j] + carry + (j < other.digits_.size() ? digits_[i] * other.digits_[j] : 0);
      product.digits_[i + j] = value % 10;
      carry = value / 10;
    }
  }
  product.Trim();
  return product;
}

Whole Whole::DividedBy(const Whole& divisor, Whole* remainder) const {
  Whole quotient, rest, positive = divisor;
  positive.negative_ = false;
  quotient.digits_.assign(digits_.size(), 0);
  for (size_t i = digits_.size(); i > 0; --i) {
    rest.digits_.insert(rest.digits_.begin(), digits_[i - 1]);
    rest.Trim();
    while (rest >= positive) {
      rest = rest - positive;
      ++quotient.digits_[i - 1];
    }
  }
  quotient.negative_ = negative_ != divisor.negative_;
  quotient.Trim();
  if (remainder != nullptr) *remainder = negative_ ? -rest : rest;
  return quotient;
}

Whole Whole::Rounded(const Whole& divisor) const {
  Whole rest;
  const Whole quotient = DividedBy(divisor, &rest);
  const Whole twice = rest + rest;
  const bool up = CompareMagnitudes(twice.digits_, divisor.digits_) >= 0;
  if (!up) return quotient;
  return quotient + Whole(negative_ == divisor.negative_ ? 1 : -1);
}

Whole Whole::Rescaled(int64_t from, int64_t to) const {
  return to >= from ? *this * Power10(to - from) : Rounded(Power10(from - to));
}

}  // namespace millrace::reference
