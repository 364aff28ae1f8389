#include "coordinator/plan/plan_json_errors.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/nearest_name.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {
namespace {

using google::protobuf::Descriptor;

// What stands between two pieces of the message; nothing if they are not there.
std::optional<std::string> Between(std::string_view message, std::string_view before, std::string_view after) {
  const size_t begin = message.find(before);
  if (begin == message.npos) return std::nullopt;
  const size_t end = message.find(after, begin + before.size());
  if (end == message.npos) return std::nullopt;
  return std::string(message.substr(begin + before.size(), end - begin - before.size()));
}

// Protobuf writes the place in front, in brackets: "(nodes[0].source): …". Without it, the plan itself is meant.
std::string TakePlace(std::string_view& message) {
  if (!message.starts_with('(')) return "";
  const size_t end = message.find(')');
  if (end == message.npos) return "";
  std::string place(message.substr(1, end - 1));
  message.remove_prefix(end + 1);
  while (message.starts_with(' ') || message.starts_with(':')) message.remove_prefix(1);
  return place;
}

// The message at a place such as nodes[0].source; null if it is not one, such as a map.
const Descriptor* MessageAt(std::string_view place) {
  const Descriptor* at = v1::Plan::descriptor();
  for (absl::string_view part : absl::StrSplit(AbslView(place), '.', absl::SkipEmpty())) {
    const auto* field = at->FindFieldByName(std::string(part.substr(0, part.find('['))));
    if (field == nullptr || field->message_type() == nullptr || field->is_map()) return nullptr;
    at = field->message_type();
  }
  return at;
}

std::string UnknownField(std::string_view place, std::string_view name) {
  std::vector<std::string> known;
  if (const Descriptor* message = MessageAt(place)) {
    for (int i = 0; i < message->field_count(); ++i) known.push_back(message->field(i)->name());
  }
  return Cat(place, place.empty() ? "" : ": ", "there is no field '", name, "'", NameAdvice(name, known));
}

std::string WrongValue(std::string_view place, std::string_view value, std::string_view type) {
  std::string wanted = "not what this field holds";
  if (type.find("INT") != type.npos)
    wanted = type.find("UINT") != type.npos ? "not a whole number from 0" : "not a whole number";
  if (type == "TYPE_DOUBLE") wanted = "not a number";
  if (type == "TYPE_STRING") wanted = "not a text in quotes";
  if (type == "TYPE_BOOL") wanted = "neither true nor false";
  if (type == "TYPE_ENUM") wanted = "not one of its names";
  return Cat(place, ": ", value, " is ", wanted);
}

// Protobuf ends a message on syntax with an excerpt of the text and a caret below it; people want the line instead.
std::optional<std::string> Located(std::string_view message, std::string_view json) {
  const size_t caret_line = message.rfind('\n');
  const size_t excerpt_line = message.find('\n');
  if (caret_line == message.npos || excerpt_line == caret_line || !message.ends_with('^')) return std::nullopt;
  const std::string_view excerpt = message.substr(excerpt_line + 1, caret_line - excerpt_line - 1);
  const size_t caret = message.size() - caret_line - 2;
  const size_t found = json.find(excerpt);
  if (found == json.npos || json.find(excerpt, found + 1) != json.npos) return std::nullopt;
  const std::string_view before = json.substr(0, std::min(json.size(), found + caret));
  const size_t line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t last_break = before.rfind('\n');
  const size_t column = last_break == before.npos ? before.size() + 1 : before.size() - last_break;
  std::string_view what = message.substr(0, excerpt_line);
  if (what.ends_with('.')) what.remove_suffix(1);
  return Cat("line ", line, ", column ", column, ": ", what);
}

}  // namespace

std::string ExplainJsonError(std::string_view message, std::string_view json) {
  if (json.find_first_not_of(" \t\r\n") == json.npos) return "the text is empty; a plan is one JSON object";
  if (auto located = Located(message, json)) return *std::move(located);
  if (message.find("Root element must be a message") != message.npos) return "this is not a JSON object; a plan is one";
  std::string_view rest = message;
  const std::string place = TakePlace(rest);
  constexpr std::string_view kUnknown = ": Cannot find field.";
  if (rest.ends_with(kUnknown)) return UnknownField(place, rest.substr(0, rest.size() - kUnknown.size()));
  if (auto second = Between(rest, "Cannot set '", "'")) {
    return Cat(place, place.empty() ? "" : ": ", "'", *second,
               "' is one kind too many, for another is set already; remove one of them");
  }
  const size_t type = rest.rfind(" for type ");
  constexpr std::string_view kInvalid = "invalid value ";
  if (rest.starts_with(kInvalid) && type != rest.npos) {
    return WrongValue(place, rest.substr(kInvalid.size(), type - kInvalid.size()), rest.substr(type + 10));
  }
  return std::string(message);
}

}  // namespace millrace
