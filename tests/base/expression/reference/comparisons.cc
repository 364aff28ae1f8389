// Comparisons, tests, and what chooses among values.
#include <cmath>
#include <cstdlib>

#include "arrow/type.h"
#include "tests/base/expression/reference/functions.h"

namespace millrace::reference {
namespace {

bool IsFloat(const DataType& type) { return type.arrow->id() == arrow::Type::FLOAT; }

double RealOf(const Value& value, const DataType& type) {
  if (IsFloating(type)) return value.real();
  if (IsInteger(type)) return static_cast<double>(value.number());
  return std::strtod((value.decimal().Text() + "e" + std::to_string(-DigitsOf(type).scale)).c_str(), nullptr);
}

// As Java promotes an integer to float: not by way of double.
float FloatOf(const Value& value, const DataType& type) {
  return IsInteger(type) ? static_cast<float>(value.number()) : static_cast<float>(RealOf(value, type));
}

Whole WholeOf(const Value& value, const DataType& type) {
  return IsInteger(type) ? Whole(value.number()) : value.decimal();
}

std::partial_ordering CompareNumbers(const Value& a, const DataType& x, const Value& b, const DataType& y,
                                     bool equality) {
  if (!IsFloating(x) && !IsFloating(y)) {
    const int u = DigitsOf(x).scale, v = DigitsOf(y).scale, scale = std::max(u, v);
    return WholeOf(a, x).Rescaled(u, scale) <=> WholeOf(b, y).Rescaled(v, scale);
  }
  bool as_float = (IsFloat(x) || IsInteger(x)) && (IsFloat(y) || IsInteger(y));
  // Equality of FLOAT and DOUBLE is looked for in the type of the first.
  if (equality && IsFloating(x) && IsFloating(y)) as_float = IsFloat(x);
  if (as_float) return FloatOf(a, x) <=> FloatOf(b, y);
  return RealOf(a, x) <=> RealOf(b, y);
}

bool EqualItems(const Value& a, const Value& b, const DataType& type) {
  if (a.null() || b.null()) return a.null() && b.null();
  return Equal(a, type, b, type);
}

bool EqualNested(const Value& a, const Value& b, const arrow::DataType& type) {
  auto type_of = [](const arrow::Field& field) { return MakeType(field.type(), true, 6); };
  if (a.items().size() != b.items().size()) return false;
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    const DataType key = type_of(*map.key_field()), item = type_of(*map.item_field());
    // The order of keys does not matter.
    for (size_t i = 0; i < a.items().size(); i += 2) {
      bool found = false;
      for (size_t j = 0; j < b.items().size() && !found; j += 2) {
        found = EqualItems(a.items()[i], b.items()[j], key) && EqualItems(a.items()[i + 1], b.items()[j + 1], item);
      }
      if (!found) return false;
    }
    return true;
  }
  for (size_t i = 0; i < a.items().size(); ++i) {
    const DataType item = type_of(*type.field(type.id() == arrow::Type::LIST ? 0 : static_cast<int>(i)));
    if (!EqualItems(a.items()[i], b.items()[i], item)) return false;
  }
  return true;
}

Result Compare(const Call& call) {
  const Value &a = call[0], &b = call[1];
  const DataType &x = call.types[0], &y = call.types[1];
  if (call.name == "equal") return Equal(a, x, b, y);
  if (call.name == "not_equal") return !Equal(a, x, b, y);
  if (call.name == "less") return Less(a, x, b, y);
  if (call.name == "greater") return Less(b, y, a, x);
  if (FamilyOf(x) == TypeFamily::kNumber) {
    const std::partial_ordering order = CompareNumbers(a, x, b, y, false);
    return call.name == "less_equal" ? order <= 0 : order >= 0;
  }
  return call.name == "less_equal" ? !Less(b, y, a, x) : !Less(a, x, b, y);
}

Result Distinct(const Call& call) {
  const Value &a = call[0], &b = call[1];
  const bool same = a.null() || b.null() ? a.null() && b.null() : Equal(a, call.types[0], b, call.types[1]);
  return same == (call.name == "is_not_distinct_from");
}

Result InList(const Call& call) {
  if (call[0].null()) return Null();
  bool any_null = false;
  for (size_t i = 1; i < call.size(); ++i) {
    if (call[i].null()) {
      any_null = true;
    } else if (Equal(call[0], call.types[0], call[i], call.types[i])) {
      return true;
    }
  }
  return any_null ? Result(Null()) : Result(false);
}

// The order of Java's compareTo: NaN is the largest, and −0 is less than 0.
bool LessInOrder(const Value& a, const Value& b, const DataType& type) {
  if (!IsFloating(type)) return Less(a, type, b, type);
  if (std::isnan(a.real()) || std::isnan(b.real())) return !std::isnan(a.real()) && std::isnan(b.real());
  if (a.real() == 0 && b.real() == 0) return std::signbit(a.real()) && !std::signbit(b.real());
  return a.real() < b.real();
}

Result Extreme(const Call& call) {
  size_t best = 0;
  for (size_t i = 1; i < call.size(); ++i) {
    const bool better = call.name == "least" ? LessInOrder(call[i], call[best], call.result)
                                             : LessInOrder(call[best], call[i], call.result);
    if (better) best = i;
  }
  return call[best];
}

}  // namespace

bool Equal(const Value& a, const DataType& x, const Value& b, const DataType& y) {
  switch (FamilyOf(x)) {
    case TypeFamily::kNumber:
      return CompareNumbers(a, x, b, y, true) == 0;
    case TypeFamily::kNested:
      return EqualNested(a, b, *x.arrow);
    default:
      return a == b;
  }
}

bool Less(const Value& a, const DataType& x, const Value& b, const DataType& y) {
  switch (FamilyOf(x)) {
    case TypeFamily::kNumber:
      return CompareNumbers(a, x, b, y, false) < 0;
    case TypeFamily::kBoolean:
      return !a.boolean() && b.boolean();
    case TypeFamily::kString:
    case TypeFamily::kBytes:
      return a.text() < b.text();  // bytes without a sign
    default:
      return a.number() < b.number();
  }
}

void AddComparisons(FunctionTable& table) {
  for (const char* name : {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}) {
    table[name] = {Compare};
  }
  table["is_distinct_from"] = {Distinct, false};
  table["is_not_distinct_from"] = {Distinct, false};
  table["is_null"] = {[](const Call& call) -> Result { return call[0].null(); }, false};
  table["is_not_null"] = {[](const Call& call) -> Result { return !call[0].null(); }, false};
  table["in_list"] = {InList, false};
  table["greatest"] = {Extreme};
  table["least"] = {Extreme};
  table["not"] = {[](const Call& call) -> Result { return !call[0].boolean(); }};
  table["is_true"] = {[](const Call& call) -> Result { return call[0] == Value(true); }, false};
  table["is_not_true"] = {[](const Call& call) -> Result { return !(call[0] == Value(true)); }, false};
  table["is_false"] = {[](const Call& call) -> Result { return call[0] == Value(false); }, false};
  table["is_not_false"] = {[](const Call& call) -> Result { return !(call[0] == Value(false)); }, false};
  table["nullif"] = {[](const Call& call) -> Result {
                       const bool both = !call[0].null() && !call[1].null();
                       return both && Equal(call[0], call.types[0], call[1], call.types[1]) ? Null() : call[0];
                     },
                     false};
}

}  // namespace millrace::reference
