#include "connectors/datagen/datagen_options.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/numbers.h"
#include "arrow/type.h"
#include "arrow/util/decimal.h"
#include "base/checksum_field.h"
#include "base/data_type.h"
#include "base/error.h"
#include "connectors/option_reader.h"

namespace millrace {
namespace {

constexpr int64_t kDefaultLength = 100;
constexpr int64_t kMaxLength = 1 << 20;
constexpr int64_t kMaxPastMs = int64_t{1000} * 365 * 86'400'000;

bool IsInteger(arrow::Type::type id) {
  return id == arrow::Type::INT8 || id == arrow::Type::INT16 || id == arrow::Type::INT32 || id == arrow::Type::INT64;
}
bool IsReal(arrow::Type::type id) { return id == arrow::Type::FLOAT || id == arrow::Type::DOUBLE; }
bool IsText(arrow::Type::type id) { return id == arrow::Type::STRING || id == arrow::Type::BINARY; }

template <typename Int>
void SetLimits(DatagenField* field) {
  field->min = std::numeric_limits<Int>::min();
  field->max = std::numeric_limits<Int>::max();
}

// What the type can hold, which is also the default.
void SetLimits(DatagenField* field) {
  switch (field->type->id()) {
    case arrow::Type::INT8:
      return SetLimits<int8_t>(field);
    case arrow::Type::INT16:
      return SetLimits<int16_t>(field);
    case arrow::Type::INT32:
      return SetLimits<int32_t>(field);
    case arrow::Type::INT64:
      return SetLimits<int64_t>(field);
    case arrow::Type::FLOAT:
      field->max_real = std::numeric_limits<float>::max();
      field->min_real = -field->max_real;
      return;
    case arrow::Type::DOUBLE:
      field->max_real = std::numeric_limits<double>::max();
      field->min_real = -field->max_real;
      return;
    case arrow::Type::DECIMAL128:
      for (int i = 0; i < static_cast<const arrow::Decimal128Type&>(*field->type).precision(); ++i) field->max = field->max * 10 + 9;
      field->min = -field->max;
      return;
    default:
      return;
  }
}

// n of CHAR(n), VARCHAR(n), BINARY(n), VARBINARY(n); -1: the type has none.
int64_t LengthIn(std::string_view sql) {
  int64_t length = 0;
  const size_t open = sql.find('(');
  const size_t close = sql.find(')');
  if (open == sql.npos || close == sql.npos || !absl::SimpleAtoi(AbslView(sql.substr(open + 1, close - open - 1)), &length)) return -1;
  return length;
}

// A bound of an integer or DECIMAL within what it is already.
OptionReader BoundOption(DatagenField* field, __int128* bound) {
  return [=, low = field->min, high = field->max](const std::string& text) -> std::string {
    arrow::Decimal128 value;
    int32_t precision = 0;
    int32_t scale = 0;
    const bool is_decimal = field->type->id() == arrow::Type::DECIMAL128;
    const int32_t wanted = is_decimal ? static_cast<const arrow::Decimal128Type&>(*field->type).scale() : 0;
    bool fits = arrow::Decimal128::FromString(text, &value, &precision, &scale).ok();
    if (fits) {
      arrow::Result<arrow::Decimal128> scaled = value.Rescale(scale, wanted);
      __int128 number = 0;
      if (scaled.ok()) number = static_cast<__int128>(scaled->high_bits()) << 64 | scaled->low_bits();
      fits = scaled.ok() && number >= low && number <= high;
      if (fits) *bound = number;
    }
    return fits ? "" : Cat("'", text, "' is not a value of the column");
  };
}

class Parser {
 public:
  Parser(const v1::Source& source, std::vector<std::string>* mistakes) : source_(source), mistakes_(mistakes) {}

