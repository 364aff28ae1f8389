#include <memory>

#include "base/error.h"
#include "base/expression/nodes.h"
#include "base/expression/prepared_kernel.h"
#include "base/expression/string_families.h"
#include "base/expression/string_like.h"
#include "base/expression/string_regex.h"

namespace millrace {
namespace {

using OptionalView = std::optional<std::string_view>;
using MaybeRegex = std::optional<JavaRegex>;

// What is compiled of a pattern and its escape character.
template <typename T>
using Compiler = absl::StatusOr<T> (*)(std::string_view pattern, std::string_view escape);

absl::StatusOr<LikePattern> CompileLike(std::string_view pattern, std::string_view escape) {
  return LikePattern::Compile(pattern, escape);
}

absl::StatusOr<MaybeRegex> CompileRegex(std::string_view regex, std::string_view /*escape*/) {
  return JavaRegex::Compile(regex);
}

absl::StatusOr<JavaRegex> CompileSimilar(std::string_view pattern, std::string_view escape) {
  ASSIGN_OR_RETURN(std::string regex, SimilarToRegex(pattern, escape));
  ASSIGN_OR_RETURN(MaybeRegex compiled, JavaRegex::Compile(regex));
  if (!compiled) return InvalidArgument("'", pattern, "' is no pattern of SIMILAR TO; escape its special characters");
  return *std::move(compiled);
}

// A function (text, regex, …) that sees the regular expression compiled.
template <typename... Rest, typename Use>
KernelFactory WithRegex(Use use) {
  return [use](const KernelRequest& request) {
    return PreparedKernel<MaybeRegex, std::string_view, Rest...>(request, JavaRegex::Compile, use);
  };
}

// LIKE and SIMILAR TO: (text, pattern[, escape]).
template <typename T>
Kernel MatchKernel(const KernelRequest& request, Compiler<T> compile, bool (*match)(const T&, std::string_view)) {
  const bool escaped = request.arguments.size() == 3;
  auto run = [=, result = request.result](const KernelInput& input) {
    auto last = std::make_shared<LastCompiled<T>>(compile);
    auto row = [last, match](std::string_view text, std::string_view pattern,
                             std::string_view escape) -> absl::StatusOr<bool> {
      ASSIGN_OR_RETURN(const T* compiled, last->Get(pattern, escape));
      return match(*compiled, text);
    };
    if (escaped) return RowKernel(row, result).run(input);
    return RowKernel([row](std::string_view text, std::string_view pattern) { return row(text, pattern, ""); }, result)
        .run(input);
  };
  return Kernel{.run = std::move(run), .can_fail = true};
}

template <typename T>
KernelFactory Matching(Compiler<T> compile, bool (*match)(const T&, std::string_view)) {
  return [=](const KernelRequest& request) -> absl::StatusOr<Kernel> {
    const OptionalView pattern = request.ConstantString(1);
    const OptionalView escape = request.arguments.size() == 3 ? request.ConstantString(2) : "";
    if (!pattern || !escape) return MatchKernel(request, compile, match);
    ASSIGN_OR_RETURN(T compiled, compile(*pattern, *escape));
    auto shared = std::make_shared<const T>(std::move(compiled));
    if (request.arguments.size() == 3) {
      return RowKernel([=](std::string_view text, std::string_view, std::string_view) { return match(*shared, text); },
                       request.result);
    }
    return RowKernel([=](std::string_view text, std::string_view) { return match(*shared, text); }, request.result);
  };
}

absl::StatusOr<Kernel> LikeKernel(const KernelRequest& request) {
  // Flink takes the constant '' for a pattern that everything follows.
  if (request.arguments.size() == 2 && request.ConstantString(1) == "") {
    return RowKernel([](std::string_view, std::string_view) { return true; }, request.result);
  }
  return Matching<LikePattern>(
      CompileLike, [](const LikePattern& pattern, std::string_view text) { return pattern.Matches(text); })(request);
}

absl::StatusOr<Kernel> ExtractKernel(const KernelRequest& request) {
  if (request.arguments.size() == 2) {
    return WithRegex<>([](const MaybeRegex& regex, std::string_view text) {
      return regex ? regex->Extract(text, 0) : OptionalView();
    })(request);
  }
  return WithRegex<int64_t>([](const MaybeRegex& regex, std::string_view text, int64_t group) {
    return regex ? regex->Extract(text, group) : OptionalView();
  })(request);
}

// REGEXP_EXTRACT_ALL(text, regex[, group]): a list, whose elements may be NULL.
absl::StatusOr<Kernel> ExtractAllKernel(const KernelRequest& request) {
  auto run = [type = request.result.arrow](const KernelInput& input) -> absl::StatusOr<std::shared_ptr<arrow::Array>> {
    row_kernel_internal::Reader<std::string_view> texts(input.arguments[0]), regexes(input.arguments[1]);
    std::optional<row_kernel_internal::Reader<int64_t>> groups;
    if (input.arguments.size() == 3) groups.emplace(input.arguments[2]);
    auto values = std::make_shared<arrow::StringBuilder>();
    arrow::ListBuilder lists(arrow::default_memory_pool(), values, type);
    LastCompiled<MaybeRegex> last(CompileRegex);
    for (int64_t row = 0; row < input.rows; ++row) {
      const bool is_null = texts.IsNull(row) || regexes.IsNull(row) || (groups && groups->IsNull(row));
      const int64_t group = is_null || !groups ? 1 : groups->Value(row);
      absl::StatusOr<const MaybeRegex*> regex = is_null ? nullptr : last.Get(regexes.Value(row));
      if (!regex.ok()) input.errors.Add(row, std::string(regex.status().message()));
      if (is_null || !regex.ok() || !(*regex)->has_value() || group < 0 || group > (**regex)->groups()) {
        RETURN_IF_ERROR(FromArrow(lists.AppendNull()));
        continue;
      }
      RETURN_IF_ERROR(FromArrow(lists.Append()));
      for (const std::optional<std::string>& part : (**regex)->ExtractAll(texts.Value(row), group)) {
        RETURN_IF_ERROR(FromArrow(part ? values->Append(*part) : values->AppendNull()));
      }
    }
    return FromArrow(lists.Finish());
  };
  return Kernel{.run = std::move(run), .can_fail = true};
}

// NULL only for a regular expression that is none: not if it is known to be one.
std::optional<Resolution> ReplaceRule(std::span<const CallArgument> args) {
  using enum ArgumentKind;
  bool known = args.size() == 3 && args[1].literal != nullptr && args[1].literal->has_value();
  if (known) {
    absl::StatusOr<MaybeRegex> regex = JavaRegex::Compile(args[1].literal->value());
    known = regex.ok() && regex->has_value();
  }
  return Takes({kString, kString, kString}, "STRING", {.nullable = !known})(args);
}

}  // namespace

std::vector<Function> StringPatternFunctions() {
  using enum ArgumentKind;
  const std::string dialect =
      "what only an engine with backtracking can run is refused: references back, looking ahead and behind, possessive "
      "quantifiers, classes in classes; '$' is the end of the text only, \\b knows ASCII words";
  const std::string wrong = "NULL if an argument is, or the regular expression is none";
  auto replace = [](const MaybeRegex& regex, std::string_view text,
                    std::string_view with) -> std::optional<std::string> {
    if (!regex) return std::nullopt;
    return regex->Replace(text, with);
  };
  auto count = [](const MaybeRegex& regex, std::string_view text) {
    return regex ? std::optional(regex->Count(text)) : std::nullopt;
  };
  auto position = [](const MaybeRegex& regex, std::string_view text) {
    return regex ? std::optional(regex->Position(text)) : std::nullopt;
  };
  auto found = [](const MaybeRegex& regex, std::string_view text) {
    return regex ? regex->Extract(text, 0) : OptionalView();
  };
  // As in Flink, nothing is found by ''.
  auto matches = [](const MaybeRegex& regex, std::string_view text) {
    return regex && !regex->text().empty() && regex->FoundIn(text);
  };
  auto similar = [](const JavaRegex& regex, std::string_view text) { return regex.MatchesAll(text); };
  return {
      {.name = "like",
       .family = "string",
       .signature = "string [NOT] LIKE pattern [ESCAPE character]",
       .description =
           "'%' is any text, '_' a character that ends no line; as in Flink everything is LIKE the constant ''",
       .rule = Takes({kString, kString, kString}, "BOOLEAN", {.optional = 1}),
       .kernel = LikeKernel},
      {.name = "similar_to",
       .aliases = {"similar"},
       .family = "string",
       .signature = "string [NOT] SIMILAR TO pattern [ESCAPE character]",
       .description = "a regular expression with '%' and '_' as in LIKE, for the whole string",
       .difference = dialect,
       .rule = Takes({kString, kString, kString}, "BOOLEAN", {.optional = 1}),
       .kernel = Matching<JavaRegex>(CompileSimilar, similar)},
      {.name = "regexp",
       .family = "string",
       .signature = "REGEXP(string, regex)",
       .description = "whether it is found anywhere; FALSE for '' and for what is no regular expression",
       .difference = dialect,
       .rule = Takes({kString, kString}, "BOOLEAN"),
       .kernel = WithRegex<>(matches)},
      {.name = "regexp_replace",
       .family = "string",
       .signature = "REGEXP_REPLACE(string, regex, replacement)",
       .description = "the replacement is taken as it is",
       .null_rule = wrong,
       .difference = dialect,
       .rule = ReplaceRule,
       .kernel = WithRegex<std::string_view>(replace)},
      {.name = "regexp_extract",
       .family = "string",
       .signature = "REGEXP_EXTRACT(string, regex[, group])",
       .description = "a group of the first match; 0 is all of it",
       .null_rule = "NULL if an argument is, nothing is found, or there is no such group",
       .difference = dialect,
       .rule = Takes({kString, kString, kBigint}, "STRING", {.optional = 1, .nullable = true}),
       .kernel = ExtractKernel},
      {.name = "regexp_extract_all",
       .family = "string",
       .signature = "REGEXP_EXTRACT_ALL(string, regex[, group])",
       .description = "a group of every match, group 1 unless it is given",
       .null_rule = "NULL if an argument is, or there is no such group",
       .difference = dialect,
       .rule = Takes({kString, kString, kBigint}, "ARRAY<STRING>", {.optional = 1, .nullable = true}),
       .kernel = ExtractAllKernel},
      {.name = "regexp_count",
       .family = "string",
       .signature = "REGEXP_COUNT(string, regex)",
       .null_rule = wrong,
       .difference = dialect,
       .rule = Takes({kString, kString}, "INT", {.nullable = true}),
       .kernel = WithRegex<>(count)},
      {.name = "regexp_instr",
       .family = "string",
       .signature = "REGEXP_INSTR(string, regex)",
       .description = "position of the first match in UTF-16 units from 1; 0: none",
       .null_rule = wrong,
       .difference = dialect,
       .rule = Takes({kString, kString}, "INT", {.nullable = true}),
       .kernel = WithRegex<>(position)},
      {.name = "regexp_substr",
       .family = "string",
       .signature = "REGEXP_SUBSTR(string, regex)",
       .description = "the first match",
       .null_rule = "NULL if an argument is, or nothing is found",
       .difference = dialect,
       .rule = Takes({kString, kString}, "STRING", {.nullable = true}),
       .kernel = WithRegex<>(found)},
  };
}

}  // namespace millrace
