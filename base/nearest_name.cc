#include "base/nearest_name.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/error.h"

namespace millrace {
namespace {

constexpr size_t kLongestList = 20;
constexpr size_t kShortestPrefix = 4;

// Insertions, deletions, replacements and swaps of neighbours.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::optional<std::string> NearestName(std::string_view wanted, std::span<const std::string> known) {
  const std::string lowered = absl::AsciiStrToLower(AbslView(wanted));
  const std::string* nearest = nullptr;
  size_t smallest = 0;
  for (const std::string& name : known) {
    const size_t distance = EditDistance(lowered, absl::AsciiStrToLower(name));
    const bool shortened = wanted.size() >= kShortestPrefix && absl::StartsWithIgnoreCase(name, lowered);
    if (3 * distance > std::max(wanted.size(), name.size()) && !shortened) continue;
    if (nearest == nullptr || distance < smallest) {
      nearest = &name;
      smallest = distance;
    }
  }
  if (nearest == nullptr) return std::nullopt;
  return *nearest;
}

std::string NameAdvice(std::string_view wanted, std::span<const std::string> known) {
  if (std::optional<std::string> nearest = NearestName(wanted, known)) return Cat("; did you mean '", *nearest, "'?");
  if (known.empty() || known.size() > kLongestList) return "";
  std::string list;
  for (const std::string& name : known) absl::StrAppend(&list, list.empty() ? "" : ", ", name);
  return Cat("; known: ", list);
}

}  // namespace millrace
