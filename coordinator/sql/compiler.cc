#include "coordinator/sql/compiler.h"

#include <algorithm>
#include <utility>

#include "coordinator/sql/catalog.h"
#include "coordinator/sql/create_table.h"
#include "coordinator/sql/insert_planner.h"
#include "coordinator/sql/parser.h"
#include "coordinator/sql/plan_mistakes.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/session.h"
#include "coordinator/sql/session_options.h"
#include "coordinator/sql/show_statements.h"
#include "coordinator/sql/table_connectors.h"
#include "coordinator/sql/table_name.h"
#include "coordinator/sql/table_text.h"
#include "coordinator/sql/unparser.h"

namespace millrace::sql {
namespace {

constexpr int64_t kSelectIntervalMs = 1000;

bool MakesRows(const Statement& statement) {
  if (const auto* create = std::get_if<CreateTable>(&statement.node)) return create->as_query.has_value();
  return std::holds_alternative<Insert>(statement.node) || std::holds_alternative<StatementSet>(statement.node) ||
         std::holds_alternative<Query>(statement.node);
}

class ScriptCompiler {
 public:
  explicit ScriptCompiler(const CompileOptions& options) : options_(options) {}

  Compilation Run(std::string_view sql) && {
    ParseResult parsed = Parse(sql);
    out_.diagnostics = std::move(parsed.diagnostics);
    // A statement that is missing would be told as a mistake of those that need it.
    if (!out_.diagnostics.empty()) return std::move(out_);
    const std::vector<Statement>& statements = parsed.script.statements;
    if (statements.empty()) {
      ReportWrong(out_.diagnostics, {{1, 1}, {1, 2}}, "the script has no statement; write a SELECT or an INSERT");
      return std::move(out_);
    }
    CheckIsOnePipeline(statements);
    if (!out_.diagnostics.empty()) return std::move(out_);
    for (size_t i = 0; i < statements.size(); ++i) {
      if (MakesRows(statements[i])) last_rows_ = i;
    }
    for (at_ = 0; at_ < statements.size(); ++at_) {
      statement_ = &statements[at_];
      std::visit([this](const auto& node) { Run(node); }, statement_->node);
    }
    Finish();
    return std::move(out_);
  }

 private:
  void CheckIsOnePipeline(const std::vector<Statement>& statements) {
    const Statement* select = nullptr;
    const Statement* insert = nullptr;
    for (const Statement& statement : statements) {
      if (!MakesRows(statement)) continue;
      const bool is_select = std::holds_alternative<Query>(statement.node);
      if (is_select && select != nullptr) {
        ReportUnsupported(out_.diagnostics, statement.range, "a script has one SELECT at most, and line ",
                          select->range.begin.line,
                          " has one already; put them in two files, or together with UNION ALL");
      } else if (is_select ? insert != nullptr : select != nullptr) {
        ReportUnsupported(out_.diagnostics, statement.range,
                          "a script either writes tables or has one SELECT that shows its rows, and line ",
                          (is_select ? insert : select)->range.begin.line, is_select ? " writes" : " has a SELECT",
                          " already; put them in two files");
      }
      (is_select ? select : insert) = &statement;
    }
  }

  // The planner reads catalog and session as they are now; neither takes anything away from it.
  Planner& TakePlanner() {
    if (!planner_) {
      planned_session_ = session_;
      planner_.emplace(catalog_, *planned_session_);
    }
    return *planner_;
  }
  bool BetweenInserts() const { return planner_ && last_rows_ && at_ < *last_rows_; }

  void Run(const CreateTable& create) {
    if (IsThere(create.name, create.if_not_exists)) return;
    Table table = DeclareTable(create, catalog_, session_, out_.diagnostics);
    declarations_failed_ = declarations_failed_ || table.wrong;
    if (!create.as_query) {
      catalog_.Put(std::move(table));
      return;
    }
    for (ResultColumn& column : Planner(catalog_, session_).ColumnsOf(*create.as_query, out_.diagnostics)) {
      TableColumn& added = table.columns.emplace_back();
      added.range = create.name.range;
      added.name = std::move(column.name);
      added.type = std::move(column.type);
    }
    if (table.wrong || table.columns.empty()) {
      declarations_failed_ = table.wrong = table.open = true;
      catalog_.Put(std::move(table));
      return;
    }
    catalog_.Put(std::move(table));
    Insert insert;
    insert.range = statement_->range;
    insert.table = create.name;
    insert.query = *create.as_query;
    Run(insert);
  }

  void Run(const CreateView& create) {
    if (IsThere(create.name, create.if_not_exists)) return;
    const size_t before = out_.diagnostics.size();
    const std::string name =
        TableNameOf(create.name, out_.diagnostics).value_or(create.name.parts.back().text);
    std::vector<ResultColumn> columns = Planner(catalog_, session_).ColumnsOf(create.query, out_.diagnostics);
    if (!columns.empty() && !create.columns.empty() && create.columns.size() != columns.size()) {
      ReportWrong(out_.diagnostics, create.name.range, "view '", name, "' names ", create.columns.size(),
                  create.columns.size() == 1 ? " column" : " columns", ", and its query has ", columns.size());
    }
    for (size_t i = 0; i < create.columns.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (create.columns[i].text != create.columns[j].text) continue;
        ReportWrong(out_.diagnostics, create.columns[i].range, "there are two columns '", create.columns[i].text,
                    "'; rename one");
      }
    }
    const bool wrong = out_.diagnostics.size() > before || columns.empty();
    declarations_failed_ = declarations_failed_ || wrong;
    catalog_.Put(
        View{create.name.range, name, create.temporary, create.columns, create.query, create.comment, wrong});
  }

