"""Plans with one mistake each, and what `millrace validate` and `millrace run` must say about them.

An entry: name, what to change in a good plan (or the text of the file), the lines below the heading. A change gets the plan as a dict.
"""
import copy

GOOD = {
    "format_version": 1,
    "name": "clicks",
    "nodes": [
        {"uid": "clicks", "source": {
            "connector": "generator", "options": {"rows": "1000", "splits": "1"},
            "columns": [{"name": "user_id", "type": "STRING NOT NULL"}, {"name": "amount", "type": "BIGINT"},
                        {"name": "event_time", "type": "TIMESTAMP_LTZ(3) NOT NULL"}],
            "watermark": {"column": "event_time", "max_out_of_orderness_ms": 1000}}},
        {"uid": "large", "inputs": [{"from": "clicks"}], "filter": {"condition": {"call": {
            "function": "greater",
            "args": [{"column": "amount"}, {"literal": {"type": "BIGINT", "value": "10"}}]}}}},
        {"uid": "per_user", "inputs": [{"from": "large"}], "window_aggregate": {
            "time_column": "event_time", "size_ms": 10000, "keys": ["user_id"],
            "aggregates": [{"function": "count", "name": "n"}, {"function": "sum", "column": "amount", "name": "total"}]}},
        {"uid": "table", "inputs": [{"from": "per_user"}], "sink": {"connector": "blackhole"}},
    ],
}
KAFKA_OPTIONS = {"topic": "clicks", "properties.bootstrap.servers": "127.0.0.1:9092", "format": "json"}


def changed(change):
    plan = copy.deepcopy(GOOD)
    change(plan)
    return plan


def at(path, value):
    """Sets a field: at("nodes.2.window_aggregate.size_ms", 0)."""
    def change(plan):
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in parents:
            plan = plan[part]
        if isinstance(plan, list) and last == len(plan):
            plan.append(value)
        else:
            plan[last] = value
    return change


def without(path):
    def change(plan):
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in parents:
            plan = plan[part]
        del plan[last]
    return change


def all_of(*changes):
    def change(plan):
        for one in changes:
            one(plan)
    return change


def kafka(options):
    return all_of(at("nodes.0.source.connector", "kafka"), at("nodes.0.source.options", {**KAFKA_OPTIONS, **options}))


def delta(options):
    return at("nodes.3.sink", {"connector": "delta", "options": options})


CONDITION = "nodes.1.filter.condition"
WINDOW = "nodes.2.window_aggregate"

