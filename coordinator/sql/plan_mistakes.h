#pragma once

#include "coordinator/sql/catalog.h"
#include "coordinator/sql/diagnostic.h"
#include "millrace/v1/pipeline_service.pb.h"
#include "millrace/v1/plan.pb.h"

namespace millrace::sql {

// A mistake of a compiled plan as one of the script: at the option that the message names, else at the table whose
// source or sink it is about, else at `otherwise`.
Diagnostic PlaceOf(const v1::Diagnostic& mistake, const v1::Plan& plan, const Catalog& catalog,
                   const SourceRange& otherwise);

}  // namespace millrace::sql