  DatagenOptions Parse() {
    OptionReaders readers = {{"rows-per-second", IntegerOption(1, std::numeric_limits<int64_t>::max(), &options_.rows_per_second)},
                             {"number-of-rows", IntegerOption(0, std::numeric_limits<int64_t>::max(), &options_.num_rows)},
                             {"scan.parallelism", IntegerOption(1, 10'000, &options_.num_splits)},
                             {"seed", [this](const std::string& text) {
                                return absl::SimpleAtoi(text, &options_.seed) ? "" : Cat("'", text, "' is not a whole number from 0");
                              }}};
    // Readers keep addresses of fields.
    options_.fields.reserve(static_cast<size_t>(source_.columns_size()));
    for (const v1::Column& column : source_.columns()) AddField(column, &readers);
    ReadOptions("datagen", source_.options(), readers, mistakes_);
    for (DatagenField& field : options_.fields) Finish(&field);
    std::map<std::string, std::string> all(source_.options().begin(), source_.options().end());
    std::string definition;
    for (const auto& [name, value] : all) definition += Cat(name, "=", value, "\n");
    for (const v1::Column& column : source_.columns()) definition += Cat(column.name(), " ", column.type(), "\n");
    options_.definition = Xxh128Hex(definition);
    return std::move(options_);
  }

 private:
  void Mistake(const DatagenField& field, const std::string& what) {
    mistakes_->push_back(Cat("datagen: column '", field.name, "': ", what));
  }
  bool Has(const DatagenField& field, std::string_view option) const {
    return source_.options().contains(Cat("fields.", field.name, ".", option));
  }

  void AddField(const v1::Column& column, OptionReaders* readers) {
    auto type = ParseDataType(column.type());
    if (!type.ok()) return;  // whoever checks the plan's columns says so
    DatagenField& field = options_.fields.emplace_back();
    field.name = column.name();
    field.type = type->arrow;
    field.precision = type->precision;
    const arrow::Type::type id = field.type->id();
    if (!column.metadata().empty()) Mistake(field, "generated rows have no metadata columns");
    if (field.type->num_fields() > 0) {
      Mistake(field, Cat("datagen cannot fill a column of type ", type->sql, "; generate scalars and build it in a query"));
      return;
    }
    SetLimits(&field);
    auto add = [&](std::string_view option, OptionReader reader) { (*readers)[Cat("fields.", field.name, ".", option)] = std::move(reader); };
    add("kind", [&field](const std::string& text) -> std::string {
      field.is_sequence = text == "sequence";
      return field.is_sequence || text == "random" ? "" : Cat("'", text, "' is not 'random' or 'sequence'");
    });
    add("null-rate", RealOption(0, 1, &field.null_rate));
    if (IsInteger(id) || id == arrow::Type::DECIMAL128) {
      add("min", BoundOption(&field, &field.min));
      add("max", BoundOption(&field, &field.max));
    }
    if (IsReal(id)) {
      add("min", RealOption(field.min_real, field.max_real, &field.min_real));
      add("max", RealOption(field.min_real, field.max_real, &field.max_real));
    }
    if (IsInteger(id) || IsReal(id) || id == arrow::Type::DECIMAL128 || id == arrow::Type::STRING) {
      constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 2;
      add("start", IntegerOption(-kMost, kMost, &field.start));
      add("end", IntegerOption(-kMost, kMost, &field.end));
    }
    if (IsText(id)) {
      const int64_t declared = LengthIn(type->sql);
      const bool is_fixed = type->sql.starts_with("CHAR") || type->sql.starts_with("BINARY");
      field.length = declared > 0 ? declared : kDefaultLength;
      if (is_fixed) {
        add("length", RefusedOption(Cat("a ", type->sql, " has the length of its type; leave it out")));
      } else {
        add("length", IntegerOption(1, declared > 0 ? declared : kMaxLength, &field.length));
        add("var-len", BooleanOption(&field.varies));
      }
    }
    if (id == arrow::Type::TIMESTAMP) {
      add("max-past", [&field](const std::string& text) -> std::string {
        std::string wrong = DurationOption(&field.max_past_ms)(text);
        if (wrong.empty() && field.max_past_ms > kMaxPastMs) wrong = Cat("'", text, "' is more than 1000 years");
        return wrong;
      });
    }
    if (!type->nullable) {
      add("null-rate", RefusedOption("the column is NOT NULL"));
    }
  }

  void Finish(DatagenField* field) {
    const bool has_bounds = Has(*field, "start") || Has(*field, "end");
    if (field->min > field->max || field->min_real > field->max_real) Mistake(*field, "its 'min' is above its 'max'");
    if (!field->is_sequence) {
      if (has_bounds) Mistake(*field, Cat("'start' and 'end' need 'fields.", field->name, ".kind' = 'sequence'"));
      return;
    }
    const arrow::Type::type id = field->type->id();
    if (!IsInteger(id) && !IsReal(id) && id != arrow::Type::DECIMAL128 && id != arrow::Type::STRING) {
      return Mistake(*field, "only numbers and strings can be a sequence");
    }
    for (const char* other : {"min", "max", "length", "var-len", "null-rate"}) {
      if (Has(*field, other)) Mistake(*field, Cat("a sequence has no '", other, "'"));
    }
    if (!Has(*field, "start") || !Has(*field, "end")) return Mistake(*field, "a sequence needs its 'start' and its 'end'");
    if (field->start > field->end) return Mistake(*field, "its 'start' is above its 'end'");
    __int128 scale = 1;
    if (id == arrow::Type::DECIMAL128) {
      for (int i = 0; i < static_cast<const arrow::Decimal128Type&>(*field->type).scale() && scale <= field->max; ++i) scale *= 10;
    }
    if (field->max > 0 && (field->start < field->min / scale || field->end > field->max / scale)) {
      return Mistake(*field, "its 'start' or 'end' is not a value of the column");
    }
    const int64_t num_values = field->end - field->start + 1;
    options_.num_rows = options_.num_rows < 0 ? num_values : std::min(options_.num_rows, num_values);
  }

  const v1::Source& source_;
  std::vector<std::string>* const mistakes_;
  DatagenOptions options_;
};

}  // namespace

DatagenOptions DatagenOptions::Parse(const v1::Source& source, std::vector<std::string>* mistakes) { return Parser(source, mistakes).Parse(); }

const DatagenField* DatagenOptions::Find(const std::string& name) const {
  for (const DatagenField& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

}  // namespace millrace
