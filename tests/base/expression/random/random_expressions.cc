#include "tests/base/expression/random/random_expressions.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "arrow/api.h"
#include "base/expression/function_registry.h"
#include "base/expression/type_rules.h"
#include "tests/base/expression/plan_expressions.h"
#include "tests/base/expression/random/function_forms.h"
#include "tests/base/expression/random/random_values.h"

namespace millrace {
namespace {

using plan_expressions::Call;
using plan_expressions::Cast;
using plan_expressions::Column;
using plan_expressions::Literal;

constexpr const char* kScalarTypes[] = {"INT",
                                        "STRING",
                                        "BIGINT",
                                        "DOUBLE",
                                        "DECIMAL(10, 2)",
                                        "BOOLEAN",
                                        "TIMESTAMP(3)",
                                        "DATE",
                                        "TINYINT",
                                        "SMALLINT",
                                        "FLOAT",
                                        "DECIMAL(38, 18)",
                                        "DECIMAL(5, 0)",
                                        "DECIMAL(38, 38)",
                                        "VARCHAR(3)",
                                        "CHAR(4)",
                                        "BYTES",
                                        "BINARY(3)",
                                        "VARBINARY(2)",
                                        "TIME(0)",
                                        "TIME(3)",
                                        "TIMESTAMP(6)",
                                        "TIMESTAMP(0)",
                                        "TIMESTAMP(1)",
                                        "TIMESTAMP_LTZ(3)",
                                        "TIMESTAMP_LTZ(6)",
                                        "TIMESTAMP_LTZ(0)",
                                        "INTERVAL YEAR TO MONTH",
                                        "INTERVAL DAY TO SECOND(3)",
                                        "ARRAY<STRING>",
                                        "ARRAY<BIGINT>",
                                        "ROW<x BIGINT, y STRING>",
                                        "MAP<STRING, STRING>"};
constexpr const char* kUnits[] = {"YEAR",    "QUARTER",     "MONTH",       "WEEK",       "DAY",  "HOUR", "MINUTE",
                                  "SECOND",  "MILLISECOND", "MICROSECOND", "NANOSECOND", "DOW",  "DOY",  "ISODOW",
                                  "ISOYEAR", "DECADE",      "CENTURY",     "MILLENNIUM", "EPOCH"};
constexpr const char* kTimeUnits[] = {"HOUR", "MINUTE", "SECOND", "MILLISECOND"};
constexpr const char* kPatterns[] = {"%",  "a%",    "%a%", "_",    "a_c", "%\\%", "",
                                     "%b", "a%b%c", "__",  "%__%", "日%", "x%%_"};
constexpr const char* kFormats[] = {"yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "HH:mm:ss.SSS",
                                    "dd.MM.yyyy", "yyyy/MM/dd",          "yyyyMMdd"};
constexpr const char* kCharacters[] = {"a", ",", " ", "", "%", "\\", "日", "l", "ab", "😀"};
constexpr const char* kFields[] = {"a", "b", "EXPR$0", "EXPR$1", "k0"};
constexpr const char* kZones[] = {
    "", "UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe"};
// So many nodes at most: a part that stands twice within another is written twice.
constexpr int kMostNodes = 40;

struct Part {
  v1::Expression expression;
  DataType type;
  int nodes = 1;
};

class Generator {
 public:
  Generator(const arrow::Schema& input, Choices& choices) : choices_(choices), zone_(choices.Among(kZones)) {
    for (const auto& field : input.fields()) {
      const std::string sql = field->metadata()->Get("millrace.sql_type").ValueOrDie();
      parts_.push_back({Column(field->name()), ParseDataType(sql).value()});
    }
  }

  std::vector<v1::Expression> Run() {
    const size_t columns = parts_.size(), calls = 1 + choices_.Of(24);
    for (size_t i = 0; i < calls; ++i) {
      choices_.Once(5) ? AddCast() : AddCall();
    }
    std::vector<v1::Expression> expressions;
    for (size_t i = 0, count = 1 + choices_.Of(4); i < count; ++i) {
      const size_t made = parts_.size() - columns;
      // The last, and some of the others.
      const size_t number = i == 0 || made == 0 ? parts_.size() - 1 : columns + choices_.Of(made);
      expressions.push_back(parts_[number].expression);
    }
    return expressions;
  }

 private:
  static bool Is(const DataType& type, char kind) {
    const TypeFamily family = FamilyOf(type);
    switch (kind) {
      case '?':
        return true;
      case 'n':
        return family == TypeFamily::kNumber;
      case 'i':
        return IsInteger(type);
      case 'x':
        return IsFloating(type);
      case 'D':
        return IsDecimal(type);
      case 's':
        return family == TypeFamily::kString;
      case 'y':
        return family == TypeFamily::kBytes;
      case 'b':
        return family == TypeFamily::kBoolean;
      case 'd':
        return family == TypeFamily::kDate;
      case 't':
        return family == TypeFamily::kTime;
      case 'p':
        return family == TypeFamily::kTimestamp;
      case 'z':
        return family == TypeFamily::kTimestampLtz;
      case 'T':
        return family == TypeFamily::kDate || family == TypeFamily::kTimestamp || family == TypeFamily::kTimestampLtz;
      case 'm':
        return family == TypeFamily::kMonths;
      case 'M':
        return family == TypeFamily::kMillis;
      case 'a':
        return type.arrow->id() == arrow::Type::LIST;
      case 'A':
        return type.arrow->id() == arrow::Type::LIST && type.arrow->field(0)->type()->id() == arrow::Type::STRING;
      case 'P':
        return type.arrow->id() == arrow::Type::MAP;
      default:
        return type.arrow->id() == arrow::Type::STRUCT;
    }
  }

