#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "millrace/v1/pipeline_service.pb.h"

namespace millrace {

// Collects what is wrong with a plan, each with the path of its field.
class Diagnostics {
 public:
  template <typename... Args>
  void Add(std::string_view field, const Args&... message) {
    v1::Diagnostic& diagnostic = list_.emplace_back();
    diagnostic.set_field(std::string(field));
    diagnostic.set_message(Cat(message...));
  }
  void Add(std::string_view field, const absl::Status& status) { Add(field, status.message()); }

  const std::vector<v1::Diagnostic>& list() const { return list_; }
  std::vector<v1::Diagnostic> Take() && { return std::move(list_); }

 private:
  std::vector<v1::Diagnostic> list_;
};

}  // namespace millrace
