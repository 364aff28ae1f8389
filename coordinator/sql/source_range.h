#pragma once

namespace millrace::sql {

// A place in the text as an editor counts it: lines and columns from 1, a column per character (not per byte).
struct SourcePosition {
  int line = 1;
  int column = 1;
  bool operator==(const SourcePosition&) const = default;
};

// From the first character to behind the last one. Any two ranges are equal, so that the == of an AST node compares
// what was said and not where: use SameRange where the place matters.
struct SourceRange {
  SourcePosition begin;
  SourcePosition end;
  friend bool operator==(const SourceRange&, const SourceRange&) { return true; }
};

inline bool SameRange(const SourceRange& a, const SourceRange& b) { return a.begin == b.begin && a.end == b.end; }

}  // namespace millrace::sql
