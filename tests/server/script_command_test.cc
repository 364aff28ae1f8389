// What the verbs do with scripts. What scripts mean, the coordinator says; here it is a fake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "base/error.h"
#include "server/cli/command_line.h"
#include "server/cli/exit_code.h"
#include "server/pipeline_service.h"
#include "tests/server/fake_pipeline_control.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// The cluster of --local: the fake's, which counts what is asked of it.
struct LocalFacts {
  int workers = 0;
  int slots = 0;
  bool removed = false;
};

class FakeCluster final : public LocalCluster {
 public:
  FakeCluster(std::string address, LocalFacts* facts) : address_(std::move(address)), facts_(*facts) {}
  std::string address() const override { return address_; }
  absl::Status AddWorker(int slots) override {
    ++facts_.workers;
    facts_.slots = slots;
    return absl::OkStatus();
  }
  void Remove() override { facts_.removed = true; }

 private:
  const std::string address_;
  LocalFacts& facts_;
};

class ScriptCommandTest : public ::testing::Test {
 protected:
  ScriptCommandTest() {
    auto server = PipelineServer::Listen({.port = 0}, &control_, &metrics_, &clock_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    path_ = Cat("/tmp/millrace-script-", getpid(), ".sql");
    std::ofstream(path_) << "SELECT a FROM t;\n";
  }
  ~ScriptCommandTest() override { unlink(path_.c_str()); }

  int Run(std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    CliEnvironment environment{.out = &out_, .err = &err_, .clock = &clock_};
    const std::string address = Cat("127.0.0.1:", server_->port());
    environment.variable = [&](const std::string& name) -> std::optional<std::string> {
      if (name == "MILLRACE_SERVER") return address;
      return std::nullopt;
    };
    environment.poll_interval = absl::Milliseconds(1);
    environment.interrupts = [this] { return interrupts_; };
    FakeCluster cluster(address, &local_);
    environment.local = [&]() -> absl::StatusOr<LocalCluster*> { return &cluster; };
    return RunCommandLine(std::move(arguments), environment);
  }

  void MakePlan() {
    v1::Plan& plan = *control_.script.mutable_script()->mutable_plan();
    plan.add_nodes()->set_uid("in");
    plan.set_parallelism(3);
  }
  void MakeSelect() {
    MakePlan();
    v1::ResultColumn& column = *control_.script.mutable_script()->add_columns();
    column.set_name("a \"b\"");
    column.set_type("BIGINT");
    column.set_nullable(true);
    control_.script.mutable_script()->set_bounded(true);
    control_.after_running = v1::PIPELINE_STATE_FINISHED;
  }

  FakePipelineControl control_;
  Metrics metrics_;
  SystemClock clock_;
  std::unique_ptr<PipelineServer> server_;
  std::string path_;
  std::ostringstream out_, err_;
  int interrupts_ = 0;
  LocalFacts local_;
};

TEST_F(ScriptCommandTest, MistakesLookLikeACompilers) {
  v1::Diagnostic& diagnostic = *control_.script.add_diagnostics();
  diagnostic.set_field("sql");
  diagnostic.set_line(1);
  diagnostic.set_column(8);
  diagnostic.set_message("there is no column 'a'");
  diagnostic.set_excerpt("1:8: there is no column 'a'\n  SELECT a FROM t;\n         ^");
  for (const std::string verb : {"run", "validate", "explain"}) {
    EXPECT_EQ(Run({verb, path_}), kExitFailed);
    EXPECT_EQ(err_.str(), Cat("millrace: ", verb, " ", path_, ": the script has 1 mistake\n", path_,
                              ":1:8: there is no column 'a'\n  SELECT a FROM t;\n         ^\n"));
    EXPECT_THAT(out_.str(), IsEmpty());
  }
  EXPECT_EQ(Run({"run", path_, "-o", "json"}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("1:8: there is no column 'a'"));
  EXPECT_TRUE(control_.pipelines.empty());
}

TEST_F(ScriptCommandTest, AnInsertIsFollowedToItsEndUnderTheNameOfTheFile) {
  MakePlan();
  control_.after_running = v1::PIPELINE_STATE_FINISHED;
  EXPECT_EQ(Run({"run", path_}), kExitOk) << err_.str();
  EXPECT_THAT(control_.names, ElementsAre(Cat("millrace-script-", getpid())));
  EXPECT_THAT(err_.str(), HasSubstr(" FINISHED after checkpoint"));
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(ScriptCommandTest, AFailedPipelineIsAFailedCommand) {
  MakeSelect();
  control_.after_running = v1::PIPELINE_STATE_FAILED;
  EXPECT_EQ(Run({"run", path_}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("it ended as FAILED: disk is full"));
  EXPECT_THAT(out_.str(), IsEmpty()) << "no rows are not a result of none";
  EXPECT_EQ(Run({"run", path_, "-o", "json"}), kExitFailed);
  EXPECT_THAT(err_.str(), StartsWith("{"));
  EXPECT_EQ(out_.str(), "{\"columns\":[{\"name\":\"a \\\"b\\\"\",\"type\":\"BIGINT\",\"nullable\":true}]}\n");
}

TEST_F(ScriptCommandTest, RowsThatWereCommittedBeforeAFailureAreShownAndNotCounted) {
  MakeSelect();
  control_.results = {"[1]\n"};
  control_.after_running = v1::PIPELINE_STATE_FAILED;
  EXPECT_EQ(Run({"run", path_}), kExitFailed);
  EXPECT_EQ(out_.str(), " a \"b\"\n-------\n 1\n");
}

TEST_F(ScriptCommandTest, ASelectWithoutRowsIsAnEmptyTable) {
  MakeSelect();
  EXPECT_EQ(Run({"run", path_}), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(), " a \"b\"\n-------\n(0 rows)\n");
  EXPECT_EQ(Run({"run", path_, "-o", "json"}), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(), "{\"columns\":[{\"name\":\"a \\\"b\\\"\",\"type\":\"BIGINT\",\"nullable\":true}]}\n");
}

TEST_F(ScriptCommandTest, WhatCannotBeSentIsToldHere) {
  const auto expect = [&](const std::string& script, const std::string& said) {
    std::ofstream(path_) << script;
    EXPECT_EQ(Run({"run", path_}), kExitFailed);
    EXPECT_THAT(err_.str(), HasSubstr(said));
    EXPECT_THAT(control_.names, IsEmpty());
  };
  expect("", "1:1: the script has no statement; write a SELECT or an INSERT\n");
  expect("SELECT '\xff';", "1:8: this text is not UTF-8\n");
  expect(std::string(5'000'000, ' '), "1:1: the script has 5000000 bytes; at most 1048576 are read\n");
  expect("{}", "this is JSON, and a file whose name ends in .sql is a script of SQL");
}

TEST_F(ScriptCommandTest, AScriptThatOnlyDeclaresRunsNothingAndSaysSo) {
  for (const std::string verb : {"run", "explain"}) {
    EXPECT_EQ(Run({verb, path_}), kExitOk);
    EXPECT_EQ(err_.str(), Cat(path_, ": nothing would run: it has neither an INSERT nor a SELECT\n"));
    EXPECT_THAT(out_.str(), IsEmpty());
  }
}

TEST_F(ScriptCommandTest, DetachPrintsTheName) {
  MakePlan();
  EXPECT_EQ(Run({"run", path_, "--detach"}), kExitOk);
  EXPECT_EQ(out_.str(), Cat("millrace-script-", getpid(), "\n"));
}

TEST_F(ScriptCommandTest, FinalRowsOfASelectAreATable) {
  MakeSelect();
  control_.results = {"[1]\n[null]\n", "[-9223372036854775808]\n"};
  EXPECT_EQ(Run({"run", path_}), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(), " a \"b\"\n-------\n 1\n NULL\n -9223372036854775808\n(3 rows)\n");
  EXPECT_THAT(err_.str(), IsEmpty());
}

TEST_F(ScriptCommandTest, ChangesHaveTheirKind) {
  MakeSelect();
  control_.script.mutable_script()->set_bounded(false);
  control_.results = {"[1]\n"};
  EXPECT_EQ(Run({"run", path_}), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(), " op | a \"b\"\n----+-------\n +I | 1\n(1 row)\n");
}

TEST_F(ScriptCommandTest, RowsAsJsonAreALineEach) {
  MakeSelect();
  control_.results = {"[9007199254740993]\n[null]\n"};
  EXPECT_EQ(Run({"run", path_, "-o", "json"}), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(),
            "{\"columns\":[{\"name\":\"a \\\"b\\\"\",\"type\":\"BIGINT\",\"nullable\":true}]}\n"
            "{\"kind\":\"+I\",\"row\":[9007199254740993]}\n{\"kind\":\"+I\",\"row\":[null]}\n");
}

TEST_F(ScriptCommandTest, EveryRunOfASelectIsAPipelineOfItsOwn) {
  MakeSelect();
  EXPECT_EQ(Run({"run", path_}), kExitOk) << err_.str();
  EXPECT_EQ(Run({"run", path_}), kExitOk) << err_.str();
  EXPECT_EQ(control_.pipelines.size(), 2u);
  for (const auto& [name, pipeline] : control_.pipelines) EXPECT_THAT(name, StartsWith("millrace-script-"));
}

TEST_F(ScriptCommandTest, CtrlCCancelsASelectAndIsNoFailure) {
  MakeSelect();
  control_.after_running = v1::PIPELINE_STATE_RUNNING;
  interrupts_ = 1;
  EXPECT_EQ(Run({"run", path_}), kExitOk) << err_.str();
  EXPECT_EQ(control_.pipelines.begin()->second.state(), v1::PIPELINE_STATE_CANCELLED);
}

TEST_F(ScriptCommandTest, AnswersOfStatementsAreTables) {
  v1::StatementResult& result = *control_.script.mutable_script()->add_results();
  result.add_columns("name");
  result.add_columns("type");
  auto& row = *result.add_rows();
  row.add_cells()->set_text("überlang");
  row.add_cells();
  EXPECT_EQ(Run({"run", path_}), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(), " name     | type\n----------+------\n überlang | NULL\n(1 row)\n");
  EXPECT_TRUE(control_.pipelines.empty());
  EXPECT_EQ(Run({"run", path_, "-o", "json"}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("{\"kind\":\"+I\",\"row\":[\"überlang\",null]}\n"));
}

TEST_F(ScriptCommandTest, NotesGoToStderr) {
  v1::Diagnostic& note = *control_.script.mutable_script()->add_notes();
  note.set_line(2);
  note.set_column(5);
  note.set_message("option 'x' changes nothing");
  EXPECT_EQ(Run({"validate", path_}), kExitOk);
  EXPECT_EQ(err_.str(), Cat(path_, ":2:5: note: option 'x' changes nothing\n"));
  EXPECT_EQ(out_.str(), Cat(path_, ": valid\n"));
}

TEST_F(ScriptCommandTest, ALocalClusterHasTheSlotsItNeedsAndIsRemoved) {
  MakeSelect();
  EXPECT_EQ(Run({"run", path_, "--local"}), kExitOk) << err_.str();
  EXPECT_EQ(local_.workers, 1);
  EXPECT_EQ(local_.slots, 3);
  EXPECT_TRUE(local_.removed);
  local_ = {};
  EXPECT_EQ(Run({"validate", path_, "--local"}), kExitOk) << err_.str();
  EXPECT_EQ(local_.workers, 0);
  EXPECT_TRUE(local_.removed);
}

TEST_F(ScriptCommandTest, ALocalClusterCannotBeLeftAlone) {
  EXPECT_EQ(Run({"run", path_, "--local", "--detach"}), kExitUsage);
  EXPECT_EQ(err_.str(), "millrace: --local ends with this command, so it cannot --detach; leave one out\n");
}

}  // namespace
}  // namespace millrace
