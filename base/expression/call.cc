#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "arrow/compute/initialize.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "base/expression/cast.h"
#include "base/expression/function_table.h"
#include "base/expression/nodes.h"
#include "base/expression/take_rows.h"
#include "base/macros.h"

namespace millrace {
namespace {

using DatumResult = absl::StatusOr<arrow::Datum>;

class KernelNode final : public BoundExpression {
 public:
  KernelNode(Kernel kernel, std::vector<ExpressionPtr> args, DataType type, std::string text, bool deterministic)
      : BoundExpression(std::move(type), std::move(text)),
        kernel_(std::move(kernel)),
        args_(std::move(args)),
        deterministic_(deterministic) {}

  DatumResult Evaluate(Evaluation& evaluation) const override {
    const int64_t rows = evaluation.batch->num_rows();
    std::vector<ArgumentColumn> columns;
    bool all_constant = deterministic_;
    for (const ExpressionPtr& arg : args_) {
      ASSIGN_OR_RETURN(arrow::Datum value, arg->Evaluate(evaluation));
      if (value.is_scalar()) {
        ASSIGN_OR_RETURN(auto one, FromArrow(arrow::MakeArrayFromScalar(*value.scalar(), 1)));
        columns.push_back({.values = std::move(one), .step = 0});
      } else {
        all_constant = false;
        columns.push_back({.values = value.make_array(), .step = 1});
      }
    }
    if (rows == 0) return DatumResult(FromArrow(arrow::MakeEmptyArray(type())));
    if (!deterministic_ && evaluation.context == nullptr) {
      return Internal("evaluate ", text(), ": neither time nor randomness is known here");
    }
    RowErrors errors;
    const Evaluation* outside = deterministic_ ? nullptr : &evaluation;
    absl::StatusOr<std::shared_ptr<arrow::Array>> result = kernel_.run(
        {.arguments = columns, .rows = all_constant ? 1 : rows, .errors = errors, .evaluation = outside});
    if (!result.ok()) return Annotate(result.status(), "evaluate ", text());
    for (const RowErrors::Entry& entry : errors.entries()) {
      for (int64_t row = entry.row; row < (all_constant ? rows : entry.row + 1); ++row) {
        evaluation.errors.Add(row, Cat("evaluate ", text(), ": ", entry.message));
      }
    }
    if (!all_constant) return arrow::Datum(*std::move(result));
    ASSIGN_OR_RETURN(auto scalar, FromArrow((*result)->GetScalar(0)));
    return arrow::Datum(std::move(scalar));
  }

  bool CanFail() const override {
    for (const ExpressionPtr& arg : args_) {
      if (arg->CanFail()) return true;
    }
    return kernel_.can_fail;
  }

