#include <algorithm>
#include <cmath>

#include "arrow/api.h"
#include "arrow/buffer.h"
#include "arrow/compute/api.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "base/expression/comparison.h"
#include "base/expression/constant_set.h"
#include "base/expression/function_table.h"
#include "base/expression/nodes.h"
#include "base/expression/row_kernel.h"
#include "base/expression/type_rules.h"
#include "base/macros.h"

namespace millrace {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

ResolveRule Compares(bool ordered, bool never_null) {
  return [=](std::span<const CallArgument> args) -> std::optional<Resolution> {
    if (args.size() != 2 || !AreComparable(args[0].type, args[1].type, ordered)) return std::nullopt;
    auto [a, b] = ComparedTypes(args[0].type, args[1].type);
    return Resolution{.arguments = {std::move(a), std::move(b)},
                      .result = MakeType(arrow::boolean(), !never_null && AnyNullable(args))};
  };
}

absl::StatusOr<Kernel> Comparison(const KernelRequest& request) {
  return ComparisonKernel(request.name, request.arguments[0], request.arguments[1]);
}

// IS [NOT] DISTINCT FROM: two NULLs are not distinct, NULL and a value are.
absl::StatusOr<Kernel> Distinction(const KernelRequest& request) {
  const bool wants_distinct = request.name == "is_distinct_from";
  Kernel equal = ComparisonKernel("equal", request.arguments[0], request.arguments[1]);
  auto run = [wants_distinct, equal](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
    ASSIGN_OR_RETURN(ArrayPtr same, equal.run(input));
    const auto& is_same = static_cast<const arrow::BooleanArray&>(*same);
    const ArgumentColumn &x = input.arguments[0], &y = input.arguments[1];
    arrow::BooleanBuilder builder;
    RETURN_IF_ERROR(FromArrow(builder.Reserve(input.rows)));
    for (int64_t row = 0; row < input.rows; ++row) {
      const bool both_null = x.values->IsNull(row * x.step) && y.values->IsNull(row * y.step);
      const bool distinct = !both_null && !(is_same.IsValid(row) && is_same.Value(row));
      builder.UnsafeAppend(distinct == wants_distinct);
    }
    return FromArrow(builder.Finish());
  };
  return Kernel{.run = std::move(run)};
}

std::optional<Resolution> InListRule(std::span<const CallArgument> args) {
  if (args.size() < 2) return std::nullopt;
  Resolution resolution{.arguments = {args[0].type}, .result = MakeType(arrow::boolean(), AnyNullable(args))};
  for (const CallArgument& arg : args.subspan(1)) {
    if (!AreComparable(args[0].type, arg.type, false)) return std::nullopt;
    auto [x, item] = ComparedTypes(args[0].type, arg.type);
    if (!x.arrow->Equals(*args[0].type.arrow)) return std::nullopt;
    resolution.arguments.push_back(std::move(item));
  }
  return resolution;
}

// x IN (…): TRUE if an item equals it, else NULL if it or an item is NULL.
Kernel InItems(const KernelRequest& request) {
  std::vector<Kernel> equals;
  for (size_t i = 1; i < request.arguments.size(); ++i) {
    equals.push_back(ComparisonKernel("equal", request.arguments[0], request.arguments[i]));
  }
  auto run = [equals](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
    ArrayPtr found;
    for (size_t i = 0; i < equals.size(); ++i) {
      const ArgumentColumn pair[] = {input.arguments[0], input.arguments[i + 1]};
      ASSIGN_OR_RETURN(ArrayPtr same, equals[i].run({.arguments = pair, .rows = input.rows, .errors = input.errors}));
      if (found == nullptr) {
        found = std::move(same);
        continue;
      }
      ASSIGN_OR_RETURN(arrow::Datum either, FromArrow(arrow::compute::CallFunction("or_kleene", {found, same})));
      found = either.make_array();
    }
    return found;
  };
  return Kernel{.run = std::move(run)};
}

// The items that are compared with the value in one type.
struct ItemsOfType {
  std::shared_ptr<arrow::DataType> type;
  std::shared_ptr<const ConstantSet> set;
};

// Bit i is flags[i], which is 0 or 1.
absl::StatusOr<std::shared_ptr<arrow::Buffer>> BitsOf(const std::vector<uint8_t>& flags) {
  ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> bits,
                   FromArrow(arrow::AllocateBuffer(static_cast<int64_t>(flags.size() + 7) / 8)));
  uint8_t* out = bits->mutable_data();
  for (size_t i = 0; i < flags.size(); i += 8) {
    uint8_t byte = 0;
    const size_t here = std::min<size_t>(8, flags.size() - i);
    for (size_t bit = 0; bit < here; ++bit) byte |= static_cast<uint8_t>(flags[i + bit] << bit);
    *out++ = byte;
  }
  return bits;
}

