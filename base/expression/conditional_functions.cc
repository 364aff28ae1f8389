#include <numeric>

#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "base/arrow_status.h"
#include "base/expression/comparison.h"
#include "base/expression/function_table.h"
#include "base/expression/nodes.h"
#include "base/expression/type_rules.h"
#include "base/macros.h"

namespace millrace {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// Takes each row's value from the first branch that applies to it: whose condition is TRUE or, where it has none, whose
// value is not NULL. The last branch is what remains. What can fail is evaluated only for the rows that need it.
class ChoiceNode final : public BoundExpression {
 public:
  struct Branch {
    ExpressionPtr condition;  // nullptr: none
    ExpressionPtr value;
  };

  ChoiceNode(std::vector<Branch> branches, DataType type, std::string text)
      : BoundExpression(std::move(type), std::move(text)), branches_(std::move(branches)) {}

  absl::StatusOr<arrow::Datum> Evaluate(Evaluation& evaluation) const override {
    const auto rows = static_cast<size_t>(evaluation.batch->num_rows());
    std::vector<uint32_t> open(rows);
    std::iota(open.begin(), open.end(), 0U);
    Taken taken{.arrays = {}, .at = std::vector<int64_t>(rows), .length = 0};
    for (size_t i = 0; i < branches_.size() && !open.empty(); ++i) {
      const bool last = i + 1 == branches_.size();
      std::vector<uint32_t> chosen, rest;
      if (branches_[i].condition != nullptr && !last) {
        ASSIGN_OR_RETURN(Values is_true, ValuesFor(*branches_[i].condition, evaluation, open));
        const auto& booleans = static_cast<const arrow::BooleanArray&>(*is_true.array);
        for (size_t k = 0; k < open.size(); ++k) {
          const int64_t at = is_true.At(open[k], k);
          (booleans.IsValid(at) && booleans.Value(at) ? chosen : rest).push_back(open[k]);
        }
        if (chosen.empty()) continue;
        ASSIGN_OR_RETURN(Values values, ValuesFor(*branches_[i].value, evaluation, chosen));
        for (size_t k = 0; k < chosen.size(); ++k) taken.at[chosen[k]] = taken.length + values.At(chosen[k], k);
        taken.Add(std::move(values.array));
      } else {
        ASSIGN_OR_RETURN(Values values, ValuesFor(*branches_[i].value, evaluation, open));
        for (size_t k = 0; k < open.size(); ++k) {
          const int64_t at = values.At(open[k], k);
          if (!last && values.array->IsNull(at)) {
            rest.push_back(open[k]);
          } else {
            taken.at[open[k]] = taken.length + at;
          }
        }
        taken.Add(std::move(values.array));
      }
      open = std::move(rest);
    }
    if (rows == 0) return absl::StatusOr<arrow::Datum>(FromArrow(arrow::MakeEmptyArray(type())));
    ASSIGN_OR_RETURN(ArrayPtr all, FromArrow(arrow::Concatenate(taken.arrays)));
    auto numbers = std::make_shared<arrow::Int64Array>(static_cast<int64_t>(rows), arrow::Buffer::Wrap(taken.at));
    return FromArrow(arrow::compute::Take(arrow::Datum(all), arrow::Datum(numbers)));
  }

  bool CanFail() const override {
    for (const Branch& branch : branches_) {
      if (branch.value->CanFail() || (branch.condition != nullptr && branch.condition->CanFail())) return true;
    }
    return false;
  }

 private:
  // Values of an expression for some rows: of all rows of the batch, of these only, or one for all.
  struct Values {
    enum class Holds { kAllRows, kTheseRows, kOne };
    ArrayPtr array;
    Holds holds;
    // Where the value of `row` is, which is the k-th of these rows.
    int64_t At(uint32_t row, size_t k) const {
      if (holds == Holds::kOne) return 0;
      return holds == Holds::kAllRows ? static_cast<int64_t>(row) : static_cast<int64_t>(k);
    }
  };

  // What was taken so far: row i has the value at[i] of all arrays in a row.
  struct Taken {
    arrow::ArrayVector arrays;
    std::vector<int64_t> at;
    int64_t length;
    void Add(ArrayPtr array) {
      length += array->length();
      arrays.push_back(std::move(array));
    }
  };

  static absl::StatusOr<Values> ValuesFor(const BoundExpression& expression, Evaluation& evaluation,
                                          const std::vector<uint32_t>& rows) {
    if (expression.CanFail()) {
      ASSIGN_OR_RETURN(ArrayPtr array, EvaluateFor(expression, evaluation, rows));
      return Values{.array = std::move(array), .holds = Values::Holds::kTheseRows};
    }
    ASSIGN_OR_RETURN(arrow::Datum value, expression.Evaluate(evaluation));
    if (!value.is_scalar()) return Values{.array = value.make_array(), .holds = Values::Holds::kAllRows};
    ASSIGN_OR_RETURN(ArrayPtr one, FromArrow(arrow::MakeArrayFromScalar(*value.scalar(), 1)));
    return Values{.array = std::move(one), .holds = Values::Holds::kOne};
  }

