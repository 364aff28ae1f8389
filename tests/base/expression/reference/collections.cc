// ARRAY, MAP and ROW.
#include <algorithm>

#include "arrow/type.h"
#include "tests/base/expression/reference/functions.h"

namespace millrace::reference {
namespace {

DataType ItemType(const DataType& array) { return MakeType(array.arrow->field(0)->type(), true, 6); }

bool SameItem(const Value& a, const Value& b, const DataType& type) {
  if (a.null() || b.null()) return a.null() && b.null();
  return Equal(a, type, b, type);
}

Result GetField(const Call& call) {
  const auto& row = static_cast<const arrow::StructType&>(*call.types[0].arrow);
  return call[0].items()[static_cast<size_t>(row.GetFieldIndex(call[1].text()))];
}

Result ElementAt(const Call& call) {
  const std::vector<Value>& items = call[0].items();
  if (call.types[0].arrow->id() == arrow::Type::MAP) {
    const DataType key = MakeType(static_cast<const arrow::MapType&>(*call.types[0].arrow).key_type(), true, 6);
    for (size_t i = 0; i < items.size(); i += 2) {
      if (SameItem(items[i], call[1], key)) return items[i + 1];
    }
    return Null();
  }
  const int64_t index = call[1].number();
  return index < 1 || index > static_cast<int64_t>(items.size()) ? Null() : items[static_cast<size_t>(index - 1)];
}

Result Element(const Call& call) {
  if (call[0].items().size() > 1) return Fails();
  return call[0].items().empty() ? Null() : call[0].items()[0];
}

int64_t PositionOf(const Call& call) {
  const DataType item = ItemType(call.types[0]);
  for (size_t i = 0; i < call[0].items().size(); ++i) {
    if (SameItem(call[0].items()[i], call[1], item)) return static_cast<int64_t>(i + 1);
  }
  return 0;
}

Result Distinct(const Call& call) {
  const DataType item = ItemType(call.types[0]);
  std::vector<Value> kept;
  for (const Value& value : call[0].items()) {
    auto same = [&](const Value& known) { return SameItem(known, value, item); };
    if (std::none_of(kept.begin(), kept.end(), same)) kept.push_back(value);
  }
  return kept;
}

Result Extreme(const Call& call) {
  const DataType item = ItemType(call.types[0]);
  Value best;
  for (const Value& value : call[0].items()) {
    if (value.null()) continue;
    const bool better =
        best.null() || (call.name == "array_max" ? Less(best, item, value, item) : Less(value, item, best, item));
    if (better) best = value;
  }
  return best;
}

Result Join(const Call& call) {
  std::string joined;
  bool first = true;
  for (const Value& item : call[0].items()) {
    if (item.null() && call.size() == 2) continue;
    if (!first) joined += call[1].text();
    joined += item.null() ? call[2].text() : item.text();
    first = false;
  }
  return joined;
}

// Every second item of a map, from the first or the second on.
Result HalfOf(const Call& call, size_t first) {
  std::vector<Value> half;
  for (size_t i = first; i < call[0].items().size(); i += 2) half.push_back(call[0].items()[i]);
  return half;
}

}  // namespace

void AddCollections(FunctionTable& table) {
  table["get_field"] = {GetField};
  table["element_at"] = {ElementAt};
  table["element"] = {Element};
  table["cardinality"] = {[](const Call& call) -> Result {
    const bool map = call.types[0].arrow->id() == arrow::Type::MAP;
    return static_cast<int64_t>(call[0].items().size() / (map ? 2 : 1));
  }};
  table["array"] = {[](const Call& call) -> Result { return call.args; }, false};
  table["row"] = {[](const Call& call) -> Result { return call.args; }, false};
  table["map"] = {[](const Call& call) -> Result {
                    for (size_t i = 0; i < call.size(); i += 2) {
                      if (call[i].null()) return Fails();
                    }
                    return call.args;
                  },
                  false};
  table["array_contains"] = {
      [](const Call& call) -> Result { return call[0].null() ? Result(Null()) : Result(PositionOf(call) > 0); }, false};
  table["array_position"] = {[](const Call& call) -> Result { return PositionOf(call); }};
  table["array_distinct"] = {Distinct};
  table["array_reverse"] = {
      [](const Call& call) -> Result { return std::vector<Value>(call[0].items().rbegin(), call[0].items().rend()); }};
  table["array_max"] = {Extreme};
  table["array_min"] = {Extreme};
  table["array_join"] = {Join};
  table["map_keys"] = {[](const Call& call) { return HalfOf(call, 0); }};
  table["map_values"] = {[](const Call& call) { return HalfOf(call, 1); }};
}

}  // namespace millrace::reference
