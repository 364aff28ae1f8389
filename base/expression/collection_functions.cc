#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "base/arrow_status.h"
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

// The type of a nested one's field, element, key or value, as it is spelled there; Arrow does not know a TIMESTAMP's
// digits. `field`: the same one of Arrow.
DataType ElementType(const DataType& nested, size_t number, const arrow::Field& field, bool nullable) {
  absl::StatusOr<std::vector<DataType>> elements = ElementTypesOf(nested);
  const bool spelled = elements.ok() && number < elements->size() && (*elements)[number].arrow->Equals(*field.type());
  if (!spelled) return MakeType(field.type(), nullable, /*precision=*/6);
  return WithNullability((*elements)[number], nullable);
}

int FieldNumber(std::span<const CallArgument> args) {
  if (args.size() != 2 || args[0].type.arrow->id() != arrow::Type::STRUCT || args[1].literal == nullptr) return -1;
  return static_cast<const arrow::StructType&>(*args[0].type.arrow).GetFieldIndex(args[1].literal->value());
}

std::optional<Resolution> GetFieldRule(std::span<const CallArgument> args) {
  const int number = FieldNumber(args);
  if (number < 0) return std::nullopt;
  const arrow::Field& field = *args[0].type.arrow->field(number);
  return Resolution{.arguments = {args[0].type, args[1].type},
                    .result = ElementType(args[0].type, static_cast<size_t>(number), field,
                                          field.nullable() || args[0].type.nullable)};
}

absl::StatusOr<Kernel> GetField(const KernelRequest& request) {
  const auto& row = static_cast<const arrow::StructType&>(*request.arguments[0].arrow);
  const int number = row.GetFieldIndex(std::string(request.ConstantString(1).value_or("")));
  auto options = std::make_shared<arrow::compute::StructFieldOptions>(std::vector<int>{number});
  Kernel field = ArrowKernel("struct_field", std::move(options));
  auto run = [field](const KernelInput& input) {
    return field.run({.arguments = input.arguments.first(1), .rows = input.rows, .errors = input.errors});
  };
  return Kernel{.run = std::move(run)};
}

std::optional<Resolution> ElementRule(std::span<const CallArgument> args) {
  if (args.size() != 2) return std::nullopt;
  const DataType& collection = args[0].type;
  if (collection.arrow->id() == arrow::Type::LIST && IsInteger(args[1].type)) {
    return Resolution{.arguments = {collection, MakeType(arrow::int64(), args[1].type.nullable)},
                      .result = ElementType(collection, 0, *collection.arrow->field(0), true)};
  }
  if (collection.arrow->id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(*collection.arrow);
    const DataType key = ElementType(collection, 0, *map.key_field(), args[1].type.nullable);
    if (FamilyOf(key) != FamilyOf(args[1].type)) return std::nullopt;
    return Resolution{.arguments = {collection, key}, .result = ElementType(collection, 1, *map.item_field(), true)};
  }
  return std::nullopt;
}

absl::StatusOr<ArrayPtr> ElementOfArray(const KernelInput& input) {
  const ArgumentColumn &column = input.arguments[0], &index = input.arguments[1];
  const auto& lists = static_cast<const arrow::ListArray&>(*column.values);
  const auto& numbers = static_cast<const arrow::Int64Array&>(*index.values);
  std::vector<int64_t> places;
  for (int64_t row = 0; row < input.rows; ++row) {
    const int64_t list = row * column.step, at = row * index.step;
    const bool known = lists.IsValid(list) && numbers.IsValid(at);
    const bool inside = known && numbers.Value(at) >= 1 && numbers.Value(at) <= lists.value_length(list);
    places.push_back(inside ? lists.value_offset(list) + numbers.Value(at) - 1 : -1);
  }
  return TakeAt(lists.values(), places);
}

absl::StatusOr<ArrayPtr> ElementOfMap(const KernelInput& input) {
  const ArgumentColumn &column = input.arguments[0], &key = input.arguments[1];
  const auto& maps = static_cast<const arrow::MapArray&>(*column.values);
  std::vector<int64_t> places;
  for (int64_t row = 0; row < input.rows; ++row) {
    const int64_t map = row * column.step, at = row * key.step;
    int64_t place = -1;
    if (maps.IsValid(map) && key.values->IsValid(at)) {
      for (int64_t i = maps.value_offset(map); i < maps.value_offset(map + 1) && place < 0; ++i) {
        if (maps.keys()->RangeEquals(*key.values, i, i + 1, at)) place = i;
      }
    }
    places.push_back(place);
  }
  return TakeAt(maps.items(), places);
}

