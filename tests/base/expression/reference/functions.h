#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/expression/type_rules.h"
#include "tests/base/expression/reference/typed_expression.h"
#include "tests/base/expression/reference/value.h"

namespace millrace::reference {

// A call whose arguments are known.
struct Call {
  const std::string& name;
  // The arguments' types, and the result's.
  std::vector<DataType> types;
  DataType result;
  // Which arguments are literals.
  std::vector<bool> literal;
  std::string zone;
  std::vector<Value> args;

  size_t size() const { return args.size(); }
  const Value& operator[](size_t i) const { return args[i]; }
};

struct Function {
  Result (*of)(const Call& call);
  // NULL if an argument is, without being asked.
  bool strict = true;
};
using FunctionTable = std::map<std::string, Function>;

// One file each.
void AddComparisons(FunctionTable& table);
void AddNumbers(FunctionTable& table);
void AddStrings(FunctionTable& table);
void AddTexts(FunctionTable& table);
void AddTimes(FunctionTable& table);
void AddCollections(FunctionTable& table);

// CAST in SQL's mode.
Result CastAsSql(const Value& value, const DataType& from, const DataType& to, const std::string& zone);
// CAST of the plan: exactly, or the row fails.
Result CastExactly(const Value& value, const DataType& from, const DataType& to);

// Whether two values that are not NULL are equal, and their order; NaN has none. Numbers may be of two types.
bool Equal(const Value& a, const DataType& x, const Value& b, const DataType& y);
bool Less(const Value& a, const DataType& x, const Value& b, const DataType& y);

// How a DOUBLE or FLOAT is written.
std::string JavaText(double value, bool is_float);
// How a DECIMAL is.
std::string DecimalText(const Whole& value, int scale);

}  // namespace millrace::reference
