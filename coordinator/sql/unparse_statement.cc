#include <utility>

#include "base/error.h"
#include "coordinator/sql/unparse_parts.h"

namespace millrace::sql {
namespace {

using unparse::Write;

std::string Comment(const std::optional<std::string>& comment) {
  return comment ? Cat(" COMMENT ", QuoteText(*comment)) : "";
}

std::string Key(const TableKey& key) {
  return Cat(key.name ? Cat("CONSTRAINT ", Unparse(*key.name), " ") : "", key.unique ? "UNIQUE " : "PRIMARY KEY ",
             Write(key.columns), key.enforced ? (*key.enforced ? " ENFORCED" : " NOT ENFORCED") : "");
}

std::string Column(const ColumnDefinition& column) {
  std::string out = Unparse(column.name);
  if (const auto* computed = std::get_if<ComputedColumn>(&column.kind)) {
    out += Cat(" AS ", Unparse(computed->expression));
  } else {
    const auto& declared = std::get<DeclaredColumn>(column.kind);
    out += Cat(" ", Unparse(declared.type), declared.metadata ? " METADATA" : "",
               declared.metadata_key ? Cat(" FROM ", QuoteText(*declared.metadata_key)) : "",
               declared.is_virtual ? " VIRTUAL" : "");
  }
  return out + Comment(column.comment);
}

std::string Set(const StatementSet& set) {
  std::string out = "STATEMENT SET BEGIN";
  for (const Insert& insert : set.inserts) out += Cat(" ", Unparse(Statement{{}, insert}), ";");
  return out + " END";
}

struct Writer {
  std::string operator()(const CreateTable& table) const {
    std::string elements;
    const auto add = [&elements](const std::string& element) {
      elements += Cat(elements.empty() ? "" : ", ", element);
    };
    for (const ColumnDefinition& column : table.columns) add(Column(column));
    for (const Watermark& watermark : table.watermarks) {
      add(Cat("WATERMARK FOR ", Unparse(watermark.column), " AS ", Unparse(watermark.expression)));
    }
    for (const TableKey& key : table.keys) add(Key(key));
    std::string out = Cat("CREATE ", table.temporary ? "TEMPORARY " : "", "TABLE ",
                          table.if_not_exists ? "IF NOT EXISTS " : "", Unparse(table.name));
    if (!elements.empty()) out += Cat(" (", elements, ")");
    out += Comment(table.comment);
    if (!table.partitioned_by.empty()) out += Cat(" PARTITIONED BY ", Write(table.partitioned_by));
    if (!table.options.empty()) out += Cat(" WITH ", Write(table.options));
    if (table.like) {
      out += Cat(" LIKE ", Unparse(table.like->table));
      std::string rules;
      for (const TableLike::Rule& rule : table.like->rules) {
        rules += Cat(rules.empty() ? "" : " ", rule.strategy, " ", rule.feature);
      }
      if (!rules.empty()) out += Cat(" (", rules, ")");
    }
    if (table.as_query) out += Cat(" AS ", Unparse(*table.as_query));
    return out;
  }
  std::string operator()(const CreateView& view) const {
    return Cat("CREATE ", view.temporary ? "TEMPORARY " : "", "VIEW ", view.if_not_exists ? "IF NOT EXISTS " : "",
               Unparse(view.name), view.columns.empty() ? "" : " ", Write(view.columns), Comment(view.comment), " AS ",
               Unparse(view.query));
  }
  std::string operator()(const Insert& insert) const {
    std::string out =
        Cat("INSERT ", insert.overwrite ? "OVERWRITE " : "INTO ", Unparse(insert.table), " ", Write(insert.hints));
    std::string partitions;
    for (const StaticPartition& partition : insert.partitions) {
      partitions += Cat(partitions.empty() ? "" : ", ", Unparse(partition.column), " = ", Unparse(partition.value));
    }
    if (!partitions.empty()) out += Cat("PARTITION (", partitions, ") ");
    if (!insert.columns.empty()) out += Cat(Write(insert.columns), " ");
    out += Unparse(insert.query);
    if (insert.late_data_to) out += Cat(" LATE DATA TO ", Unparse(*insert.late_data_to));
    return out;
  }
  std::string operator()(const StatementSet& set) const { return Cat("EXECUTE ", Set(set)); }
  std::string operator()(const Query& query) const { return Unparse(query); }
  std::string operator()(const Explain& explain) const {
    constexpr std::string_view kDetails[] = {"ESTIMATED_COST", "CHANGELOG_MODE", "JSON_EXECUTION_PLAN", "PLAN_ADVICE"};
    std::string details;
    for (Explain::Detail detail : explain.details) {
      details += Cat(details.empty() ? "" : ", ", kDetails[static_cast<int>(detail)]);
    }
    if (!details.empty()) details += " ";
    if (const auto* query = std::get_if<Query>(&explain.what)) return Cat("EXPLAIN ", details, Unparse(*query));
    if (const auto* insert = std::get_if<Insert>(&explain.what)) return Cat("EXPLAIN ", details, (*this)(*insert));
    return Cat("EXPLAIN ", details, Set(std::get<StatementSet>(explain.what)));
  }
  std::string operator()(const SetOption& set) const {
    return set.option ? Cat("SET ", QuoteText(set.option->key), " = ", QuoteText(set.option->value)) : "SET";
  }
  std::string operator()(const ResetOption& reset) const {
    return reset.key ? Cat("RESET ", QuoteText(*reset.key)) : "RESET";
  }
  std::string operator()(const Show& show) const {
    constexpr std::string_view kWhat[] = {"TABLES",         "VIEWS",        "FUNCTIONS",
                                          "USER FUNCTIONS", "CREATE TABLE", "CREATE VIEW"};
    return Cat("SHOW ", kWhat[static_cast<int>(show.what)], show.name ? " " + Unparse(*show.name) : "",
               show.like ? Cat(show.not_like ? " NOT LIKE " : " LIKE ", QuoteText(*show.like)) : "");
  }
  std::string operator()(const Describe& describe) const {
    return Cat("DESCRIBE ", describe.extended ? "EXTENDED " : "", Unparse(describe.name));
  }
  std::string operator()(const Drop& drop) const {
    return Cat("DROP ", drop.temporary ? "TEMPORARY " : "", drop.view ? "VIEW " : "TABLE ",
               drop.if_exists ? "IF EXISTS " : "", Unparse(drop.name));
  }
};

}  // namespace

std::string Unparse(const Statement& statement) { return std::visit(Writer{}, statement.node); }

std::string Unparse(const Script& script) {
  std::string out;
  for (const Statement& statement : script.statements) out += Cat(Unparse(statement), ";\n");
  return out;
}

}  // namespace millrace::sql