  Part Word(const std::string& word) {
    const size_t characters = static_cast<size_t>(
        std::count_if(word.begin(), word.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
    const std::string type = "CHAR(" + std::to_string(std::max<size_t>(characters, 1)) + ") NOT NULL";
    return {Literal(type, word), ParseDataType(type).value()};
  }

  Part RandomLiteral(const DataType& type) {
    const std::string sql = WithNullability(type, true).sql;
    if (choices_.Once(8)) return {Literal(sql), WithNullability(type, true)};
    const std::optional<std::string> text = LiteralText(RandomValue(type, choices_), type);
    return {Literal(sql, text), WithNullability(type, !text)};
  }

  // A part of that kind that is there, or a new literal.
  Part Argument(char kind) {
    switch (kind) {
      case 'l':
        if (choices_.Of(2) == 0) break;
        return {Literal("INT", std::to_string(static_cast<int>(choices_.Of(14)) - 4)),
                ParseDataType("INT NOT NULL").value()};
      case 'U':
        return Word(choices_.Among(kUnits));
      case 'u':
        return Word(choices_.Among(kTimeUnits));
      case 'L':
        return Word(choices_.Among(kPatterns));
      case 'F':
        return Word(choices_.Among(kFormats));
      case 'C':
        return Word(choices_.Among(kCharacters));
      case 'W':
        return Word(choices_.Among(kFields));
      default:
        break;
    }
    if (kind == 'l') kind = 'i';
    if (!choices_.Once(4)) {
      std::vector<size_t> fitting;
      for (size_t i = 0; i < parts_.size(); ++i) {
        if (Is(parts_[i].type, kind)) fitting.push_back(i);
      }
      if (!fitting.empty()) return parts_[fitting[choices_.Of(fitting.size())]];
    }
    std::vector<const char*> fitting;
    for (const char* type : kScalarTypes) {
      if (Is(ParseDataType(type).value(), kind)) fitting.push_back(type);
    }
    if (fitting.empty()) return parts_[choices_.Of(parts_.size())];
    return RandomLiteral(ParseDataType(fitting[choices_.Of(fitting.size())]).value());
  }

  // One of the type, or nearly so.
  Part Like(const Part& first) {
    std::vector<size_t> fitting;
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i].type.arrow->id() == first.type.arrow->id()) fitting.push_back(i);
    }
    if (!fitting.empty() && choices_.Of(2) == 0) return parts_[fitting[choices_.Of(fitting.size())]];
    return RandomLiteral(first.type);
  }

  void AddCall() {
    const FunctionForm& form = kFunctionForms[choices_.Bits(2) % std::size(kFunctionForms)];
    std::vector<Part> parts;
    const Part* first = nullptr;
    parts.reserve(8);
    for (const char* kind = form.arguments; *kind != '\0'; ++kind) {
      parts.push_back(*kind == '=' && first != nullptr ? Like(*first) : Argument(*kind));
      if (*kind == '?' || *kind == 'T') first = &parts.back();
    }
    std::vector<v1::Expression> args;
    std::vector<CallArgument> arguments;
    int nodes = 1;
    for (const Part& part : parts) {
      nodes += part.nodes;
      args.push_back(part.expression);
      const bool literal = part.expression.has_literal();
      arguments.push_back({.type = part.type, .literal = literal ? &part.expression.literal() : nullptr});
    }
    if (nodes > kMostNodes) return;
    absl::StatusOr<ResolvedCall> call = ResolveCall(form.function, arguments);
    if (!call.ok()) return;
    parts_.push_back({Call(call->function, args, zone_), call->result, nodes});
  }

  void AddCast() {
    const Part& operand = parts_[parts_.size() - 1 - choices_.Of(std::min<size_t>(parts_.size(), 12))];
    const DataType to = ParseDataType(choices_.Among(kScalarTypes)).value();
    constexpr v1::CastMode kModes[] = {v1::CAST_MODE_SQL, v1::CAST_MODE_TRY, v1::CAST_MODE_EXACT};
    const v1::CastMode mode = choices_.Among(kModes);
    if (operand.nodes + 1 > kMostNodes) return;
    absl::StatusOr<DataType> type = CastResultType(operand.type, to, mode);
    if (!type.ok()) return;
    parts_.push_back({Cast(operand.expression, to.sql, mode, zone_), *type, operand.nodes + 1});
  }

  Choices& choices_;
  const std::string zone_;
  std::vector<Part> parts_;
};

}  // namespace

std::vector<v1::Expression> RandomExpressions(const arrow::Schema& input, Choices& choices) {
  return Generator(input, choices).Run();
}

}  // namespace millrace
