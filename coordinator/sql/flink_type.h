#pragma once

#include <string>

#include "base/data_type.h"

namespace millrace::sql {

// The type as Flink prints it in full, without NOT NULL of its own: STRING is VARCHAR(2147483647), TIMESTAMP_LTZ(3) is
// TIMESTAMP(3) WITH LOCAL TIME ZONE, fields of a ROW stand in back quotes.
std::string FlinkTypeOf(const DataType& type);

// The type as a script declares it. Names of fields are quoted, for they may be words of the language.
std::string SqlTextOf(const DataType& type);

}  // namespace millrace::sql
