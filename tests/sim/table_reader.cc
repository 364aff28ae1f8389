#include "tests/sim/table_reader.h"

#include <arrow/io/memory.h>
#include <parquet/arrow/reader.h>

#include <regex>

#include "base/check.h"
#include "base/error.h"

namespace millrace::sim {

std::shared_ptr<arrow::Table> ReadDataFile(MemoryBlobStore& store, const std::string& path) {
  auto bytes = store.Get(path);
  if (!bytes.ok()) return nullptr;
  auto file = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(*std::move(bytes)));
  auto reader = parquet::arrow::OpenFile(file, arrow::default_memory_pool());
  if (!reader.ok()) return nullptr;
  auto table = (*reader)->ReadTable();
  return table.ok() ? *(*table)->CombineChunks() : nullptr;
}

TableFiles ReadTableFiles(MemoryBlobStore& store) {
  static const std::regex kPath(R"re("add":\{"path":"([^"]+)")re");
  TableFiles table;
  const std::vector<std::string> names = store.List("_delta_log/").value();
  for (const std::string& name : names) {
    if (!name.ends_with(".json")) continue;
    const std::string log = store.Get(name).value();
    const size_t before = table.files.size();
    for (std::sregex_iterator at(log.begin(), log.end(), kPath), end; at != end; ++at) {
      auto file = ReadDataFile(store, (*at)[1].str());
      Check(file != nullptr, Cat("the log names a file that is not there or cannot be read: ", (*at)[1].str()));
      table.files.push_back(std::move(file));
    }
    table.num_commits += table.files.size() > before;
  }
  return table;
}

std::shared_ptr<arrow::Table> ReadTable(MemoryBlobStore& store) {
  TableFiles table = ReadTableFiles(store);
  if (table.files.empty()) return nullptr;
  return *(*arrow::ConcatenateTables(table.files))->CombineChunks();
}

}  // namespace millrace::sim
