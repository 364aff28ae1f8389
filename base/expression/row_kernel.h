#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "arrow/api.h"
#include "arrow/util/decimal.h"
#include "base/arrow_status.h"
#include "base/expression/function.h"
#include "base/macros.h"

namespace millrace {

// Makes a vectorised kernel of a function of one row:
//   .kernel = Rows([](std::string_view text, int32_t n) -> std::string {…})
// or, with something that is prepared once from a constant argument:
//   .kernel = [](const KernelRequest& request) -> absl::StatusOr<Kernel> {
//     auto pattern = std::make_shared<RE2>(*request.ConstantString(1));
//     return RowKernel([pattern](std::string_view text, std::string_view) {…}, request.result);
//   }
//
// Parameters: bool; int8_t…int64_t, float, double; std::string_view; arrow::Decimal128. DATE is int32_t (days), TIME
// int32_t (ms), TIMESTAMP and TIMESTAMP_LTZ int64_t (µs), INTERVAL YEAR TO MONTH int32_t, DAY TO SECOND int64_t
// (ms). std::optional<T> takes NULL; if any other parameter is NULL, the result is, and the function is not called.
// Result: T, std::optional<T> (may be NULL), absl::StatusOr of either (the row fails, with the status's message). T as
// above, with std::string for text. Parameters' types must be those that the rule converts to. More kernels than these
// (lists, any number of arguments) are written by hand against KernelInput.
template <typename F>
Kernel RowKernel(F function, const DataType& result);

namespace row_kernel_internal {

template <typename T>
struct OptionalOf {
  using Value = T;
  static constexpr bool kOptional = false;
};
template <typename T>
struct OptionalOf<std::optional<T>> {
  using Value = T;
  static constexpr bool kOptional = true;
};
template <typename T>
struct StatusOf {
  using Value = T;
  static constexpr bool kFails = false;
};
template <typename T>
struct StatusOf<absl::StatusOr<T>> {
  using Value = T;
  static constexpr bool kFails = true;
};

template <typename T>
class Reader {
 public:
  explicit Reader(const ArgumentColumn& column)
      : array_(column.values.get()),
        step_(column.step),
        has_nulls_(column.values->null_count() != 0),
        values_(column.values->data()->template GetValues<T>(1)) {}
  bool IsNull(int64_t row) const { return has_nulls_ && array_->IsNull(row * step_); }
  T Value(int64_t row) const { return values_[row * step_]; }

 private:
  const arrow::Array* array_;
  const int64_t step_;
  const bool has_nulls_;
  const T* values_;
};

template <>
class Reader<bool> {
 public:
  explicit Reader(const ArgumentColumn& column)
      : array_(static_cast<const arrow::BooleanArray*>(column.values.get())), step_(column.step) {}
  bool IsNull(int64_t row) const { return array_->IsNull(row * step_); }
  bool Value(int64_t row) const { return array_->Value(row * step_); }

 private:
  const arrow::BooleanArray* array_;
  const int64_t step_;
};

template <>
class Reader<std::string_view> {
 public:
  explicit Reader(const ArgumentColumn& column)
      : array_(static_cast<const arrow::BinaryArray*>(column.values.get())), step_(column.step) {}
  bool IsNull(int64_t row) const { return array_->IsNull(row * step_); }
  std::string_view Value(int64_t row) const {
    auto view = array_->GetView(row * step_);
    return std::string_view(view.data(), view.size());
  }

 private:
  const arrow::BinaryArray* array_;
  const int64_t step_;
};

template <>
class Reader<arrow::Decimal128> {
 public:
  explicit Reader(const ArgumentColumn& column)
      : array_(static_cast<const arrow::Decimal128Array*>(column.values.get())), step_(column.step) {}
  bool IsNull(int64_t row) const { return array_->IsNull(row * step_); }
  arrow::Decimal128 Value(int64_t row) const { return arrow::Decimal128(array_->GetValue(row * step_)); }

 private:
  const arrow::Decimal128Array* array_;
  const int64_t step_;
};

// A builder for values of type T in a column of any type with that representation.
template <typename T>
class Writer {
 public:
  absl::Status Open(const std::shared_ptr<arrow::DataType>& type, int64_t rows) {
    type_ = type;
    return FromArrow(builder_.Reserve(rows));
  }
  absl::Status Null() {
    builder_.UnsafeAppendNull();
    return absl::OkStatus();
  }
  absl::Status Value(T value) {
    builder_.UnsafeAppend(value);
    return absl::OkStatus();
  }
  absl::StatusOr<std::shared_ptr<arrow::Array>> Close() {
    ASSIGN_OR_RETURN(auto array, FromArrow(builder_.Finish()));
    if (array->type()->Equals(*type_)) return array;
    auto data = array->data()->Copy();
    data->type = type_;
    return arrow::MakeArray(std::move(data));
  }

