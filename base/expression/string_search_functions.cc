#include <algorithm>

#include "base/error.h"
#include "base/expression/nodes.h"
#include "base/expression/row_kernel.h"
#include "base/expression/string_families.h"
#include "base/expression/string_regex.h"
#include "base/expression/string_search.h"

namespace millrace {
namespace {

using ArrayResult = absl::StatusOr<std::shared_ptr<arrow::Array>>;
using TextReader = row_kernel_internal::Reader<std::string_view>;

KernelFactory ArrowFunction(const std::string& name) {
  return [name](const KernelRequest&) -> absl::StatusOr<Kernel> { return ArrowKernel(name); };
}

absl::StatusOr<Kernel> LocateKernel(const KernelRequest& request) {
  if (request.arguments.size() == 2) {
    return RowKernel([](std::string_view sought, std::string_view text) { return Locate(sought, text); },
                     request.result);
  }
  return RowKernel(
      [](std::string_view sought, std::string_view text, int64_t from) { return Locate(sought, text, from); },
      request.result);
}

absl::StatusOr<Kernel> InStringKernel(const KernelRequest& request) {
  if (request.arguments.size() == 2) {
    return RowKernel([](std::string_view text, std::string_view sought) { return Locate(sought, text); },
                     request.result);
  }
  if (request.arguments.size() == 3) {
    return RowKernel(
        [](std::string_view text, std::string_view sought, int64_t from) { return InString(text, sought, from, 1); },
        request.result);
  }
  return RowKernel(InString, request.result);
}

absl::StatusOr<Kernel> SplitIndexKernel(const KernelRequest& request) {
  if (request.arguments[1].arrow->id() == arrow::Type::INT64) {
    return RowKernel([](std::string_view text, int64_t separator, int64_t n) { return SplitIndex(text, separator, n); },
                     request.result);
  }
  return RowKernel(
      [](std::string_view text, std::string_view separator, int64_t n) { return SplitIndex(text, separator, n); },
      request.result);
}

bool AnyNull(const std::vector<TextReader>& readers, int64_t row) {
  for (const TextReader& reader : readers) {
    if (reader.IsNull(row)) return true;
  }
  return false;
}

absl::StatusOr<Kernel> SplitKernel(const KernelRequest& request) {
  auto run = [type = request.result.arrow](const KernelInput& input) -> ArrayResult {
    std::vector<TextReader> arguments(input.arguments.begin(), input.arguments.end());
    auto values = std::make_shared<arrow::StringBuilder>();
    arrow::ListBuilder lists(arrow::default_memory_pool(), values, type);
    for (int64_t row = 0; row < input.rows; ++row) {
      if (AnyNull(arguments, row)) {
        RETURN_IF_ERROR(FromArrow(lists.AppendNull()));
        continue;
      }
      RETURN_IF_ERROR(FromArrow(lists.Append()));
      for (const std::string& part : Split(arguments[0].Value(row), arguments[1].Value(row))) {
        RETURN_IF_ERROR(FromArrow(values->Append(part)));
      }
    }
    return FromArrow(lists.Finish());
  };
  return Kernel{.run = std::move(run)};
}

// Keys and values of a text; the last one of a key counts, at the place of the first.
class PairParser {
 public:
  using Pairs = std::vector<std::pair<std::string, std::optional<std::string>>>;

  absl::StatusOr<Pairs> Parse(std::string_view text, std::string_view between_pairs, std::string_view inside_pair) {
    Pairs pairs;
    if (text.empty()) return pairs;
    RETURN_IF_ERROR(Compile(between_pairs, &list_text_, &list_));
    RETURN_IF_ERROR(Compile(inside_pair, &pair_text_, &pair_));
    for (std::string& pair : list_->Split(text)) {
      std::vector<std::string> parts = pair_->Split(pair, 2);
      std::optional<std::string> value;
      if (parts.size() == 2) value = std::move(parts[1]);
      std::string key = parts.size() == 2 ? std::move(parts[0]) : std::move(pair);
      auto known = std::find_if(pairs.begin(), pairs.end(), [&](const auto& one) { return one.first == key; });
      if (known != pairs.end()) {
        known->second = std::move(value);
      } else {
        pairs.emplace_back(std::move(key), std::move(value));
      }
    }
    return pairs;
  }

