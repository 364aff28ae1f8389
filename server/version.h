#pragma once

namespace millrace {

inline constexpr char kVersion[] = "0.1.0";  // the same as in CMakeLists.txt

}  // namespace millrace
