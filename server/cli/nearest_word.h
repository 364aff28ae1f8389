#pragma once

#include <string>
#include <vector>

namespace millrace {

// The candidate with the fewest edits from `word`; empty if none comes near.
std::string NearestWord(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace millrace
