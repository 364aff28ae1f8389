#include "base/byte_size.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "base/error.h"

namespace millrace {
namespace {

struct Unit {
  std::string_view name;  // in lower case
  double bytes;
};
constexpr double kKibi = 1024;
constexpr double kKilo = 1000;
constexpr Unit kUnits[] = {{"kib", kKibi},
                           {"mib", kKibi* kKibi},
                           {"gib", kKibi* kKibi* kKibi},
                           {"tib", kKibi* kKibi* kKibi* kKibi},
                           {"kb", kKilo},
                           {"mb", kKilo* kKilo},
                           {"gb", kKilo* kKilo* kKilo},
                           {"tb", kKilo* kKilo* kKilo* kKilo},
                           {"b", 1}};

}  // namespace

absl::StatusOr<uint64_t> ParseByteSize(std::string_view text) {
  const auto refused = [&] { return InvalidArgument("'", text, "' is not a size, such as 512MiB or 2GiB"); };
  size_t end = text.find_first_not_of("0123456789.");
  std::string_view number = text.substr(0, end);
  std::string unit = end == std::string_view::npos
                         ? "b"
                         : absl::AsciiStrToLower(absl::StripAsciiWhitespace(AbslView(text.substr(end))));
  double value = 0;
  if (number.empty() || number.front() == '.' || !absl::SimpleAtod(AbslView(number), &value)) return refused();
  for (const Unit& known : kUnits) {
    if (unit != known.name) continue;
    double bytes = std::round(value * known.bytes);
    if (bytes >= 9.2e18) return refused();
    return static_cast<uint64_t>(bytes);
  }
  return refused();
}

std::string FormatByteSize(uint64_t bytes) {
  if (bytes < 1024) return Cat(bytes, "B");
  double value = static_cast<double>(bytes);
  const char* unit = "B";
  for (const char* larger : {"KiB", "MiB", "GiB", "TiB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = larger;
  }
  return absl::StrFormat("%.1f%s", value, unit);
}

}  // namespace millrace
