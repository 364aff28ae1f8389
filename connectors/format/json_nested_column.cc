#include <bit>

#include "absl/container/flat_hash_map.h"
#include "arrow/builder.h"
#include "arrow/type.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/utf8.h"
#include "connectors/format/json_column_factories.h"

namespace millrace {
namespace {

// Nested times carry no precision of their own in Arrow: they keep what microseconds (TIMESTAMP) and milliseconds
// (TIME) can hold.
int WidestPrecision(const arrow::DataType& type) { return type.id() == arrow::Type::TIME32 ? 3 : 6; }

absl::StatusOr<std::unique_ptr<JsonColumn>> MakePart(const arrow::Field& field, TimestampFormat format, arrow::ArrayBuilder* builder) {
  return JsonColumn::Make(field, WidestPrecision(*field.type()), format, builder);
}

// Longest key of a MAP in an error.
constexpr size_t kMaxKeyBytes = 64;

bool WrongShape(const char* why, JsonRow* row) {
  row->error = why;
  row->why = why;
  return false;
}

bool Inside(std::string_view part, JsonRow* row) {
  row->path = row->path.empty() ? std::string(part) : Cat(part, ".", row->path);
  return false;
}

class ArrayColumn final : public JsonColumn {
 public:
  ArrayColumn(const arrow::Field& field, arrow::ArrayBuilder* builder, std::unique_ptr<JsonColumn> element)
      : JsonColumn(field), builder_(static_cast<arrow::ListBuilder*>(builder)), element_(std::move(element)) {}

 private:
  bool ConvertValue(const JsonIndex& index, uint32_t token, JsonRow* row) override {
    if (index.Kind(token) != '[') return WrongShape("is not an array", row);
    size_t head = row->cells.size();
    row->cells.emplace_back();
    ++token;
    int64_t count = 0;
    while (index.Kind(token) != ']') {
      if (!element_->Convert(index, token, row)) return Inside(Cat("[", count, "]"), row);
      ++count;
      token = index.Behind(token);
      if (index.Kind(token) == ',') ++token;
    }
    row->cells[head].low = count;
    return true;
  }
  absl::Status AppendNull() override { return FromArrow(builder_->AppendNull()); }
  absl::Status AppendValue(const JsonCell*& cell) override {
    int64_t count = cell++->low;
    RETURN_IF_ERROR(FromArrow(builder_->Append()));
    for (int64_t i = 0; i < count; ++i) RETURN_IF_ERROR(element_->Append(cell));
    return absl::OkStatus();
  }

  arrow::ListBuilder* const builder_;
  const std::unique_ptr<JsonColumn> element_;
};

// Of a key that comes twice the last value counts.
class MapColumn final : public JsonColumn {
 public:
  MapColumn(const arrow::Field& field, arrow::ArrayBuilder* builder, std::unique_ptr<JsonColumn> item)
      : JsonColumn(field), builder_(static_cast<arrow::MapBuilder*>(builder)), item_(std::move(item)) {}

 private:
  bool ConvertValue(const JsonIndex& index, uint32_t token, JsonRow* row) override {
    if (index.Kind(token) != '{') return WrongShape("is not an object", row);
    std::vector<std::pair<std::string, uint32_t>> entries;
    absl::flat_hash_map<std::string, size_t> places;
    ++token;
    while (index.Kind(token) != '}') {
      std::string key;
      UnescapeJson(index.StringBody(token), &key);
      auto [found, is_new] = places.try_emplace(key, entries.size());
      if (is_new) entries.emplace_back(std::move(key), 0);
      entries[found->second].second = token + 2;
      token = index.Behind(token + 2);
      if (index.Kind(token) == ',') ++token;
    }
    row->cells.push_back({.low = static_cast<int64_t>(entries.size())});
    for (auto& [key, value] : entries) {
      const std::string& text = row->texts.emplace_back(std::move(key));
      row->cells.push_back({.low = std::bit_cast<int64_t>(text.data()), .high = static_cast<int64_t>(text.size())});
      if (!item_->Convert(index, value, row)) {
        bool cut = text.size() > kMaxKeyBytes;
        return Inside(Cat(Utf8Prefix(text, kMaxKeyBytes), cut ? "…" : ""), row);
      }
    }
    return true;
  }
  absl::Status AppendNull() override { return FromArrow(builder_->AppendNull()); }
  absl::Status AppendValue(const JsonCell*& cell) override {
    int64_t count = cell++->low;
    auto* keys = static_cast<arrow::StringBuilder*>(builder_->key_builder());
    RETURN_IF_ERROR(FromArrow(builder_->Append()));
    for (int64_t i = 0; i < count; ++i) {
      RETURN_IF_ERROR(FromArrow(keys->Append(cell->text())));
      ++cell;
      RETURN_IF_ERROR(item_->Append(cell));
    }
    return absl::OkStatus();
  }

