// Subtasks of one deployment are ended by the coordinator one after another: the first to go must not look like a
// failure.
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/coordinator/fake_transport.h"
#include "tests/coordinator/virtual_time.h"
#include "worker/shuffle/remote_sender.h"
#include "worker/shuffle/shuffle_router.h"
#include "worker/subtask.h"

namespace millrace {
namespace {

class EndTogetherTest : public testing::Test {
 protected:
  internal::v1::ShuffleHello Hello() {
    internal::v1::ShuffleHello hello;
    hello.set_pipeline("p");
    hello.set_generation(3);
    hello.set_frame_version(kFrameVersion);
    return hello;
  }
  std::shared_ptr<Channel> Attach() {
    auto channel = std::make_shared<Channel>(
        1000, [] {}, [](const ChannelFeedback&) {});
    router_.Attach({"p", 3, 0, 0, 0}, channel, FrameDecoder({}));
    return channel;
  }
  VirtualTime time_;
  FakeTransport transport_;
  ShuffleRouter router_{&transport_, &time_};
};

TEST_F(EndTogetherTest, ASenderHearsThatTheReceiversDeploymentHasEnded) {
  auto channel = Attach();
  absl::Status why;
  RemoteSender sender(&transport_, &time_,
                      {.address = "w2:1",
                       .hello = Hello(),
                       .limit_bytes = 1000,
                       .wake_writer = [] {},
                       .on_broken = [&](absl::Status status) { why = status; }});
  time_.Pass(absl::Milliseconds(10));
  EXPECT_TRUE(why.ok());
  router_.DetachUpTo("p", 3);
  time_.Pass(absl::Milliseconds(10));
  EXPECT_TRUE(IsPeerEnded(why)) << why;
}

TEST_F(EndTogetherTest, AReceiverTellsAClosedStreamFromABrokenOne) {
  for (bool is_broken : {false, true}) {
    auto channel = Attach();
    auto stream = transport_.Connect("w1:1", kShuffleMethod, &time_, {[](std::string) {}, [](absl::Status) {}});
    internal::v1::ShuffleFrame frame;
    *frame.mutable_hello() = Hello();
    stream->Send(frame.SerializeAsString());
    time_.Pass(absl::Milliseconds(10));
    EXPECT_TRUE(channel->broken().ok());
    stream->Close(is_broken ? Unavailable("reset") : absl::OkStatus());
    time_.Pass(absl::Milliseconds(10));
    EXPECT_FALSE(channel->broken().ok());
    EXPECT_EQ(IsPeerEnded(channel->broken()), !is_broken) << channel->broken();
  }
}

class SubtaskEndTest : public testing::Test {
 protected:
  SubtaskEndTest() {
    Subtask::Environment environment{
        .executor = &time_,
        .io_pool = &time_,
        .clock = &time_,
        .blobs = nullptr,
        .log = Logger(&time_, [this](const std::string& line) { log_ += line + "\n"; }),
        .probe = std::make_shared<SubtaskProbe>(nullptr, "p", internal::v1::Stage(), &time_)};
    SubtaskEvents events;
    events.on_failed = [this](absl::Status why) { failures_.push_back(why); };
    subtask_ = std::make_unique<Subtask>(std::move(environment), std::move(events));
  }
  VirtualTime time_;
  std::string log_;
  std::vector<absl::Status> failures_;
  std::unique_ptr<Subtask> subtask_;
};

TEST_F(SubtaskEndTest, ABrokenStreamFailsAtOnceAndOnce) {
  subtask_->Fail(Unavailable("reset"));
  subtask_->Fail(PeerEnded("w2"));
  EXPECT_EQ(failures_.size(), 1u);
  EXPECT_NE(log_.find("event=subtask_failed epoch=0 why="), std::string::npos) << log_;
}

TEST_F(SubtaskEndTest, APeersEndIsSilentWhenOursFollows) {
  subtask_->Fail(PeerEnded("w2"));
  time_.Pass(absl::Seconds(4));
  subtask_ = nullptr;
  time_.Pass(absl::Seconds(10));
  EXPECT_TRUE(failures_.empty());
  EXPECT_EQ(log_, "");
}

TEST_F(SubtaskEndTest, APeersEndIsAFailureWhenOursDoesNotFollow) {
  subtask_->Fail(PeerEnded("w2"));
  time_.Pass(absl::Seconds(6));
  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_TRUE(absl::IsUnavailable(failures_[0])) << failures_[0];
}

}  // namespace
}  // namespace millrace
