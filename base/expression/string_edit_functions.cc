#include "arrow/compute/api.h"
#include "base/expression/nodes.h"
#include "base/expression/row_kernel.h"
#include "base/expression/string_edit.h"
#include "base/expression/string_families.h"

namespace millrace {
namespace {

using OptionalText = std::optional<std::string>;

// CONCAT: NULL if a part is.
absl::StatusOr<Kernel> ConcatKernel(const KernelRequest& /*request*/) {
  auto options = std::make_shared<arrow::compute::JoinOptions>(arrow::compute::JoinOptions::EMIT_NULL);
  Kernel join = ArrowKernel("binary_join_element_wise", std::move(options));
  auto run = [join](const KernelInput& input) {
    std::vector<ArgumentColumn> columns(input.arguments.begin(), input.arguments.end());
    auto separator = arrow::MakeArrayFromScalar(arrow::StringScalar(""), 1);
    columns.push_back({.values = separator.ValueOrDie(), .step = 0});
    return join.run({.arguments = columns, .rows = input.rows, .errors = input.errors});
  };
  return Kernel{.run = std::move(run)};
}

// CONCAT_WS: the separator comes first, and parts that are NULL are left out.
absl::StatusOr<Kernel> JoinKernel(const KernelRequest& request) {
  auto run = [type = request.result.arrow](const KernelInput& input) -> absl::StatusOr<std::shared_ptr<arrow::Array>> {
    std::vector<row_kernel_internal::Reader<std::string_view>> parts(input.arguments.begin(), input.arguments.end());
    row_kernel_internal::Writer<std::string> writer;
    RETURN_IF_ERROR(writer.Open(type, input.rows));
    std::string joined;
    for (int64_t row = 0; row < input.rows; ++row) {
      joined.clear();
      bool first = true;
      for (size_t i = 1; i < parts.size(); ++i) {
        if (parts[i].IsNull(row)) continue;
        if (!first && !parts[0].IsNull(row)) joined += parts[0].Value(row);
        joined += parts[i].Value(row);
        first = false;
      }
      RETURN_IF_ERROR(parts[0].IsNull(row) ? writer.Null() : writer.Value(joined));
    }
    return writer.Close();
  };
  return Kernel{.run = std::move(run)};
}

// One of its arguments, by their number.
absl::StatusOr<Kernel> EltKernel(const KernelRequest& request) {
  auto run = [type = request.result.arrow](const KernelInput& input) -> absl::StatusOr<std::shared_ptr<arrow::Array>> {
    std::vector<row_kernel_internal::Reader<std::string_view>> parts(input.arguments.begin() + 1,
                                                                     input.arguments.end());
    row_kernel_internal::Reader<int64_t> number(input.arguments[0]);
    row_kernel_internal::Writer<std::string> writer;
    RETURN_IF_ERROR(writer.Open(type, input.rows));
    for (int64_t row = 0; row < input.rows; ++row) {
      const int64_t n = number.IsNull(row) ? 0 : number.Value(row);
      const bool is_null = n < 1 || n > std::ssize(parts) || parts[static_cast<size_t>(n - 1)].IsNull(row);
      RETURN_IF_ERROR(is_null ? writer.Null() : writer.Value(parts[static_cast<size_t>(n - 1)].Value(row)));
    }
    return writer.Close();
  };
  return Kernel{.run = std::move(run)};
}

// LPAD and RPAD are NULL for a negative length and for an empty pad: not if both are known to be others.
ResolveRule PadRule() {
  using enum ArgumentKind;
  return [](std::span<const CallArgument> args) {
    bool known = args.size() == 3 && args[1].literal != nullptr && args[2].literal != nullptr;
    known = known && args[1].literal->has_value() && !args[1].literal->value().starts_with("-");
    known = known && args[2].literal->has_value() && !args[2].literal->value().empty();
    return Takes({kString, kBigint, kString}, "STRING", {.nullable = !known})(args);
  };
}

KernelFactory Trims(std::string_view (*trim)(std::string_view, std::string_view)) {
  return [trim](const KernelRequest& request) -> absl::StatusOr<Kernel> {
    if (request.arguments.size() == 1) {
      return RowKernel([trim](std::string_view text) { return trim(text, " "); }, request.result);
    }
    return RowKernel([trim](std::string_view text, std::string_view set) { return trim(text, set); }, request.result);
  };
}

absl::StatusOr<Kernel> SubstringKernel(const KernelRequest& request) {
  using Part = std::optional<std::string_view>;
  if (request.arguments.size() == 2) {
    return RowKernel([](std::string_view text, int64_t from) -> Part { return Substring(text, from); }, request.result);
  }
  return RowKernel(
      [](std::string_view text, int64_t from, int64_t length) -> Part { return Substring(text, from, length); },
      request.result);
}

absl::StatusOr<Kernel> OverlayKernel(const KernelRequest& request) {
  if (request.arguments.size() == 3) {
    return RowKernel(
        [](std::string_view text, std::string_view instead, int64_t from) { return Overlay(text, instead, from); },
        request.result);
  }
  return RowKernel([](std::string_view text, std::string_view instead, int64_t from,
                      int64_t length) { return Overlay(text, instead, from, length); },
                   request.result);
}

}  // namespace

std::vector<Function> StringEditFunctions() {
  using enum ArgumentKind;
  const std::string too_long = "a result of more than 64 MiB fails";
  return {
      {.name = "upper",
       .family = "string",
       .signature = "UPPER(string)",
       .description = "by Unicode's full mappings, whatever the locale: 'ß' becomes 'SS'",
       .rule = Takes({kString}, LikeFirst(false)),
       .kernel = Rows(UpperCase)},
      {.name = "lower",
       .family = "string",
       .signature = "LOWER(string)",
       .description = "as UPPER",
       .rule = Takes({kString}, LikeFirst(false)),
       .kernel = Rows(LowerCase)},
      {.name = "initcap",
       .family = "string",
       .signature = "INITCAP(string)",
       .description = "words of ASCII letters and digits begin with an upper case letter, the rest is in lower case",
       .rule = Takes({kString}, LikeFirst(false)),
       .kernel = Rows(InitialCapitals)},
      {.name = "concat",
       .family = "string",
       .signature = "CONCAT(string, …)",
       .rule = Takes({kString}, "STRING", {.repeated = true}),
       .kernel = ConcatKernel},
      {.name = "concat_operator",
       .aliases = {"||"},
       .family = "string",
       .signature = "string || string",
       .description = "VARCHAR(m) || VARCHAR(n) is VARCHAR(m + n)",
       .rule = Takes({kString, kString}, SumOfLengths(false)),
       .kernel = ConcatKernel},
      {.name = "concat_ws",
       .family = "string",
       .signature = "CONCAT_WS(separator, string, …)",
       .description = "the strings with the separator between them",
       .null_rule = "NULL if the separator is; a string that is NULL is left out",
       .rule = Takes({kString, kString}, "STRING", {.repeated = true}),
       .kernel = JoinKernel},
      {.name = "substring",
       .aliases = {"substr"},
       .family = "string",
       .signature = "SUBSTRING(string FROM integer [FOR integer])",
       .description = "counts characters from 1, from the end if negative; 0 is 1",
       .null_rule = "NULL if an argument is, or the length is negative",
       .rule = Takes({kString, kBigint, kBigint}, LikeFirst(true), {.optional = 1, .nullable = true}),
       .kernel = SubstringKernel},
      {.name = "left",
       .family = "string",
       .signature = "LEFT(string, integer)",
       .rule = Takes({kString, kBigint}, LikeFirst(true), {.nullable = true}),
       .kernel = Rows(Left)},
      {.name = "right",
       .family = "string",
       .signature = "RIGHT(string, integer)",
       .rule = Takes({kString, kBigint}, LikeFirst(true), {.nullable = true}),
       .kernel = Rows(Right)},
      {.name = "trim",
       .family = "string",
       .signature = "TRIM([BOTH] [characters FROM] string)",
       .description = "without spaces, or the characters of a set, at both ends",
       .rule = Takes({kString, kString}, LikeFirst(true), {.optional = 1}),
       .kernel = Trims(TrimBoth)},
      {.name = "ltrim",
       .family = "string",
       .signature = "LTRIM(string[, characters])",
       .rule = Takes({kString, kString}, LikeFirst(true), {.optional = 1}),
       .kernel = Trims(TrimLeft)},
      {.name = "rtrim",
       .family = "string",
       .signature = "RTRIM(string[, characters])",
       .rule = Takes({kString, kString}, LikeFirst(true), {.optional = 1}),
       .kernel = Trims(TrimRight)},
      {.name = "btrim",
       .family = "string",
       .signature = "BTRIM(string[, characters])",
       .rule = Takes({kString, kString}, "STRING", {.optional = 1}),
       .kernel = Trims(TrimBoth)},
      {.name = "lpad",
       .family = "string",
       .signature = "LPAD(string, length, pad)",
       .description = "cut or filled at the left to a number of UTF-16 units",
       .null_rule = "NULL if an argument is, the length is negative or the pad is empty",
       .difference = too_long,
       .rule = PadRule(),
       .kernel = Rows(PadLeft)},
      {.name = "rpad",
       .family = "string",
       .signature = "RPAD(string, length, pad)",
       .description = "as LPAD, at the right",
       .null_rule = "as LPAD",
       .difference = too_long,
       .rule = PadRule(),
       .kernel = Rows(PadRight)},
      {.name = "repeat",
       .family = "string",
       .signature = "REPEAT(string, integer)",
       .difference = too_long,
       .rule = Takes({kString, kBigint}, "STRING"),
       .kernel = Rows(Repeat)},
      {.name = "reverse",
       .family = "string",
       .signature = "REVERSE(string)",
       .rule = Takes({kString}, "STRING", {.nullable = true}),
       .kernel = Rows(ReverseCharacters)},
      {.name = "overlay",
       .family = "string",
       .signature = "OVERLAY(string PLACING string FROM integer [FOR integer])",
       .description = "counts UTF-16 units; the string itself if it has no unit of that number",
       .rule = Takes({kString, kString, kBigint, kBigint}, SumOfLengths(true), {.optional = 1}),
       .kernel = OverlayKernel},
      {.name = "replace",
       .family = "string",
       .signature = "REPLACE(string, from, to)",
       .description = "an empty `from` is found around every UTF-16 unit",
       .rule = Takes({kString, kString, kString}, "STRING"),
       .kernel = Rows(ReplaceAll)},
      {.name = "translate",
       .family = "string",
       .signature = "TRANSLATE(string, from, to)",
       .description = "character i of `from` becomes character i of `to`, or nothing",
       .rule = Takes({kString, kString, kString}, "STRING"),
       .kernel = Rows(TranslateCharacters)},
      {.name = "elt",
       .family = "string",
       .signature = "ELT(integer, string, …)",
       .description = "the string with that number, from 1",
       .null_rule = "NULL if there is none, or it is NULL",
       .rule = Takes({kBigint, kString}, "STRING", {.repeated = true, .nullable = true}),
       .kernel = EltKernel},
      {.name = "chr",
       .family = "string",
       .signature = "CHR(integer)",
       .description = "the Latin-1 character of the low 8 bits; '' for a negative number",
       .rule = Takes({kBigint}, "STRING", {.nullable = true}),
       .kernel = Rows(CharacterOf)},
      {.name = "ascii",
       .family = "string",
       .signature = "ASCII(string)",
       .description = "the first byte as a signed number; 0 for ''",
       .rule = Takes({kString}, "INT"),
       .kernel = Rows(FirstByte)},
  };
}

}  // namespace millrace
