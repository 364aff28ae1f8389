#include "coordinator/sql/create_table.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "arrow/type.h"
#include "base/nearest_name.h"
#include "coordinator/sql/bind_expression.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/table_like.h"
#include "coordinator/sql/table_name.h"
#include "coordinator/sql/unparser.h"

namespace millrace::sql {
namespace {

using Kind = TableColumn::Kind;

// Builds one table, element by element, in Flink's order: columns, computed columns, watermark, key, partitions.
class TableDeclaration {
 public:
  TableDeclaration(const CreateTable& create, const Catalog& catalog, const Session& session,
                   std::vector<Diagnostic>& diagnostics)
      : create_(create), catalog_(catalog), session_(session), diagnostics_(diagnostics) {}

  Table Run() {
    before_ = diagnostics_.size();
    std::optional<std::string> name = TableNameOf(create_.name, diagnostics_);
    TakeLike();
    table_.range = create_.name.range;
    table_.name = name.value_or(create_.name.parts.back().text);
    table_.temporary = create_.temporary;
    if (create_.comment) table_.comment = create_.comment;
    for (const ColumnDefinition& column : create_.columns) AddColumn(column);
    BindComputed();
    AddWatermark();
    AddKey();
    AddPartitions();
    AddOptions();
    CheckThereAreColumns();
    table_.wrong = table_.wrong || diagnostics_.size() > before_;
    return std::move(table_);
  }

 private:
  void TakeLike() {
    if (!create_.like) return;
    std::optional<std::string> name = TableNameOf(create_.like->table, diagnostics_);
    if (!name) {
      table_.open = true;
      return;
    }
    const size_t before = diagnostics_.size();
    if (const Table* source = catalog_.FindTable(*name)) {
      table_ = TakeOver(*source, create_, diagnostics_);
    } else if (catalog_.FindView(*name) != nullptr) {
      ReportWrong(diagnostics_, create_.like->table.range, "'", *name,
                  "' is a view; LIKE takes over a table. Use CREATE TABLE … AS SELECT");
    } else {
      ReportWrong(diagnostics_, create_.like->table.range, "there is no table '", *name, "'",
                  TableAdvice(*name, catalog_));
    }
    table_.open = table_.open || diagnostics_.size() > before;
    num_taken_ = table_.columns.size();
  }

  // A column of the same name that came with LIKE gives way if a rule says so.
  bool MakeRoom(const ColumnDefinition& definition, Kind kind) {
    auto same = std::find_if(table_.columns.begin(), table_.columns.end(),
                             [&](const TableColumn& own) { return own.name == definition.name.text; });
    if (same == table_.columns.end()) return true;
    const bool taken = static_cast<size_t>(same - table_.columns.begin()) < num_taken_;
    if (!taken) {
      ReportWrong(diagnostics_, definition.name.range, "there are two columns '", definition.name.text,
                  "'; rename one");
      return false;
    }
    const std::string_view feature = kind == Kind::kMetadata ? "METADATA" : "GENERATED";
    if (kind != Kind::kPhysical && same->kind == kind && Overwrites(*create_.like, feature)) {
      table_.columns.erase(same);
      --num_taken_;
      return true;
    }
    ReportWrong(diagnostics_, definition.name.range, "column '", definition.name.text,
                "' comes with LIKE already; rename one",
                kind == Kind::kPhysical ? std::string() : Cat(", or say OVERWRITING ", feature, " behind LIKE"));
    return false;
  }

  void AddColumn(const ColumnDefinition& definition) {
    TableColumn column;
    column.range = definition.range;
    column.name = definition.name.text;
    column.comment = definition.comment;
    if (const auto* computed = std::get_if<ComputedColumn>(&definition.kind)) {
      column.kind = Kind::kComputed;
      column.computed = computed->expression;
    } else {
      const auto& declared = std::get<DeclaredColumn>(definition.kind);
      column.type = BindType(declared.type, diagnostics_).value_or(DataType{nullptr, true, 0, "?"});
      if (declared.metadata) {
        column.kind = Kind::kMetadata;
        column.metadata_key = declared.metadata_key.value_or(column.name);
        column.is_virtual = declared.is_virtual;
      }
    }
    if (MakeRoom(definition, column.kind)) table_.columns.push_back(std::move(column));
  }

