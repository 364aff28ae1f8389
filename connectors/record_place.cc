#include "connectors/record_place.h"

#include "absl/strings/numbers.h"
#include "base/error.h"

namespace millrace {

RecordPlace RecordPlace::Of(const SplitProgress& split, int64_t position) {
  RecordPlace place;
  place.topic = split.id;
  place.offset = position;
  place.is_file = split.is_file;
  const size_t slash = split.id.rfind('/');
  if (split.is_file || slash == split.id.npos) return place;
  place.topic = place.topic.substr(0, slash);
  if (!absl::SimpleAtoi(AbslView(std::string_view(split.id).substr(slash + 1)), &place.partition)) place.partition = 0;
  return place;
}

std::string RecordPlace::Text() const {
  if (is_file) return Cat("file ", topic, ", byte ", offset);
  return Cat("topic ", topic, ", partition ", partition, ", offset ", offset);
}

}  // namespace millrace
