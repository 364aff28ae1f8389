#include "worker/deploy_check.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_replace.h"

namespace millrace {
namespace {

// A source that is filtered, and a sum per user behind an exchange.
constexpr char kDeploy[] = R"text(
  pipeline: "p" generation: 1
  plan {
    parallelism: 1 num_key_groups: 720
    stages {
      id: 0
      nodes {
        uid: "in" used_columns: "user" used_columns: "t"
        output_schemas { columns { name: "user" type: "STRING" } columns { name: "t" type: "TIMESTAMP(3)" } }
        source {
          connector: "generator"
          columns { name: "t" type: "TIMESTAMP(3)" } columns { name: "user" type: "VARCHAR" }
        }
      }
      nodes {
        uid: "some" inputs { from_uid: "in" }
        input_schemas { columns { name: "user" type: "STRING" } columns { name: "t" type: "TIMESTAMP(3)" } }
        output_schemas { columns { name: "user" type: "STRING" } columns { name: "t" type: "TIMESTAMP(3)" } }
        filter {}
      }
    }
    stages {
      id: 1
      nodes {
        uid: "sums" inputs { exchange: 7 }
        input_schemas { columns { name: "user" type: "STRING" } columns { name: "t" type: "TIMESTAMP(3)" } }
        output_schemas { columns { name: "n" type: "BIGINT" } }
        window_aggregate {}
      }
      nodes {
        uid: "out" inputs { from_uid: "sums" } input_schemas { columns { name: "n" type: "BIGINT" } } sink {}
      }
    }
    exchanges { id: 7 from_stage: 0 from_uid: "some" to_stage: 1 to_uid: "sums" hash_keys: "user" }
  }
  placements { stage: 0 index: 0 }
  placements { stage: 1 index: 0 }
)text";

absl::Status CheckAltered(const std::string& what, const std::string& into) {
  const std::string altered = absl::StrReplaceAll(kDeploy, {{what, into}});
  EXPECT_EQ(altered != kDeploy, what != into) << what;
  internal::v1::Deploy deploy;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(altered, &deploy)) << altered;
  return CheckDeploy(deploy);
}

TEST(DeployCheck, AcceptsWhatAPlannerMakes) { EXPECT_EQ(CheckAltered("", ""), absl::OkStatus()); }

TEST(DeployCheck, RefusesWhatDoesNotFitTogetherAndSaysWhat) {
  struct Case {
    std::string what, into, message;
  };
  const Case cases[] = {
      {"num_key_groups: 720", "num_key_groups: 4294967295", "and the plan 4294967295"},
      {"parallelism: 1", "", "0 subtasks cannot share 720 key groups"},
      {"parallelism: 1", "parallelism: 4000000000", "4000000000 subtasks cannot share"},
      {"id: 1\n", "id: 0\n", "stage 0 is there twice"},
      {"stages {\n      id: 1\n", "stages { id: 2 }\n    stages {\n      id: 1\n", "stage 2 has no operator"},
      {"uid: \"out\"", "uid: \"some\"", "operator some is there twice"},
      {"exchanges { id: 7", "exchanges { id: 7 from_uid: \"in\" to_stage: 1 to_uid: \"sums\" } exchanges { id: 7",
       "exchange 7 is there twice"},
      {"to_uid: \"sums\"", "to_uid: \"sum\"", "exchange 7 does not lead from an operator to one of a later stage"},
      {"to_stage: 1 to_uid: \"sums\"", "to_stage: 0 to_uid: \"in\"", "exchange 7 does not lead"},
      {"to_uid: \"sums\"", "to_uid: \"out\"", "operator out does not read exchange 7"},
      {"hash_keys: \"user\"", "hash_keys: \"usr\"", "exchange 7 has no column usr"},
      {"hash_keys: \"user\"", "from_output: 4294967295", "operator some has no output 4294967295"},
      {"filter {}", "", "operator some is of no known kind"},
      {"from_uid: \"in\"", "exchange: 7", "operator some reads an exchange within its stage"},
      {"from_uid: \"in\"", "from_uid: \"some\"", "operator some stands in front of its input some"},
      {"inputs { from_uid: \"in\" }", "", "operator some has not one input"},
      {"inputs { exchange: 7 }", "inputs { from_uid: \"some\" }", "does not read exchange 7"},
      {"\"sums\" inputs { exchange: 7 }", "\"sums\" inputs { exchange: 8 } inputs { exchange: 7 }",
       "has not one input"},
      {"uid: \"in\" used", "uid: \"in\" inputs { from_uid: \"some\" } used", "source in does not begin its stage"},
      {"\"VARCHAR\"", "\"BIGINT\"", "operator in: it reads the columns"},
      {"sink {}", "sink { partition_by: \"m\" }", "sink out has no column m to partition by"},
      {"used_columns: \"t\"", "used_columns: \"x\"", "source in has no column x"},
      {"inputs { from_uid: \"sums\" } input_schemas { columns { name: \"n\" type: \"BIGINT\"",
       "inputs { from_uid: \"sums\" } input_schemas { columns { name: \"n\" type: \"INT\"",
       "its input has the columns"},
      {"placements { stage: 1 index: 0 }", "", "1 of 2 × 1 subtasks are placed"},
      {"placements { stage: 1 index: 0 }", "placements { stage: 0 }", "subtask 0.0 is placed twice"},
      {"placements { stage: 1 index: 0 }", "placements { stage: 1 index: 1 }", "there is no subtask 1.1"},
      {"placements { stage: 1 index: 0 }", "placements { stage: 9 }", "there is no subtask 9.0"},
  };
  for (const Case& one : cases) {
    absl::Status status = CheckAltered(one.what, one.into);
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << one.into << status;
    EXPECT_NE(status.message().find(one.message), absl::string_view::npos) << one.into << ": " << status;
  }
}

