#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrow/type_fwd.h"

namespace millrace {

// A record that somebody might send who does not wish us well, or whose program is broken, and what becomes of it.
struct HostileRecord {
  std::string name;
  // As documentation shows it: JSON text, or what it is made of.
  std::string shown;
  // Nothing: the record has no value.
  std::optional<std::string> value;
  // "accepted: " and the columns that are not NULL, or "refused: " and the error of the dead letter.
  std::string verdict;
};

// The columns that they are decoded into, by name and SQL type.
const std::vector<std::pair<std::string, std::string>>& HostileColumns();
const std::vector<HostileRecord>& HostileRecords();

// "id = 1, name = xxxxxxxx… (10000000 bytes)": what is accepted, as verdicts put it.
std::string ShowRow(const arrow::RecordBatch& rows, int64_t row);

}  // namespace millrace
