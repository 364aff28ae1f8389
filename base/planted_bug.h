#pragma once

// Bugs that are planted on purpose, so that the simulation can prove that it finds such bugs. A plant is one line of
// production code that asks MILLRACE_PLANTED(name), which is the word `false` in every product. Sources that ask it are
// compiled a second time, with MILLRACE_PLANTED_BUGS, for the simulation only (cmake/PlantedBugs.cmake);
// tests/build/no_planted_bugs.py proves that the product has none. Never in headers: they would mean two things in one
// binary. tests/sim/planted_bugs.cc lists them.
#ifdef MILLRACE_PLANTED_BUGS
namespace millrace {
// Whether this bug is switched on. Remembers that it was asked.
bool IsPlanted(const char* name);
}  // namespace millrace
#define MILLRACE_PLANTED(name) (::millrace::IsPlanted("planted bug: " #name))
#else
#define MILLRACE_PLANTED(name) false
#endif
