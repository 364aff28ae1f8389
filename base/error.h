#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace millrace {

// Debian's absl::string_view is a class of its own; these two are the only bridge.
inline absl::string_view AbslView(std::string_view s) { return absl::string_view(s.data(), s.size()); }
inline std::string_view StdView(absl::string_view s) { return std::string_view(s.data(), s.size()); }

namespace error_internal {
inline absl::AlphaNum Piece(std::string_view s) { return absl::AlphaNum(AbslView(s)); }
inline absl::AlphaNum Piece(const std::string& s) { return absl::AlphaNum(AbslView(s)); }
inline absl::AlphaNum Piece(const char* s) { return absl::AlphaNum(s); }
inline absl::AlphaNum Piece(absl::string_view s) { return absl::AlphaNum(s); }
template <typename T>
  requires(std::is_arithmetic_v<T>)
absl::AlphaNum Piece(const T& v) {
  return absl::AlphaNum(v);
}
}  // namespace error_internal

// Concatenates strings and numbers; takes std::string_view, which absl::StrCat of Debian does not.
template <typename... Args>
std::string Cat(const Args&... args) {
  std::string out;
  (absl::StrAppend(&out, error_internal::Piece(args)), ...);
  return out;
}

// Builds a Status from parts. The code is advice to the caller:
//   Unavailable         retry this call, with backoff
//   Aborted             stop: someone newer owns this
//   FailedPrecondition  do not retry until something else changes
//   InvalidArgument     tell the user: the plan or the configuration is wrong
//   DataLoss            never retry; page a person
//   Internal            a bug: fail the task, recover from the checkpoint
template <typename... Args>
absl::Status Unavailable(const Args&... args) {
  return absl::UnavailableError(Cat(args...));
}
template <typename... Args>
absl::Status Aborted(const Args&... args) {
  return absl::AbortedError(Cat(args...));
}
template <typename... Args>
absl::Status FailedPrecondition(const Args&... args) {
  return absl::FailedPreconditionError(Cat(args...));
}
template <typename... Args>
absl::Status InvalidArgument(const Args&... args) {
  return absl::InvalidArgumentError(Cat(args...));
}
template <typename... Args>
absl::Status DataLoss(const Args&... args) {
  return absl::DataLossError(Cat(args...));
}
template <typename... Args>
absl::Status Internal(const Args&... args) {
  return absl::InternalError(Cat(args...));
}
template <typename... Args>
absl::Status NotFound(const Args&... args) {
  return absl::NotFoundError(Cat(args...));
}
template <typename... Args>
absl::Status AlreadyExists(const Args&... args) {
  return absl::AlreadyExistsError(Cat(args...));
}
template <typename... Args>
absl::Status ResourceExhausted(const Args&... args) {
  return absl::ResourceExhaustedError(Cat(args...));
}

// The same code, with what we were doing in front.
template <typename... Args>
absl::Status Annotate(const absl::Status& status, const Args&... doing) {
  if (status.ok()) return status;
  return absl::Status(status.code(), Cat(doing..., ": ", status.message()));
}

// A failure that comes again after every restart: the pipeline is FAILED at once.
inline bool IsPermanent(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return true;
    default:
      return false;
  }
}

}  // namespace millrace
