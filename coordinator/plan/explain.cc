#include "coordinator/plan/explain.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/expression/condition.h"
#include "coordinator/plan/plan_graph.h"

namespace millrace {
namespace {

using internal::v1::ChainNode;
using internal::v1::Exchange;
using internal::v1::PhysicalPlan;
using internal::v1::Schema;
using internal::v1::Stage;

std::string Time(int64_t milliseconds) {
  if (milliseconds % 1000 != 0) return Cat(milliseconds, " ms");
  const int64_t seconds = milliseconds / 1000;
  if (seconds == 0 || seconds % 60 != 0) return Cat(seconds, " s");
  return seconds % 3600 == 0 ? Cat(seconds / 3600, " h") : Cat(seconds / 60, " min");
}

template <typename Names>
std::string Joined(const Names& names) {
  std::string text;
  for (const std::string& name : names) absl::StrAppend(&text, text.empty() ? "" : ", ", name);
  return text;
}

std::string ColumnsOf(const Schema& schema) {
  std::string text;
  for (const v1::Column& column : schema.columns()) absl::StrAppend(&text, text.empty() ? "" : ", ", column.name(), " ", column.type());
  return text;
}

std::set<std::string> ColumnsOf(const internal::v1::RecordFilter& filter) {
  std::set<std::string> names;
  if (!filter.column().empty()) names.insert(filter.column());
  for (const internal::v1::RecordFilter& part : filter.parts()) names.merge(ColumnsOf(part));
  return names;
}

bool IsSecret(const std::string& option) {
  const std::string lower = absl::AsciiStrToLower(option);
  for (const char* word : {"password", "secret", "token", "credential", "jaas", "private"}) {
    if (absl::StrContains(lower, word)) return true;
  }
  return false;
}

std::string OptionsOf(const google::protobuf::Map<std::string, std::string>& options) {
  std::string text;
  for (const auto& [name, value] : std::map<std::string, std::string>(options.begin(), options.end())) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", name, " = ", IsSecret(name) ? "****" : value);
  }
  return text;
}

std::string TextOf(const v1::Expression& expression) {
  switch (expression.kind_case()) {
    case v1::Expression::kColumn:
      return expression.column();
    case v1::Expression::kLiteral: {
      const v1::Literal& literal = expression.literal();
      return literal.has_value() ? Cat(literal.type(), " '", literal.value(), "'") : "NULL";
    }
    case v1::Expression::kCall: {
      std::string args;
      for (const v1::Expression& arg : expression.call().args()) absl::StrAppend(&args, args.empty() ? "" : ", ", TextOf(arg));
      return Cat(expression.call().function(), "(", args, ")");
    }
    case v1::Expression::kCast:
      return Cat(expression.cast().mode() == v1::CAST_MODE_TRY ? "try_cast(" : "cast(", TextOf(expression.cast().operand()), " as ",
                 expression.cast().type(), ")");
    case v1::Expression::KIND_NOT_SET:
      break;
  }
  return "";
}

template <typename Aggregation>
std::string GroupedBy(const Aggregation& node) {
  return node.keys().empty() ? "all rows in one group" : Cat("by ", Joined(node.keys()));
}

std::string TextOf(const v1::Aggregate& aggregate) {
  return Cat(aggregate.function(), "(", aggregate.distinct() ? "distinct " : "", aggregate.column().empty() ? "*" : aggregate.column(), ")",
             aggregate.filter().empty() ? std::string() : Cat(" of rows with ", aggregate.filter()));
}

std::string TextOf(const v1::SortKey& key) {
  return Cat(key.column(), key.descending() ? " descending" : "", key.nulls_last() ? ", NULL last" : ", NULL first");
}

bool MayFail(const v1::Expression& expression, const google::protobuf::RepeatedPtrField<v1::Column>& input) {
  const auto schema = SchemaOf(input);
  return !schema.ok() || millrace::MayFail(expression, **schema);
}

constexpr std::string_view kFirstFails =
    "the first one fails the pipeline; to keep them, set 'decode.on-error' in SQL, or connect output \"dead_letter\"";

class Explainer {
 public:
  explicit Explainer(const PhysicalPlan& physical) : physical_(physical) {}

