#pragma once

#include <string>

namespace millrace::reference {

// Text by its characters (code points), and by the units of UTF-16, in which Java counts.
bool IsUtf8(const std::string& bytes);
std::u32string Characters(const std::string& utf8);
std::string Utf8(const std::u32string& characters);
std::u16string Units(const std::string& utf8);
// A surrogate without the other becomes '?', as in Java.
std::string FromUnits(const std::u16string& units);

}  // namespace millrace::reference
