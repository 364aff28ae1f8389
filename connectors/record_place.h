#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/source.h"

namespace millrace {

// Where a record stands in what was read, as its dead letter says it. Borrows the split's name.
struct RecordPlace {
  std::string_view topic;  // of a file its path
  int32_t partition = 0;   // of a file 0
  int64_t offset = 0;      // of a file the byte at which the record begins
  bool is_file = false;

  static RecordPlace Of(const SplitProgress& split, int64_t position);
  // "topic clicks, partition 3, offset 42", "file /data/clicks.json, byte 17"
  std::string Text() const;
};

}  // namespace millrace
