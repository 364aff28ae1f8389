#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/expression/row_kernel.h"

namespace millrace {

// Compiles a pattern, which may have an escape character of its own, again only if it is another than in the row
// before.
template <typename T>
class LastCompiled {
 public:
  using Compiler = std::function<absl::StatusOr<T>(std::string_view pattern, std::string_view escape)>;

  explicit LastCompiled(Compiler compile) : compile_(std::move(compile)) {}
  absl::StatusOr<const T*> Get(std::string_view pattern, std::string_view escape = "") {
    if (!compiled_ || pattern != pattern_ || escape != escape_) {
      compiled_.reset();
      ASSIGN_OR_RETURN(compiled_, compile_(pattern, escape));
      pattern_ = std::string(pattern);
      escape_ = std::string(escape);
    }
    return &*compiled_;
  }

 private:
  const Compiler compile_;
  std::optional<T> compiled_;
  std::string pattern_, escape_;
};

// A kernel of a function (value, pattern, rest…) whose second argument is compiled first: once, if it is a constant.
// `use` takes what was compiled, the value, and the rest, and returns a value or an optional one.
template <typename T, typename Value, typename... Rest, typename Compile, typename Use>
absl::StatusOr<Kernel> PreparedKernel(const KernelRequest& request, Compile compile, Use use) {
  using Result = std::invoke_result_t<Use, const T&, Value, Rest...>;
  if (std::optional<std::string_view> constant = request.ConstantString(1)) {
    ASSIGN_OR_RETURN(T compiled, compile(*constant));
    auto shared = std::make_shared<const T>(std::move(compiled));
    return RowKernel(
        [shared, use](Value value, std::string_view, Rest... rest) -> Result { return use(*shared, value, rest...); },
        request.result);
  }
  auto run = [compile, use, result = request.result](const KernelInput& input) {
    auto last =
        std::make_shared<LastCompiled<T>>([compile](std::string_view text, std::string_view) { return compile(text); });
    auto row = [last, use](Value value, std::string_view pattern, Rest... rest) -> absl::StatusOr<Result> {
      ASSIGN_OR_RETURN(const T* compiled, last->Get(pattern));
      return use(*compiled, value, rest...);
    };
    return RowKernel(row, result).run(input);
  };
  return Kernel{.run = std::move(run), .can_fail = true};
}

}  // namespace millrace
