#include "base/log.h"

#include <unistd.h>

namespace millrace {
namespace {

void AppendField(std::string& line, const LogField& field) {
  line += ' ';
  line += field.name;
  line += '=';
  bool plain = !field.value.empty();
  for (unsigned char c : field.value) plain = plain && c > ' ' && c != '"' && c != '=' && c != '\\';
  if (plain) {
    line += field.value;
    return;
  }
  line += '"';
  for (char c : field.value) {
    if (c == '"' || c == '\\') line += '\\';
    if (c == '\n') {
      line += "\\n";
    } else {
      line += c;
    }
  }
  line += '"';
}

constexpr std::string_view NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "?";
}

}  // namespace

Logger Logger::ToStderr(const Clock* clock) {
  return Logger(clock, [](const std::string& line) {
    std::string with_newline = line + "\n";
    [[maybe_unused]] ssize_t written = write(STDERR_FILENO, with_newline.data(), with_newline.size());
  });
}

Logger Logger::Discard() {
  static const SystemClock clock;
  return Logger(&clock, [](const std::string&) {});
}

Logger Logger::With(std::initializer_list<LogField> fields) const {
  Logger copy = *this;
  for (const LogField& field : fields) AppendField(copy.context_, field);
  return copy;
}

void Logger::Write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) const {
  std::string line = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", clock_->Now(), absl::UTCTimeZone());
  line += ' ';
  line += NameOf(level);
  AppendField(line, {"event", event});
  line += context_;
  for (const LogField& field : fields) AppendField(line, field);
  (*sink_)(line);
}

}  // namespace millrace