// The same of constants: looked up in sets that are made here.
absl::StatusOr<Kernel> InSets(const KernelRequest& request) {
  std::vector<std::pair<std::shared_ptr<arrow::DataType>, arrow::ArrayVector>> by_type;
  bool any_null = false;
  for (size_t i = 1; i < request.constants.size(); ++i) {
    if (!request.constants[i]->is_valid) {
      any_null = true;
      continue;
    }
    std::shared_ptr<arrow::DataType> type = EqualityType(request.arguments[0], request.arguments[i]);
    ASSIGN_OR_RETURN(ArrayPtr item, FromArrow(arrow::MakeArrayFromScalar(*request.constants[i], 1)));
    ASSIGN_OR_RETURN(ArgumentColumn widened, WidenedTo(type, {.values = std::move(item), .step = 0}));
    auto same = std::find_if(by_type.begin(), by_type.end(), [&](const auto& own) { return own.first->Equals(*type); });
    if (same == by_type.end()) same = by_type.insert(same, {std::move(type), {}});
    same->second.push_back(std::move(widened.values));
  }
  std::vector<ItemsOfType> items;
  for (auto& [type, values] : by_type) {
    ASSIGN_OR_RETURN(ArrayPtr all, FromArrow(arrow::Concatenate(values)));
    items.push_back({.type = type, .set = MakeConstantSet(*all)});
  }
  auto run = [items, any_null](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
    ASSIGN_OR_RETURN(ArrayPtr values, Expanded(input.arguments[0], input.rows));
    std::vector<uint8_t> found(static_cast<size_t>(input.rows), 0);
    for (const ItemsOfType& own : items) {
      ASSIGN_OR_RETURN(ArgumentColumn widened, WidenedTo(own.type, {.values = values, .step = 1}));
      own.set->Find(*widened.values, found);
    }
    ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> bits, BitsOf(found));
    if (!any_null && values->null_count() == 0) {
      return std::make_shared<arrow::BooleanArray>(input.rows, std::move(bits));
    }
    for (size_t row = 0; row < found.size(); ++row) {
      if (!any_null) found[row] = 1;
      if (values->IsNull(static_cast<int64_t>(row))) found[row] = 0;
    }
    ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> known, BitsOf(found));
    return std::make_shared<arrow::BooleanArray>(input.rows, std::move(bits), std::move(known));
  };
  return Kernel{.run = std::move(run)};
}

absl::StatusOr<ExpressionPtr> InList(const KernelRequest& request, std::vector<ExpressionPtr> args, std::string text) {
  const bool constant = std::all_of(request.constants.begin() + 1, request.constants.end(),
                                    [](const std::shared_ptr<arrow::Scalar>& item) { return item != nullptr; });
  if (!constant || !HasConstantSet(*request.arguments[0].arrow)) {
    return MakeKernelNode(InItems(request), std::move(args), request.result, std::move(text));
  }
  absl::StatusOr<Kernel> kernel = InSets(request);
  if (!kernel.ok()) return Annotate(kernel.status(), "bind ", text);
  args.resize(1);
  return MakeKernelNode(*std::move(kernel), std::move(args), request.result, std::move(text));
}

KernelFactory ArrowFunction(std::string name) {
  return [name](const KernelRequest&) -> absl::StatusOr<Kernel> { return ArrowKernel(name); };
}

// In the order of Java's compareTo: NaN is the largest, and -0 is less than 0.
template <typename T>
bool LessInOrder(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
  return a < b || (a == b && std::signbit(a) && !std::signbit(b));
}

template <typename T>
Kernel FloatingExtreme(const DataType& result, bool greatest) {
  auto better = [greatest](T candidate, T best) {
    return (greatest ? LessInOrder(best, candidate) : LessInOrder(candidate, best)) ? candidate : best;
  };
  const Kernel pair = RowKernel(better, result);
  auto run = [pair](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
    ASSIGN_OR_RETURN(ArrayPtr best, Expanded(input.arguments[0], input.rows));
    for (const ArgumentColumn& candidate : input.arguments.subspan(1)) {
      const ArgumentColumn columns[] = {candidate, {.values = best}};
      ASSIGN_OR_RETURN(best, pair.run({.arguments = columns, .rows = input.rows, .errors = input.errors}));
    }
    return best;
  };
  return Kernel{.run = std::move(run)};
}