  // Over all columns that are not computed; one computed column cannot use another.
  void BindComputed() {
    Scope scope;
    scope.open = table_.open;
    std::set<std::string, std::less<>> computed;
    for (const TableColumn& column : table_.columns) {
      if (column.kind == Kind::kComputed) {
        computed.insert(column.name);
      } else if (column.type.arrow == nullptr) {
        scope.unknown.push_back(column.name);
      } else {
        scope.columns.push_back({table_.name, column.name, column.type, column.name, false});
      }
    }
    for (TableColumn& column : table_.columns) {
      if (column.kind != Kind::kComputed) continue;
      std::optional<TypedExpression> bound = BindExpression(*column.computed, scope, session_, diagnostics_);
      if (bound) column.type = std::move(bound->type);
    }
  }

  template <typename Name>
  TableColumn* FindColumn(const Name& name, const SourceRange& range, std::string_view what) {
    for (TableColumn& column : table_.columns) {
      if (column.name == name) return &column;
    }
    if (table_.open) return nullptr;
    std::vector<std::string> names;
    for (const TableColumn& column : table_.columns) names.push_back(column.name);
    ReportWrong(diagnostics_, range, what, ": there is no column '", name, "'", NameAdvice(name, names));
    return nullptr;
  }

  void AddWatermark() {
    if (create_.watermarks.empty()) return;
    if (create_.watermarks.size() > 1) {
      ReportWrong(diagnostics_, create_.watermarks[1].range, "a table has one watermark at most; leave this one out");
      return;
    }
    const Watermark& watermark = create_.watermarks[0];
    if (table_.watermark && !Overwrites(*create_.like, "WATERMARKS")) {
      ReportWrong(diagnostics_, watermark.range,
                  "a watermark comes with LIKE already; say OVERWRITING WATERMARKS or EXCLUDING WATERMARKS behind "
                  "LIKE");
      return;
    }
    if (watermark.column.parts.size() > 1) {
      ReportUnsupported(diagnostics_, watermark.column.range,
                        "a watermark on a field of a ROW is not supported; declare a column for it, such as `",
                        watermark.column.parts.back().text, "` AS ", Unparse(watermark.column));
      return;
    }
    const TableColumn* column =
        FindColumn(watermark.column.parts[0].text, watermark.column.range, "WATERMARK FOR");
    if (column == nullptr || column->type.arrow == nullptr) return;
    if (column->type.arrow->id() != arrow::Type::TIMESTAMP || column->type.precision > 3) {
      ReportWrong(diagnostics_, watermark.column.range,
                  "a watermark stands on a TIMESTAMP(p) or TIMESTAMP_LTZ(p) with p of at most 3, and '", column->name,
                  "' is ", column->type.sql, "; CAST it in a computed column");
      return;
    }
    if (std::optional<int64_t> delay = DelayOf(watermark)) {
      table_.watermark = TableWatermark{watermark.range, column->name, *delay};
    }
  }

  bool IsColumn(const Expression& expression, const Watermark& watermark) const {
    const auto* reference = std::get_if<ColumnReference>(&expression.node);
    return reference != nullptr && reference->name == watermark.column;
  }

  // c, or c - INTERVAL …
  std::optional<int64_t> DelayOf(const Watermark& watermark) {
    const Expression& expression = watermark.expression;
    if (IsColumn(expression, watermark)) return 0;
    const auto* difference = std::get_if<Binary>(&expression.node);
    const bool fits = difference != nullptr && difference->op == BinaryOperator::kSubtract &&
                      IsColumn(*difference->left, watermark) &&
                      std::holds_alternative<IntervalLiteral>(difference->right->node);
    if (!fits) {
      const std::string column = Unparse(watermark.column);
      ReportUnsupported(diagnostics_, expression.range, "watermark strategy ", Unparse(expression),
                        " is not supported; use ", column, ", or ", column, " - INTERVAL '5' SECOND");
      return std::nullopt;
    }
    std::optional<TypedExpression> interval = BindExpression(*difference->right, {}, session_, diagnostics_);
    if (!interval) return std::nullopt;
    int64_t delay_ms = 0;
    const bool days = interval->type.arrow != nullptr && interval->type.arrow->id() == arrow::Type::DURATION;
    if (!days || !absl::SimpleAtoi(interval->plan.literal().value(), &delay_ms)) {
      ReportWrong(diagnostics_, difference->right->range,
                  "a watermark is delayed by days, hours, minutes or seconds, as months differ in length");
      return std::nullopt;
    }
    if (delay_ms < 0) {
      ReportWrong(diagnostics_, difference->right->range,
                  "a watermark cannot be ahead of its column; use INTERVAL '0' SECOND or more");
      return std::nullopt;
    }
    return delay_ms;
  }

