#include "server/pipeline_service.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "base/error.h"
#include "millrace/v1/pipeline_service.grpc.pb.h"
#include "tests/server/fake_pipeline_control.h"
#include "tests/server/list_services.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;

class PipelineServiceTest : public ::testing::Test {
 protected:
  PipelineServiceTest() {
    server_ = *PipelineServer::Listen({.port = 0}, &control_, &metrics_, &clock_);
    channel_ = grpc::CreateChannel(Cat("127.0.0.1:", server_->port()), grpc::InsecureChannelCredentials());
    stub_ = v1::PipelineService::NewStub(channel_);
    v1::Pipeline& pipeline = control_.pipelines["clicks"];
    pipeline.set_name("clicks");
    pipeline.set_version(1);
    pipeline.set_state(v1::PIPELINE_STATE_CREATED);
  }

  FakePipelineControl control_;
  Metrics metrics_;
  SystemClock clock_;
  std::unique_ptr<PipelineServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::PipelineService::Stub> stub_;
};

TEST_F(PipelineServiceTest, TheRequestIdReachesTheControl) {
  grpc::ClientContext context;
  v1::CreateRequest request;
  request.mutable_plan()->set_name("new");
  request.mutable_plan()->add_nodes()->set_uid("in");
  request.set_request_id("0b5e9c4e-8b1f-4f0a-9f57-3c6f7c0a1b2d");
  v1::CreateResponse response;
  ASSERT_TRUE(stub_->Create(&context, request, &response).ok());
  EXPECT_EQ(response.pipeline().name(), "new");
  EXPECT_EQ(control_.request_ids, std::vector<std::string>{request.request_id()});
}

TEST_F(PipelineServiceTest, ErrorsCarryDetails) {
  grpc::ClientContext context;
  v1::GetRequest request;
  request.set_name("nothing");
  v1::GetResponse response;
  grpc::Status status = stub_->Get(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOf(FromGrpcStatus(status)), "NOT_FOUND");
}

TEST_F(PipelineServiceTest, ACallWhoseDeadlinePassesEndsAndALateAnswerIsDropped) {
  control_.silent = true;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
  v1::GetRequest request;
  request.set_name("clicks");
  v1::GetResponse response;
  EXPECT_EQ(stub_->Get(&context, request, &response).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  server_.reset();  // waits until the call has ended on this side too
  ASSERT_EQ(control_.held.size(), 1u);
  control_.held[0](NotFound("too late"));
}

TEST_F(PipelineServiceTest, WatchStreamsEveryChange) {
  grpc::ClientContext context;
  v1::WatchRequest request;
  request.set_name("clicks");
  auto reader = stub_->Watch(&context, request);
  v1::WatchResponse change;
  ASSERT_TRUE(reader->Read(&change));
  EXPECT_EQ(change.pipeline().state(), v1::PIPELINE_STATE_CREATED);
  grpc::ClientContext start_context;
  v1::StartRequest start;
  start.set_name("clicks");
  v1::StartResponse started;
  ASSERT_TRUE(stub_->Start(&start_context, start, &started).ok());
  ASSERT_TRUE(reader->Read(&change));
  EXPECT_EQ(change.pipeline().state(), v1::PIPELINE_STATE_STARTING);
  context.TryCancel();
  EXPECT_FALSE(reader->Read(&change));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(PipelineServiceTest, WatchOfAnUnknownPipelineIsNotFoundAndAServerThatEndsEndsTheRest) {
  grpc::ClientContext unknown_context, context;
  v1::WatchRequest request;
  v1::WatchResponse change;
  request.set_name("nothing");
  auto unknown = stub_->Watch(&unknown_context, request);
  EXPECT_FALSE(unknown->Read(&change));
  EXPECT_EQ(unknown->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
  request.set_name("clicks");
  auto reader = stub_->Watch(&context, request);
  ASSERT_TRUE(reader->Read(&change));
  server_.reset();
  EXPECT_FALSE(reader->Read(&change));
  EXPECT_FALSE(reader->Finish().ok());
}

// Debian ships no health.proto, so messages of the same shape stand in. 1: serving, 2: not.
TEST_F(PipelineServiceTest, HealthFollowsSetServing) {
  auto check = [&] {
    grpc::ClientContext context;
    v1::GetRequest request;  // a string in field 1, as HealthCheckRequest
    request.set_name("millrace.v1.PipelineService");
    v1::ListRequest response;  // a number in field 1, as HealthCheckResponse
    std::promise<grpc::Status> answer;
    grpc::TemplatedGenericStub<v1::GetRequest, v1::ListRequest> stub(channel_);
    stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request, &response,
                   [&](grpc::Status status) { answer.set_value(status); });
    grpc::Status status = answer.get_future().get();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.page_size();
  };
  EXPECT_EQ(check(), 2);
  server_->SetServing(true);
  EXPECT_EQ(check(), 1);
}

TEST_F(PipelineServiceTest, OnlyAServerThatIsToldToAnswersReflection) {
  EXPECT_EQ(ListServices(channel_).status().code(), absl::StatusCode::kUnimplemented);
  auto open = PipelineServer::Listen({.port = 0, .reflection = true}, &control_, &metrics_, &clock_);
  ASSERT_TRUE(open.ok());
  auto channel = grpc::CreateChannel(Cat("127.0.0.1:", (*open)->port()), grpc::InsecureChannelCredentials());
  auto services = ListServices(channel);
  ASSERT_TRUE(services.ok()) << services.status();
  EXPECT_THAT(*services, HasSubstr("millrace.v1.PipelineService"));
  EXPECT_THAT(*services, HasSubstr("grpc.health.v1.Health"));
}

TEST_F(PipelineServiceTest, CallsAreCountedByMethodAndCode) {
  grpc::ClientContext context;
  v1::GetRequest request;
  request.set_name("nothing");
  v1::GetResponse response;
  stub_->Get(&context, request, &response);
  server_.reset();
  EXPECT_THAT(metrics_.Text(), HasSubstr("grpc_server_handled_total{grpc_code=\"NOT_FOUND\",grpc_method=\"Get\""));
}

TEST_F(PipelineServiceTest, ATakenPortNamesTheFlagAndThePid) {
  auto second = PipelineServer::Listen({.port = server_->port()}, &control_, &metrics_, &clock_);
  ASSERT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  std::string message(second.status().message());
  EXPECT_THAT(message, HasSubstr("--grpc-port"));
  EXPECT_THAT(message, HasSubstr("pid "));
}

}  // namespace
}  // namespace millrace