std::optional<Resolution> OnlyElementRule(std::span<const CallArgument> args) {
  if (args.size() != 1 || args[0].type.arrow->id() != arrow::Type::LIST) return std::nullopt;
  return Resolution{.arguments = {args[0].type},
                    .result = ElementType(args[0].type, 0, *args[0].type.arrow->field(0), true)};
}

absl::StatusOr<ArrayPtr> OnlyElement(const KernelInput& input) {
  const ArgumentColumn& column = input.arguments[0];
  const auto& lists = static_cast<const arrow::ListArray&>(*column.values);
  std::vector<int64_t> places;
  for (int64_t row = 0; row < input.rows; ++row) {
    const int64_t list = row * column.step;
    const int64_t length = lists.IsValid(list) ? lists.value_length(list) : 0;
    if (length > 1) input.errors.Add(row, Cat("ELEMENT takes an array of one element, and this one has ", length));
    places.push_back(length == 1 ? lists.value_offset(list) : -1);
  }
  return TakeAt(lists.values(), places);
}

absl::StatusOr<Kernel> ElementAt(const KernelRequest& request) {
  return Kernel{.run = request.arguments[0].arrow->id() == arrow::Type::MAP ? ElementOfMap : ElementOfArray};
}

std::optional<Resolution> CardinalityRule(std::span<const CallArgument> args) {
  if (args.size() != 1) return std::nullopt;
  const arrow::Type::type id = args[0].type.arrow->id();
  if (id != arrow::Type::LIST && id != arrow::Type::MAP) return std::nullopt;
  return Resolution{.arguments = {args[0].type}, .result = MakeType(arrow::int32(), args[0].type.nullable)};
}

absl::StatusOr<ArrayPtr> CountElements(const KernelInput& input) {
  const ArgumentColumn& column = input.arguments[0];
  // A map is a list of entries.
  const auto& lists = static_cast<const arrow::ListArray&>(*column.values);
  arrow::Int32Builder builder;
  RETURN_IF_ERROR(FromArrow(builder.Reserve(input.rows)));
  for (int64_t row = 0; row < input.rows; ++row) {
    if (lists.IsNull(row * column.step)) {
      builder.UnsafeAppendNull();
    } else {
      builder.UnsafeAppend(lists.value_length(row * column.step));
    }
  }
  return FromArrow(builder.Finish());
}

// A type made of others; nothing: there is none, for it would be nested too deep.
std::optional<DataType> Composed(const std::string& sql) {
  absl::StatusOr<DataType> type = ParseDataType(sql);
  return type.ok() ? std::optional(WithNullability(*std::move(type), false)) : std::nullopt;
}

std::optional<Resolution> ArrayRule(std::span<const CallArgument> args) {
  if (args.empty()) return std::nullopt;
  std::optional<DataType> item = CommonType(TypesOf(args));
  if (!item) return std::nullopt;
  std::optional<DataType> array = Composed(Cat("ARRAY<", item->sql, ">"));
  if (!array) return std::nullopt;
  Resolution resolution{.arguments = {}, .result = *std::move(array)};
  for (const CallArgument& arg : args) resolution.arguments.push_back(WithNullability(*item, arg.type.nullable));
  return resolution;
}

std::optional<Resolution> MapRule(std::span<const CallArgument> args) {
  if (args.empty() || args.size() % 2 != 0) return std::nullopt;
  std::vector<DataType> keys, items;
  for (size_t i = 0; i < args.size(); ++i) (i % 2 == 0 ? keys : items).push_back(args[i].type);
  const std::optional<DataType> key = CommonType(keys), item = CommonType(items);
  if (!key || !item) return std::nullopt;
  std::optional<DataType> map = Composed(Cat("MAP<", key->sql, ", ", item->sql, ">"));
  if (!map) return std::nullopt;
  Resolution resolution{.arguments = {}, .result = *std::move(map)};
  for (size_t i = 0; i < args.size(); ++i) {
    resolution.arguments.push_back(WithNullability(i % 2 == 0 ? *key : *item, args[i].type.nullable));
  }
  return resolution;
}

std::optional<Resolution> RowRule(std::span<const CallArgument> args) {
  if (args.empty()) return std::nullopt;
  std::string sql = "ROW<";
  for (size_t i = 0; i < args.size(); ++i) {
    absl::StrAppend(&sql, i == 0 ? "" : ", ", "`EXPR$", i, "` ", args[i].type.sql);
  }
  std::optional<DataType> row = Composed(sql + ">");
  if (!row) return std::nullopt;
  return Resolution{.arguments = TypesOf(args), .result = *std::move(row)};
}

