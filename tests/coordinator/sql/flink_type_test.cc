#include "coordinator/sql/flink_type.h"

#include <gtest/gtest.h>

namespace millrace::sql {
namespace {

std::string Spelled(const std::string& type) { return FlinkTypeOf(*ParseDataType(type)); }

// As the recorded answers of Flink have them, tests/oracle/flink/answers.
TEST(FlinkType, IsSpelledAsFlinkPrintsIt) {
  EXPECT_EQ(Spelled("INT NOT NULL"), "INT");
  EXPECT_EQ(Spelled("STRING"), "VARCHAR(2147483647)");
  EXPECT_EQ(Spelled("BYTES"), "VARBINARY(2147483647)");
  EXPECT_EQ(Spelled("CHAR(3)"), "CHAR(3)");
  EXPECT_EQ(Spelled("DECIMAL(38, 18) NOT NULL"), "DECIMAL(38, 18)");
  EXPECT_EQ(Spelled("TIME"), "TIME(0)");
  EXPECT_EQ(Spelled("TIMESTAMP(3)"), "TIMESTAMP(3)");
  EXPECT_EQ(Spelled("TIMESTAMP_LTZ(3) NOT NULL"), "TIMESTAMP(3) WITH LOCAL TIME ZONE");
}

TEST(FlinkType, SpellsWhatIsInside) {
  EXPECT_EQ(Spelled("ARRAY<STRING NOT NULL>"), "ARRAY<VARCHAR(2147483647) NOT NULL>");
  EXPECT_EQ(Spelled("MAP<CHAR(1) NOT NULL, INT NOT NULL> NOT NULL"), "MAP<CHAR(1) NOT NULL, INT NOT NULL>");
  EXPECT_EQ(Spelled("ROW<a INT NOT NULL, `b c` STRING>"), "ROW<`a` INT NOT NULL, `b c` VARCHAR(2147483647)>");
  EXPECT_EQ(Spelled("ROW<`a``, b` ARRAY<ROW<x TIMESTAMP_LTZ(0)>>> NOT NULL"),
            "ROW<`a``, b` ARRAY<ROW<`x` TIMESTAMP(0) WITH LOCAL TIME ZONE>>>");
}

}  // namespace
}  // namespace millrace::sql
