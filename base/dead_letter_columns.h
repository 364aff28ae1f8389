#pragma once

namespace millrace {

// A column of the dead letters' envelope: its name, and its SQL type.
struct DeadLetterColumn {
  const char* name;
  const char* type;
};

// The one envelope of dead letters, in order. Frozen: tables have it.
inline constexpr DeadLetterColumn kDeadLetterColumns[] = {
    {"reason", "STRING NOT NULL"},
    {"pipeline", "STRING NOT NULL"},
    {"operator", "STRING NOT NULL"},
    {"error", "STRING NOT NULL"},
    {"topic", "STRING"},
    {"partition", "INT"},
    {"offset", "BIGINT"},
    {"timestamp", "TIMESTAMP_LTZ(3)"},
    {"event_time", "TIMESTAMP_LTZ(3)"},
    {"watermark", "TIMESTAMP_LTZ(3)"},
    {"key", "BYTES"},
    {"value", "BYTES"},
    {"attempt", "INT"},
};

}  // namespace millrace
