#include "coordinator/sql/flink_type.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/ascii.h"
#include "base/error.h"

namespace millrace::sql {
namespace {

// Reads the canonical spelling of a type, and writes Flink's.
class TypeWriter {
 public:
  // `in_full`: with the lengths and words that Flink prints and nobody writes.
  TypeWriter(std::string_view rest, bool in_full) : rest_(rest), in_full_(in_full) {}

  std::string Type() {
    const std::string_view word = Word();
    std::string out(word);
    if (word == "ROW") {
      out += Inner([this] {
        std::string field = FieldName();
        field += Take(" ");
        return field += Type();
      });
    } else if (rest_.starts_with('<')) {
      out += Inner([this] { return Type(); });
    } else if (word == "INTERVAL") {
      out += Until(",>");
    } else {
      out = Scalar(word);
    }
    return out += Take(" NOT NULL");
  }

 private:
  template <typename One>
  std::string Inner(One one) {
    std::string out = Take("<");
    for (;;) {
      out += one();
      const std::string comma = Take(", ");
      if (comma.empty()) break;
      out += comma;
    }
    return out + Take(">");
  }

  std::string Scalar(std::string_view word) {
    if (in_full_ && word == "STRING") return "VARCHAR(2147483647)";
    if (in_full_ && word == "BYTES") return "VARBINARY(2147483647)";
    std::string arguments = rest_.starts_with('(') ? Until(")") : "";
    arguments += Take(")");
    if (in_full_ && word == "TIMESTAMP_LTZ") return Cat("TIMESTAMP", arguments, " WITH LOCAL TIME ZONE");
    return Cat(word, arguments);
  }

  std::string FieldName() {
    if (!rest_.starts_with('`')) return Cat("`", Word(), "`");
    size_t end = 1;
    while (end < rest_.size() && (rest_[end] != '`' || rest_.substr(end).starts_with("``"))) {
      end += rest_[end] == '`' ? 2 : 1;
    }
    return Cut(end + 1);
  }

  std::string_view Word() {
    size_t end = 0;
    while (end < rest_.size() && (absl::ascii_isalnum(static_cast<unsigned char>(rest_[end])) || rest_[end] == '_')) {
      ++end;
    }
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return word;
  }

  // Up to one of `ends` or NOT NULL.
  std::string Until(std::string_view ends) {
    return Cut(std::min({rest_.find_first_of(ends), rest_.find(" NOT NULL"), rest_.size()}));
  }
  std::string Take(std::string_view text) { return rest_.starts_with(text) ? Cut(text.size()) : ""; }
  std::string Cut(size_t size) {
    std::string out(rest_.substr(0, size));
    rest_.remove_prefix(std::min(size, rest_.size()));
    return out;
  }

  std::string_view rest_;
  const bool in_full_;
};

}  // namespace

std::string FlinkTypeOf(const DataType& type) {
  std::string text = TypeWriter(type.sql, true).Type();
  constexpr std::string_view kNotNull = " NOT NULL";
  if (!type.nullable && text.ends_with(kNotNull)) text.resize(text.size() - kNotNull.size());
  return text;
}

std::string SqlTextOf(const DataType& type) { return TypeWriter(type.sql, false).Type(); }

}  // namespace millrace::sql