  std::string Text() {
    const v1::Plan& plan = physical_.plan();
    const int64_t interval = plan.checkpoint().interval_ms() == 0 ? 10'000 : plan.checkpoint().interval_ms();
    absl::StrAppend(&out_, "pipeline ", plan.name(), ": ", physical_.stages_size(), physical_.stages_size() == 1 ? " stage" : " stages",
                    ", parallelism ", physical_.parallelism(), ", checkpoint every ", Time(interval), "\n");
    for (const Stage& stage : physical_.stages()) {
      absl::StrAppend(&out_, "\nstage ", stage.id(), "\n");
      for (const ChainNode& node : stage.nodes()) AddNode(node);
      for (const Exchange& exchange : physical_.exchanges()) {
        if (exchange.from_stage() == stage.id()) AddExchange(exchange);
      }
    }
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void Line(const Args&... args) {
    absl::StrAppend(&out_, "      ", Cat(args...), "\n");
  }

  // uids of those who read an output, in its stage or through an exchange.
  std::string ReadersOf(const std::string& uid, uint32_t output) const {
    std::string text;
    for (const Stage& stage : physical_.stages()) {
      for (const ChainNode& node : stage.nodes()) {
        for (const internal::v1::ChainInput& input : node.inputs()) {
          if (!input.has_from_uid() || input.from_uid() != uid || input.output() != output) continue;
          absl::StrAppend(&text, text.empty() ? "" : ", ", node.uid());
        }
      }
    }
    for (const Exchange& exchange : physical_.exchanges()) {
      if (exchange.from_uid() == uid && exchange.from_output() == output) {
        absl::StrAppend(&text, text.empty() ? "" : ", ", exchange.to_uid());
      }
    }
    return text;
  }

  void Head(const std::string& kind, const ChainNode& node) {
    const uint32_t parallelism = physical_.parallelism();
    absl::StrAppend(&out_, "  ", node.uid(), ": ", kind, ", parallelism ", parallelism,
                    IsOnOneSubtask(node) && parallelism > 1 ? " (all rows on one subtask)" : "", "\n");
  }

  void AddNode(const ChainNode& node) {
    switch (node.kind_case()) {
      case ChainNode::kSource:
        AddSource(node);
        break;
      case ChainNode::kFilter:
        Head("filter", node);
        Line("keeps: ", TextOf(node.filter().condition()));
        AddFailingRows(node, MayFail(node.filter().condition(), node.input_schemas(0).columns()));
        Line("state: none");
        break;
      case ChainNode::kProject:
        Head("project", node);
        AddProject(node);
        Line("state: none");
        break;
      case ChainNode::kWindowAggregate:
        AddWindow(node);
        break;
      case ChainNode::kLocalCombine:
        Head("local combine", node);
        Line("groups: ", GroupedBy(node.local_combine()), ", before rows leave the subtask");
        Line("state: none; it is emptied before every watermark and barrier");
        break;
      case ChainNode::kLocalGroup:
        Head("local group", node);
        Line("groups: ", GroupedBy(node.local_group()), ", before rows leave the subtask");
        Line("state: none; it is emptied before every barrier");
        break;
      case ChainNode::kGroupAggregate:
        AddGroup(node);
        break;
      case ChainNode::kSort:
        AddSort(node);
        break;
      case ChainNode::kUnnest:
        Head("unnest", node);
        Line("elements: of ", node.unnest().column(), ", as ", Joined(node.unnest().names()),
             node.unnest().outer() ? "; rows without any are kept" : "; rows without any are dropped");
        Line("state: none");
        break;
      case ChainNode::kSink:
        Head(Cat("sink ", node.sink().connector()), node);
        if (!node.sink().options().empty()) Line("options: ", OptionsOf(node.sink().options()));
        if (!node.sink().partition_by().empty()) Line("partitioned by: ", Joined(node.sink().partition_by()));
        Line("state: none; rows wait for their checkpoint, which commits each once");
        break;
      default:
        Head(ChainNode::descriptor()->FindFieldByNumber(node.kind_case())->name(), node);
        Line("state: none");
    }
    AddRows(node);
  }

  // What every operator has.
  void AddRows(const ChainNode& node) {
    // No operator of this version updates or deletes a row that it has handed on.
    Line("changelog: append-only (+I)");
    if (node.has_sink()) {
      Line("writes: ", ColumnsOf(node.input_schemas(0)));
    } else if (node.has_local_combine() || node.has_local_group()) {
      Line("columns: those of its input, or keys with partial aggregates");
    } else {
      Line("columns: ", ColumnsOf(node.output_schemas(0)));
      Line("to: ", ReadersOf(node.uid(), 0));
    }
  }

  static bool IsOnOneSubtask(const ChainNode& node) {
    return node.has_sort() || (node.has_group_aggregate() && node.group_aggregate().keys().empty()) ||
           (node.has_window_aggregate() && node.window_aggregate().keys().empty());
  }

  // Where rows go that an expression has no result for.
  void AddFailingRows(const ChainNode& node, bool can_fail) {
    const std::string readers = ReadersOf(node.uid(), 1);
    Line("bad rows: ", !can_fail        ? std::string("none, for no expression here can fail")
                       : readers.empty() ? std::string(kFirstFails)
                                         : Cat("to ", readers));
  }

  void AddProject(const ChainNode& node) {
    bool can_fail = false;
    for (const v1::NamedExpression& column : node.project().columns()) {
      Line("computes: ", column.name(), " = ", TextOf(column.expression()));
      can_fail = can_fail || MayFail(column.expression(), node.input_schemas(0).columns());
    }
    AddFailingRows(node, can_fail);
  }

  // The operator in front of the exchange that leads here, if it aggregates for this one.
  void AddCombiner(const ChainNode& node) {
    for (const Exchange& exchange : physical_.exchanges()) {
      if (exchange.to_uid() != node.uid()) continue;
      const bool combined = exchange.from_uid() == CombinerUid(node.uid());
      Line("local aggregation: ", combined ? Cat("by ", exchange.from_uid(), ", in front of the exchange")
                                           : std::string("none, for a DISTINCT value counts once over all subtasks"));
    }
  }

  void AddGroup(const ChainNode& node) {
    Head("group aggregate", node);
    Line("groups: ", GroupedBy(node.group_aggregate()));
    for (const v1::Aggregate& aggregate : node.group_aggregate().aggregates()) {
      Line("computes: ", aggregate.name(), " = ", TextOf(aggregate));
    }
    AddCombiner(node);
    Line("emits: at the end of the input");
    Line("state: one entry per group until then; ", node.state_fingerprint());
  }

  static std::string PushedInto(const ChainNode& node) {
    const std::string conditions = node.has_record_filter()
                                       ? Cat("conditions on ", Joined(ColumnsOf(node.record_filter())),
                                             ", which drop records before they become rows")
                                       : std::string();
    if (node.used_columns_size() < node.source().columns_size()) {
      return Cat("columns, ", node.used_columns_size(), " of ", node.source().columns_size(),
                 " are read: ", Joined(node.used_columns()), "; ",
                 conditions.empty() ? "conditions stand behind it" : conditions);
    }
    if (!conditions.empty()) return Cat(conditions, "; all columns are read");
    return "nothing; all columns are read; conditions stand behind it";
  }

  void AddSource(const ChainNode& node) {
    const v1::Source& source = node.source();
    Head(Cat("source ", source.connector()), node);
    if (!source.options().empty()) Line("options: ", OptionsOf(source.options()));
    Line("pushed into it: ", PushedInto(node));
    for (const v1::NamedExpression& column : source.computed()) {
      const auto& columns = node.output_schemas(0).columns();
      const bool is_read = std::any_of(columns.begin(), columns.end(), [&](const v1::Column& c) { return c.name() == column.name(); });
      if (is_read) Line("computes: ", column.name(), " = ", TextOf(column.expression()));
    }
    if (source.has_watermark()) {
      const v1::WatermarkSpec& watermark = source.watermark();
      Line("event time: ", watermark.column(), ", up to ", Time(watermark.max_out_of_orderness_ms()), " out of order; ",
           watermark.idle_timeout_ms() == 0 ? std::string("partitions are never idle")
                                            : Cat("a partition is idle after ", Time(watermark.idle_timeout_ms()), " at its end"));
    } else {
      Line("event time: none");
    }
    const std::string readers = ReadersOf(node.uid(), 1);
    Line("bad rows: ", readers.empty() ? std::string(kFirstFails) : Cat("to ", readers, LimitOf(source)));
    Line("state: the position in every partition, in each checkpoint");
  }

  static std::string LimitOf(const v1::Source& source) {
    if (!source.has_bad_record_limit()) return "";
    const v1::BadRecordLimit& limit = source.bad_record_limit();
    return Cat("; more than ", limit.percent(), " % of the last ",
               limit.window_records() == 0 ? 1000 : limit.window_records(), " records of a partition fail the pipeline");
  }

  void AddSort(const ChainNode& node) {
    const v1::Sort& sort = node.sort();
    Head("sort", node);
    for (const v1::SortKey& key : sort.keys()) Line("by: ", TextOf(key));
    if (sort.offset() > 0) Line("leaves out: ", sort.offset(), " rows");
    if (sort.has_limit()) Line("keeps: ", sort.limit(), " rows");
    Line("emits: at the end of the input, from one subtask");
    Line("state: ", sort.has_limit() ? "the rows that may still be among them" : "all rows", " until then; ", node.state_fingerprint());
  }

  void AddWindow(const ChainNode& node) {
    const v1::WindowAggregate& window = node.window_aggregate();
    Head("window aggregate", node);
    Line("windows: tumbling ", Time(window.size_ms()),
         window.offset_ms() == 0 ? std::string() : Cat(" shifted by ", Time(window.offset_ms())), " on ", window.time_column(), ", ",
         window.zone().empty() ? "UTC" : window.zone());
    Line("groups: ", GroupedBy(window));
    for (const v1::Aggregate& aggregate : window.aggregates()) {
      Line("computes: ", aggregate.name(), " = ", TextOf(aggregate));
    }
    AddCombiner(node);
    Line("state: one entry per group and window until the window fires; ", node.state_fingerprint());
    const std::string readers = ReadersOf(node.uid(), 1);
    Line("late rows: ", readers.empty() ? "dropped and counted; to keep them, say LATE DATA TO in SQL, or connect output \"late\""
                                        : Cat("to ", readers));
  }

  void AddExchange(const Exchange& exchange) {
    const std::string keys = Joined(exchange.hash_keys());
    absl::StrAppend(&out_, "  exchange ", exchange.id(), ": ", exchange.from_uid(), " -> ", exchange.to_uid(), " in stage ",
                    exchange.to_stage(), ", ",
                    exchange.forward() ? std::string("from each subtask to the one of its number")
                    : keys.empty()     ? std::string("all to one subtask")
                                       : Cat("by hash of ", keys),
                    "\n");
  }

  const PhysicalPlan& physical_;
  std::string out_;
};

}  // namespace

std::string Explain(const PhysicalPlan& physical) { return Explainer(physical).Text(); }

}  // namespace millrace
