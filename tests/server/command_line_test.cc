#include "server/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "base/error.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "server/cli/exit_code.h"
#include "server/pipeline_service.h"
#include "tests/server/fake_pipeline_control.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kPlan[] = R"({"format_version": 1, "name": "clicks", "nodes": [
  {"uid": "in", "source": {"connector": "generator"}}, {"uid": "out", "inputs": [{"from": "in"}], "sink": {"connector": "blackhole"}}]})";

class CommandLineTest : public ::testing::Test {
 protected:
  CommandLineTest() {
    auto server = PipelineServer::Listen({.port = 0}, &control_, &metrics_, &clock_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    address_ = Cat("127.0.0.1:", server_->port());
  }
  ~CommandLineTest() override {
    for (const auto& file : files_) unlink(file.c_str());
  }

  int Run(std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    CliEnvironment environment{.out = &out_, .err = &err_, .clock = &clock_};
    environment.variable = [this](const std::string& name) -> std::optional<std::string> {
      if (name == "MILLRACE_SERVER") return address_;
      if (name == "HOME") return "/home/miller";
      return std::nullopt;
    };
    environment.poll_interval = absl::Milliseconds(1);
    environment.slot_patience = absl::Milliseconds(50);
    environment.interrupts = [this] { return interrupts_; };
    environment.terminal = terminal_;
    environment.coordinator = [this](const CoordinatorFlags& flags) {
      coordinator_ = flags;
      return 42;
    };
    environment.worker = [this](const WorkerFlags& flags) {
      worker_ = flags;
      return 43;
    };
    environment.dev = [](const DevFlags& flags) { return flags.slots; };
    return RunCommandLine(std::move(arguments), environment);
  }
  std::string File(const std::string& content) {
    char name[] = "/tmp/millrace-plan-XXXXXX";
    int fd = mkstemp(name);
    EXPECT_EQ(write(fd, content.data(), content.size()), static_cast<ssize_t>(content.size()));
    close(fd);
    files_.push_back(name);
    return name;
  }

  FakePipelineControl control_;
  Metrics metrics_;
  SystemClock clock_;
  std::unique_ptr<PipelineServer> server_;
  std::string address_;
  std::ostringstream out_, err_;
  std::vector<std::string> files_;
  int interrupts_ = 0;
  bool terminal_ = false;
  CoordinatorFlags coordinator_;
  WorkerFlags worker_;
};

TEST_F(CommandLineTest, RunFollowsUntilThePipelineIsFinished) {
  control_.after_running = v1::PIPELINE_STATE_FINISHED;
  EXPECT_EQ(Run({"run", File(kPlan), "--parallelism", "3"}), kExitOk) << err_.str();
  EXPECT_THAT(err_.str(), HasSubstr("RUNNING"));
  EXPECT_THAT(err_.str(), HasSubstr("clicks FINISHED"));
  EXPECT_THAT(out_.str(), IsEmpty());
  EXPECT_EQ(control_.pipelines["clicks"].parallelism(), 3u);
  ASSERT_EQ(control_.request_ids.size(), 1u);
  EXPECT_EQ(control_.request_ids[0].size(), 36u);
}

TEST_F(CommandLineTest, OnATerminalTheLiveLineIsRewrittenInPlace) {
  terminal_ = true;
  control_.after_running = v1::PIPELINE_STATE_FINISHED;
  EXPECT_EQ(Run({"run", File(kPlan)}), kExitOk) << err_.str();
  EXPECT_THAT(err_.str(), HasSubstr("\r\033[KRUNNING  0/s"));
  EXPECT_THAT(err_.str(), HasSubstr("\r\033[KFINISHED"));
}

TEST_F(CommandLineTest, RunWaitsForACoordinatorThatIsAwayAndSaysSoOnce) {
  control_.after_running = v1::PIPELINE_STATE_FINISHED;
  control_.outages = 3;
  EXPECT_EQ(Run({"run", File(kPlan)}), kExitOk) << err_.str();
  const std::string text = err_.str();
  const size_t first = text.find("the coordinator does not answer; waiting up to 30s");
  ASSERT_NE(first, std::string::npos) << text;
  EXPECT_EQ(text.find("does not answer", first + 20), std::string::npos) << text;
  EXPECT_THAT(text, HasSubstr("clicks FINISHED"));
}

TEST_F(CommandLineTest, RunOfAPipelineThatFailsSaysWhyAndExitsOne) {
  control_.after_running = v1::PIPELINE_STATE_FAILED;
  EXPECT_EQ(Run({"run", File(kPlan)}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("it ended as FAILED, see `millrace describe clicks`: disk is full"));
}

TEST_F(CommandLineTest, CtrlCStopsWithACheckpointAndASecondRunResumes) {
  interrupts_ = 1;
  EXPECT_EQ(Run({"run", File(kPlan)}), kExitOk) << err_.str();
  EXPECT_EQ(control_.pipelines["clicks"].state(), v1::PIPELINE_STATE_STOPPED);
  EXPECT_THAT(err_.str(), HasSubstr("run again to resume"));
  EXPECT_EQ(Run({"run", File(kPlan), "--detach"}), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(), "clicks\n");
  EXPECT_EQ(control_.pipelines["clicks"].state(), v1::PIPELINE_STATE_STARTING);
}

TEST_F(CommandLineTest, RunOfAnotherPlanUnderATakenNameExitsFour) {
  EXPECT_EQ(Run({"run", File(kPlan), "-d"}), kExitOk);
  std::string other = kPlan;
  other.replace(other.find("blackhole"), 9, "delta");
  EXPECT_EQ(Run({"run", File(other), "-d"}), kExitPrecondition);
  EXPECT_THAT(err_.str(), HasSubstr("name is taken: clicks"));
}

TEST_F(CommandLineTest, RunOfAWrongPlanPrintsEveryDiagnostic) {
  EXPECT_EQ(Run({"run", File(R"({"name": "empty"})")}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("nodes: a plan needs a source and a sink"));
}

TEST_F(CommandLineTest, AnErrorAsJsonIsOneLineOnStderr) {
  EXPECT_EQ(Run({"run", "-o", "json", File(R"({"name": "empty"})")}), kExitFailed);
  EXPECT_THAT(out_.str(), IsEmpty());
  google::protobuf::Struct error;
  std::string text = err_.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(text, &error).ok()) << text;
  EXPECT_EQ(error.fields().at("code").string_value(), "INVALID_ARGUMENT");
  EXPECT_EQ(error.fields().at("details").list_value().values(0).struct_value().fields().at("field").string_value(), "nodes");
}

TEST_F(CommandLineTest, AStartWithoutSlotsIsTriedAgainAndThenExitsFour) {
  control_.no_slots = 2;
  EXPECT_EQ(Run({"run", File(kPlan), "-d"}), kExitOk) << err_.str();
  Run({"stop", "clicks"});
  control_.no_slots = 1'000'000;
  EXPECT_EQ(Run({"start", "clicks"}), kExitPrecondition);
  EXPECT_THAT(err_.str(), HasSubstr("waiting for slots"));
  EXPECT_THAT(err_.str(), HasSubstr("no worker is connected"));
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(CommandLineTest, AnUnknownFieldInAPlanIsRefusedByName) {
  EXPECT_EQ(Run({"validate", File(R"({"name": "clicks", "paralelism": 2})")}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("paralelism"));
}

TEST_F(CommandLineTest, ValidateExitsOneForAWrongPlanAndZeroForAGoodOne) {
  EXPECT_EQ(Run({"validate", File("{}")}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("the plan has 1 mistake\n  nodes: a plan needs"));
  EXPECT_THAT(out_.str(), IsEmpty());
  EXPECT_EQ(Run({"validate", "-o", "json", File("{}")}), kExitFailed);
  EXPECT_THAT(out_.str(), HasSubstr("\"field\": \"nodes\""));
  EXPECT_EQ(Run({"validate", File(kPlan)}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("valid"));
  EXPECT_EQ(Run({"explain", File(kPlan)}), kExitOk);
  EXPECT_EQ(out_.str(), "generator -> blackhole\n");
  EXPECT_EQ(Run({"explain", File("{}")}), kExitFailed);
}

TEST_F(CommandLineTest, StopWaitsUntilStoppedAndPassesDrainOn) {
  Run({"run", File(kPlan), "-d"});
  EXPECT_EQ(Run({"stop", "clicks", "--drain"}), kExitOk);
  EXPECT_EQ(out_.str(), "clicks STOPPED\n");
  EXPECT_TRUE(control_.drained);
}

TEST_F(CommandLineTest, AStopThatTakesTooLongExits124) {
  Run({"run", File(kPlan), "-d"});
  control_.stops = false;
  EXPECT_EQ(Run({"stop", "clicks", "--timeout", "0.05"}), kExitTimedOut);
  EXPECT_THAT(err_.str(), HasSubstr("still STOPPING"));
}

TEST_F(CommandLineTest, StartWaitsOnlyIfAsked) {
  Run({"run", File(kPlan), "-d"});
  Run({"stop", "clicks"});
  EXPECT_EQ(Run({"start", "clicks"}), kExitOk);
  EXPECT_EQ(out_.str(), "clicks STARTING\n");
  EXPECT_EQ(Run({"start", "clicks"}), kExitPrecondition);
  Run({"cancel", "clicks"});
  EXPECT_EQ(out_.str(), "clicks CANCELLED\n");
  EXPECT_EQ(Run({"start", "clicks", "--wait"}), kExitOk);
  EXPECT_EQ(out_.str(), "clicks RUNNING\n");
}

TEST_F(CommandLineTest, AnUnknownPipelineExitsThree) {
  for (const char* verb : {"get", "describe", "start", "stop", "cancel"}) {
    EXPECT_EQ(Run({verb, "nothing"}), kExitNotFound) << verb;
    EXPECT_THAT(err_.str(), HasSubstr("nothing")) << verb;
    EXPECT_THAT(out_.str(), IsEmpty()) << verb;
  }
}

TEST_F(CommandLineTest, GetPrintsEveryPageAsATableOrAsJson) {
  for (const char* name : {"a", "b", "c"}) {
    std::string plan = kPlan;
    plan.replace(plan.find("clicks"), 6, name);
    Run({"run", File(plan), "-d"});
  }
  EXPECT_EQ(Run({"get"}), kExitOk);
  std::string table = out_.str();
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 4);
  EXPECT_THAT(table, HasSubstr("STARTING"));
  EXPECT_EQ(Run({"get", "-o", "json"}), kExitOk);
  v1::ListResponse list;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(out_.str(), &list).ok()) << out_.str();
  EXPECT_EQ(list.pipelines_size(), 3);
  EXPECT_EQ(Run({"get", "b", "-o", "json"}), kExitOk);
  v1::Pipeline pipeline;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(out_.str(), &pipeline).ok()) << out_.str();
  EXPECT_EQ(pipeline.name(), "b");
}

TEST_F(CommandLineTest, DescribeNamesOperatorsAndFigures) {
  Run({"run", File(kPlan), "-d"});
  control_.pipelines["clicks"].mutable_progress()->set_records_in(1234567);
  EXPECT_EQ(Run({"describe", "clicks"}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("1,234,567"));
  EXPECT_THAT(out_.str(), HasSubstr("sink blackhole  <- in"));
}

TEST_F(CommandLineTest, ACoordinatorThatIsNotThereExitsFiveAndNamesTheAddress) {
  server_.reset();
  EXPECT_EQ(Run({"get"}), kExitUnavailable);
  EXPECT_THAT(err_.str(), HasSubstr(address_));
  EXPECT_THAT(err_.str(), HasSubstr("--server"));
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(CommandLineTest, AWrongFlagExitsTwoAndNamesTheNearest) {
  EXPECT_EQ(Run({"run", "--detatch", File(kPlan)}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("unknown flag: --detatch; did you mean --detach?"));
  EXPECT_EQ(Run({"worker", "--slot=3"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("did you mean --slots?"));
  EXPECT_EQ(Run({"stopp", "clicks"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("did you mean stop?"));
  EXPECT_EQ(Run({}), kExitUsage);
  EXPECT_EQ(Run({"stop"}), kExitUsage);
  EXPECT_EQ(Run({"get", "a", "b"}), kExitUsage);
  EXPECT_EQ(Run({"run", "/nowhere.json"}), kExitUsage);
  EXPECT_EQ(Run({"start", "clicks", "--parallelism", "-1"}), kExitUsage);
  EXPECT_EQ(Run({"get", "-o", "yaml"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("'yaml' is neither json nor text; see `millrace get --help`"));
  EXPECT_EQ(Run({"get", "--server"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--server: a value is missing"));
  for (const char* address : {"localhost", ":7070", "localhost:0", "localhost:x", "localhost:70000"}) {
    EXPECT_EQ(Run({"get", "--server", address}), kExitUsage) << address;
    EXPECT_THAT(err_.str(), HasSubstr("is not HOST:PORT")) << address;
  }
}

TEST_F(CommandLineTest, EveryVerbHasHelpOnStdout) {
  EXPECT_EQ(Run({"--help"}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("coordinator"));
  for (const char* verb : {"coordinator", "worker", "dev", "run", "start", "stop", "cancel", "get", "describe", "validate", "explain", "version"}) {
    EXPECT_EQ(Run({verb, "--help"}), kExitOk) << verb;
    EXPECT_THAT(out_.str(), Not(IsEmpty())) << verb;
    EXPECT_THAT(err_.str(), IsEmpty()) << verb;
  }
}

TEST_F(CommandLineTest, VersionGoesToStdout) {
  EXPECT_EQ(Run({"version"}), kExitOk);
  EXPECT_EQ(out_.str(), "millrace 0.1.0\n");
  EXPECT_EQ(Run({"--version"}), kExitOk);
  EXPECT_EQ(out_.str(), "millrace 0.1.0\n");
}

TEST_F(CommandLineTest, RolesGetTheirFlags) {
  EXPECT_EQ(Run({"coordinator", "--grpc-port", "0", "--http-port", "1", "--internal-port", "2", "--bind", "::1"}), 42);
  EXPECT_EQ(coordinator_.grpc_port, 0);
  EXPECT_EQ(coordinator_.http_port, 1);
  EXPECT_EQ(coordinator_.internal_port, 2);
  EXPECT_EQ(coordinator_.bind, "::1");
  EXPECT_EQ(coordinator_.data_dir, "/home/miller/.local/state/millrace");
  EXPECT_EQ(Run({"worker", "--coordinator", "host:9", "--slots", "2", "--data-dir", "/data"}), 43);
  EXPECT_EQ(worker_.coordinator, "host:9");
  EXPECT_EQ(worker_.slots, 2);
  EXPECT_EQ(worker_.data_dir, "/data");
  EXPECT_EQ(worker_.log_format, LogFormat::kLogfmt);
  EXPECT_EQ(Run({"worker", "--log-format", "json"}), 43);
  EXPECT_EQ(worker_.log_format, LogFormat::kJson);
  EXPECT_EQ(Run({"worker", "--log-format", "xml"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--log-format"));
  EXPECT_EQ(Run({"dev"}), 4);
  EXPECT_EQ(Run({"dev", "--grpc-port", "70000"}), kExitUsage);
}

}  // namespace
}  // namespace millrace
