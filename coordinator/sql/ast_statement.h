#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "coordinator/sql/ast_expression.h"
#include "coordinator/sql/ast_query.h"
#include "coordinator/sql/ast_type.h"
#include "coordinator/sql/source_range.h"

namespace millrace::sql {

// PRIMARY KEY or UNIQUE. `enforced` is absent if nothing was said; Flink wants NOT ENFORCED.
struct TableKey {
  SourceRange range;
  std::optional<Identifier> name;
  bool unique = false;
  std::vector<Identifier> columns;
  std::optional<bool> enforced;
  bool operator==(const TableKey&) const = default;
};

// name type [METADATA [FROM 'key'] [VIRTUAL]]; a key declared on the column is among the table's keys.
struct DeclaredColumn {
  TypeName type;
  bool metadata = false;
  std::optional<std::string> metadata_key;
  bool is_virtual = false;
  bool operator==(const DeclaredColumn&) const = default;
};

// name AS expression
struct ComputedColumn {
  Expression expression;
  bool operator==(const ComputedColumn&) const = default;
};

struct ColumnDefinition {
  SourceRange range;
  Identifier name;
  std::variant<DeclaredColumn, ComputedColumn> kind;
  std::optional<std::string> comment;
  bool operator==(const ColumnDefinition&) const = default;
};

struct Watermark {
  SourceRange range;
  QualifiedName column;
  Expression expression;
  bool operator==(const Watermark&) const = default;
};

// LIKE table (INCLUDING ALL EXCLUDING OPTIONS …): words in capitals.
struct TableLike {
  struct Rule {
    std::string strategy;  // INCLUDING, EXCLUDING, OVERWRITING
    std::string feature;   // ALL, OPTIONS, …
    bool operator==(const Rule&) const = default;
  };
  SourceRange range;
  QualifiedName table;
  std::vector<Rule> rules;
  bool operator==(const TableLike&) const = default;
};

// Without columns it may take its schema from elsewhere: LIKE, AS, or what the connector says.
struct CreateTable {
  bool temporary = false;
  bool if_not_exists = false;
  QualifiedName name;
  std::vector<ColumnDefinition> columns;
  std::vector<Watermark> watermarks;
  std::vector<TableKey> keys;
  std::optional<std::string> comment;
  std::vector<Identifier> partitioned_by;
  std::vector<Option> options;
  std::optional<TableLike> like;
  std::optional<Query> as_query;
  bool operator==(const CreateTable&) const = default;
};

struct CreateView {
  bool temporary = false;
  bool if_not_exists = false;
  QualifiedName name;
  std::vector<Identifier> columns;
  std::optional<std::string> comment;
  Query query;
  bool operator==(const CreateView&) const = default;
};

// column = literal of INSERT INTO t PARTITION (…).
struct StaticPartition {
  Identifier column;
  Expression value;
  bool operator==(const StaticPartition&) const = default;
};

struct Insert {
  SourceRange range;
  bool overwrite = false;
  QualifiedName table;
  std::vector<Hint> hints;
  std::vector<StaticPartition> partitions;
  std::vector<Identifier> columns;
  Query query;
  std::optional<QualifiedName> late_data_to;
  bool operator==(const Insert&) const = default;
};

// EXECUTE STATEMENT SET BEGIN … END; `range` of each INSERT is its own.
struct StatementSet {
  std::vector<Insert> inserts;
  bool operator==(const StatementSet&) const = default;
};

struct Explain {
  enum class Detail { kEstimatedCost, kChangelogMode, kJsonExecutionPlan, kPlanAdvice };
  std::vector<Detail> details;
  std::variant<Query, Insert, StatementSet> what;
  bool operator==(const Explain&) const = default;
};

// SET 'k' = 'v'; SET alone lists what is set.
struct SetOption {
  std::optional<Option> option;
  bool operator==(const SetOption&) const = default;
};

// RESET 'k', or RESET for all.
struct ResetOption {
  std::optional<std::string> key;
  bool operator==(const ResetOption&) const = default;
};

struct Show {
  enum class What { kTables, kViews, kFunctions, kUserFunctions, kCreateTable, kCreateView };
  What what = What::kTables;
  std::optional<QualifiedName> name;  // kCreateTable, kCreateView
  std::optional<std::string> like;    // the others
  bool not_like = false;
  bool operator==(const Show&) const = default;
};

struct Describe {
  bool extended = false;
  QualifiedName name;
  bool operator==(const Describe&) const = default;
};

struct Drop {
  bool temporary = false;
  bool view = false;
  bool if_exists = false;
  QualifiedName name;
  bool operator==(const Drop&) const = default;
};

// A Query by itself shows its rows.
struct Statement {
  SourceRange range;
  std::variant<CreateTable, CreateView, Insert, StatementSet, Query, Explain, SetOption, ResetOption, Show, Describe,
               Drop>
      node;
  bool operator==(const Statement&) const = default;
};

struct Script {
  std::vector<Statement> statements;
  bool operator==(const Script&) const = default;
};

}  // namespace millrace::sql
