#include "coordinator/sql/refused_statements.h"

#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/error.h"

namespace millrace::sql {
namespace {

struct Refusal {
  std::string_view words;  // TEMPORARY and SYSTEM between them do not matter
  std::string_view advice;
};

constexpr std::string_view kOneCatalog = "there is one catalog with one database; name tables by themselves";
constexpr std::string_view kBuiltIn = "functions are built in; SHOW FUNCTIONS lists them";
constexpr std::string_view kRecreate = "DROP it and CREATE it anew";
constexpr std::string_view kAppend = "rows of a table are only added, by INSERT INTO";
constexpr std::string_view kNoCode = "programs cannot load code; SHOW FUNCTIONS lists what is built in";
constexpr std::string_view kCommands =
    "pipelines are listed and stopped on the command line: millrace get pipelines, millrace stop";
constexpr std::string_view kClient = "this is a command of Flink's client";

// Longer ones first.
constexpr Refusal kRefusals[] = {{"CREATE OR REPLACE", kRecreate},
                                 {"CREATE OR ALTER", kRecreate},
                                 {"CREATE CATALOG", kOneCatalog},
                                 {"CREATE DATABASE", kOneCatalog},
                                 {"CREATE FUNCTION", kBuiltIn},
                                 {"CREATE MODEL", "there are no models"},
                                 {"CREATE MATERIALIZED TABLE", "CREATE TABLE and INSERT INTO it"},
                                 {"CREATE CONNECTION", "options stand with each table"},
                                 {"DROP CATALOG", kOneCatalog},
                                 {"DROP DATABASE", kOneCatalog},
                                 {"DROP FUNCTION", kBuiltIn},
                                 {"DROP MODEL", "there are no models"},
                                 {"DROP MATERIALIZED TABLE", "there are none; CREATE TABLE and INSERT INTO it"},
                                 {"DROP CONNECTION", "options stand with each table"},
                                 {"ALTER TABLE", kRecreate},
                                 {"ALTER VIEW", kRecreate},
                                 {"ALTER", kRecreate},
                                 {"REPLACE TABLE", kRecreate},
                                 {"USE CATALOG", kOneCatalog},
                                 {"USE MODULES", kNoCode},
                                 {"USE", kOneCatalog},
                                 {"SHOW CATALOGS", kOneCatalog},
                                 {"SHOW DATABASES", kOneCatalog},
                                 {"SHOW CURRENT", kOneCatalog},
                                 {"SHOW JOBS", kCommands},
                                 {"SHOW JARS", kNoCode},
                                 {"SHOW MODULES", kNoCode},
                                 {"SHOW FULL MODULES", kNoCode},
                                 {"SHOW MODELS", "there are no models"},
                                 {"SHOW PROCEDURES", "there are no procedures"},
                                 {"SHOW PARTITIONS", "ask the table format's own tools"},
                                 {"SHOW COLUMNS", "use DESCRIBE"},
                                 {"SHOW MATERIALIZED TABLES", "there are none; CREATE TABLE and INSERT INTO it"},
                                 {"DESCRIBE CATALOG", kOneCatalog},
                                 {"DESCRIBE DATABASE", kOneCatalog},
                                 {"DESCRIBE JOB", kCommands},
                                 {"DESCRIBE FUNCTION", "SHOW FUNCTIONS lists them"},
                                 {"LOAD MODULE", kNoCode},
                                 {"UNLOAD MODULE", kNoCode},
                                 {"ADD JAR", kNoCode},
                                 {"REMOVE JAR", kNoCode},
                                 {"UPDATE", kAppend},
                                 {"DELETE FROM", kAppend},
                                 {"DELETE", kAppend},
                                 {"MERGE INTO", kAppend},
                                 {"UPSERT INTO", kAppend},
                                 {"TRUNCATE TABLE", kAppend},
                                 {"ANALYZE TABLE", "there is nothing to analyze: plans do not depend on statistics"},
                                 {"CALL", "there are no procedures"},
                                 {"COMPILE PLAN", "plans are kept with their pipelines"},
                                 {"COMPILE AND EXECUTE PLAN", "plans are kept with their pipelines"},
                                 {"EXECUTE PLAN", "plans are kept with their pipelines"},
                                 {"STOP JOB", kCommands},
                                 {"QUIT", kClient},
                                 {"EXIT", kClient},
                                 {"CLEAR", kClient},
                                 {"HELP", kClient},
                                 {"SOURCE", kClient}};

}  // namespace

std::optional<RefusedStatement> FindRefusal(std::span<const Token> statement) {
  for (const Refusal& refusal : kRefusals) {
    size_t at = 0;
    bool matches = true;
    for (absl::string_view word : absl::StrSplit(AbslView(refusal.words), ' ')) {
      while (at > 0 && at < statement.size() &&
             (UpperCase(statement[at].text) == "TEMPORARY" || UpperCase(statement[at].text) == "SYSTEM")) {
        ++at;
      }
      matches = at < statement.size() && UpperCase(statement[at].text) == StdView(word);
      if (!matches) break;
      ++at;
    }
    if (matches) return RefusedStatement{at, Cat(refusal.words, " is not supported: ", refusal.advice)};
  }
  return std::nullopt;
}

}  // namespace millrace::sql
