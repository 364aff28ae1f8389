#include "server/cli/result_printer.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "base/error.h"
#include "base/macros.h"
#include "connectors/result/result_reader.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "server/cli/pipeline_text.h"

namespace millrace {
namespace {

// Characters, not bytes.
size_t WidthOf(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// On one line, whatever is in it.
std::string OnOneLine(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      out += static_cast<unsigned char>(c) < ' ' || c == 0x7F ? '?' : c;
    }
  }
  return out;
}

// A cell's JSON for a person: text without its quotes.
std::string CellText(const std::string& json) {
  if (json == "null") return "NULL";
  if (!json.starts_with('"')) return json;
  google::protobuf::Value value;
  if (!google::protobuf::util::JsonStringToMessage(json, &value).ok()) return json;
  return OnOneLine(value.string_value());
}

std::string JsonText(const std::string& text) {
  google::protobuf::Value value;
  value.set_string_value(text);
  std::string json;
  // A string always prints.
  google::protobuf::util::MessageToJsonString(value, &json).ok();
  return json;
}

std::string RowLine(const std::vector<std::string>& cells, const std::vector<size_t>& widths) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const size_t width = WidthOf(cells[i]);
    line += Cat(i == 0 ? " " : " | ", cells[i]);
    if (i + 1 < cells.size()) line += std::string(widths[i] > width ? widths[i] - width : 0, ' ');
  }
  return line + "\n";
}

std::string Rule(const std::vector<size_t>& widths) {
  std::string line;
  for (size_t width : widths) line += Cat(line.empty() ? "" : "+", std::string(width + 2, '-'));
  return line + "\n";
}

void Widen(std::vector<size_t>& widths, const std::vector<std::string>& cells) {
  widths.resize(std::max(widths.size(), cells.size()));
  for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], WidthOf(cells[i]));
}

std::string Counted(uint64_t rows) { return Cat("(", WithCommas(rows), rows == 1 ? " row)\n" : " rows)\n"); }

std::string ColumnsJson(const std::vector<v1::ResultColumn>& columns) {
  std::string list;
  for (const v1::ResultColumn& column : columns) {
    list += Cat(list.empty() ? "" : ",", "{\"name\":", JsonText(column.name()), ",\"type\":", JsonText(column.type()),
                ",\"nullable\":", column.nullable() ? "true" : "false", "}");
  }
  return Cat("{\"columns\":[", list, "]}\n");
}

}  // namespace

std::string TextTable(const std::vector<std::string>& columns, const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  Widen(widths, columns);
  for (const auto& row : rows) Widen(widths, row);
  std::string out = RowLine(columns, widths) + Rule(widths);
  for (const auto& row : rows) out += RowLine(row, widths);
  return out + Counted(rows.size());
}

std::string StatementResultText(const v1::StatementResult& result, bool json) {
  if (json) {
    std::vector<v1::ResultColumn> columns(result.columns_size());
    for (int i = 0; i < result.columns_size(); ++i) {
      columns[i].set_name(result.columns(i));
      columns[i].set_type("VARCHAR(2147483647)");
      columns[i].set_nullable(true);
    }
    std::string out = ColumnsJson(columns);
    for (const auto& row : result.rows()) {
      std::string cells;
      for (const auto& cell : row.cells()) {
        cells += Cat(cells.empty() ? "" : ",", cell.has_text() ? JsonText(cell.text()) : "null");
      }
      out += Cat("{\"kind\":\"+I\",\"row\":[", cells, "]}\n");
    }
    return out;
  }
  if (result.columns_size() == 1 && result.columns(0) == "result" && result.rows_size() == 1) {
    const std::string& text = result.rows(0).cells(0).text();
    return text.ends_with('\n') ? text : text + "\n";
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : result.rows()) {
    auto& cells = rows.emplace_back();
    for (const auto& cell : row.cells()) cells.push_back(cell.has_text() ? OnOneLine(cell.text()) : "NULL");
  }
  return TextTable({result.columns().begin(), result.columns().end()}, rows);
}

RowPrinter::RowPrinter(std::ostream* out, std::vector<v1::ResultColumn> columns, bool json, bool changes)
    : out_(*out), columns_(std::move(columns)), json_(json), changes_(changes) {
  if (changes_) names_.push_back("op");
  for (const v1::ResultColumn& column : columns_) names_.push_back(OnOneLine(column.name()));
  if (json_) out_ << ColumnsJson(columns_) << std::flush;
}

absl::Status RowPrinter::Add(std::string_view lines) {
  std::vector<std::vector<std::string>> rows;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    ++num_rows_;
    if (json_) {
      out_ << "{\"kind\":\"+I\",\"row\":" << line << "}\n";
      continue;
    }
    auto& cells = rows.emplace_back();
    if (changes_) cells.push_back("+I");
    ASSIGN_OR_RETURN(std::vector<std::string> values, SplitResultRow(line));
    for (const std::string& value : values) cells.push_back(CellText(value));
  }
  if (!rows.empty() && !std::exchange(begun_, true)) {
    Widen(widths_, names_);
    for (const auto& row : rows) Widen(widths_, row);
    PrintHeading();
  }
  for (const auto& row : rows) out_ << RowLine(row, widths_);
  out_ << std::flush;
  return absl::OkStatus();
}

void RowPrinter::PrintHeading() { out_ << RowLine(names_, widths_) << Rule(widths_); }

void RowPrinter::End() {
  if (json_) return;
  if (!begun_) {
    Widen(widths_, names_);
    PrintHeading();
  }
  out_ << Counted(num_rows_) << std::flush;
}

}  // namespace millrace
