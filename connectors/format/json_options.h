#pragma once

#include "connectors/format/json_scalar.h"
#include "connectors/option_reader.h"

namespace millrace {

// Adds the options of format 'json', under Flink's names, to those of a connector that reads or writes it.
void AddJsonOptions(TimestampFormat* timestamp_format, OptionReaders* readers);

}  // namespace millrace