// Every n-th argument from the first on, as one column row by row: a1 b1 a2 b2 …
absl::StatusOr<ArrayPtr> Interleaved(const KernelInput& input, size_t first, size_t stride) {
  arrow::ArrayVector columns;
  for (size_t i = first; i < input.arguments.size(); i += stride) {
    ASSIGN_OR_RETURN(columns.emplace_back(), Expanded(input.arguments[i], input.rows));
  }
  ASSIGN_OR_RETURN(ArrayPtr all, FromArrow(arrow::Concatenate(columns)));
  std::vector<int64_t> places;
  for (int64_t row = 0; row < input.rows; ++row) {
    for (size_t i = 0; i < columns.size(); ++i) places.push_back(static_cast<int64_t>(i) * input.rows + row);
  }
  return TakeAt(all, places);
}

absl::StatusOr<ArrayPtr> Offsets(int64_t rows, size_t length) {
  arrow::Int32Builder builder;
  for (int64_t row = 0; row <= rows; ++row) {
    RETURN_IF_ERROR(FromArrow(builder.Append(static_cast<int32_t>(row * static_cast<int64_t>(length)))));
  }
  return FromArrow(builder.Finish());
}

absl::StatusOr<Kernel> MakeArrayKernel(const KernelRequest& request) {
  auto run = [type = request.result.arrow](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
    ASSIGN_OR_RETURN(ArrayPtr items, Interleaved(input, 0, 1));
    ASSIGN_OR_RETURN(ArrayPtr offsets, Offsets(input.rows, input.arguments.size()));
    return std::make_shared<arrow::ListArray>(type, input.rows, offsets->data()->buffers[1], std::move(items));
  };
  return Kernel{.run = std::move(run)};
}

absl::StatusOr<Kernel> MakeMapKernel(const KernelRequest& request) {
  auto run = [type = request.result.arrow](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
    ASSIGN_OR_RETURN(ArrayPtr keys, Interleaved(input, 0, 2));
    ASSIGN_OR_RETURN(ArrayPtr items, Interleaved(input, 1, 2));
    ASSIGN_OR_RETURN(ArrayPtr offsets, Offsets(input.rows, input.arguments.size() / 2));
    for (int64_t row = 0; row < input.rows; ++row) {
      const auto length = static_cast<int64_t>(input.arguments.size() / 2);
      for (int64_t i = row * length; i < (row + 1) * length; ++i) {
        if (!keys->IsNull(i)) continue;
        input.errors.Add(row, "the key of a MAP is NULL");
        break;
      }
    }
    keys = WithoutNulls(keys);
    return std::make_shared<arrow::MapArray>(type, input.rows, offsets->data()->buffers[1], std::move(keys),
                                             std::move(items));
  };
  return Kernel{.run = std::move(run), .can_fail = true};
}

absl::StatusOr<Kernel> MakeRowKernel(const KernelRequest& request) {
  auto run = [type = request.result.arrow](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
    arrow::ArrayVector fields;
    for (const ArgumentColumn& column : input.arguments) {
      ASSIGN_OR_RETURN(fields.emplace_back(), Expanded(column, input.rows));
    }
    return std::make_shared<arrow::StructArray>(type, input.rows, std::move(fields));
  };
  return Kernel{.run = std::move(run)};
}

}  // namespace

std::vector<Function> CollectionFunctions() {
  return {
      {.name = "get_field", .family = "collection", .signature = "row.field", .null_rule = "NULL if the row or its field is",
       .rule = GetFieldRule, .kernel = GetField},
      {.name = "element_at", .family = "collection", .signature = "array[index] or map[key]",
       .description = "the first element has index 1", .null_rule = "NULL if there is no such element, too",
       .rule = ElementRule, .kernel = ElementAt},
      {.name = "element", .family = "collection", .signature = "ELEMENT(array)",
       .description = "the only element; more than one fail", .null_rule = "NULL if there is none, too",
       .rule = OnlyElementRule,
       .kernel = [](const KernelRequest&) -> absl::StatusOr<Kernel> {
         return Kernel{.run = OnlyElement, .can_fail = true};
       }},
      {.name = "cardinality", .family = "collection", .signature = "CARDINALITY(array or map)",
       .description = "the number of elements", .rule = CardinalityRule,
       .kernel = [](const KernelRequest&) -> absl::StatusOr<Kernel> { return Kernel{.run = CountElements}; }},
      {.name = "array", .family = "collection", .signature = "ARRAY[value, …]", .null_rule = "never NULL",
       .rule = ArrayRule, .kernel = MakeArrayKernel},
      {.name = "map", .family = "collection", .signature = "MAP[key, value, …]", .null_rule = "never NULL",
       .difference = "a key that is NULL fails", .rule = MapRule, .kernel = MakeMapKernel},
      {.name = "row", .family = "collection", .signature = "ROW(value, …)", .null_rule = "never NULL", .rule = RowRule,
       .kernel = MakeRowKernel},
  };
}

}  // namespace millrace
