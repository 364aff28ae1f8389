#include "coordinator/sql/table_connectors.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "arrow/type.h"
#include "base/nearest_name.h"
#include "coordinator/sql/connector_options.h"
#include "coordinator/sql/duration_text.h"
#include "coordinator/sql/report.h"

namespace millrace::sql {
namespace {

using Kind = TableColumn::Kind;
using Use = OptionRule::Use;

constexpr std::string_view kOnError = "decode.on-error";
constexpr std::string_view kDeadLetterTable = "decode.dead-letter.table";
constexpr std::string_view kLimitPercent = "decode.bad-record-limit.percent";
constexpr std::string_view kLimitWindow = "decode.bad-record-limit.window-records";

const ConnectorRules* ConnectorOf(const Table& table, std::vector<Diagnostic>& diagnostics) {
  const Option* connector = OptionOf(table, "connector");
  // It may have come with what is missing.
  if (connector == nullptr && table.open) return nullptr;
  if (connector == nullptr) {
    ReportWrong(diagnostics, table.range, "table '", table.name,
                "' has no option 'connector'; add WITH ('connector' = 'kafka', …)");
    return nullptr;
  }
  const ConnectorRules* rules = FindConnector(connector->value);
  if (rules == nullptr) {
    ReportWrong(diagnostics, connector->value_range, "there is no connector '", connector->value, "'",
                NameAdvice(connector->value, ConnectorNames()));
  }
  return rules;
}

bool HasDeadLetters(const Table& table) {
  return table.FindOption(kOnError).value_or("fail") == "dead-letter";
}

void CheckDeadLetters(const Table& table, std::vector<Diagnostic>& diagnostics) {
  if (HasDeadLetters(table)) {
    if (table.FindOption(kDeadLetterTable)) return;
    ReportWrong(diagnostics, OptionOf(table, kOnError)->range, "'", kOnError, "' = 'dead-letter' needs '",
                kDeadLetterTable, "': the name of the table that bad records go to");
    return;
  }
  for (std::string_view key : {kDeadLetterTable, kLimitPercent, kLimitWindow}) {
    const Option* option = OptionOf(table, key);
    if (option == nullptr) continue;
    ReportWrong(diagnostics, option->range, "'", key, "' needs '", kOnError, "' = 'dead-letter'");
  }
}

void AddBadRecordLimit(const Table& table, v1::Source& source, std::vector<Diagnostic>& diagnostics) {
  const Option* percent = OptionOf(table, kLimitPercent);
  const Option* window = OptionOf(table, kLimitWindow);
  if (percent == nullptr) {
    if (window == nullptr) return;
    ReportWrong(diagnostics, window->range, "'", kLimitWindow, "' needs '", kLimitPercent, "'");
    return;
  }
  double share = 0;
  if (!absl::SimpleAtod(percent->value, &share) || share < 0 || share >= 100) {
    ReportWrong(diagnostics, percent->value_range, "option '", kLimitPercent, "': '", percent->value,
                "' is not a number from 0 to less than 100");
    return;
  }
  source.mutable_bad_record_limit()->set_percent(share);
  if (window == nullptr) return;
  constexpr uint32_t kMostRecords = 100'000;
  uint32_t records = 0;
  if (!absl::SimpleAtoi(window->value, &records) || records == 0 || records > kMostRecords) {
    ReportWrong(diagnostics, window->value_range, "option '", kLimitWindow, "': '", window->value,
                "' is not a whole number from 1 to ", kMostRecords);
    return;
  }
  source.mutable_bad_record_limit()->set_window_records(records);
}

void AddColumns(const Table& table, const ConnectorRules& rules, v1::Source& source,
                std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> keys;
  for (const auto& [key, type] : rules.metadata) keys.push_back(key);
  for (const TableColumn& column : table.columns) {
    if (column.kind == Kind::kComputed) continue;
    v1::Column& added = *source.add_columns();
    added.set_name(column.name);
    added.set_type(column.type.sql);
    if (column.kind == Kind::kPhysical) continue;
    added.set_metadata(column.metadata_key);
    if (keys.empty()) {
      ReportWrong(diagnostics, column.range, "connector '", rules.name, "' has no metadata; leave column '",
                  column.name, "' out");
      continue;
    }
    auto found = rules.metadata.find(column.metadata_key);
    if (found == rules.metadata.end()) {
      ReportWrong(diagnostics, column.range, "connector '", rules.name, "' has no metadata '", column.metadata_key, "'",
                  NameAdvice(column.metadata_key, keys));
      continue;
    }
    if (column.type.arrow == nullptr) continue;
    auto wanted = ParseDataType(found->second);
    const bool timestamp =
        found->first == "timestamp" && column.type.arrow->id() == arrow::Type::TIMESTAMP && column.type.precision <= 3;
    if (timestamp || (wanted.ok() && wanted->arrow->Equals(*column.type.arrow))) continue;
    ReportWrong(diagnostics, column.range, "metadata '", column.metadata_key, "' is ", found->second, ", and column '",
                column.name, "' is ", column.type.sql, "; declare it ", found->second, " and CAST it where it is used");
  }
}

void AddWatermark(const Table& table, const Session& session, v1::Source& source) {
  if (!table.watermark) return;
  v1::WatermarkSpec& watermark = *source.mutable_watermark();
  watermark.set_column(table.watermark->column);
  watermark.set_max_out_of_orderness_ms(table.watermark->delay_ms);
  const std::optional<std::string_view> own = table.FindOption("scan.watermark.idle-timeout");
  watermark.set_idle_timeout_ms(own ? ParseDurationMs(*own).value_or(0) : session.idle_timeout_ms);
}

void CheckKafkaFormat(const Table& table, std::vector<Diagnostic>& diagnostics) {
  const Option* value = OptionOf(table, "value.format");
  if (value != nullptr && OptionOf(table, "format") != nullptr) {
    ReportWrong(diagnostics, value->key_range, "'format' and 'value.format' are the same; leave one out");
  } else if (value == nullptr && OptionOf(table, "format") == nullptr) {
    ReportWrong(diagnostics, table.range, "table '", table.name,
                "': connector 'kafka' needs the option 'format'; 'json' is what it reads");
  }
}

}  // namespace

std::optional<v1::Source> SourceOf(const Table& table, const Session& session, std::vector<Diagnostic>& diagnostics) {
  const size_t before = diagnostics.size();
  const ConnectorRules* rules = ConnectorOf(table, diagnostics);
  if (rules == nullptr) return std::nullopt;
  if (!rules->cannot_read.empty()) {
    ReportUnsupported(diagnostics, OptionOf(table, "connector")->value_range, "table '", table.name,
                      "' cannot be read: ", rules->cannot_read);
    return std::nullopt;
  }
  v1::Source source;
  source.set_connector(std::string(rules->name));
  auto options = CheckOptions(table, *rules, Use::kSource, diagnostics);
  if (options) source.mutable_options()->insert(options->begin(), options->end());
  if (table.columns.empty() && !table.open) {
    ReportWrong(diagnostics, table.range, "table '", table.name,
                "' has no columns, so it can only be written; declare what its records hold");
  }
  if (!table.partitioned_by.empty()) {
    ReportUnsupported(diagnostics, table.range, "table '", table.name, "': what is read by '", rules->name,
                      "' is not partitioned; leave PARTITIONED BY out");
  }
  if (rules->name == "kafka") CheckKafkaFormat(table, diagnostics);
  AddColumns(table, *rules, source, diagnostics);
  CheckDeadLetters(table, diagnostics);
  AddBadRecordLimit(table, source, diagnostics);
  AddWatermark(table, session, source);
  if (diagnostics.size() > before) return std::nullopt;
  return source;
}

std::optional<v1::Sink> SinkOf(const Table& table, std::vector<Diagnostic>& diagnostics) {
  const size_t before = diagnostics.size();
  const ConnectorRules* rules = ConnectorOf(table, diagnostics);
  if (rules == nullptr) return std::nullopt;
  if (!rules->cannot_write.empty()) {
    ReportUnsupported(diagnostics, OptionOf(table, "connector")->value_range, "table '", table.name,
                      "' cannot be written: ", rules->cannot_write);
    return std::nullopt;
  }
  v1::Sink sink;
  sink.set_connector(std::string(rules->name));
  auto options = CheckOptions(table, *rules, Use::kSink, diagnostics);
  if (options) sink.mutable_options()->insert(options->begin(), options->end());
  for (const TableColumn& column : table.columns) {
    if (column.kind != Kind::kMetadata || column.is_virtual) continue;
    ReportUnsupported(diagnostics, column.range, "connector '", rules->name, "' writes no metadata; declare column '",
                      column.name, "' VIRTUAL, or leave it out");
  }
  if (!table.partitioned_by.empty() && !rules->partitions) {
    ReportUnsupported(diagnostics, table.range, "table '", table.name, "': what is written by '", rules->name,
                      "' is not partitioned; leave PARTITIONED BY out");
  }
  for (const std::string& column : table.partitioned_by) sink.add_partition_by(column);
  if (diagnostics.size() > before) return std::nullopt;
  return sink;
}

bool IsBounded(const Table& table) {
  const std::string_view connector = table.connector();
  if (connector == "kafka") return table.FindOption("scan.bounded.mode").value_or("unbounded") != "unbounded";
  if (connector == "generator") return table.FindOption("rows").has_value();
  if (connector == "filesystem") return !table.FindOption("source.monitor-interval").has_value();
  if (connector != "datagen") return false;
  for (const Option& option : table.options) {
    // A sequence ends.
    if (option.key == "number-of-rows" || (option.key.starts_with("fields.") && option.key.ends_with(".kind") &&
                                           option.value == "sequence")) {
      return true;
    }
  }
  return false;
}

std::optional<std::string> DeadLetterTableOf(const Table& table) {
  if (!HasDeadLetters(table)) return std::nullopt;
  std::optional<std::string_view> name = table.FindOption(kDeadLetterTable);
  if (!name) return std::nullopt;
  return std::string(*name);
}

}  // namespace millrace::sql
