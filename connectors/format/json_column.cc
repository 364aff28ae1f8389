#include "connectors/format/json_column.h"

#include "absl/strings/strip.h"
#include "arrow/type.h"
#include "arrow/util/key_value_metadata.h"
#include "base/data_type.h"
#include "base/error.h"
#include "connectors/format/json_column_factories.h"

namespace millrace {
namespace {

// Places beyond this are looked up each time: a record with more fields than this is rare, and the memory is bounded.
constexpr size_t kMaxPredictedPlaces = 1024;
constexpr size_t kMaxPredictedKeyBytes = 256;
// Cells of a row beyond which their room is not kept for the next one: 1.5 MiB.
constexpr size_t kMaxKeptCells = 1 << 16;

// As the plan spells it where the field still knows: Arrow's type has lost the precision of times.
std::string SpellingOf(const arrow::Field& field) {
  if (field.metadata() != nullptr) {
    if (auto sql = field.metadata()->Get("millrace.sql_type"); sql.ok()) {
      return std::string(absl::StripSuffix(*sql, " NOT NULL"));
    }
  }
  return SqlTypeOf(*field.type(), true);
}

}  // namespace

void JsonRow::Clear() {
  cells.clear();
  if (cells.capacity() > kMaxKeptCells) cells.shrink_to_fit();
  if (!texts.empty()) texts.clear();
}

JsonFieldMatcher::JsonFieldMatcher(const std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i) columns_.emplace(names[i], static_cast<int>(i));
}

int JsonFieldMatcher::Lookup(std::string_view key) const {
  auto found = columns_.find(AbslView(key));
  return found == columns_.end() ? kUnused : found->second;
}

int JsonFieldMatcher::Match(size_t place, std::string_view escaped_key, bool may_have_escapes) {
  if (place < seen_.size() && seen_[place].key == escaped_key) [[likely]]
    return seen_[place].column;
  if (may_have_escapes && escaped_key.find('\\') != escaped_key.npos) {
    std::string key;
    UnescapeJson(escaped_key, &key);
    return Lookup(key);
  }
  int column = Lookup(escaped_key);
  if (place < kMaxPredictedPlaces && escaped_key.size() <= kMaxPredictedKeyBytes) {
    if (place >= seen_.size()) seen_.resize(place + 1);
    seen_[place].key.assign(escaped_key);
    seen_[place].column = column;
  }
  return column;
}

JsonColumn::JsonColumn(const arrow::Field& field)
    : name_(field.name()), sql_type_(SpellingOf(field)), nullable_(field.nullable()) {}

bool JsonColumn::Convert(const JsonIndex& index, uint32_t token, JsonRow* row) {
  if (token != kMissing && index.Kind(token) != 'n') return ConvertValue(index, token, row);
  if (!nullable_) {
    row->why = token == kMissing ? "is missing, but the column is NOT NULL" : "is null, but the column is NOT NULL";
    row->error = row->why;
    return false;
  }
  row->cells.push_back({.is_null = true});
  return true;
}

absl::Status JsonColumn::Append(const JsonCell*& cell) {
  if (!cell->is_null) return AppendValue(cell);
  ++cell;
  return AppendNull();
}

absl::StatusOr<std::unique_ptr<JsonColumn>> JsonColumn::Make(const arrow::Field& field, int precision, TimestampFormat format,
                                                             arrow::ArrayBuilder* builder) {
  switch (field.type()->id()) {
    case arrow::Type::LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRUCT:
      return MakeNestedJsonColumn(field, format, builder);
    default:
      return MakeScalarJsonColumn(field, precision, format, builder);
  }
}

}  // namespace millrace