 private:
  const Kernel kernel_;
  const std::vector<ExpressionPtr> args_;
  const bool deterministic_;
};

std::string TextOf(std::string_view function, const std::vector<ExpressionPtr>& args) {
  std::string text = Cat(function, "(");
  for (size_t i = 0; i < args.size(); ++i) absl::StrAppend(&text, i == 0 ? "" : ", ", AbslView(args[i]->text()));
  return text + ")";
}

// Whether a value of `from` is one of `to` as it is: a string of any length is one of STRING.
bool IsSame(const DataType& from, const DataType& to) {
  constexpr std::string_view kNotNull = " NOT NULL";
  auto plain = [&](std::string_view sql) {
    return sql.ends_with(kNotNull) ? sql.substr(0, sql.size() - kNotNull.size()) : sql;
  };
  if (!from.arrow->Equals(*to.arrow)) return false;
  return plain(from.sql) == plain(to.sql) || to.sql.starts_with("STRING") || to.sql.starts_with("BYTES");
}

// A failure of the conversion of a constant is one of the row that needs it.
absl::StatusOr<ExpressionPtr> Converted(ExpressionPtr arg, const DataType& to, std::string_view zone) {
  if (IsSame(arg->data_type(), to)) return arg;
  return BindCast(std::move(arg), to, v1::CAST_MODE_SQL, zone);
}

}  // namespace

std::optional<std::string_view> KernelRequest::ConstantString(size_t argument) const {
  const auto& value = constants[argument];
  if (value == nullptr || !value->is_valid || !arrow::is_base_binary_like(value->type->id())) return std::nullopt;
  const auto& buffer = *static_cast<const arrow::BaseBinaryScalar&>(*value).value;
  return std::string_view(reinterpret_cast<const char*>(buffer.data()), static_cast<size_t>(buffer.size()));
}

ExpressionPtr MakeKernelNode(Kernel kernel, std::vector<ExpressionPtr> args, DataType type, std::string text,
                             bool deterministic) {
  return std::make_unique<KernelNode>(std::move(kernel), std::move(args), std::move(type), std::move(text),
                                      deterministic);
}

Kernel ArrowKernel(std::string name, std::shared_ptr<arrow::compute::FunctionOptions> options) {
  auto run = [name = std::move(name), options = std::move(options)](
                 const KernelInput& input) -> absl::StatusOr<std::shared_ptr<arrow::Array>> {
    std::vector<arrow::Datum> values;
    bool any_array = false;
    for (const ArgumentColumn& column : input.arguments) {
      any_array = any_array || column.step == 1;
      if (column.step == 1) {
        values.emplace_back(column.values);
      } else {
        ASSIGN_OR_RETURN(auto scalar, FromArrow(column.values->GetScalar(0)));
        values.emplace_back(std::move(scalar));
      }
    }
    ASSIGN_OR_RETURN(arrow::Datum result, FromArrow(arrow::compute::CallFunction(name, values, options.get())));
    if (!result.is_scalar()) return result.make_array();
    return FromArrow(arrow::MakeArrayFromScalar(*result.scalar(), input.rows));
  };
  return Kernel{.run = std::move(run)};
}

absl::StatusOr<std::shared_ptr<arrow::Array>> Expanded(const ArgumentColumn& column, int64_t rows) {
  if (column.step == 1 || rows == 1) return column.values;
  ASSIGN_OR_RETURN(auto value, FromArrow(column.values->GetScalar(0)));
  return FromArrow(arrow::MakeArrayFromScalar(*value, rows));
}

absl::StatusOr<std::shared_ptr<arrow::Array>> EvaluateFor(const BoundExpression& expression, Evaluation& evaluation,
                                                          const std::vector<uint32_t>& rows) {
  if (rows.size() == static_cast<size_t>(evaluation.batch->num_rows())) return EvaluateArray(expression, evaluation);
  ASSIGN_OR_RETURN(BatchPtr some, TakeRows(evaluation.batch, rows));
  Evaluation inner(std::move(some), evaluation);
  ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> values, EvaluateArray(expression, inner));
  for (const RowErrors::Entry& entry : inner.errors.entries()) {
    evaluation.errors.Add(rows[static_cast<size_t>(entry.row)], entry.message);
  }
  return values;
}

absl::Status KnowArrowFunctions() {
  static const auto& known = *new arrow::Status(arrow::compute::Initialize());
  return FromArrow(known);
}

absl::StatusOr<ExpressionPtr> BindCall(std::string_view function, std::vector<ExpressionPtr> args,
                                       std::string_view zone) {
  RETURN_IF_ERROR(KnowArrowFunctions());
  std::string text = TextOf(function, args);
  std::vector<CallArgument> arguments;
  for (const ExpressionPtr& arg : args) arguments.push_back({.type = arg->data_type(), .literal = arg->literal()});
  absl::StatusOr<FoundFunction> found = FindOverload(function, arguments);
  if (!found.ok()) return Annotate(found.status(), "bind ", text);
  KernelRequest request{.name = found->function->name,
                        .arguments = std::move(found->resolution.arguments),
                        .constants = {},
                        .result = std::move(found->resolution.result),
                        .zone = absl::UTCTimeZone()};
  ASSIGN_OR_RETURN(request.zone, LoadZone(zone));
  for (size_t i = 0; i < args.size(); ++i) {
    absl::StatusOr<ExpressionPtr> converted = Converted(std::move(args[i]), request.arguments[i], zone);
    if (!converted.ok()) return Annotate(converted.status(), "bind ", text);
    args[i] = *std::move(converted);
    request.constants.push_back(args[i]->constant());
  }
  if (found->function->node) return found->function->node(request, std::move(args), std::move(text));
  absl::StatusOr<Kernel> kernel = found->function->kernel(request);
  if (!kernel.ok()) return Annotate(kernel.status(), "bind ", text);
  return MakeKernelNode(*std::move(kernel), std::move(args), std::move(request.result), std::move(text),
                        found->function->deterministic);
}

}  // namespace millrace
