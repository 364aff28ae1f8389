#include <utility>

#include "base/check.h"
#include "coordinator/sql/ast_builder.h"

namespace millrace::sql {

Statement AstBuilder::Build(P::StatementContext* context) {
  Statement statement;
  statement.range = RangeOf(context);
  if (auto* table = context->createTable()) {
    statement.node = Build(table);
  } else if (auto* view = context->createView()) {
    statement.node = Build(view);
  } else if (auto* insert = context->insert()) {
    statement.node = Build(insert);
  } else if (auto* query = context->query()) {
    statement.node = Build(query);
  } else if (auto* explain = context->explain()) {
    statement.node = Build(explain);
  } else if (auto* set = context->setOption()) {
    SetOption node;
    if (set->option() != nullptr) node.option = Build(set->option());
    statement.node = std::move(node);
  } else if (auto* reset = context->resetOption()) {
    ResetOption node;
    if (reset->stringLiteral() != nullptr) node.key = Text(reset->stringLiteral());
    statement.node = std::move(node);
  } else if (auto* show = context->show()) {
    statement.node = Build(show);
  } else if (auto* describe = context->describe()) {
    statement.node = Describe{describe->K_EXTENDED() != nullptr, PathOf(describe->qualifiedName())};
  } else {
    auto* drop = context->drop();
    Check(drop != nullptr, "every alternative of the rule `statement` is built");
    statement.node = Drop{drop->K_TEMPORARY() != nullptr, drop->K_VIEW() != nullptr, drop->K_IF() != nullptr,
                          PathOf(drop->qualifiedName())};
  }
  return statement;
}

std::optional<bool> AstBuilder::Enforced(P::EnforcementContext* context) {
  if (context == nullptr) return std::nullopt;
  return context->K_NOT() == nullptr;
}

Option AstBuilder::Build(P::OptionContext* context) {
  return {RangeOf(context), RangeOf(context->stringLiteral(0)), RangeOf(context->stringLiteral(1)),
          Text(context->stringLiteral(0)), Text(context->stringLiteral(1))};
}

CreateTable AstBuilder::Build(P::CreateTableContext* context) {
  CreateTable table;
  table.temporary = context->K_TEMPORARY() != nullptr;
  table.if_not_exists = context->ifNotExists() != nullptr;
  table.name = PathOf(context->qualifiedName());
  for (P::TableElementContext* element : context->tableElement()) Element(element, &table);
  if (context->stringLiteral() != nullptr) table.comment = Text(context->stringLiteral());
  table.partitioned_by = Names(context->identifierList());
  if (context->optionList() != nullptr) {
    for (P::OptionContext* option : context->optionList()->option()) table.options.push_back(Build(option));
  }
  if (P::TableLikeContext* like = context->tableLike()) {
    table.like = TableLike{RangeOf(like), PathOf(like->qualifiedName()), {}};
    for (P::LikeOptionContext* rule : like->likeOption()) {
      table.like->rules.push_back({UpperCase(TokenOf(rule->start).text), UpperCase(TokenOf(rule->stop).text)});
    }
  }
  if (context->query() != nullptr) table.as_query = Build(context->query());
  return table;
}

void AstBuilder::Element(P::TableElementContext* element, CreateTable* table) {
  const SourceRange range = RangeOf(element);
  if (auto* declared = dynamic_cast<P::DeclaredColumnContext*>(element)) {
    ColumnDefinition column{range, Name(declared->identifier()), DeclaredColumn{}, {}};
    DeclaredColumn kind;
    kind.type = Type(declared->dataType());
    if (P::MetadataClauseContext* metadata = declared->metadataClause()) {
      kind.metadata = true;
      kind.is_virtual = metadata->K_VIRTUAL() != nullptr;
      if (metadata->stringLiteral() != nullptr) kind.metadata_key = Text(metadata->stringLiteral());
    }
    column.kind = std::move(kind);
    if (declared->stringLiteral() != nullptr) column.comment = Text(declared->stringLiteral());
    if (P::ColumnConstraintContext* key = declared->columnConstraint()) {
      table->keys.push_back(
          {RangeOf(key), {}, key->K_UNIQUE() != nullptr, {column.name}, Enforced(key->enforcement())});
      if (key->identifier() != nullptr) table->keys.back().name = Name(key->identifier());
    }
    table->columns.push_back(std::move(column));
  } else if (auto* computed = dynamic_cast<P::ComputedColumnContext*>(element)) {
    table->columns.push_back({range, Name(computed->identifier()), ComputedColumn{Build(computed->expression())}, {}});
    if (computed->stringLiteral() != nullptr) table->columns.back().comment = Text(computed->stringLiteral());
  } else if (auto* watermark = dynamic_cast<P::WatermarkContext*>(element)) {
    table->watermarks.push_back({range, PathOf(watermark->qualifiedName()), Build(watermark->expression())});
  } else {
    auto* key = dynamic_cast<P::TableKeyContext*>(element);
    Check(key != nullptr, "every alternative of the rule `tableElement` is built");
    table->keys.push_back(
        {range, {}, key->K_UNIQUE() != nullptr, Names(key->identifierList()), Enforced(key->enforcement())});
    if (key->identifier() != nullptr) table->keys.back().name = Name(key->identifier());
  }
}

CreateView AstBuilder::Build(P::CreateViewContext* context) {
  CreateView view;
  view.temporary = context->K_TEMPORARY() != nullptr;
  view.if_not_exists = context->ifNotExists() != nullptr;
  view.name = PathOf(context->qualifiedName());
  view.columns = Names(context->identifierList());
  if (context->stringLiteral() != nullptr) view.comment = Text(context->stringLiteral());
  view.query = Build(context->query());
  return view;
}

Insert AstBuilder::Build(P::InsertContext* context) {
  Insert insert;
  insert.range = RangeOf(context);
  insert.overwrite = context->K_OVERWRITE() != nullptr;
  insert.table = PathOf(context->qualifiedName());
  insert.hints = Hints(context->hints());
  if (context->staticPartitions() != nullptr) {
    for (P::StaticPartitionContext* partition : context->staticPartitions()->staticPartition()) {
      insert.partitions.push_back({Name(partition->identifier()), ConstantOf(partition->literal())});
    }
  }
  insert.columns = Names(context->identifierList());
  insert.query = Build(context->query());
  if (context->lateData() != nullptr) insert.late_data_to = PathOf(context->lateData()->qualifiedName());
  return insert;
}

Explain AstBuilder::Build(P::ExplainContext* context) {
  Explain explain;
  for (P::ExplainDetailContext* detail : context->explainDetail()) {
    explain.details.push_back(detail->K_ESTIMATED_COST() != nullptr        ? Explain::Detail::kEstimatedCost
                              : detail->K_CHANGELOG_MODE() != nullptr      ? Explain::Detail::kChangelogMode
                              : detail->K_JSON_EXECUTION_PLAN() != nullptr ? Explain::Detail::kJsonExecutionPlan
                                                                           : Explain::Detail::kPlanAdvice);
  }
  if (context->insert() != nullptr) {
    explain.what = Build(context->insert());
  } else {
    explain.what = Build(context->query());
  }
  return explain;
}

Show AstBuilder::Build(P::ShowContext* context) {
  Show show;
  if (context->K_CREATE() != nullptr) {
    show.what = context->K_TABLE() != nullptr ? Show::What::kCreateTable : Show::What::kCreateView;
    show.name = PathOf(context->qualifiedName());
    return show;
  }
  if (context->K_VIEWS() != nullptr) show.what = Show::What::kViews;
  if (context->K_FUNCTIONS() != nullptr) {
    show.what = context->K_USER() != nullptr ? Show::What::kUserFunctions : Show::What::kFunctions;
  }
  if (context->likePattern() != nullptr) {
    show.like = Text(context->likePattern()->stringLiteral());
    show.not_like = context->likePattern()->K_NOT() != nullptr;
  }
  return show;
}

}  // namespace millrace::sql