  arrow::MapBuilder* const builder_;
  const std::unique_ptr<JsonColumn> item_;
};

class RowColumn final : public JsonColumn {
 public:
  RowColumn(const arrow::Field& field, arrow::ArrayBuilder* builder, std::vector<std::unique_ptr<JsonColumn>> parts,
            const std::vector<std::string>& names)
      : JsonColumn(field), builder_(static_cast<arrow::StructBuilder*>(builder)), parts_(std::move(parts)), matcher_(names) {}

 private:
  bool ConvertValue(const JsonIndex& index, uint32_t token, JsonRow* row) override {
    if (index.Kind(token) != '{') return WrongShape("is not an object", row);
    values_.assign(parts_.size(), kMissing);
    ++token;
    for (size_t place = 0; index.Kind(token) != '}'; ++place) {
      int part = matcher_.Match(place, index.StringBody(token), index.has_escapes());
      if (part != JsonFieldMatcher::kUnused) values_[part] = token + 2;
      token = index.Behind(token + 2);
      if (index.Kind(token) == ',') ++token;
    }
    row->cells.emplace_back();
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (!parts_[i]->Convert(index, values_[i], row)) return Inside(parts_[i]->name(), row);
    }
    return true;
  }
  absl::Status AppendNull() override { return FromArrow(builder_->AppendNull()); }
  absl::Status AppendValue(const JsonCell*& cell) override {
    ++cell;
    RETURN_IF_ERROR(FromArrow(builder_->Append()));
    for (const auto& part : parts_) RETURN_IF_ERROR(part->Append(cell));
    return absl::OkStatus();
  }

  arrow::StructBuilder* const builder_;
  const std::vector<std::unique_ptr<JsonColumn>> parts_;
  JsonFieldMatcher matcher_;
  std::vector<uint32_t> values_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<JsonColumn>> MakeNestedJsonColumn(const arrow::Field& field, TimestampFormat format,
                                                                 arrow::ArrayBuilder* builder) {
  const arrow::DataType& type = *field.type();
  if (type.id() == arrow::Type::LIST) {
    auto* list = static_cast<arrow::ListBuilder*>(builder);
    ASSIGN_OR_RETURN(auto element, MakePart(*static_cast<const arrow::ListType&>(type).value_field(), format, list->value_builder()));
    return std::make_unique<ArrayColumn>(field, builder, std::move(element));
  }
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    if (map.key_type()->id() != arrow::Type::STRING) {
      return InvalidArgument("column '", field.name(), "': JSON has only string keys, but the MAP's are ", map.key_type()->ToString(),
                             "; declare MAP<STRING, …>");
    }
    ASSIGN_OR_RETURN(auto item, MakePart(*map.item_field(), format, static_cast<arrow::MapBuilder*>(builder)->item_builder()));
    return std::make_unique<MapColumn>(field, builder, std::move(item));
  }
  std::vector<std::unique_ptr<JsonColumn>> parts;
  std::vector<std::string> names;
  for (int i = 0; i < type.num_fields(); ++i) {
    const arrow::Field& part = *type.field(i);
    ASSIGN_OR_RETURN(auto column, MakePart(part, format, static_cast<arrow::StructBuilder*>(builder)->field_builder(i)));
    parts.push_back(std::move(column));
    names.push_back(part.name());
  }
  return std::make_unique<RowColumn>(field, builder, std::move(parts), names);
}

}  // namespace millrace
