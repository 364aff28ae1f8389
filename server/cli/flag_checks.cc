#include "server/cli/flag_checks.h"

#include <cmath>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "base/byte_size.h"
#include "base/error.h"

namespace millrace {

CLI::Validator WholeNumber(int64_t min, int64_t max) {
  return CLI::Validator(
      [min, max](const std::string& text) -> std::string {
        int64_t number = 0;
        if (absl::SimpleAtoi(text, &number) && number >= min && number <= max) return "";
        return Cat("'", text, "' is not a whole number from ", min, " to ", max);
      },
      Cat(min, " to ", max));
}

CLI::Validator SecondsToWait() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        double seconds = 0;
        if (absl::SimpleAtod(text, &seconds) && seconds >= 0 && std::isfinite(seconds)) return "";
        return Cat("'", text, "' is not a number of seconds, such as 30");
      },
      "SECONDS");
}

CLI::Validator ByteSize() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        absl::Status status = ParseByteSize(text).status();
        return status.ok() ? "" : std::string(status.message());
      },
      "SIZE");
}

CLI::Validator OneOf(const std::string& first, const std::string& second) {
  return CLI::Validator(
      [first, second](const std::string& text) -> std::string {
        return text == first || text == second ? "" : Cat("'", text, "' is neither ", first, " nor ", second);
      },
      Cat(first, "|", second));
}

CLI::Validator ReadableFile() {
  return CLI::Validator(
      [](const std::string& path) -> std::string {
        if (path == "-") return "";
        std::error_code error;
        auto status = std::filesystem::status(path, error);
        if (!std::filesystem::exists(status)) return Cat("there is no file '", path, "'");
        return std::filesystem::is_directory(status) ? Cat("'", path, "' is a directory; name a file in it") : "";
      },
      "PATH");
}

CLI::Validator HostAndPort() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        size_t colon = text.rfind(':');
        int port = 0;
        bool good = colon != std::string::npos && colon > 0 && absl::SimpleAtoi(text.substr(colon + 1), &port) &&
                    port > 0 && port <= 65535;
        return good ? "" : Cat("'", text, "' is not HOST:PORT, such as 127.0.0.1:7070");
      },
      "HOST:PORT");
}

}  // namespace millrace
