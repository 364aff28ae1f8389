#include "tests/sim/sim_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace millrace::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Process a connects to process b.
class NetworkTest : public testing::Test {
 protected:
  ~NetworkTest() override {
    Drop(client_);
    Drop(server_);
    accepted_.clear();
  }
  void Faults(std::set<std::string> only) {
    FaultPlan::Options options;
    options.only = std::move(only);
    faults_.emplace(options, [this] { return world_.now(); });
    world_.network().set_faults(&*faults_);
    server_.transport->Serve("/m", server_.executor.get(), [this](std::unique_ptr<Stream> stream) {
      size_t number = accepted_.size();
      accepted_.push_back(std::move(stream));
      return StreamEvents{[this](std::string message) { received_.push_back(std::move(message)); },
                          [this, number](absl::Status) { received_.push_back("end of " + std::to_string(number)); }};
    });
  }
  std::unique_ptr<Stream> Connect() {
    return client_.transport->Connect("b:1", "/m", client_.executor.get(),
                                      {[](std::string) {}, [this](absl::Status) { client_closed_at_ = world_.now(); }});
  }
  void Pass(absl::Duration span) {
    absl::Duration end = world_.now() + span;
    world_.After(span, nullptr, [] {});  // time stops there
    world_.RunUntil([&] { return world_.now() >= end; }, span + absl::Seconds(1));
  }
  struct Node {
    Process* process;
    std::unique_ptr<Executor> executor;
    std::unique_ptr<Transport> transport;
  };
  Node MakeNode(const std::string& name) {
    Process* process = world_.MakeProcess(name);
    return {process, world_.MakeExecutor(process, "loop"), world_.MakeTransport(process, name + ":1")};
  }
  void Drop(Node& node) {
    if (node.process->alive) world_.Kill(node.process);
    node.transport = nullptr;
    node.executor = nullptr;
  }

  World world_{{}};
  std::optional<FaultPlan> faults_;
  Node client_ = MakeNode("a");
  Node server_ = MakeNode("b");
  std::vector<std::unique_ptr<Stream>> accepted_;
  std::vector<std::string> received_;
  absl::Duration client_closed_at_ = absl::InfiniteDuration();
};

TEST_F(NetworkTest, ALinkThatIsSlowOrCutForAWhileLosesNothingAndKeepsTheOrder) {
  Faults({});
  auto stream = Connect();
  Pass(absl::Milliseconds(20));
  std::vector<std::string> sent;
  Random random(1);
  for (int i = 0; i < 30; ++i) {
    if (i == 5) world_.network().Slow("a", "b", world_.now() + absl::Milliseconds(50), absl::Milliseconds(200));
    if (i == 10) world_.network().Cut("a", "b", world_.now() + absl::Milliseconds(300), /*severs=*/false, random);
    sent.push_back(std::to_string(i));
    stream->Send(sent.back());
    Pass(absl::Milliseconds(5));
  }
  EXPECT_LE(received_.size(), 12u);
  Pass(absl::Seconds(1));
  EXPECT_EQ(received_, sent);
}

TEST_F(NetworkTest, OfAHalfOpenStreamEachEndLearnsByItself) {
  Faults({"half_open/a>b/3"});
  auto stream = Connect();
  Pass(absl::Milliseconds(20));
  for (const char* message : {"1", "2", "3", "4"}) {
    stream->Send(message);
    Pass(absl::Milliseconds(10));
  }
  Pass(absl::Seconds(4));
  EXPECT_THAT(received_, ElementsAre("1", "2", "end of 0"));
  EXPECT_LT(client_closed_at_, world_.now());
}

TEST_F(NetworkTest, WhatADeadProcessHasSentStillArrives) {
  Faults({});
  auto stream = Connect();
  Pass(absl::Milliseconds(20));
  stream->Send("last");
  world_.Kill(client_.process);
  stream = nullptr;
  Pass(absl::Milliseconds(100));
  EXPECT_THAT(received_, ElementsAre("last", "end of 0"));
}

TEST_F(NetworkTest, AnOldStreamMayEndLongAfterANewOneWasOpened) {
  Faults({"late_close/a>b/1"});
  auto old = Connect();
  Pass(absl::Milliseconds(20));
  old->Send("old");
  old = nullptr;
  auto young = Connect();
  young->Send("young");
  Pass(absl::Seconds(3));
  ASSERT_EQ(received_.size(), 3u);
  EXPECT_EQ(received_.back(), "end of 0");
}

TEST_F(NetworkTest, AcrossACutNobodyListens) {
  Faults({});
  Random random(1);
  world_.network().Cut("b", "a", world_.now() + absl::Seconds(1), /*severs=*/false, random);
  auto stream = Connect();
  stream->Send("1");
  Pass(absl::Milliseconds(100));
  EXPECT_LT(client_closed_at_, world_.now());
  EXPECT_THAT(accepted_, IsEmpty());
}

}  // namespace
}  // namespace millrace::sim
