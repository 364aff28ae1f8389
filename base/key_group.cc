#include "base/key_group.h"

#include <xxhash.h>

namespace millrace {

uint64_t HashKeyBytes(std::string_view key_bytes) { return XXH3_64bits(key_bytes.data(), key_bytes.size()); }

}  // namespace millrace
