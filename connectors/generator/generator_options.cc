#include "connectors/generator/generator_options.h"

#include <functional>
#include <limits>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "arrow/type.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/nearest_name.h"

namespace millrace {
namespace {

using Reader = std::function<std::string(const std::string& text)>;

Reader Integer(int64_t min, int64_t max, int64_t* value) {
  return [=](const std::string& text) -> std::string {
    if (absl::SimpleAtoi(text, value) && *value >= min && *value <= max) return "";
    return Cat("'", text, "' is not an integer from ", min, " to ", max);
  };
}

Reader Real(double min, double max, double* value) {
  return [=](const std::string& text) -> std::string {
    if (absl::SimpleAtod(text, value) && *value >= min && *value <= max) return "";
    return Cat("'", text, "' is not a number from ", min, " to ", max);
  };
}

// What the generator can fill a column with, by name.
std::string CheckColumn(const v1::Column& column) {
  using arrow::Type;
  static constexpr std::string_view kNames = "user_id, event_time, amount, url, event_id";
  if (!column.metadata().empty()) return Cat("column '", column.name(), "': the generator has no metadata columns");
  auto type = ParseDataType(column.type());
  if (!type.ok()) return "";  // whoever checks the plan's columns says so
  Type::type id = type->arrow->id();
  const std::map<std::string, std::pair<std::vector<Type::type>, std::string>> kAccepted = {
      {"user_id", {{Type::STRING, Type::INT64}, "STRING or BIGINT"}},
      {"event_time", {{Type::TIMESTAMP}, "TIMESTAMP_LTZ(3) or TIMESTAMP(3)"}},
      {"amount", {{Type::INT32, Type::INT64, Type::DOUBLE, Type::DECIMAL128}, "INT, BIGINT, DOUBLE or DECIMAL"}},
      {"url", {{Type::STRING}, "STRING"}},
      {"event_id", {{Type::INT64}, "BIGINT"}}};
  auto found = kAccepted.find(column.name());
  if (found == kAccepted.end()) return Cat("column '", column.name(), "': the generator fills only ", kNames);
  for (Type::type accepted : found->second.first) {
    if (id == accepted) return "";
  }
  return Cat("column '", column.name(), "': the generator fills it as ", found->second.second, ", not as ", column.type());
}

}  // namespace

GeneratorOptions GeneratorOptions::Parse(const v1::Source& source, std::vector<std::string>* mistakes) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  constexpr int64_t kMaxMillis = int64_t{1} << 50;
  GeneratorOptions options;
  const std::map<std::string, Reader> readers = {
      {"rows", Integer(0, kMax, &options.rows)},
      {"splits", Integer(1, 10'000, &options.splits)},
      {"seed", [&](const std::string& text) { return absl::SimpleAtoi(text, &options.seed) ? "" : Cat("'", text, "' is not a number"); }},
      {"keys", Integer(1, kMax, &options.keys)},
      {"rows-per-second", Real(0, 1e12, &options.rows_per_second)},
      {"start-time", Integer(-kMaxMillis, kMaxMillis, &options.start_time_ms)},
      {"event-step-ms", Integer(0, 86'400'000, &options.event_step_ms)},
      {"disorder-ms", Integer(0, kMaxMillis, &options.disorder_ms)},
      {"late-ratio", Real(0, 1, &options.late_ratio)},
      {"bad-ratio", Real(0, 1, &options.bad_ratio)},
      {"connector", [](const std::string& text) { return text == "generator" ? "" : Cat("'", text, "' is not 'generator'"); }}};
  std::vector<std::string> names;
  for (const auto& [name, reader] : readers) names.push_back(name);
  for (const auto& [name, value] : std::map<std::string, std::string>(source.options().begin(), source.options().end())) {
    auto reader = readers.find(name);
    if (reader == readers.end()) {
      mistakes->push_back(Cat("generator: unknown option '", name, "'", NameAdvice(name, names)));
    } else if (std::string wrong = reader->second(value); !wrong.empty()) {
      mistakes->push_back(Cat("generator: option '", name, "': ", wrong));
    }
  }
  for (const v1::Column& column : source.columns()) {
    if (std::string wrong = CheckColumn(column); !wrong.empty()) mistakes->push_back(Cat("generator: ", wrong));
  }
  return options;
}

std::string GeneratorOptions::Identity() const {
  return Cat("generator seed=", seed, " splits=", splits, " keys=", keys, " start=", start_time_ms, " step=", event_step_ms,
             " disorder=", disorder_ms, " late=", late_ratio, " bad=", bad_ratio);
}

}  // namespace millrace
