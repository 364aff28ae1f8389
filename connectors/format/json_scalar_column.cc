#include <bit>
#include <limits>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "arrow/builder.h"
#include "arrow/type.h"
#include "arrow/util/decimal.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "base/utf8.h"
#include "connectors/format/json_column_factories.h"

namespace millrace {
namespace {

// Longest excerpt of a value in an error.
constexpr size_t kMaxExcerptBytes = 64;

bool Fail(std::string_view token, const char* why, JsonRow* row) {
  if (token.size() > kMaxExcerptBytes) {
    row->error = Cat(Utf8Prefix(token, kMaxExcerptBytes), "… ", why);
  } else {
    row->error = Cat(token, " ", why);
  }
  row->why = why;
  return false;
}

bool IsNumber(char kind) { return kind == '-' || (kind >= '0' && kind <= '9'); }

// The text of a string value: a slice of the record, or unescaped into the row.
std::string_view StringText(const JsonIndex& index, uint32_t token, JsonRow* row) {
  std::string_view body = index.StringBody(token);
  if (!index.has_escapes() || body.find('\\') == body.npos) return body;
  std::string& text = row->texts.emplace_back();
  UnescapeJson(body, &text);
  return text;
}

// As Java's trim, before a string is read as a number.
std::string_view Trimmed(std::string_view text) { return StdView(absl::StripAsciiWhitespace(AbslView(text))); }

void PushText(std::string_view text, JsonRow* row) {
  row->cells.push_back({.low = std::bit_cast<int64_t>(text.data()), .high = static_cast<int64_t>(text.size())});
}

// What all columns of one value share: the builder, and nulls.
template <typename Builder>
class ScalarColumn : public JsonColumn {
 public:
  ScalarColumn(const arrow::Field& field, arrow::ArrayBuilder* builder)
      : JsonColumn(field), builder_(static_cast<Builder*>(builder)) {}

 protected:
  absl::Status AppendNull() override { return FromArrow(builder_->AppendNull()); }
  absl::Status Add(const auto& value) {
    arrow::Status status = builder_->Append(value);
    return status.ok() ? absl::OkStatus() : FromArrow(status);
  }

 private:
  Builder* const builder_;
};

class BooleanColumn final : public ScalarColumn<arrow::BooleanBuilder> {
 public:
  using ScalarColumn::ScalarColumn;

 private:
  bool ConvertValue(const JsonIndex& index, uint32_t token, JsonRow* row) override {
    bool value = false;
    if (char kind = index.Kind(token); kind == 't' || kind == 'f') {
      value = kind == 't';
    } else {
      std::string_view text = kind == '"' ? Trimmed(StringText(index, token, row)) : std::string_view();
      value = absl::EqualsIgnoreCase(AbslView(text), "true");
      if (!value && !absl::EqualsIgnoreCase(AbslView(text), "false")) return Fail(index.Token(token), "is not a BOOLEAN", row);
    }
    row->cells.push_back({.low = value});
    return true;
  }
  absl::Status AppendValue(const JsonCell*& cell) override { return Add(cell++->low != 0); }
};

template <typename Builder>
class IntegerColumn final : public ScalarColumn<Builder> {
 public:
  using ScalarColumn<Builder>::ScalarColumn;

 private:
  using Value = typename Builder::value_type;

  bool ConvertValue(const JsonIndex& index, uint32_t token, JsonRow* row) override {
    int64_t value = 0;
    const char* error = nullptr;
    char kind = index.Kind(token);
    if (IsNumber(kind)) {
      std::string_view text = index.Token(token);
      error = json_scalar::ParseDigits(text, &value);
      if (error != nullptr) {
        // Not plain digits: 1e3 and 5.0 are integers all the same.
        __int128 exact = 0;
        error = json_scalar::ParseExact(text, 0, &exact);
        value = static_cast<int64_t>(exact);
        if (error == nullptr && value != exact) error = "is out of range";
      }
    } else if (kind == '"') {
      error = json_scalar::ParseDigits(Trimmed(StringText(index, token, row)), &value);
    } else {
      error = "is not a number";
    }
    if (error == nullptr && (value < std::numeric_limits<Value>::min() || value > std::numeric_limits<Value>::max())) {
      error = "is out of range";
    }
    if (error != nullptr) return Fail(index.Token(token), error, row);
    row->cells.push_back({.low = value});
    return true;
  }
  absl::Status AppendValue(const JsonCell*& cell) override { return this->Add(static_cast<Value>(cell++->low)); }
};

template <typename Builder>
class RealColumn final : public ScalarColumn<Builder> {
 public:
  using ScalarColumn<Builder>::ScalarColumn;