  void AddKey() {
    bool primary = false;
    for (const TableKey& key : create_.keys) {
      if (key.unique) {
        ReportUnsupported(diagnostics_, key.range, "UNIQUE is not supported, as in Flink; leave it out");
        continue;
      }
      if (std::exchange(primary, true)) {
        ReportWrong(diagnostics_, key.range, "a table has one primary key at most; leave this one out");
        continue;
      }
      if (key.enforced.value_or(true)) {
        ReportWrong(diagnostics_, key.range,
                    "PRIMARY KEY has to be NOT ENFORCED, for nothing checks that rows that come from outside are "
                    "unique; write PRIMARY KEY … NOT ENFORCED");
        continue;
      }
      std::set<std::string> names;
      for (const Identifier& name : key.columns) {
        TableColumn* column = FindColumn(name.text, name.range, "PRIMARY KEY");
        if (column == nullptr) continue;
        if (!names.insert(name.text).second) {
          ReportWrong(diagnostics_, name.range, "column '", name.text, "' comes twice in the primary key");
        } else if (column->kind != Kind::kPhysical) {
          ReportWrong(diagnostics_, name.range, "column '", name.text,
                      "' is computed or metadata; a primary key consists of physical columns");
        } else {
          MakeNotNull(*column);
          table_.primary_key.push_back(name.text);
        }
      }
    }
  }

  // A key's columns cannot be NULL, whatever was declared.
  static void MakeNotNull(TableColumn& column) {
    if (!column.type.nullable || column.type.arrow == nullptr) return;
    column.type.nullable = false;
    column.type.sql += " NOT NULL";
  }

  void AddPartitions() {
    std::set<std::string> names;
    for (const Identifier& name : create_.partitioned_by) {
      const TableColumn* column = FindColumn(name.text, name.range, "PARTITIONED BY");
      if (column == nullptr) continue;
      if (!names.insert(name.text).second) {
        ReportWrong(diagnostics_, name.range, "PARTITIONED BY names '", name.text, "' twice");
      } else if (column->kind == Kind::kComputed || (column->kind == Kind::kMetadata && column->is_virtual)) {
        ReportWrong(diagnostics_, name.range, "column '", name.text,
                    "' is not written, so a table cannot be partitioned by it");
      } else {
        table_.partitioned_by.push_back(name.text);
      }
    }
  }

  void AddOptions() {
    std::set<std::string> own;
    for (const Option& option : create_.options) {
      if (!own.insert(option.key).second) {
        ReportWrong(diagnostics_, option.key_range, "option '", option.key, "' is set twice; leave one out");
        continue;
      }
      std::erase_if(table_.options, [&](const Option& old) { return old.key == option.key; });
      table_.options.push_back(option);
    }
  }

  void CheckThereAreColumns() {
    if (create_.as_query && (!create_.columns.empty() || create_.like)) {
      ReportUnsupported(diagnostics_, create_.name.range,
                        "CREATE TABLE … AS takes its columns from the query; leave the others out");
    }
    const bool physical = std::any_of(table_.columns.begin(), table_.columns.end(),
                                      [](const TableColumn& column) { return column.kind != Kind::kComputed; });
    if (!table_.columns.empty() && !physical && diagnostics_.size() == before_) {
      ReportWrong(diagnostics_, create_.name.range, "table '", table_.name,
                  "' has computed columns only; declare what its records hold");
    }
  }

  const CreateTable& create_;
  const Catalog& catalog_;
  const Session& session_;
  std::vector<Diagnostic>& diagnostics_;
  size_t before_ = 0;  // diagnostics of others
  Table table_;
  size_t num_taken_ = 0;  // columns that came with LIKE stand in front
};

}  // namespace

Table DeclareTable(const CreateTable& create, const Catalog& catalog, const Session& session,
                   std::vector<Diagnostic>& diagnostics) {
  return TableDeclaration(create, catalog, session, diagnostics).Run();
}

}  // namespace millrace::sql
