#include "base/expression/constant_set.h"

#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/container/flat_hash_set.h"
#include "arrow/api.h"
#include "base/check.h"

namespace millrace {
namespace {

template <typename T>
const T* ValuesOf(const arrow::Array& array) {
  return array.data()->GetValues<T>(1);
}

// Of numbers and what is stored like them. A few are compared one by one, which is faster.
template <typename T>
class NumberSet final : public ConstantSet {
 public:
  explicit NumberSet(const arrow::Array& constants) {
    const T* values = ValuesOf<T>(constants);
    for (int64_t i = 0; i < constants.length(); ++i) {
      if (constants.IsNull(i)) continue;
      // Among keys a NaN would never be found, and never be found to be there either.
      if constexpr (std::is_floating_point_v<T>) {
        if (std::isnan(values[i])) continue;
      }
      set_.insert(values[i]);
    }
    if (set_.size() <= kFew) few_.assign(set_.begin(), set_.end());
  }

  void Find(const arrow::Array& array, std::vector<uint8_t>& found) const override {
    const T* values = ValuesOf<T>(array);
    const size_t rows = found.size();
    if (set_.size() > kFew) {
      for (size_t row = 0; row < rows; ++row) found[row] |= static_cast<uint8_t>(set_.contains(values[row]));
      return;
    }
    uint8_t* out = found.data();
    for (const T constant : few_) {
      for (size_t row = 0; row < rows; ++row) out[row] |= static_cast<uint8_t>(values[row] == constant);
    }
  }

 private:
  static constexpr size_t kFew = 4;
  absl::flat_hash_set<T> set_;
  std::vector<T> few_;
};

class BooleanSet final : public ConstantSet {
 public:
  explicit BooleanSet(const arrow::Array& constants) {
    const auto& booleans = static_cast<const arrow::BooleanArray&>(constants);
    for (int64_t i = 0; i < booleans.length(); ++i) {
      if (booleans.IsValid(i)) has_[booleans.Value(i) ? 1 : 0] = 1;
    }
  }
  void Find(const arrow::Array& array, std::vector<uint8_t>& found) const override {
    const auto& booleans = static_cast<const arrow::BooleanArray&>(array);
    for (size_t row = 0; row < found.size(); ++row) {
      found[row] |= has_[booleans.Value(static_cast<int64_t>(row)) ? 1 : 0];
    }
  }

 private:
  uint8_t has_[2] = {0, 0};
};

// Of strings, and of the bytes of decimals, which are of one scale. A few are compared one by one.
template <typename ArrayType>
class BytesSet final : public ConstantSet {
 public:
  explicit BytesSet(const arrow::Array& constants) {
    const auto& values = static_cast<const ArrayType&>(constants);
    for (int64_t i = 0; i < values.length(); ++i) {
      if (values.IsValid(i)) set_.emplace(values.GetView(i));
    }
    if (set_.size() <= kFew) few_.assign(set_.begin(), set_.end());
  }
  void Find(const arrow::Array& array, std::vector<uint8_t>& found) const override {
    const auto& values = static_cast<const ArrayType&>(array);
    for (size_t row = 0; row < found.size(); ++row) {
      const std::string_view value = values.GetView(static_cast<int64_t>(row));
      if (set_.size() > kFew) {
        found[row] |= static_cast<uint8_t>(set_.contains(absl::string_view(value.data(), value.size())));
        continue;
      }
      for (const std::string& constant : few_) found[row] |= static_cast<uint8_t>(value == constant);
    }
  }

 private:
  static constexpr size_t kFew = 6;
  absl::flat_hash_set<std::string> set_;
  std::vector<std::string> few_;
};

template <typename Visit>
auto VisitSet(const arrow::DataType& type, Visit visit) {
  using Id = arrow::Type;
  switch (type.id()) {
    case Id::BOOL:
      return visit(std::type_identity<BooleanSet>());
    case Id::INT8:
      return visit(std::type_identity<NumberSet<int8_t>>());
    case Id::INT16:
      return visit(std::type_identity<NumberSet<int16_t>>());
    case Id::INT32:
    case Id::DATE32:
    case Id::TIME32:
      return visit(std::type_identity<NumberSet<int32_t>>());
    case Id::INT64:
    case Id::TIMESTAMP:
    case Id::DURATION:
      return visit(std::type_identity<NumberSet<int64_t>>());
    case Id::FLOAT:
      return visit(std::type_identity<NumberSet<float>>());
    case Id::DOUBLE:
      return visit(std::type_identity<NumberSet<double>>());
    case Id::STRING:
    case Id::BINARY:
      return visit(std::type_identity<BytesSet<arrow::BinaryArray>>());
    case Id::DECIMAL128:
    case Id::DECIMAL256:
      return visit(std::type_identity<BytesSet<arrow::FixedSizeBinaryArray>>());
    default:
      return visit(std::type_identity<void>());
  }
}

}  // namespace

bool HasConstantSet(const arrow::DataType& type) {
  return VisitSet(type, []<typename Set>(std::type_identity<Set>) { return !std::is_void_v<Set>; });
}

std::unique_ptr<const ConstantSet> MakeConstantSet(const arrow::Array& constants) {
  return VisitSet(*constants.type(), [&]<typename Set>(std::type_identity<Set>) -> std::unique_ptr<const ConstantSet> {
    if constexpr (std::is_void_v<Set>) {
      Check(false, "the type has sets");
      return nullptr;
    } else {
      return std::make_unique<Set>(constants);
    }
  });
}

}  // namespace millrace
