#include "connectors/format/json_options.h"

#include "base/error.h"

namespace millrace {

void AddJsonOptions(TimestampFormat* timestamp_format, OptionReaders* readers) {
  (*readers)["format"] = [](const std::string& text) -> std::string {
    return text == "json" ? "" : Cat("there is no format '", text, "'; use 'json'");
  };
  (*readers)["json.timestamp-format.standard"] = [=](const std::string& text) -> std::string {
    static const std::map<std::string, TimestampFormat> kFormats = {
        {"SQL", TimestampFormat::kSql}, {"ISO-8601", TimestampFormat::kIso8601}, {"EPOCH-MILLIS", TimestampFormat::kEpochMillis}};
    auto found = kFormats.find(text);
    if (found == kFormats.end()) return Cat("'", text, "' is not SQL, ISO-8601 or EPOCH-MILLIS");
    *timestamp_format = found->second;
    return "";
  };
  (*readers)["json.ignore-parse-errors"] = [](const std::string& text) -> std::string {
    return text == "false" ? "" : "bad records are never dropped in silence; connect the source's dead_letter output instead";
  };
  (*readers)["json.fail-on-missing-field"] = [](const std::string& text) -> std::string {
    return text == "false" ? "" : "declare the columns that must be there NOT NULL instead";
  };
}

}  // namespace millrace
