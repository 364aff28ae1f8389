#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/plan/diagnostics.h"
#include "coordinator/plan/relation.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

using KeyNames = google::protobuf::RepeatedPtrField<std::string>;
using Aggregates = google::protobuf::RepeatedPtrField<v1::Aggregate>;

// Adds a column to an output; a diagnostic at `where` if there is one of its name.
void AddResult(const std::string& where, const std::string& name, DataType type, Relation& relation, Diagnostics& diagnostics);

// Add the keys, and the results, of a window_aggregate or group_aggregate whose field is `field`.
void AddKeys(const KeyNames& keys, const Relation& input, const std::string& field, Relation& relation, Diagnostics& diagnostics);
// `groups`: each result is of some rows.
void AddAggregates(const Aggregates& aggregates, bool groups, const Relation& input, const std::string& field,
                   Relation& relation, Diagnostics& diagnostics);

// Columns of a group_aggregate's output: keys, aggregates.
std::optional<Relation> GroupRelation(const v1::GroupAggregate& group, const Relation& input, const std::string& field,
                                      Diagnostics& diagnostics);

// Columns that it reads: keys, arguments, filters.
std::vector<std::string> AggregateReads(const KeyNames& keys, const Aggregates& aggregates);

// Whether some value counts once only. Of a smallest and largest value that changes nothing.
bool CountsDistinct(const Aggregates& aggregates);

}  // namespace millrace