// The greatest or least of values of one type; NULL if one is.
KernelFactory Extreme(bool greatest) {
  return [greatest](const KernelRequest& request) -> absl::StatusOr<Kernel> {
    if (request.result.arrow->id() == arrow::Type::FLOAT) return FloatingExtreme<float>(request.result, greatest);
    if (request.result.arrow->id() == arrow::Type::DOUBLE) return FloatingExtreme<double>(request.result, greatest);
    auto run = [better = ArrowKernel(greatest ? "greater" : "less"), choose = ArrowKernel("if_else")](
                   const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
      ASSIGN_OR_RETURN(ArrayPtr best, Expanded(input.arguments[0], input.rows));
      for (const ArgumentColumn& candidate : input.arguments.subspan(1)) {
        const ArgumentColumn pair[] = {candidate, {.values = best}};
        ASSIGN_OR_RETURN(ArrayPtr is_better,
                         better.run({.arguments = pair, .rows = input.rows, .errors = input.errors}));
        const ArgumentColumn choice[] = {{.values = std::move(is_better)}, candidate, {.values = best}};
        ASSIGN_OR_RETURN(best, choose.run({.arguments = choice, .rows = input.rows, .errors = input.errors}));
      }
      return best;
    };
    return Kernel{.run = std::move(run)};
  };
}

std::optional<Resolution> ExtremeRule(std::span<const CallArgument> args) {
  if (args.empty()) return std::nullopt;
  std::optional<DataType> common = CommonType(TypesOf(args));
  if (!common || FamilyOf(*common) == TypeFamily::kNested || FamilyOf(*common) == TypeFamily::kMonths) {
    return std::nullopt;
  }
  Resolution resolution{.arguments = {}, .result = *common};
  for (const CallArgument& arg : args) resolution.arguments.push_back(WithNullability(*common, arg.type.nullable));
  return resolution;
}

}  // namespace

std::vector<Function> ComparisonFunctions() {
  std::vector<Function> functions;
  auto add = [&](std::string name, std::string operation, bool ordered) {
    functions.push_back({.name = std::move(name), .family = "comparison", .signature = "value " + operation + " value",
                         .description = "compares two values of one kind",
                         .rule = Compares(ordered, false), .kernel = Comparison});
  };
  add("equal", "=", false);
  add("not_equal", "<>", false);
  add("less", "<", true);
  add("less_equal", "<=", true);
  add("greater", ">", true);
  add("greater_equal", ">=", true);
  for (bool distinct : {true, false}) {
    functions.push_back({.name = distinct ? "is_distinct_from" : "is_not_distinct_from", .family = "comparison",
                         .signature = distinct ? "value IS DISTINCT FROM value" : "value IS NOT DISTINCT FROM value",
                         .description = "compares two values, of which NULL is one", .null_rule = "never NULL",
                         .rule = Compares(false, true), .kernel = Distinction});
  }
  using enum ArgumentKind;
  functions.push_back({.name = "is_null", .family = "comparison", .signature = "value IS NULL",
                       .null_rule = "never NULL", .rule = Takes({kAny}, "BOOLEAN", {.never_null = true}),
                       .kernel = ArrowFunction("is_null")});
  functions.push_back({.name = "is_not_null", .family = "comparison", .signature = "value IS NOT NULL",
                       .null_rule = "never NULL", .rule = Takes({kAny}, "BOOLEAN", {.never_null = true}),
                       .kernel = ArrowFunction("is_valid")});
  functions.push_back({.name = "in_list", .family = "comparison", .signature = "value IN (constant, …)",
                       .description = "whether one of the constants equals the value",
                       .null_rule = "NULL if none is equal, and the value or a constant is NULL", .rule = InListRule,
                       .node = InList});
  functions.push_back({.name = "greatest", .family = "comparison", .signature = "GREATEST(value, …)",
                       .rule = ExtremeRule, .kernel = Extreme(true)});
  functions.push_back({.name = "least", .family = "comparison", .signature = "LEAST(value, …)", .rule = ExtremeRule,
                       .kernel = Extreme(false)});
  return functions;
}

}  // namespace millrace