 private:
  using Value = typename Builder::value_type;

  bool ConvertValue(const JsonIndex& index, uint32_t token, JsonRow* row) override {
    char kind = index.Kind(token);
    Value value = 0;
    const char* error = "is not a number";
    if (IsNumber(kind) || kind == '"') {
      std::string_view text = kind == '"' ? Trimmed(StringText(index, token, row)) : index.Token(token);
      if constexpr (std::is_same_v<Value, float>) {
        error = json_scalar::ParseFloat(text, &value);
      } else {
        error = json_scalar::ParseDouble(text, &value);
      }
    }
    if (error != nullptr) return Fail(index.Token(token), error, row);
    row->cells.push_back({.low = std::bit_cast<int64_t>(static_cast<double>(value))});
    return true;
  }
  absl::Status AppendValue(const JsonCell*& cell) override {
    return this->Add(static_cast<Value>(std::bit_cast<double>(cell++->low)));
  }
};

class DecimalColumn final : public ScalarColumn<arrow::Decimal128Builder> {
 public:
  DecimalColumn(const arrow::Field& field, arrow::ArrayBuilder* builder)
      : ScalarColumn(field, builder),
        precision_(static_cast<const arrow::Decimal128Type&>(*field.type()).precision()),
        scale_(static_cast<const arrow::Decimal128Type&>(*field.type()).scale()) {}

 private:
  bool ConvertValue(const JsonIndex& index, uint32_t token, JsonRow* row) override {
    char kind = index.Kind(token);
    __int128 value = 0;
    const char* error = "is not a number";
    if (IsNumber(kind) || kind == '"') {
      std::string_view text = kind == '"' ? Trimmed(StringText(index, token, row)) : index.Token(token);
      error = json_scalar::ParseExact(text, scale_, &value);
    }
    JsonCell cell{.low = static_cast<int64_t>(value), .high = static_cast<int64_t>(value >> 64)};
    if (error == nullptr && !Decimal(cell).FitsInPrecision(precision_)) error = "is out of range";
    if (error != nullptr) return Fail(index.Token(token), error, row);
    row->cells.push_back(cell);
    return true;
  }
  absl::Status AppendValue(const JsonCell*& cell) override { return Add(Decimal(*cell++)); }
  static arrow::Decimal128 Decimal(const JsonCell& cell) { return arrow::Decimal128(cell.high, static_cast<uint64_t>(cell.low)); }

  const int32_t precision_;
  const int32_t scale_;
};

// Anything has a text: objects and arrays become their JSON.
class StringColumn final : public ScalarColumn<arrow::StringBuilder> {
 public:
  using ScalarColumn::ScalarColumn;

 private:
  bool ConvertValue(const JsonIndex& index, uint32_t token, JsonRow* row) override {
    switch (index.Kind(token)) {
      case '"':
        PushText(StringText(index, token, row), row);
        return true;
      case '{':
      case '[': {
        std::string& text = row->texts.emplace_back();
        index.AppendCompact(token, &text);
        PushText(text, row);
        return true;
      }
      default:
        PushText(index.Token(token), row);
        return true;
    }
  }
  absl::Status AppendValue(const JsonCell*& cell) override { return Add(cell++->text()); }
};

class BytesColumn final : public ScalarColumn<arrow::BinaryBuilder> {
 public:
  using ScalarColumn::ScalarColumn;

 private:
  bool ConvertValue(const JsonIndex& index, uint32_t token, JsonRow* row) override {
    if (index.Kind(token) != '"') return Fail(index.Token(token), "is not a base64 string", row);
    std::string_view encoded = StringText(index, token, row);
    std::string& bytes = row->texts.emplace_back();
    if (!absl::Base64Unescape(AbslView(encoded), &bytes)) return Fail(index.Token(token), "is not a base64 string", row);
    PushText(bytes, row);
    return true;
  }
  absl::Status AppendValue(const JsonCell*& cell) override { return Add(cell++->text()); }
};

class DateColumn final : public ScalarColumn<arrow::Date32Builder> {
 public:
  using ScalarColumn::ScalarColumn;

