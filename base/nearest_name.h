#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace millrace {

// The known name that someone who wrote `wanted` most likely meant, for "did you mean" messages. Letter case does not
// count. Nothing if more than a third of the letters would have to change and no name begins with `wanted`: a
// far-fetched suggestion is worse than none.
std::optional<std::string> NearestName(std::string_view wanted, std::span<const std::string> known);

// "; did you mean 'user_id'?", or "; known: a, b" if nothing is near and the list is short, or "".
std::string NameAdvice(std::string_view wanted, std::span<const std::string> known);

}  // namespace millrace
