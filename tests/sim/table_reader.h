#pragma once

#include <arrow/api.h>

#include <memory>
#include <string>
#include <vector>

#include "base/memory_blob_store.h"

namespace millrace::sim {

// Reads Delta tables by the add actions of their logs: shares no code with the sink. Fails a Check if the log names a
// file that is not there or cannot be read.

// One file that a sink has staged. Null: it is not there, or cannot be read.
std::shared_ptr<arrow::Table> ReadDataFile(MemoryBlobStore& store, const std::string& path);

struct TableFiles {
  std::vector<std::shared_ptr<arrow::Table>> files;  // in the log's order, each of one chunk
  size_t num_commits = 0;                            // that add files
};
TableFiles ReadTableFiles(MemoryBlobStore& store);

// All rows, in one chunk. Null: it has no files.
std::shared_ptr<arrow::Table> ReadTable(MemoryBlobStore& store);

// The only chunk of a column.
template <typename ArrayType>
std::shared_ptr<ArrayType> ColumnOf(const arrow::Table& table, const std::string& name) {
  return std::static_pointer_cast<ArrayType>(table.GetColumnByName(name)->chunk(0));
}

}  // namespace millrace::sim