  const std::vector<Branch> branches_;
};

// The conditions of CASE are at even places but for the last argument, which is ELSE.
std::optional<Resolution> CaseRule(std::span<const CallArgument> args, bool nullable_by_condition) {
  if (args.size() < 3 || args.size() % 2 == 0) return std::nullopt;
  std::vector<DataType> values;
  bool nullable = false;
  for (size_t i = 0; i < args.size(); ++i) {
    const bool is_condition = i % 2 == 0 && i + 1 < args.size();
    if (!is_condition) {
      values.push_back(args[i].type);
    } else if (FamilyOf(args[i].type) != TypeFamily::kBoolean) {
      return std::nullopt;
    } else {
      nullable = nullable || (nullable_by_condition && args[i].type.nullable);
    }
  }
  std::optional<DataType> common = CommonType(values);
  if (!common) return std::nullopt;
  Resolution resolution{.arguments = {}, .result = WithNullability(*common, common->nullable || nullable)};
  for (size_t i = 0; i < args.size(); ++i) {
    const bool is_condition = i % 2 == 0 && i + 1 < args.size();
    resolution.arguments.push_back(is_condition ? args[i].type : WithNullability(*common, args[i].type.nullable));
  }
  return resolution;
}

absl::StatusOr<ExpressionPtr> CaseNode(const KernelRequest& request, std::vector<ExpressionPtr> args, std::string text) {
  std::vector<ChoiceNode::Branch> branches;
  for (size_t i = 0; i + 1 < args.size(); i += 2) {
    branches.push_back({.condition = std::move(args[i]), .value = std::move(args[i + 1])});
  }
  branches.push_back({.condition = nullptr, .value = std::move(args.back())});
  return std::make_unique<ChoiceNode>(std::move(branches), request.result, std::move(text));
}

std::optional<Resolution> CoalesceRule(std::span<const CallArgument> args) {
  if (args.empty()) return std::nullopt;
  std::optional<DataType> common = CommonType(TypesOf(args));
  if (!common) return std::nullopt;
  bool nullable = true;
  for (const CallArgument& arg : args) nullable = nullable && arg.type.nullable;
  Resolution resolution{.arguments = {}, .result = WithNullability(*common, nullable)};
  for (const CallArgument& arg : args) resolution.arguments.push_back(WithNullability(*common, arg.type.nullable));
  return resolution;
}

absl::StatusOr<ExpressionPtr> CoalesceNode(const KernelRequest& request, std::vector<ExpressionPtr> args,
                                           std::string text) {
  std::vector<ChoiceNode::Branch> branches;
  for (ExpressionPtr& arg : args) branches.push_back({.condition = nullptr, .value = std::move(arg)});
  return std::make_unique<ChoiceNode>(std::move(branches), request.result, std::move(text));
}

std::optional<Resolution> NullIfRule(std::span<const CallArgument> args) {
  if (args.size() != 2 || !AreComparable(args[0].type, args[1].type, false)) return std::nullopt;
  auto [a, b] = ComparedTypes(args[0].type, args[1].type);
  if (!a.arrow->Equals(*args[0].type.arrow)) return std::nullopt;
  return Resolution{.arguments = {args[0].type, std::move(b)}, .result = WithNullability(args[0].type, true)};
}

absl::StatusOr<Kernel> NullIf(const KernelRequest& request) {
  Kernel equal = ComparisonKernel("equal", request.arguments[0], request.arguments[1]);
  Kernel if_else = ArrowKernel("if_else");
  auto run = [equal, if_else, type = request.result.arrow](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
    ASSIGN_OR_RETURN(ArrayPtr same, equal.run(input));
    // NULL is not equal.
    ASSIGN_OR_RETURN(arrow::Datum is_same, FromArrow(arrow::compute::CallFunction(
                                               "coalesce", {arrow::Datum(same), arrow::Datum(false)})));
    ASSIGN_OR_RETURN(ArrayPtr null, FromArrow(arrow::MakeArrayOfNull(type, 1)));
    const ArgumentColumn columns[] = {
        {.values = is_same.make_array()}, {.values = std::move(null), .step = 0}, input.arguments[0]};
    return if_else.run({.arguments = columns, .rows = input.rows, .errors = input.errors});
  };
  return Kernel{.run = std::move(run)};
}

}  // namespace

std::vector<Function> ConditionalFunctions() {
  auto exactly = [](size_t count, auto rule) {
    return [count, rule](std::span<const CallArgument> args) {
      return args.size() == count ? rule(args) : std::optional<Resolution>();
    };
  };
  auto case_rule = [](std::span<const CallArgument> args) { return CaseRule(args, false); };
  auto if_rule = [](std::span<const CallArgument> args) { return CaseRule(args, true); };
  return {
      {.name = "case", .family = "conditional", .signature = "CASE WHEN condition THEN value … [ELSE value] END",
       .description = "the value of the first condition that is TRUE; others are not evaluated",
       .null_rule = "NULL if the value chosen is, or none is", .rule = case_rule, .node = CaseNode},
      {.name = "if", .family = "conditional", .signature = "IF(condition, value, otherwise)",
       .description = "the one that is not chosen is not evaluated", .null_rule = "NULL if the value chosen is",
       .rule = exactly(3, if_rule), .node = CaseNode},
      {.name = "coalesce", .family = "conditional", .signature = "COALESCE(value, …)",
       .description = "the first value that is not NULL; those behind it are not evaluated",
       .null_rule = "NULL if all are", .rule = CoalesceRule, .node = CoalesceNode},
      {.name = "ifnull", .family = "conditional", .signature = "IFNULL(value, otherwise)",
       .description = "the value, or the other if it is NULL", .null_rule = "NULL if both are",
       .rule = exactly(2, CoalesceRule), .node = CoalesceNode},
      {.name = "nullif", .family = "conditional", .signature = "NULLIF(value, other)",
       .description = "NULL if the two are equal, else the value", .null_rule = "NULL if the value is, or they are equal",
       .rule = NullIfRule, .kernel = NullIf},
  };
}

}  // namespace millrace
