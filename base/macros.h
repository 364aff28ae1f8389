#pragma once

#include "base/check.h"

// The only macros in the tree.

#define MILLRACE_CONCAT_INNER(a, b) a##b
#define MILLRACE_CONCAT(a, b) MILLRACE_CONCAT_INNER(a, b)

// Returns the Status of `expression` if it is not OK.
#define RETURN_IF_ERROR(expression)                          \
  do {                                                       \
    auto status_of_return_if_error = (expression);           \
    if (!status_of_return_if_error.ok()) [[unlikely]]        \
      return status_of_return_if_error;                      \
  } while (false)

// Assigns the value of a StatusOr, or returns its Status.
#define ASSIGN_OR_RETURN(left, expression) \
  ASSIGN_OR_RETURN_INNER(MILLRACE_CONCAT(status_or_, __LINE__), left, expression)
#define ASSIGN_OR_RETURN_INNER(temporary, left, expression)  \
  auto temporary = (expression);                             \
  if (!temporary.ok()) [[unlikely]]                          \
    return std::move(temporary).status();                    \
  left = std::move(temporary).value()