  // Whether there is nothing left to create.
  bool IsThere(const QualifiedName& qualified, bool may_be_there) {
    std::vector<Diagnostic> ignored;
    std::optional<std::string> name = TableNameOf(qualified, ignored);
    if (!name) return false;
    const bool table = catalog_.FindTable(*name) != nullptr;
    if (!table && catalog_.FindView(*name) == nullptr) return false;
    if (may_be_there) return true;
    ReportWrong(out_.diagnostics, qualified.range, "there is a ", table ? "table" : "view", " '", *name,
                "' already; use another name, or DROP it first");
    declarations_failed_ = true;
    // Which of the two is meant elsewhere nobody knows.
    if (table) {
      Table either = *catalog_.FindTable(*name);
      either.wrong = either.open = true;
      catalog_.Put(std::move(either));
    }
    return true;
  }

  void Run(const Drop& drop) {
    std::optional<std::string> name = TableNameOf(drop.name, out_.diagnostics);
    if (!name || declarations_failed_) return;
    const Table* table = catalog_.FindTable(*name);
    const View* view = catalog_.FindView(*name);
    const std::string_view kind = drop.view ? "VIEW" : "TABLE";
    if (drop.view ? view == nullptr : table == nullptr) {
      if (table != nullptr || view != nullptr) {
        ReportWrong(out_.diagnostics, drop.name.range, "'", *name, "' is a ", drop.view ? "table" : "view",
                    "; use DROP ", drop.view ? "TABLE" : "VIEW");
      } else if (!drop.if_exists) {
        ReportWrong(out_.diagnostics, drop.name.range, "there is no ", drop.view ? "view" : "table", " '", *name, "'",
                    TableAdvice(*name, catalog_));
      }
      return;
    }
    const bool temporary = drop.view ? view->temporary : table->temporary;
    if (temporary != drop.temporary) {
      ReportWrong(out_.diagnostics, drop.name.range, "'", *name, "' is ", temporary ? "" : "not ",
                  "temporary; use DROP ", temporary ? "TEMPORARY " : "", kind);
      return;
    }
    if (BetweenInserts()) {
      ReportUnsupported(out_.diagnostics, statement_->range,
                        "all INSERTs of a script run together, so nothing is dropped between them; move this in front "
                        "of the first or behind the last");
      return;
    }
    if (drop.view) {
      catalog_.DropView(*name);
    } else {
      catalog_.DropTable(*name);
    }
  }

  void Run(const Insert& insert) {
    TakePlanner().AddInsert(insert, out_.diagnostics);
  }
  void Run(const StatementSet& set) {
    for (const Insert& insert : set.inserts) Run(insert);
  }
  void Run(const Query& query) {
    out_.columns = TakePlanner().AddSelect(query, out_.diagnostics);
    out_.is_select = true;
  }

  void Run(const SetOption& set) {
    if (!set.option) return Answer(ShowOptions(session_));
    Session changed = session_;
    SetSessionOption(*set.option, changed, out_.diagnostics, out_.notes);
    Change(std::move(changed));
  }
  void Run(const ResetOption& reset) {
    Session changed = session_;
    if (reset.key) {
      ResetSessionOption(*reset.key, statement_->range, changed, out_.diagnostics);
    } else {
      changed = Session();
    }
    Change(std::move(changed));
  }
  void Change(Session changed) {
    if (BetweenInserts() && changed.options != session_.options) {
      ReportUnsupported(out_.diagnostics, statement_->range,
                        "all INSERTs of a script run together, so no option changes between them; move this in front "
                        "of the first");
      return;
    }
    session_ = std::move(changed);
  }

  void Run(const Show& show) {
    if (declarations_failed_) return;
    std::optional<StatementResult> result = ShowCatalog(show, catalog_, out_.diagnostics);
    if (result) Answer(*std::move(result));
  }

  void Run(const Describe& describe) {
    std::optional<std::string> name = TableNameOf(describe.name, out_.diagnostics);
    if (!name || declarations_failed_) return;
    if (const Table* table = catalog_.FindTable(*name)) return Answer(DescribeTable(*table));
    const View* view = catalog_.FindView(*name);
    if (view == nullptr) {
      ReportWrong(out_.diagnostics, describe.name.range, "there is no table '", *name, "'",
                  TableAdvice(*name, catalog_));
      return;
    }
    std::vector<ResultColumn> columns = Planner(catalog_, session_).ColumnsOf(view->query, out_.diagnostics);
    for (size_t i = 0; i < std::min(columns.size(), view->columns.size()); ++i) columns[i].name = view->columns[i].text;
    Answer(DescribeColumns(columns));
  }

