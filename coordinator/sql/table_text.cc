#include "coordinator/sql/table_text.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "coordinator/sql/flink_type.h"
#include "coordinator/sql/unparser.h"

namespace millrace::sql {
namespace {

using Kind = TableColumn::Kind;

std::string Quoted(const std::string& name) { return Unparse(Identifier{{}, name, false}); }

std::string Quoted(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += Cat(out.empty() ? "" : ", ", Quoted(name));
  return out;
}

std::string WithoutNotNull(const std::string& type) {
  constexpr std::string_view kNotNull = " NOT NULL";
  return type.ends_with(kNotNull) ? type.substr(0, type.size() - kNotNull.size()) : type;
}

// INTERVAL '5' SECOND, with as many decimals as it takes.
std::string Delay(int64_t ms) {
  if (ms % 1000 != 0) {
    std::string fraction = Cat(1000 + ms % 1000).substr(1);
    while (fraction.ends_with('0')) fraction.pop_back();
    return Cat("INTERVAL '", ms / 1000, ".", fraction, "' SECOND");
  }
  return Cat("INTERVAL '", ms / 1000, "' SECOND");
}

std::string WatermarkText(const TableWatermark& watermark) {
  const std::string column = Quoted(watermark.column);
  return watermark.delay_ms == 0 ? column : Cat(column, " - ", Delay(watermark.delay_ms));
}

std::string Metadata(const TableColumn& column) {
  return Cat("METADATA", column.metadata_key == column.name ? "" : Cat(" FROM ", QuoteText(column.metadata_key)),
             column.is_virtual ? " VIRTUAL" : "");
}

std::string ColumnText(const TableColumn& column) {
  std::string out = Cat(Quoted(column.name), " ");
  if (column.kind == Kind::kComputed) {
    out += Cat("AS ", Unparse(*column.computed));
  } else {
    out += SqlTextOf(column.type);
    if (column.kind == Kind::kMetadata) out += Cat(" ", Metadata(column));
  }
  return out + (column.comment ? Cat(" COMMENT ", QuoteText(*column.comment)) : "");
}

std::string Comment(const std::optional<std::string>& comment) {
  return comment ? Cat("COMMENT ", QuoteText(*comment), "\n") : "";
}

}  // namespace

std::string CreateTableText(const Table& table) {
  std::string out = Cat("CREATE ", table.temporary ? "TEMPORARY " : "", "TABLE ", Quoted(table.name));
  std::string elements;
  const auto add = [&](const std::string& element) { elements += Cat(elements.empty() ? "" : ",\n", "  ", element); };
  for (const TableColumn& column : table.columns) add(ColumnText(column));
  if (table.watermark) {
    add(Cat("WATERMARK FOR ", Quoted(table.watermark->column), " AS ", WatermarkText(*table.watermark)));
  }
  if (!table.primary_key.empty()) add(Cat("PRIMARY KEY (", Quoted(table.primary_key), ") NOT ENFORCED"));
  out += elements.empty() ? "\n" : Cat(" (\n", elements, "\n)\n");
  out += Comment(table.comment);
  if (!table.partitioned_by.empty()) out += Cat("PARTITIONED BY (", Quoted(table.partitioned_by), ")\n");
  std::string options;
  for (const Option& option : table.options) {
    options += Cat(options.empty() ? "" : ",\n", "  ", QuoteText(option.key), " = ", QuoteText(option.value));
  }
  if (!options.empty()) out += Cat("WITH (\n", options, "\n)\n");
  return out;
}

std::string CreateViewText(const View& view) {
  std::string columns;
  for (const Identifier& column : view.columns) columns += Cat(columns.empty() ? "" : ", ", Unparse(column));
  return Cat("CREATE ", view.temporary ? "TEMPORARY " : "", "VIEW ", Quoted(view.name),
             columns.empty() ? "" : Cat(" (", columns, ")"), "\n", Comment(view.comment), "AS ", Unparse(view.query),
             "\n");
}

StatementResult DescribeTable(const Table& table) {
  StatementResult result;
  result.columns = {"name", "type", "null", "key", "extras", "watermark"};
  const bool comments = std::any_of(table.columns.begin(), table.columns.end(),
                                    [](const TableColumn& column) { return column.comment.has_value(); });
  if (comments) result.columns.push_back("comment");
  for (const TableColumn& column : table.columns) {
    const bool key =
        std::find(table.primary_key.begin(), table.primary_key.end(), column.name) != table.primary_key.end();
    const bool row_time = table.watermark && table.watermark->column == column.name;
    std::vector<std::optional<std::string>> row(6);
    row[0] = column.name;
    row[1] = Cat(WithoutNotNull(column.type.sql), row_time ? " *ROWTIME*" : "");
    row[2] = column.type.nullable ? "TRUE" : "FALSE";
    if (key) row[3] = Cat("PRI(", Quoted(table.primary_key), ")");
    if (column.kind == Kind::kComputed) row[4] = Cat("AS ", Unparse(*column.computed));
    if (column.kind == Kind::kMetadata) row[4] = Metadata(column);
    if (row_time) row[5] = WatermarkText(*table.watermark);
    if (comments) row.push_back(column.comment);
    result.rows.push_back(std::move(row));
  }
  return result;
}

StatementResult DescribeColumns(const std::vector<ResultColumn>& columns) {
  StatementResult result;
  result.columns = {"name", "type", "null", "key", "extras", "watermark"};
  for (const ResultColumn& column : columns) {
    result.rows.push_back({column.name, WithoutNotNull(column.type.sql), column.type.nullable ? "TRUE" : "FALSE",
                           std::nullopt, std::nullopt, std::nullopt});
  }
  return result;
}

}  // namespace millrace::sql