MISTAKES = [
    ("format_of_the_future",
     at("format_version", 2),
     ["format_version: this version reads format 1, not 2; set format_version to 1"]),
    ("name_with_a_space",
     at("name", "my clicks"),
     ["name: 'my clicks' is not a name; use a lower-case letter, then up to 62 of a-z, 0-9, '_' and '-'"]),
    ("parallelism_above_the_key_groups",
     at("parallelism", 721),
     ["parallelism: 721 subtasks are more than the 720 key groups that they share; use at most 720"]),
    ("negative_interval",
     at("checkpoint", {"interval_ms": -1}),
     ["checkpoint.interval_ms: -1 ms is negative; use 0 for the default, or more"]),
    ("no_nodes",
     at("nodes", []),
     ["nodes: the plan has no sink; add one that takes the result"]),
    ("unknown_type",
     at("nodes.0.source.columns.1.type", "BIGNIT"),
     ["nodes[0].source.columns[1].type: type 'BIGNIT': there is no type 'BIGNIT'; did you mean 'BIGINT'?"]),
    ("two_columns_of_one_name",
     at("nodes.0.source.columns.1.name", "user_id"),
     ["nodes[0].source.columns[1].name: there are two columns named 'user_id'; rename one"]),
    ("duplicate_uid",
     at("nodes.1.uid", "clicks"),
     ["nodes[1].uid: nodes[0] is named 'clicks' too; give each node its own uid",
      "nodes[2].inputs[0].from: there is no node 'large'; known: clicks, per_user, table",
      "nodes[1]: the rows of filter 'clicks' go nowhere; make it the input of a sink"]),
    ("node_without_a_kind",
     without("nodes.1.filter"),
     ["nodes[1]: node 'large' has no kind; set source, filter, project, window_aggregate, group_aggregate, union, "
      "sort, unnest or sink"]),
    ("cycle",
     all_of(at("nodes.1.inputs.0.from", "more"),
                     at("nodes.4", {"uid": "more", "inputs": [{"from": "large"}], "filter": GOOD["nodes"][1]["filter"]})),
     ["nodes[1].inputs: rows would go round for ever: 'large' -> 'more' -> 'large'; take one of these inputs away",
      "nodes[0]: the rows of source 'clicks' go nowhere; make it the input of a sink"]),
    ("dangling_input",
     at("nodes.2.inputs.0.from", "lage"),
     ["nodes[2].inputs[0].from: there is no node 'lage'; did you mean 'large'?",
      "nodes[1]: the rows of filter 'large' go nowhere; make it the input of a sink"]),
    ("unknown_output",
     at("nodes.3.inputs.0.output", "lat"),
     ["nodes[3].inputs[0].output: window_aggregate 'per_user' has no output 'lat'; use \"\" or \"late\"",
      "nodes[2]: the rows of window_aggregate 'per_user' go nowhere; make it the input of a sink"]),
    ("reading_from_a_sink",
     at("nodes.4", {"uid": "more", "inputs": [{"from": "table"}], "sink": {"connector": "blackhole"}}),
     ["nodes[4].inputs[0].from: 'table' is a sink and has no output; read from what the sink reads"]),
    ("no_sink",
     without("nodes.3"),
     ["nodes[2]: the rows of window_aggregate 'per_user' go nowhere; make it the input of a sink",
      "nodes: the plan has no sink; add one that takes the result"]),
    ("filter_with_two_inputs",
     at("nodes.1.inputs", [{"from": "clicks"}, {"from": "clicks"}]),
     ["nodes[1].inputs: filter 'large' has 2 inputs; give it exactly one; a union puts several together"]),
    ("source_with_an_input",
     at("nodes.0.inputs", [{"from": "large"}]),
     ["nodes[0].inputs: source 'clicks' has 1 input; a source has none: remove them",
      "nodes[0].inputs: rows would go round for ever: 'clicks' -> 'large' -> 'clicks'; take one of these inputs "
      "away"]),
    ("retractions",
     at("nodes.3.inputs.0.changelog_mode", "CHANGELOG_MODE_RETRACT"),
     ["nodes[3].inputs[0].changelog_mode: sink 'table' takes only inserts, not CHANGELOG_MODE_RETRACT; use "
      "CHANGELOG_MODE_APPEND"]),
    ("unknown_function",
     at(CONDITION + ".call.function", "graeter"),
     ["nodes[1].filter.condition.call: there is no function 'graeter'; did you mean 'greater'?"]),
    ("wrong_argument_types",
     at(CONDITION + ".call.args.0", {"column": "user_id"}),
     ["nodes[1].filter.condition.call: function greater takes value > value, not (STRING NOT NULL, BIGINT NOT NULL); "
      "cast the arguments to what it takes"]),
    ("wrong_number_of_arguments",
     without(CONDITION + ".call.args.1"),
     ["nodes[1].filter.condition.call: function greater takes value > value, not (BIGINT); cast the arguments to "
      "what it takes"]),
    ("unknown_column",
     at(CONDITION + ".call.args.0.column", "amuont"),
     ["nodes[1].filter.condition.call.args[0].column: the input has no column 'amuont'; did you mean 'amount'?"]),
    ("literal_that_does_not_fit",
     at(CONDITION + ".call.args.1.literal.value", "ten"),
     ["nodes[1].filter.condition.call.args[1].literal.value: 'ten' is not a BIGINT; write a whole number within "
      "its range, such as 42"]),
    ("condition_that_is_not_boolean",
     at(CONDITION, {"column": "amount"}),
     ["nodes[1].filter.condition: a condition is BOOLEAN, but this is BIGINT; compare it with something"]),
    ("empty_expression",
     at(CONDITION, {}),
     ["nodes[1].filter.condition: the expression is empty; set column, literal, call or cast"]),
    ("impossible_cast",
     at(CONDITION, {"cast": {"operand": {"column": "event_time"}, "type": "BOOLEAN"}}),
     ["nodes[1].filter.condition.cast: cannot cast TIMESTAMP_LTZ(3) NOT NULL to BOOLEAN; docs/plan.md lists what "
      "can be cast"]),
    ("window_without_watermark",
     without("nodes.0.source.watermark"),
     ["nodes[2].window_aggregate.time_column: the input has no event time: give its source a watermark, and let "
      "every project on the way keep that column"]),
    ("watermark_on_a_number",
     at("nodes.0.source.watermark.column", "amount"),
     ["nodes[0].source.watermark.column: 'amount' is BIGINT; event time is a TIMESTAMP(p) or TIMESTAMP_LTZ(p) with "
      "p of at most 3",
      "nodes[2].window_aggregate.time_column: the input has no event time: give its source a watermark, and let "
      "every project on the way keep that column"]),
    ("watermark_finer_than_milliseconds",
     at("nodes.0.source.columns.2.type", "TIMESTAMP_LTZ(6) NOT NULL"),
     ["nodes[0].source.watermark.column: 'event_time' is TIMESTAMP_LTZ(6) NOT NULL; event time has a precision of "
      "at most 3: declare it as TIMESTAMP_LTZ(3)",
      "nodes[2].window_aggregate.time_column: the input has no event time: give its source a watermark, and let "
      "every project on the way keep that column"]),
    ("window_of_size_0",
     at(WINDOW + ".size_ms", 0),
     ["nodes[2].window_aggregate.size_ms: a window of 0 ms is not possible; use 1 ms to 100 years, such as 10000 "
      "for 10 s"]),
    ("window_in_a_zone",
     at(WINDOW + ".zone", "Europe/Berlim"),
     ["nodes[2].window_aggregate.zone: there is no time zone 'Europe/Berlim'; use a name such as Europe/Berlin or an "
      "offset such as UTC+01:00"]),
    ("key_that_does_not_exist",
     at(WINDOW + ".keys.0", "userid"),
     ["nodes[2].window_aggregate.keys[0]: the input has no column 'userid'; did you mean 'user_id'?"]),
    ("key_twice",
     at(WINDOW + ".keys", ["user_id", "user_id"]),
     ["nodes[2].window_aggregate.keys[1]: 'user_id' is a key twice; remove one"]),
    ("key_type_not_allowed",
     all_of(kafka({}), at("nodes.0.source.columns.0.type", "ARRAY<STRING>")),
     ["nodes[2].window_aggregate.keys[0]: 'user_id' is ARRAY<STRING>, which cannot be a key; project the parts "
      "that matter"]),
    ("sum_of_strings",
     at(WINDOW + ".aggregates.1.column", "user_id"),
     ["nodes[2].window_aggregate.aggregates[1]: aggregate sum takes a number, not STRING NOT NULL; cast the column "
      "in a project first"]),
    ("unknown_aggregate",
     at(WINDOW + ".aggregates.1.function", "summ"),
     ["nodes[2].window_aggregate.aggregates[1]: there is no aggregate 'summ'; did you mean 'sum'?"]),
    ("sum_of_nothing",
     without(WINDOW + ".aggregates.1.column"),
     ["nodes[2].window_aggregate.aggregates[1]: aggregate sum needs a column; only count can do without"]),
    ("no_aggregates",
     at(WINDOW + ".aggregates", []),
     ["nodes[2].window_aggregate.aggregates: the window computes nothing; add an aggregate, such as count"]),
    ("result_named_like_a_key",
     at(WINDOW + ".aggregates.0.name", "user_id"),
     ["nodes[2].window_aggregate.aggregates[0].name: the output already has a column 'user_id'; choose another name"]),
    ("unknown_source",
     at("nodes.0.source.connector", "kafak"),
     ["nodes[0].source.connector: there is no source connector 'kafak'; did you mean 'kafka'?"]),
    ("unknown_sink",
     at("nodes.3.sink.connector", "iceberg"),
     ["nodes[3].sink.connector: there is no sink connector 'iceberg'; known: blackhole, delta, filesystem, print, result"]),
    ("unknown_generator_option",
     at("nodes.0.source.options.row-per-second", "5"),
     ["nodes[0].source: generator: unknown option 'row-per-second'; did you mean 'rows-per-second'?"]),
    ("generator_option_out_of_range",
     at("nodes.0.source.options.splits", "0"),
     ["nodes[0].source: generator: option 'splits': '0' is not an integer from 1 to 10000"]),
    ("unknown_kafka_option",
     kafka({"scan.startup.mod": "earliest-offset"}),
     ["nodes[0].source: kafka: unknown option 'scan.startup.mod'; did you mean 'scan.startup.mode'?"]),
    ("kafka_mode_that_does_not_exist",
     kafka({"scan.startup.mode": "earliest"}),
     ["nodes[0].source: kafka: option 'scan.startup.mode': there is no 'earliest'; did you mean 'earliest-offset'?"]),
    ("kafka_setting_that_is_not_allowed",
     kafka({"properties.isolation.level": "read_uncommitted"}),
     ["nodes[0].source: kafka: option 'properties.isolation.level': a pipeline may not set it; docs/plan.md says "
      "what it may set"]),
    ("kafka_without_a_topic",
     all_of(kafka({}), without("nodes.0.source.options.topic")),
     ["nodes[0].source: kafka: option 'topic' is missing; name the topic to read"]),
    ("secret_in_the_plan",
     kafka({"properties.sasl.password": "hunter2"}),
     ["nodes[0].source: kafka: option 'properties.sasl.password': it is a secret, and a plan holds references to "
      "secrets only; write ${env:NAME} or ${file:/absolute/path}"]),
    ("delta_without_a_path",
     delta({}),
     ["nodes[3].sink: option 'table-path' is missing: the directory of the Delta table"]),
    ("unknown_delta_option",
     delta({"table-path": "out", "table-pth": "out"}),
     ["nodes[3].sink: there is no option 'table-pth'; did you mean 'table-path'?"]),
    ("delta_option_with_a_wrong_value",
     delta({"table-path": "out", "create": "always"}),
     ["nodes[3].sink: option 'create' is 'always'; use 'if-not-exists' or 'never'"]),
    ("partition_by_an_unknown_column",
     all_of(delta({"table-path": "out"}), at("nodes.3.sink.partition_by", ["user"])),
     ["nodes[3].sink.partition_by[0]: the input has no column 'user'; did you mean 'user_id'?"]),
    ("type_that_delta_does_not_have",
     all_of(kafka({}), delta({"table-path": "out"}),
                                             at("nodes.0.source.columns.0.type", "TIME(3) NOT NULL")),
     ["nodes[3].sink: column user_id: Delta has no type for time32[ms]; cast it to another type"]),
]