  void Run(const Explain& explain) {
    for (Explain::Detail detail : explain.details) {
      if (detail != Explain::Detail::kJsonExecutionPlan) continue;
      ReportUnsupported(out_.diagnostics, statement_->range,
                        "EXPLAIN JSON_EXECUTION_PLAN is not supported; `millrace explain -o json FILE` prints the plan "
                        "as JSON");
    }
    Planner planner(catalog_, session_);
    if (const auto* query = std::get_if<Query>(&explain.what)) {
      planner.AddSelect(*query, out_.diagnostics);
    } else if (const auto* insert = std::get_if<Insert>(&explain.what)) {
      planner.AddInsert(*insert, out_.diagnostics);
    } else {
      for (const Insert& one : std::get<StatementSet>(explain.what).inserts) planner.AddInsert(one, out_.diagnostics);
    }
    if (!out_.diagnostics.empty()) return;
    const v1::Plan plan = Complete(planner.Finish(), session_);
    if (!CheckPlan(plan)) return;
    std::string text = plan.DebugString();
    if (options_.explain) {
      auto explained = options_.explain(plan);
      if (!explained.ok()) {
        ReportUnsupported(out_.diagnostics, statement_->range, StdView(explained.status().message()));
        return;
      }
      text = *std::move(explained);
    }
    StatementResult result;
    result.columns = {"result"};
    result.rows.push_back({std::move(text)});
    Answer(std::move(result));
  }

  void Answer(StatementResult result) {
    result.range = statement_->range;
    result.statement = Unparse(*statement_);
    out_.results.push_back(std::move(result));
  }

  // With name and settings.
  v1::Plan Complete(v1::Plan plan, const Session& session) const {
    plan.set_format_version(1);
    plan.set_name(session.pipeline_name.empty() ? PipelineNameFrom(options_.name) : session.pipeline_name);
    plan.set_parallelism(session.parallelism);
    bool is_select = false;
    for (v1::Node& node : *plan.mutable_nodes()) {
      if (!node.has_sink() || node.sink().connector() != "result") continue;
      is_select = true;
      if (options_.result_path.empty()) continue;
      (*node.mutable_sink()->mutable_options())["path"] = options_.result_path;
    }
    v1::CheckpointSettings& checkpoint = *plan.mutable_checkpoint();
    // Rows of a SELECT are seen once they are committed, and somebody is waiting.
    const bool watched = is_select && session.checkpoint_interval_ms == 0;
    checkpoint.set_interval_ms(watched ? kSelectIntervalMs : session.checkpoint_interval_ms);
    checkpoint.set_timeout_ms(session.checkpoint_timeout_ms);
    checkpoint.set_tolerable_failures(session.tolerable_failed_checkpoints);
    checkpoint.set_retained(session.retained_checkpoints);
    return plan;
  }

  // What the planner let through and a connector does not.
  bool CheckPlan(const v1::Plan& plan) {
    if (!options_.validate) return true;
    const std::vector<v1::Diagnostic> mistakes = options_.validate(plan);
    for (const v1::Diagnostic& mistake : mistakes) {
      out_.diagnostics.push_back(PlaceOf(mistake, plan, catalog_, statement_->range));
    }
    return mistakes.empty();
  }

  void Finish() {
    if (planner_ && out_.diagnostics.empty()) {
      v1::Plan plan = Complete(planner_->Finish(), *planned_session_);
      if (CheckPlan(plan)) {
        out_.bounded = IsBounded(plan);
        out_.plan = std::move(plan);
      }
    }
    if (!out_.diagnostics.empty()) out_.columns.clear();
    SortByPlace(out_.diagnostics, 0);
    // A table that is read twice is wrong once.
    const auto same = [](const Diagnostic& a, const Diagnostic& b) {
      return SameRange(a.range, b.range) && a.message == b.message;
    };
    out_.diagnostics.erase(std::unique(out_.diagnostics.begin(), out_.diagnostics.end(), same), out_.diagnostics.end());
  }

  static bool IsBounded(const v1::Plan& plan) {
    return std::all_of(plan.nodes().begin(), plan.nodes().end(), [](const v1::Node& node) {
      if (!node.has_source() || node.source().connector() == "values") return true;
      Table table;
      table.options.push_back({{}, {}, {}, "connector", node.source().connector()});
      for (const auto& [key, value] : node.source().options()) table.options.push_back({{}, {}, {}, key, value});
      return sql::IsBounded(table);
    });
  }

  const CompileOptions& options_;
  Compilation out_;
  Catalog catalog_;
  Session session_;
  std::optional<Session> planned_session_;
  std::optional<Planner> planner_;
  const Statement* statement_ = nullptr;
  size_t at_ = 0;
  std::optional<size_t> last_rows_;  // index of the last statement that makes rows
  bool declarations_failed_ = false;
};

}  // namespace

Compilation Compile(std::string_view sql, const CompileOptions& options) {
  return ScriptCompiler(options).Run(sql);
}

}  // namespace millrace::sql
