#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/data_type.h"
#include "coordinator/sql/ast.h"
#include "coordinator/sql/source_range.h"

namespace millrace::sql {

// A column of a table, with its type resolved.
struct TableColumn {
  enum class Kind { kPhysical, kMetadata, kComputed };
  SourceRange range;
  std::string name;
  Kind kind = Kind::kPhysical;
  DataType type;                       // without an arrow type: what was declared is wrong
  std::string metadata_key;            // kMetadata
  bool is_virtual = false;             // kMetadata: cannot be written
  std::optional<Expression> computed;  // kComputed: over the other columns
  std::optional<std::string> comment;
};

// WATERMARK FOR column AS column - delay.
struct TableWatermark {
  SourceRange range;
  std::string column;
  int64_t delay_ms = 0;
};

// A table as CREATE TABLE declares it.
struct Table {
  SourceRange range;
  std::string name;
  bool temporary = false;
  // Without any: the schema is that of what is written into it.
  std::vector<TableColumn> columns;
  std::optional<TableWatermark> watermark;
  std::vector<std::string> primary_key;
  std::vector<std::string> partitioned_by;
  std::vector<Option> options;
  std::optional<std::string> comment;
  // Something is wrong with it, and has been told. What was understood helps to find what else is wrong; no plan is
  // made of it.
  bool wrong = false;
  // wrong, and there may be columns that are not known.
  bool open = false;

  const TableColumn* Find(std::string_view column) const;
  // nullopt: not set.
  std::optional<std::string_view> FindOption(std::string_view key) const;
  std::string_view connector() const;
};

struct View {
  SourceRange range;
  std::string name;
  bool temporary = false;
  std::vector<Identifier> columns;  // none: as the query names them
  Query query;
  std::optional<std::string> comment;
  bool wrong = false;  // as of a table
};

// The tables and views of a script. Names are case-sensitive, as in Flink.
class Catalog {
 public:
  // Null: there is none of that name (or it is the other kind).
  const Table* FindTable(std::string_view name) const;
  const View* FindView(std::string_view name) const;
  // Tables and views, sorted.
  std::vector<std::string> Names() const;

  // Replace what has the name.
  void Put(Table table);
  void Put(View view);
  // False: there was none.
  bool DropTable(std::string_view name);
  bool DropView(std::string_view name);

 private:
  std::map<std::string, Table, std::less<>> tables_;
  std::map<std::string, View, std::less<>> views_;
};

}  // namespace millrace::sql