// Two sources that become one.
constexpr char kUnion[] = R"text(
  pipeline: "p" generation: 1
  plan {
    parallelism: 2 num_key_groups: 720
    stages { id: 0 nodes { uid: "a" used_columns: "n" output_schemas { columns { name: "n" type: "INT" } columns { name: "m" type: "INT" } }
                           source { columns { name: "n" type: "INT" } computed { name: "m" } computed { name: "unread" } } } }
    stages { id: 1 nodes { uid: "b" used_columns: "x" used_columns: "y" output_schemas { columns { name: "x" type: "INT" } columns { name: "y" type: "INT" } }
                           source { columns { name: "x" type: "INT" } columns { name: "y" type: "INT" } } } }
    stages { id: 2
      nodes { uid: "both" inputs { exchange: 0 } inputs { exchange: 1 }
        input_schemas { columns { name: "n" type: "INT" } columns { name: "m" type: "INT" } }
        input_schemas { columns { name: "x" type: "INT" } columns { name: "y" type: "INT" } }
        output_schemas { columns { name: "n" type: "INT" } columns { name: "m" type: "INT" } } union {} }
      nodes { uid: "out" inputs { from_uid: "both" } input_schemas { columns { name: "n" type: "INT" } columns { name: "m" type: "INT" } } sink {} }
    }
    exchanges { id: 0 from_stage: 0 from_uid: "a" to_stage: 2 to_uid: "both" forward: true }
    exchanges { id: 1 from_stage: 1 from_uid: "b" to_stage: 2 to_uid: "both" forward: true }
  }
  placements { stage: 0 } placements { stage: 0 index: 1 } placements { stage: 1 } placements { stage: 1 index: 1 }
  placements { stage: 2 } placements { stage: 2 index: 1 }
)text";

TEST(DeployCheck, AUnionReadsSeveralExchangesEachOnce) {
  struct Case {
    std::string what, into, message;
  };
  const Case cases[] = {
      {"", "", ""},
      {"inputs { exchange: 1 }", "inputs { exchange: 0 }", "operator both reads exchange 0 twice"},
      {"inputs { exchange: 1 }", "", "operator both does not read exchange 1"},
      {"uid: \"out\" inputs { from_uid: \"both\" }", "uid: \"out\" inputs { from_uid: \"both\" } inputs { from_uid: \"both\" }",
       "operator out has not one input with one schema"},
      {"union {}", "filter {}", "operator both has not one input with one schema"},
      {"inputs { exchange: 1 }", "inputs { exchange: 1 } inputs { from_uid: \"b\" }", "operator both has not one input with one schema"},
      {"name: \"y\" type: \"INT\" } }\n        output", "name: \"y\" type: \"BIGINT\" } }\n        output", "operator both: its input has the columns"},
      {"computed { name: \"m\" }", "", "operator a: it reads the columns"},
  };
  for (const Case& one : cases) {
    const std::string altered = absl::StrReplaceAll(kUnion, {{one.what, one.into}});
    EXPECT_EQ(altered != kUnion, one.what != one.into) << one.what;
    internal::v1::Deploy deploy;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(altered, &deploy)) << altered;
    const absl::Status status = CheckDeploy(deploy);
    EXPECT_EQ(status.ok(), one.message.empty()) << one.into << status;
    EXPECT_NE(status.message().find(one.message), absl::string_view::npos) << one.into << ": " << status;
  }
}

}  // namespace
}  // namespace millrace