 private:
  std::shared_ptr<arrow::DataType> type_;
  typename arrow::CTypeTraits<T>::BuilderType builder_;
};

template <>
class Writer<std::string> {
 public:
  absl::Status Open(const std::shared_ptr<arrow::DataType>& type, int64_t rows) {
    type_ = type;
    return FromArrow(builder_.Reserve(rows));
  }
  absl::Status Null() { return FromArrow(builder_.AppendNull()); }
  absl::Status Value(std::string_view value) { return FromArrow(builder_.Append(value.data(), static_cast<int32_t>(value.size()))); }
  absl::StatusOr<std::shared_ptr<arrow::Array>> Close() {
    ASSIGN_OR_RETURN(auto array, FromArrow(builder_.Finish()));
    auto data = array->data()->Copy();
    data->type = type_;
    return arrow::MakeArray(std::move(data));
  }

 private:
  std::shared_ptr<arrow::DataType> type_;
  arrow::BinaryBuilder builder_;
};

template <>
class Writer<std::string_view> : public Writer<std::string> {};

template <>
class Writer<arrow::Decimal128> {
 public:
  absl::Status Open(const std::shared_ptr<arrow::DataType>& type, int64_t rows) {
    builder_.emplace(type, arrow::default_memory_pool());
    return FromArrow(builder_->Reserve(rows));
  }
  absl::Status Null() { return FromArrow(builder_->AppendNull()); }
  absl::Status Value(const arrow::Decimal128& value) { return FromArrow(builder_->Append(value)); }
  absl::StatusOr<std::shared_ptr<arrow::Array>> Close() { return FromArrow(builder_->Finish()); }

 private:
  std::optional<arrow::Decimal128Builder> builder_;
};

template <typename F>
struct Traits : Traits<decltype(&F::operator())> {};
template <typename R, typename... P>
struct Traits<R (*)(P...)> {
  using Result = R;
  using Parameters = std::tuple<std::decay_t<P>...>;
};
template <typename C, typename R, typename... P>
struct Traits<R (C::*)(P...) const> : Traits<R (*)(P...)> {};

template <typename F, typename R, typename... P, size_t... I>
absl::StatusOr<std::shared_ptr<arrow::Array>> Run(const F& function, const std::shared_ptr<arrow::DataType>& type,
                                                  const KernelInput& input, std::tuple<P...>*, std::index_sequence<I...>) {
  using Plain = typename StatusOf<R>::Value;
  using Stored = typename OptionalOf<Plain>::Value;
  std::tuple<Reader<typename OptionalOf<P>::Value>...> readers{
      Reader<typename OptionalOf<P>::Value>(input.arguments[I])...};
  Writer<Stored> writer;
  RETURN_IF_ERROR(writer.Open(type, input.rows));
  [[maybe_unused]] auto argument = [](const auto& reader, auto parameter, int64_t row) {
    using Parameter = typename decltype(parameter)::type;
    if constexpr (OptionalOf<Parameter>::kOptional) {
      return reader.IsNull(row) ? Parameter() : Parameter(reader.Value(row));
    } else {
      return reader.Value(row);
    }
  };
  for (int64_t row = 0; row < input.rows; ++row) {
    if (((!OptionalOf<P>::kOptional && std::get<I>(readers).IsNull(row)) || ...)) {
      RETURN_IF_ERROR(writer.Null());
      continue;
    }
    auto result = function(argument(std::get<I>(readers), std::type_identity<P>(), row)...);
    if constexpr (StatusOf<R>::kFails) {
      if (!result.ok()) {
        input.errors.Add(row, std::string(result.status().message()));
        RETURN_IF_ERROR(writer.Null());
        continue;
      }
      if constexpr (OptionalOf<Plain>::kOptional) {
        RETURN_IF_ERROR(result->has_value() ? writer.Value(**result) : writer.Null());
      } else {
        RETURN_IF_ERROR(writer.Value(*result));
      }
    } else if constexpr (OptionalOf<Plain>::kOptional) {
      RETURN_IF_ERROR(result.has_value() ? writer.Value(*result) : writer.Null());
    } else {
      RETURN_IF_ERROR(writer.Value(result));
    }
  }
  return writer.Close();
}

}  // namespace row_kernel_internal

template <typename F>
Kernel RowKernel(F function, const DataType& result) {
  namespace internal = row_kernel_internal;
  using FunctionTraits = internal::Traits<std::decay_t<F>>;
  using Parameters = typename FunctionTraits::Parameters;
  using Result = typename FunctionTraits::Result;
  Kernel kernel;
  kernel.can_fail = internal::StatusOf<Result>::kFails;
  kernel.run = [function = std::move(function), type = result.arrow](const KernelInput& input) {
    return internal::Run<std::decay_t<F>, Result>(function, type, input, static_cast<Parameters*>(nullptr),
                                                  std::make_index_sequence<std::tuple_size_v<Parameters>>());
  };
  return kernel;
}

// The factory of a function that needs no preparation: .kernel = Rows(Initcap).
template <typename F>
KernelFactory Rows(F function) {
  return [function](const KernelRequest& request) -> absl::StatusOr<Kernel> {
    return RowKernel(function, request.result);
  };
}

}  // namespace millrace
