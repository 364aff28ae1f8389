#include "server/grpc_status.h"

#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace millrace {
namespace {

template <typename Detail>
bool CarriesOnTheWire(const grpc::Status& status, Detail* detail) {
  google::rpc::Status wire;
  if (!wire.ParseFromString(status.error_details())) return false;
  for (const auto& any : wire.details()) {
    if (any.UnpackTo(detail)) return true;
  }
  return false;
}

TEST(GrpcStatus, EveryCodeAndMessageSurviveTheRoundTrip) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpcStatus(grpc::Status::OK).ok());
  for (int code = 1; code <= 16; ++code) {
    absl::Status there(static_cast<absl::StatusCode>(code), Cat("message ", code));
    absl::Status back = FromGrpcStatus(ToGrpcStatus(there));
    EXPECT_EQ(back.code(), there.code());
    EXPECT_EQ(back.message(), there.message());
    EXPECT_EQ(ReasonOf(back), absl::StatusCodeToString(there.code()));
  }
}

TEST(GrpcStatus, DiagnosticsTravelAsBadRequest) {
  v1::Diagnostic diagnostic;
  diagnostic.set_field("nodes[2].window_aggregate.keys[0]");
  diagnostic.set_message("unknown column usr_id; did you mean user_id?");
  grpc::Status wire = ToGrpcStatus(WithReason(WithDiagnostics(InvalidArgument("wrong plan"), {diagnostic}), "UNKNOWN_COLUMN"));
  google::rpc::BadRequest bad_request;
  ASSERT_TRUE(CarriesOnTheWire(wire, &bad_request));
  EXPECT_EQ(bad_request.field_violations(0).field(), diagnostic.field());
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(CarriesOnTheWire(wire, &info));
  EXPECT_EQ(info.reason(), "UNKNOWN_COLUMN");
  EXPECT_EQ(info.domain(), "millrace");
  auto back = DiagnosticsOf(FromGrpcStatus(wire));
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].field(), diagnostic.field());
  EXPECT_EQ(back[0].message(), diagnostic.message());
}

TEST(GrpcStatus, TheSameErrorIsTheSameBytesEveryTime) {
  std::vector<grpc::Status> same;
  for (int i = 0; i < 100; ++i) same.push_back(ToGrpcStatus(WithDiagnostics(InvalidArgument("wrong plan"), {v1::Diagnostic()})));
  for (const grpc::Status& status : same) EXPECT_EQ(status.error_details(), same[0].error_details());
}

TEST(GrpcStatus, UnavailableSaysWhenToRetryAndExhaustionWhatIsShort) {
  EXPECT_EQ(RetryDelayOf(FromGrpcStatus(ToGrpcStatus(Unavailable("not the leader")))), absl::Seconds(1));
  EXPECT_FALSE(RetryDelayOf(FromGrpcStatus(ToGrpcStatus(NotFound("no")))).has_value());
  google::rpc::QuotaFailure failure;
  ASSERT_TRUE(CarriesOnTheWire(ToGrpcStatus(ResourceExhausted("place pipeline: slots needed: ", 4, ", free: ", 1)), &failure));
  EXPECT_EQ(failure.violations(0).description(), "place pipeline: slots needed: 4, free: 1");
}

TEST(GrpcStatus, AStatusOfAStrangerWithoutDetailsIsTakenAsItIs) {
  absl::Status status = FromGrpcStatus(grpc::Status(grpc::StatusCode::INTERNAL, "odd", "not a protobuf \xff\xff"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ReasonOf(status), "");
}

}  // namespace
}  // namespace millrace