# Text that is no plan at all: the file's text, and what is said about it.
UNREADABLE = [
    ("unknown_field",
     '{"format_version": 1, "name": "clicks", "paralelism": 2}',
     "there is no field 'paralelism'; did you mean 'parallelism'?"),
    ("unknown_field_deep_inside",
     '{"nodes": [{"uid": "a", "sorce": {}}]}',
     "nodes[0]: there is no field 'sorce'; did you mean 'source'?"),
    ("text_for_a_number",
     '{"nodes": [{"uid": "w", "window_aggregate": {"size_ms": "ten"}}]}',
     'nodes[0].window_aggregate.size_ms: "ten" is not a whole number'),
    ("negative_parallelism",
     '{"parallelism": -1}',
     "parallelism: -1 is not a whole number from 0"),
    ("two_kinds_of_node",
     '{"nodes": [{"uid": "a", "filter": {}, "project": {}}]}',
     "nodes[0]: 'project' is one kind too many, for another is set already; remove one of them"),
    ("missing_comma",
     '{\n  "name": "clicks"\n  "parallelism": 2\n}\n',
     "line 3, column 3: Expected , or } after key:value pair"),
    ("no_object",
     "[]",
     "this is not a JSON object; a plan is one"),
    ("empty_file",
     "",
     "the text is empty; a plan is one JSON object"),
]
