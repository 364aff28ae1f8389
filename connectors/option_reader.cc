#include "connectors/option_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "base/error.h"
#include "base/nearest_name.h"

namespace millrace {

OptionReader IntegerOption(int64_t min, int64_t max, int64_t* value) {
  return [=](const std::string& text) -> std::string {
    int64_t read = 0;
    if (!absl::SimpleAtoi(text, &read) || read < min || read > max) {
      return Cat("'", text, "' is not an integer from ", min, " to ", max);
    }
    *value = read;
    return "";
  };
}

OptionReader RealOption(double min, double max, double* value) {
  return [=](const std::string& text) -> std::string {
    double read = 0;
    if (!absl::SimpleAtod(text, &read) || !(read >= min && read <= max)) {
      return Cat("'", text, "' is not a number from ", min, " to ", max);
    }
    *value = read;
    return "";
  };
}

OptionReader TextOption(std::string* value) {
  return [=](const std::string& text) -> std::string {
    if (text.empty()) return "it is empty";
    *value = text;
    return "";
  };
}

OptionReader BooleanOption(bool* value) {
  return [=](const std::string& text) -> std::string {
    *value = absl::EqualsIgnoreCase(text, "true");
    return *value || absl::EqualsIgnoreCase(text, "false") ? "" : Cat("'", text, "' is not true or false");
  };
}

OptionReader DurationOption(int64_t* millis) {
  return [=](const std::string& text) -> std::string {
    static const std::map<std::string, int64_t> kMillis = {
        {"", 1}, {"ms", 1}, {"milli", 1}, {"millis", 1}, {"s", 1000}, {"sec", 1000}, {"second", 1000}, {"seconds", 1000},
        {"m", 60'000}, {"min", 60'000}, {"minute", 60'000}, {"minutes", 60'000}, {"h", 3'600'000}, {"hour", 3'600'000},
        {"hours", 3'600'000}, {"d", 86'400'000}, {"day", 86'400'000}, {"days", 86'400'000}};
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    auto unit = kMillis.find(std::string(absl::StripAsciiWhitespace(absl::string_view(text).substr(digits))));
    int64_t number = 0;
    if (unit == kMillis.end() || !absl::SimpleAtoi(text.substr(0, digits), &number) ||
        number > std::numeric_limits<int64_t>::max() / 1'000'000 / unit->second) {
      return Cat("'", text, "' is not a duration such as '30 s' or '5 min'");
    }
    *millis = number * unit->second;
    return "";
  };
}

OptionReader ConstantOption(std::string constant) {
  return [=](const std::string& text) { return text == constant ? "" : Cat("'", text, "' is not '", constant, "'"); };
}

OptionReader RefusedOption(std::string why) {
  return [=](const std::string&) { return why; };
}

void ReadOptions(std::string_view connector, const google::protobuf::Map<std::string, std::string>& options,
                 const OptionReaders& readers, std::vector<std::string>* mistakes) {
  std::vector<std::string> names;
  for (const auto& [name, reader] : readers) names.push_back(name);
  // A map of Protobuf has no order, but messages should.
  for (const auto& [name, value] : std::map<std::string, std::string>(options.begin(), options.end())) {
    auto reader = readers.find(name);
    if (reader == readers.end()) {
      mistakes->push_back(Cat(connector, ": there is no option '", name, "'", NameAdvice(name, names)));
    } else if (std::string wrong = reader->second(value); !wrong.empty()) {
      mistakes->push_back(Cat(connector, ": option '", name, "': ", wrong));
    }
  }
}

}  // namespace millrace