 private:
  bool ConvertValue(const JsonIndex& index, uint32_t token, JsonRow* row) override {
    int32_t days = 0;
    const char* error = "is not a date of the form yyyy-MM-dd";
    if (index.Kind(token) == '"') error = json_scalar::ParseDate(StringText(index, token, row), &days);
    if (error != nullptr) return Fail(index.Token(token), error, row);
    row->cells.push_back({.low = days});
    return true;
  }
  absl::Status AppendValue(const JsonCell*& cell) override { return Add(static_cast<int32_t>(cell++->low)); }
};

class TimeColumn final : public ScalarColumn<arrow::Time32Builder> {
 public:
  TimeColumn(const arrow::Field& field, int precision, arrow::ArrayBuilder* builder)
      : ScalarColumn(field, builder), precision_(precision) {}

 private:
  bool ConvertValue(const JsonIndex& index, uint32_t token, JsonRow* row) override {
    int64_t micros = 0;
    const char* error = "is not a time of the form HH:mm:ss[.fraction]";
    if (index.Kind(token) == '"') error = json_scalar::ParseTime(StringText(index, token, row), precision_, false, &micros);
    if (error != nullptr) return Fail(index.Token(token), error, row);
    row->cells.push_back({.low = micros / 1000});
    return true;
  }
  absl::Status AppendValue(const JsonCell*& cell) override { return Add(static_cast<int32_t>(cell++->low)); }

  const int precision_;
};

class TimestampColumn final : public ScalarColumn<arrow::TimestampBuilder> {
 public:
  TimestampColumn(const arrow::Field& field, int precision, TimestampFormat format, arrow::ArrayBuilder* builder)
      : ScalarColumn(field, builder),
        precision_(precision),
        format_(format),
        with_zone_(!static_cast<const arrow::TimestampType&>(*field.type()).timezone().empty()) {}

 private:
  bool ConvertValue(const JsonIndex& index, uint32_t token, JsonRow* row) override {
    char kind = index.Kind(token);
    int64_t micros = 0;
    const char* error = "is not a timestamp";
    if (format_ == TimestampFormat::kEpochMillis) {
      if (IsNumber(kind)) error = json_scalar::ParseEpochMillis(index.Token(token), precision_, &micros);
      if (kind == '"') error = json_scalar::ParseEpochMillis(Trimmed(StringText(index, token, row)), precision_, &micros);
    } else if (kind == '"') {
      error = json_scalar::ParseTimestamp(StringText(index, token, row), format_, with_zone_, precision_, &micros);
    } else if (IsNumber(kind)) {
      error = "is a number, not a time; set 'json.timestamp-format.standard' = 'EPOCH-MILLIS' if it counts milliseconds";
    }
    if (error != nullptr) return Fail(index.Token(token), error, row);
    row->cells.push_back({.low = micros});
    return true;
  }
  absl::Status AppendValue(const JsonCell*& cell) override { return Add(cell++->low); }

  const int precision_;
  const TimestampFormat format_;
  const bool with_zone_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<JsonColumn>> MakeScalarJsonColumn(const arrow::Field& field, int precision, TimestampFormat format,
                                                                 arrow::ArrayBuilder* builder) {
  switch (field.type()->id()) {
    case arrow::Type::BOOL:
      return std::make_unique<BooleanColumn>(field, builder);
    case arrow::Type::INT8:
      return std::make_unique<IntegerColumn<arrow::Int8Builder>>(field, builder);
    case arrow::Type::INT16:
      return std::make_unique<IntegerColumn<arrow::Int16Builder>>(field, builder);
    case arrow::Type::INT32:
      return std::make_unique<IntegerColumn<arrow::Int32Builder>>(field, builder);
    case arrow::Type::INT64:
      return std::make_unique<IntegerColumn<arrow::Int64Builder>>(field, builder);
    case arrow::Type::FLOAT:
      return std::make_unique<RealColumn<arrow::FloatBuilder>>(field, builder);
    case arrow::Type::DOUBLE:
      return std::make_unique<RealColumn<arrow::DoubleBuilder>>(field, builder);
    case arrow::Type::DECIMAL128:
      return std::make_unique<DecimalColumn>(field, builder);
    case arrow::Type::STRING:
      return std::make_unique<StringColumn>(field, builder);
    case arrow::Type::BINARY:
      return std::make_unique<BytesColumn>(field, builder);
    case arrow::Type::DATE32:
      return std::make_unique<DateColumn>(field, builder);
    case arrow::Type::TIME32:
      return std::make_unique<TimeColumn>(field, precision, builder);
    case arrow::Type::TIMESTAMP:
      return std::make_unique<TimestampColumn>(field, precision, format, builder);
    default:
      return InvalidArgument("column '", field.name(), "': JSON cannot fill a column of type ", field.type()->ToString());
  }
}

}  // namespace millrace
