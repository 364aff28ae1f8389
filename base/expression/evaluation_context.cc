#include "base/expression/evaluation_context.h"

#include "base/uuid.h"

namespace millrace {

std::string EvaluationContext::Uuid() { return FormatUuid(random_.Next(), other_random_.Next()); }

}  // namespace millrace
