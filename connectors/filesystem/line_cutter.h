#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

// Cuts bytes that come in pieces into lines. A line that is longer than kMaxLineBytes is cut off there, so that whoever
// decodes it finds it too large.
//
// Owns:    the bytes that were not cut yet.
// Thread:  one at a time.
class LineCutter {
 public:
  // One more than what a decoder takes.
  static constexpr size_t kMaxLineBytes = (16 << 20) + 1;

  struct Line {
    std::string_view text;  // without the line break; valid until the next call
    int64_t num_bytes = 0;  // that it takes in the file, with its line break
    std::string_view last;  // of these, those at the end that are held
    bool has_gap = false;   // `last` is not all of them
  };

  void Add(std::string_view bytes);
  // No more bytes will come: what is left is a line.
  void Finish() { finished_ = true; }
  // The next whole line; nothing: more bytes are needed, or none will come.
  std::optional<Line> Next();
  // That were added and are not in a line yet.
  int64_t num_pending() const { return static_cast<int64_t>(buffer_.size() - begin_) + num_dropped_; }
  size_t num_held() const { return buffer_.size(); }

 private:
  std::string buffer_;
  size_t begin_ = 0;
  // Up to here there is no line break.
  size_t searched_ = 0;
  // Bytes of a line too long that were left out behind its first kMaxLineBytes.
  int64_t num_dropped_ = 0;
  bool finished_ = false;
};

}  // namespace millrace
