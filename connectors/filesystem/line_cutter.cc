#include "connectors/filesystem/line_cutter.h"

namespace millrace {

void LineCutter::Add(std::string_view bytes) {
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
  }
  // Within a line too long: nothing is kept up to its end.
  if (buffer_.size() >= kMaxLineBytes && searched_ >= buffer_.size()) {
    const size_t end = bytes.find('\n');
    const size_t dropped = end == bytes.npos ? bytes.size() : end;
    num_dropped_ += static_cast<int64_t>(dropped);
    bytes.remove_prefix(dropped);
  }
  buffer_ += bytes;
}

std::optional<LineCutter::Line> LineCutter::Next() {
  const size_t end = buffer_.find('\n', searched_);
  if (end == buffer_.npos) {
    searched_ = buffer_.size();
    if (!finished_ || begin_ == buffer_.size()) return std::nullopt;
  }
  const size_t text_end = end == buffer_.npos ? buffer_.size() : end;
  const size_t next = end == buffer_.npos ? buffer_.size() : end + 1;
  Line line;
  line.text = std::string_view(buffer_).substr(begin_, text_end - begin_);
  line.last = std::string_view(buffer_).substr(begin_, next - begin_);
  line.num_bytes = static_cast<int64_t>(next - begin_) + num_dropped_;
  if (num_dropped_ > 0) {
    line.has_gap = true;
    line.last.remove_prefix(text_end - begin_);
  }
  if (line.text.size() > kMaxLineBytes) line.text = line.text.substr(0, kMaxLineBytes);
  if (line.text.ends_with('\r')) line.text.remove_suffix(1);
  num_dropped_ = 0;
  begin_ = searched_ = next;
  return line;
}

}  // namespace millrace
