#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "coordinator/plan/diagnostics.h"
#include "coordinator/plan/relation.h"

namespace millrace {

// What a union takes of every input: names of its columns, in the order of the output's, whose names are the first's.
using UnionColumns = std::vector<std::vector<std::string>>;

// Columns of a union of whole inputs, and what it takes. Null inputs are unknown, and then so is the output.
std::optional<Relation> UnionRelation(std::span<const Relation* const> inputs, const std::string& field, UnionColumns& taken,
                                      Diagnostics& diagnostics);

// Without the columns that nobody reads. Event time stays, and one column does, so that rows have a number.
UnionColumns ReadByUnion(const UnionColumns& taken, const Relation& output, const std::set<std::string>& used);

// Columns of the union that takes so much of its inputs.
Relation UnionOf(std::span<const Relation* const> inputs, const UnionColumns& taken);

}  // namespace millrace
