#include <algorithm>

#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "base/arrow_status.h"
#include "base/check.h"
#include "base/element_types.h"
#include "base/error.h"
#include "base/expression/function_table.h"
#include "base/expression/nodes.h"
#include "base/expression/take_rows.h"
#include "base/expression/type_rules.h"
#include "base/macros.h"

namespace millrace {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// The items of one row: [begin, end) of the list's values, unless it is NULL.
struct Items {
  bool valid;
  int64_t begin;
  int64_t end;
};

class Lists {
 public:
  explicit Lists(const ArgumentColumn& column)
      : lists_(static_cast<const arrow::ListArray&>(*column.values)), step_(column.step) {}
  Items At(int64_t row) const {
    const int64_t at = row * step_;
    return {lists_.IsValid(at), lists_.value_offset(at), lists_.value_offset(at + 1)};
  }
  const ArrayPtr& values() const { return lists_.values(); }

 private:
  const arrow::ListArray& lists_;
  const int64_t step_;
};

bool IsArray(const DataType& type) { return type.arrow->id() == arrow::Type::LIST; }
DataType ItemOf(const DataType& array) {
  const absl::StatusOr<std::vector<DataType>> elements = ElementTypesOf(array);
  Check(elements.ok(), "a type is spelled as one");
  return (*elements)[0];
}

// One array; the result is of its type.
std::optional<Resolution> SameArrayRule(std::span<const CallArgument> args) {
  if (args.size() != 1 || !IsArray(args[0].type)) return std::nullopt;
  return Resolution{.arguments = {args[0].type}, .result = args[0].type};
}

std::optional<Resolution> ExtremeRule(std::span<const CallArgument> args) {
  if (args.size() != 1 || !IsArray(args[0].type)) return std::nullopt;
  const TypeFamily family = FamilyOf(ItemOf(args[0].type));
  if (family == TypeFamily::kNested || family == TypeFamily::kMonths) return std::nullopt;
  return Resolution{.arguments = {args[0].type}, .result = WithNullability(ItemOf(args[0].type), true)};
}

// An array and a value that is one of its items, perhaps.
ResolveRule TakesItem(std::shared_ptr<arrow::DataType> result, bool null_if_item_is) {
  return [=](std::span<const CallArgument> args) -> std::optional<Resolution> {
    if (args.size() != 2 || !IsArray(args[0].type)) return std::nullopt;
    const DataType item = ItemOf(args[0].type);
    const DataType both[] = {item, args[1].type};
    const std::optional<DataType> common = CommonType(both);
    if (!common || !common->arrow->Equals(*item.arrow)) return std::nullopt;
    const bool alike = args[1].type.arrow->Equals(*item.arrow);
    const bool nullable = args[0].type.nullable || (null_if_item_is && args[1].type.nullable);
    return Resolution{.arguments = {args[0].type, alike ? args[1].type : WithNullability(item, args[1].type.nullable)},
                      .result = MakeType(result, nullable)};
  };
}

// The place of the first item that equals the value, from 1; 0: there is none. NULL equals NULL.
int32_t PlaceOf(const Lists& lists, const Items& items, const ArgumentColumn& value, int64_t row) {
  const int64_t at = row * value.step;
  const bool null = value.values->IsNull(at);
  for (int64_t i = items.begin; i < items.end; ++i) {
    const bool same = null ? lists.values()->IsNull(i) : lists.values()->RangeEquals(*value.values, i, i + 1, at);
    if (same) return static_cast<int32_t>(i - items.begin + 1);
  }
  return 0;
}

absl::StatusOr<ArrayPtr> Contains(const KernelInput& input) {
  const Lists lists(input.arguments[0]);
  arrow::BooleanBuilder builder;
  RETURN_IF_ERROR(FromArrow(builder.Reserve(input.rows)));
  for (int64_t row = 0; row < input.rows; ++row) {
    const Items items = lists.At(row);
    if (items.valid) {
      builder.UnsafeAppend(PlaceOf(lists, items, input.arguments[1], row) != 0);
    } else {
      builder.UnsafeAppendNull();
    }
  }
  return FromArrow(builder.Finish());
}

absl::StatusOr<ArrayPtr> Position(const KernelInput& input) {
  const Lists lists(input.arguments[0]);
  const ArgumentColumn& value = input.arguments[1];
  arrow::Int32Builder builder;
  RETURN_IF_ERROR(FromArrow(builder.Reserve(input.rows)));
  for (int64_t row = 0; row < input.rows; ++row) {
    const Items items = lists.At(row);
    if (items.valid && value.values->IsValid(row * value.step)) {
      builder.UnsafeAppend(PlaceOf(lists, items, value, row));
    } else {
      builder.UnsafeAppendNull();
    }
  }
  return FromArrow(builder.Finish());
}

// Arrays of the items whose places `choose` adds.
template <typename Choose>
KernelFactory Chooses(Choose choose) {
  return [choose](const KernelRequest& request) -> absl::StatusOr<Kernel> {
    auto run = [choose, type = request.result.arrow](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
      const Lists lists(input.arguments[0]);
      std::vector<int64_t> places;
      arrow::TypedBufferBuilder<bool> valid;
      arrow::TypedBufferBuilder<int32_t> offsets;
      RETURN_IF_ERROR(FromArrow(offsets.Append(0)));
      for (int64_t row = 0; row < input.rows; ++row) {
        const Items items = lists.At(row);
        if (items.valid) choose(*lists.values(), items, places);
        RETURN_IF_ERROR(FromArrow(valid.Append(items.valid)));
        RETURN_IF_ERROR(FromArrow(offsets.Append(static_cast<int32_t>(places.size()))));
      }
      ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> bits, FromArrow(valid.Finish()));
      ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> ends, FromArrow(offsets.Finish()));
      ASSIGN_OR_RETURN(ArrayPtr values, TakeAt(lists.values(), places));
      return std::make_shared<arrow::ListArray>(type, input.rows, std::move(ends), std::move(values), std::move(bits));
    };
    return Kernel{.run = std::move(run)};
  };
}