 private:
  static absl::Status Compile(std::string_view text, std::string* known, std::optional<JavaRegex>* regex) {
    if (regex->has_value() && *known == text) return absl::OkStatus();
    ASSIGN_OR_RETURN(*regex, JavaRegex::Compile(text));
    if (!regex->has_value())
      return InvalidArgument("the delimiter '", text, "' is no regular expression; escape its special characters");
    *known = std::string(text);
    return absl::OkStatus();
  }

  std::string list_text_, pair_text_;
  std::optional<JavaRegex> list_, pair_;
};

absl::StatusOr<Kernel> StringToMapKernel(const KernelRequest& request) {
  auto run = [type = request.result.arrow](const KernelInput& input) -> ArrayResult {
    std::vector<TextReader> arguments(input.arguments.begin(), input.arguments.end());
    auto keys = std::make_shared<arrow::StringBuilder>();
    auto values = std::make_shared<arrow::StringBuilder>();
    arrow::MapBuilder maps(arrow::default_memory_pool(), keys, values, type);
    PairParser parser;
    for (int64_t row = 0; row < input.rows; ++row) {
      if (AnyNull(arguments, row)) {
        RETURN_IF_ERROR(FromArrow(maps.AppendNull()));
        continue;
      }
      const bool given = arguments.size() == 3;
      absl::StatusOr<PairParser::Pairs> pairs = parser.Parse(
          arguments[0].Value(row), given ? arguments[1].Value(row) : ",", given ? arguments[2].Value(row) : "=");
      if (!pairs.ok()) {
        input.errors.Add(row, std::string(pairs.status().message()));
        RETURN_IF_ERROR(FromArrow(maps.AppendNull()));
        continue;
      }
      RETURN_IF_ERROR(FromArrow(maps.Append()));
      for (const auto& [key, value] : *pairs) {
        RETURN_IF_ERROR(FromArrow(keys->Append(key)));
        RETURN_IF_ERROR(FromArrow(value ? values->Append(*value) : values->AppendNull()));
      }
    }
    return FromArrow(maps.Finish());
  };
  return Kernel{.run = std::move(run), .can_fail = true};
}

// STR_TO_MAP(string[, pairs, key and value]).
std::optional<Resolution> StringToMapRule(std::span<const CallArgument> args) {
  using enum ArgumentKind;
  if (args.size() == 2) return std::nullopt;
  return Takes({kString, kString, kString}, "MAP<STRING, STRING>", {.optional = 2})(args);
}

// Of a number the answer is known.
Function OfAnyNumber(const std::string& name, bool of_integer, bool of_other) {
  auto kernel = [of_integer, of_other](const KernelRequest& request) -> absl::StatusOr<Kernel> {
    const bool answer = IsInteger(request.arguments[0]) ? of_integer : of_other;
    auto run = [answer](const KernelInput& input) -> ArrayResult {
      std::vector<bool> answers;
      for (int64_t row = 0; row < input.rows; ++row) {
        const bool is_null = input.arguments[0].values->IsNull(row * input.arguments[0].step);
        answers.push_back(answer && !is_null);
      }
      arrow::BooleanBuilder builder;
      RETURN_IF_ERROR(FromArrow(builder.AppendValues(answers)));
      return FromArrow(builder.Finish());
    };
    return Kernel{.run = std::move(run)};
  };
  return {.name = name,
          .family = "string",
          .signature = "",
          .null_rule = "FALSE for NULL",
          .rule = Takes({ArgumentKind::kNumber}, "BOOLEAN", {.never_null = true}),
          .kernel = std::move(kernel)};
}

}  // namespace

std::vector<Function> StringSearchFunctions() {
  using enum ArgumentKind;
  using OptionalView = std::optional<std::string_view>;
  std::vector<Function> functions = {
      {.name = "char_length",
       .aliases = {"character_length"},
       .family = "string",
       .signature = "CHAR_LENGTH(string)",
       .description = "counts characters",
       .rule = Takes({kString}, "INT"),
       .kernel = ArrowFunction("utf8_length")},
      {.name = "position",
       .family = "string",
       .signature = "POSITION(string IN string)",
       .description = "counts characters from 1; 0: not there",
       .rule = Takes({kString, kString}, "INT"),
       .kernel = LocateKernel},
      {.name = "locate",
       .family = "string",
       .signature = "LOCATE(sought, string[, from])",
       .description = "as POSITION",
       .rule = Takes({kString, kString, kBigint}, "INT", {.optional = 1}),
       .kernel = LocateKernel},
      {.name = "instr",
       .family = "string",
       .signature = "INSTR(string, sought[, from[, nth]])",
       .description = "as POSITION, of the nth appearance; from the end if `from` is negative",
       .rule = Takes({kString, kString, kBigint, kBigint}, "INT", {.optional = 2}),
       .kernel = InStringKernel},
      {.name = "startswith",
       .family = "string",
       .signature = "STARTSWITH(string, prefix)",
       .rule = Takes({kText, kText}, "BOOLEAN"),
       .kernel = Rows([](std::string_view text, std::string_view prefix) { return text.starts_with(prefix); })},
      {.name = "endswith",
       .family = "string",
       .signature = "ENDSWITH(string, suffix)",
       .rule = Takes({kText, kText}, "BOOLEAN"),
       .kernel = Rows([](std::string_view text, std::string_view suffix) { return text.ends_with(suffix); })},
      {.name = "split_index",
       .family = "string",
       .signature = "SPLIT_INDEX(string, separator, integer)",
       .description = "the part with that number, from 0; '' has none, an empty separator is whitespace",
       .null_rule = "NULL if an argument is, or there is no such part",
       .rule = Takes({kString, kString, kBigint}, "STRING", {.nullable = true}),
       .kernel = SplitIndexKernel},
      {.name = "split_index",
       .family = "string",
       .signature = "SPLIT_INDEX(string, number of a character, integer)",
       .null_rule = "NULL if an argument is, there is no such part, or the number is not from 1 to 255",
       .rule = Takes({kString, kBigint, kBigint}, "STRING", {.nullable = true}),
       .kernel = SplitIndexKernel},
      {.name = "split",
       .family = "string",
       .signature = "SPLIT(string, separator)",
       .description = "ARRAY of all parts, of UTF-16 units if the separator is empty; '' has none",
       .rule = Takes({kString, kString}, "ARRAY<STRING>"),
       .kernel = SplitKernel},
      {.name = "str_to_map",
       .family = "string",
       .signature = "STR_TO_MAP(string[, between pairs, inside pairs])",
       .description = "the delimiters are regular expressions, ',' and '=' unless they are given",
       .rule = StringToMapRule,
       .kernel = StringToMapKernel},
      {.name = "count_char",
       .family = "string",
       .signature = "COUNT_CHAR(string, character)",
       .description = "how often the first byte of the second string stands in the first",
       .null_rule = "0 for NULL",
       .difference = "Flink has it as a function of the Nexmark benchmark only",
       .rule = Takes({kString, kString}, "BIGINT", {.never_null = true}),
       .kernel = Rows([](OptionalView text, OptionalView character) {
         return text && character ? CountFirstByte(*text, *character) : int64_t{0};
       })},
  };
  auto kind = [&](const std::string& name, const std::string& signature, const std::string& description,
                  bool (*is)(std::string_view), bool of_integer, bool of_other) {
    functions.push_back({.name = name,
                         .family = "string",
                         .signature = signature,
                         .description = description,
                         .null_rule = "FALSE for NULL",
                         .rule = Takes({kString}, "BOOLEAN", {.never_null = true}),
                         .kernel = Rows([is](OptionalView text) { return text && is(*text); })});
    functions.push_back(OfAnyNumber(name, of_integer, of_other));
    functions.back().signature = signature;
  };
  kind("is_alpha", "IS_ALPHA(string or number)", "only letters, and not ''", IsAlphabetic, false, false);
  kind("is_digit", "IS_DIGIT(string or number)", "only digits, and not ''", IsNumeric, true, false);
  kind("is_decimal", "IS_DECIMAL(string or number)", "a number that Java can read", IsDecimalNumber, true, true);
  return functions;
}

}  // namespace millrace
