#pragma once

#include <optional>
#include <string_view>

namespace millrace::sql {

// Texts of constants: 2026-11-21, 23:59:59.001, 2026-11-21 23:59:59.001 of the years 1 to 9999. Days must exist.

bool IsDateText(std::string_view text);
// Digits of the fraction of a second; nullopt: not a time.
std::optional<int> TimeTextPrecision(std::string_view text);
std::optional<int> TimestampTextPrecision(std::string_view text);

}  // namespace millrace::sql