void Reversed(const arrow::Array&, const Items& items, std::vector<int64_t>& places) {
  for (int64_t i = items.end; i > items.begin; --i) places.push_back(i - 1);
}

// The first of those that are equal, in their order. Arrays are short: each is compared with those before it.
void Distinct(const arrow::Array& values, const Items& items, std::vector<int64_t>& places) {
  const size_t first = places.size();
  for (int64_t i = items.begin; i < items.end; ++i) {
    auto same = [&](int64_t place) {
      return values.IsNull(i) ? values.IsNull(place) : values.RangeEquals(values, i, i + 1, place);
    };
    if (std::none_of(places.begin() + static_cast<int64_t>(first), places.end(), same)) places.push_back(i);
  }
}

// The item that stands last (or first) in the order of all of the batch's.
KernelFactory Extreme(bool largest) {
  return [largest](const KernelRequest&) -> absl::StatusOr<Kernel> {
    auto run = [largest](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
      const Lists lists(input.arguments[0]);
      const arrow::Array& values = *lists.values();
      ASSIGN_OR_RETURN(ArrayPtr sorted, FromArrow(arrow::compute::SortIndices(values)));
      const auto& order = static_cast<const arrow::UInt64Array&>(*sorted);
      std::vector<int64_t> rank(values.length());
      for (int64_t i = 0; i < order.length(); ++i) rank[order.Value(i)] = i;
      std::vector<int64_t> places;
      for (int64_t row = 0; row < input.rows; ++row) {
        const Items items = lists.At(row);
        int64_t best = -1;
        for (int64_t i = items.begin; items.valid && i < items.end; ++i) {
          if (values.IsNull(i)) continue;
          if (best < 0 || (largest ? rank[i] > rank[best] : rank[i] < rank[best])) best = i;
        }
        places.push_back(best);
      }
      return TakeAt(lists.values(), places);
    };
    return Kernel{.run = std::move(run)};
  };
}

std::optional<Resolution> JoinRule(std::span<const CallArgument> args) {
  if (args.size() < 2 || args.size() > 3 || !IsArray(args[0].type)) return std::nullopt;
  if (FamilyOf(ItemOf(args[0].type)) != TypeFamily::kString) return std::nullopt;
  for (const CallArgument& arg : args.subspan(1)) {
    if (FamilyOf(arg.type) != TypeFamily::kString) return std::nullopt;
  }
  return Resolution{.arguments = TypesOf(args), .result = MakeType("STRING", AnyNullable(args))};
}

