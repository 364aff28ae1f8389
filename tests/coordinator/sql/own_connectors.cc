// Sources and sinks of tables for the binder's tests: options as they stand, columns as they are declared.
#include "coordinator/sql/table_connectors.h"

namespace millrace::sql {

std::optional<v1::Source> SourceOf(const Table& table, const Session&, std::vector<Diagnostic>&) {
  v1::Source source;
  source.set_connector(std::string(table.connector()));
  for (const Option& option : table.options) {
    if (option.key != "connector") (*source.mutable_options())[option.key] = option.value;
  }
  for (const TableColumn& column : table.columns) {
    if (column.kind == TableColumn::Kind::kComputed) continue;
    v1::Column& own = *source.add_columns();
    own.set_name(column.name);
    own.set_type(column.type.sql);
    own.set_metadata(column.metadata_key);
  }
  if (table.watermark) {
    source.mutable_watermark()->set_column(table.watermark->column);
    source.mutable_watermark()->set_max_out_of_orderness_ms(table.watermark->delay_ms);
  }
  return source;
}

std::optional<v1::Sink> SinkOf(const Table& table, std::vector<Diagnostic>&) {
  v1::Sink sink;
  sink.set_connector(std::string(table.connector()));
  for (const std::string& column : table.partitioned_by) sink.add_partition_by(column);
  return sink;
}

bool IsBounded(const Table& table) { return table.connector() == "filesystem" || table.FindOption("scan.bounded.mode").has_value(); }

std::optional<std::string> DeadLetterTableOf(const Table& table) {
  const std::optional<std::string_view> name = table.FindOption("decode.dead-letter.table");
  if (!name) return std::nullopt;
  return std::string(*name);
}

}  // namespace millrace::sql
