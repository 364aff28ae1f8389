#include "base/log.h"

#include <unistd.h>

#include "base/utf8.h"

namespace millrace {
namespace {

// Valid in both formats; what is not UTF-8 becomes U+FFFD.
void AppendQuoted(std::string& line, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  line += '"';
  while (!text.empty()) {
    unsigned char c = static_cast<unsigned char>(text[0]);
    size_t length = Utf8Length(text);
    if (length == 0) {
      line += "\xef\xbf\xbd";
      text.remove_prefix(1);
      continue;
    }
    if (c == '"' || c == '\\') {
      line += '\\';
      line += text[0];
    } else if (c == '\n') {
      line += "\\n";
    } else if (c < ' ' || c == 0x7f) {
      line += "\\u00";
      line += kHex[c >> 4];
      line += kHex[c & 15];
    } else {
      line += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  line += '"';
}

void AppendField(std::string& line, LogFormat format, const LogField& field) {
  if (format == LogFormat::kJson) {
    line += ",\"";
    line += field.name;
    line += "\":";
    bool is_json_number = field.is_number && field.value.find_first_not_of("+-.0123456789e") == std::string::npos;
    if (is_json_number) {
      line += field.value;
    } else {
      AppendQuoted(line, field.value);
    }
    return;
  }
  line += ' ';
  line += field.name;
  line += '=';
  bool plain = !field.value.empty();
  for (unsigned char c : field.value) plain = plain && c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
  if (plain) {
    line += field.value;
  } else {
    AppendQuoted(line, field.value);
  }
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

Logger Logger::ToStderr(const Clock* clock, LogFormat format) {
  return Logger(
      clock,
      [](const std::string& line) {
        std::string with_newline = line + "\n";
        [[maybe_unused]] ssize_t written = write(STDERR_FILENO, with_newline.data(), with_newline.size());
      },
      format);
}

Logger Logger::Discard() {
  static const SystemClock clock;
  return Logger(&clock, [](const std::string&) {});
}

Logger Logger::With(std::initializer_list<LogField> fields) const {
  Logger copy = *this;
  for (const LogField& field : fields) AppendField(copy.context_, format_, field);
  return copy;
}

void Logger::Write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) const {
  std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", clock_->Now(), absl::UTCTimeZone());
  bool json = format_ == LogFormat::kJson;
  std::string line = Cat(time, " ", NameOf(level));
  if (json) line = Cat("{\"time\":\"", time, "\",\"level\":\"", NameOf(level), "\"");
  AppendField(line, format_, {"event", event});
  line += context_;
  for (const LogField& field : fields) AppendField(line, format_, field);
  if (json) line += '}';
  (*sink_)(line);
}

}  // namespace millrace
