#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/clock.h"
#include "base/error.h"

namespace millrace {

enum class LogLevel { kInfo, kWarning, kError };
// logfmt: time level event=… name=value …, values quoted where they must be. json: one object per line.
enum class LogFormat { kLogfmt, kJson };

// One field of a log line.
struct LogField {
  template <typename T>
  LogField(std::string_view field_name, const T& field_value)
      : name(field_name), value(Cat(field_value)), is_number(std::is_arithmetic_v<T>) {}
  LogField(std::string_view field_name, const absl::Status& status) : name(field_name), value(status.ToString()) {}
  std::string_view name;
  std::string value;
  bool is_number = false;
};

// Writes structured lines: time, level, event, fields. A line is an event, never one per batch. A logger of a
// pipeline or subtask carries its fields into every line. docs/logs.md names events and fields.
//
// Thread:  any.
// Owns:    nothing; the sink and the clock outlive it. Cheap to copy.
class Logger {
 public:
  using Sink = std::function<void(const std::string& line)>;
  // A line goes to `sink` without its newline.
  Logger(const Clock* clock, Sink sink, LogFormat format = LogFormat::kLogfmt)
      : clock_(clock), sink_(std::make_shared<Sink>(std::move(sink))), format_(format) {}
  // To stderr, one write per line.
  static Logger ToStderr(const Clock* clock, LogFormat format = LogFormat::kLogfmt);
  // To nowhere.
  static Logger Discard();

  Logger With(std::initializer_list<LogField> fields) const;
  void Info(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    Write(LogLevel::kInfo, event, fields);
  }
  void Warning(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    Write(LogLevel::kWarning, event, fields);
  }
  void Error(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    Write(LogLevel::kError, event, fields);
  }

 private:
  void Write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) const;

  const Clock* clock_;
  std::shared_ptr<const Sink> sink_;
  LogFormat format_;
  std::string context_;  // fields, rendered
};

}  // namespace millrace