absl::StatusOr<ArrayPtr> Join(const KernelInput& input) {
  const Lists lists(input.arguments[0]);
  const auto& values = static_cast<const arrow::StringArray&>(*lists.values());
  arrow::StringBuilder builder;
  for (int64_t row = 0; row < input.rows; ++row) {
    const Items items = lists.At(row);
    std::vector<std::string_view> texts;  // the delimiter, and what stands for NULL
    for (const ArgumentColumn& column : input.arguments.subspan(1)) {
      const int64_t at = row * column.step;
      if (column.values->IsNull(at)) break;
      texts.push_back(static_cast<const arrow::StringArray&>(*column.values).GetView(at));
    }
    if (!items.valid || texts.size() + 1 != input.arguments.size()) {
      RETURN_IF_ERROR(FromArrow(builder.AppendNull()));
      continue;
    }
    std::string joined;
    bool first = true;
    for (int64_t i = items.begin; i < items.end; ++i) {
      if (values.IsNull(i) && texts.size() == 1) continue;
      if (!first) joined += texts[0];
      joined += values.IsNull(i) ? texts[1] : std::string_view(values.GetView(i));
      first = false;
    }
    RETURN_IF_ERROR(FromArrow(builder.Append(joined)));
  }
  return FromArrow(builder.Finish());
}

// A column of the entries of a map, as arrays.
ResolveRule TakesMap(bool keys) {
  return [keys](std::span<const CallArgument> args) -> std::optional<Resolution> {
    if (args.size() != 1 || args[0].type.arrow->id() != arrow::Type::MAP) return std::nullopt;
    const absl::StatusOr<std::vector<DataType>> entry = ElementTypesOf(args[0].type);
    if (!entry.ok()) return std::nullopt;
    const std::string& item = (*entry)[keys ? 0 : 1].sql;
    return Resolution{.arguments = {args[0].type}, .result = MakeType(Cat("ARRAY<", item, ">"), args[0].type.nullable)};
  };
}

KernelFactory EntriesOf(bool keys) {
  return [keys](const KernelRequest& request) -> absl::StatusOr<Kernel> {
    auto run = [keys, type = request.result.arrow](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
      ASSIGN_OR_RETURN(ArrayPtr column, Expanded(input.arguments[0], input.rows));
      const auto& maps = static_cast<const arrow::MapArray&>(*column);
      const ArrayPtr& values = keys ? maps.keys() : maps.items();
      return std::make_shared<arrow::ListArray>(type, maps.length(), maps.value_offsets(), values, maps.null_bitmap(),
                                                arrow::kUnknownNullCount, maps.offset());
    };
    return Kernel{.run = std::move(run)};
  };
}

KernelFactory Runs(absl::StatusOr<ArrayPtr> (*run)(const KernelInput&)) {
  return [run](const KernelRequest&) -> absl::StatusOr<Kernel> { return Kernel{.run = run}; };
}

}  // namespace

std::vector<Function> ArrayFunctions() {
  const std::string empty_too = "NULL if an argument is, or no element is other than NULL";
  return {
      {.name = "array_contains", .family = "collection", .signature = "ARRAY_CONTAINS(array, value)",
       .description = "NULL is found, too", .null_rule = "NULL if the array is",
       .rule = TakesItem(arrow::boolean(), false), .kernel = Runs(Contains)},
      {.name = "array_position", .family = "collection", .signature = "ARRAY_POSITION(array, value)",
       .description = "of the first that is equal, from 1; 0 if none is", .rule = TakesItem(arrow::int32(), true),
       .kernel = Runs(Position)},
      {.name = "array_distinct", .family = "collection", .signature = "ARRAY_DISTINCT(array)",
       .description = "keeps the first of those that are equal", .rule = SameArrayRule,
       .kernel = Chooses(Distinct)},
      {.name = "array_reverse", .family = "collection", .signature = "ARRAY_REVERSE(array)", .rule = SameArrayRule,
       .kernel = Chooses(Reversed)},
      {.name = "array_max", .family = "collection", .signature = "ARRAY_MAX(array)", .null_rule = empty_too,
       .rule = ExtremeRule, .kernel = Extreme(true)},
      {.name = "array_min", .family = "collection", .signature = "ARRAY_MIN(array)", .null_rule = empty_too,
       .rule = ExtremeRule, .kernel = Extreme(false)},
      {.name = "array_join", .family = "collection", .signature = "ARRAY_JOIN(array of strings, delimiter[, for NULL])",
       .description = "elements that are NULL are left out, unless it is said what stands for them", .rule = JoinRule,
       .kernel = Runs(Join)},
      {.name = "map_keys", .family = "collection", .signature = "MAP_KEYS(map)", .rule = TakesMap(true),
       .kernel = EntriesOf(true)},
      {.name = "map_values", .family = "collection", .signature = "MAP_VALUES(map)",
       .description = "in the order of MAP_KEYS", .rule = TakesMap(false), .kernel = EntriesOf(false)},
  };
}

}  // namespace millrace
