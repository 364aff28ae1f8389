// Scripts and SELECTs through gRPC, as programs see them: codes, words and details. What runs is in tests/acceptance.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <future>

#include "base/error.h"
#include "base/memory_blob_store.h"
#include "coordinator/sql/parser.h"
#include "millrace/v1/pipeline_service.grpc.pb.h"
#include "server/coordinator_control.h"
#include "server/grpc_status.h"
#include "server/pipeline_service.h"
#include "server/select_results.h"
#include "tests/server/list_services.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kTables[] =
    "CREATE TABLE orders (user_id STRING NOT NULL, amount BIGINT)\n"
    "WITH ('connector' = 'generator', 'rows' = '3');\n"
    "CREATE TABLE nowhere (user_id STRING) WITH ('connector' = 'blackhole');\n";

class OneStore final : public BlobStoreFactory {
 public:
  absl::StatusOr<std::shared_ptr<BlobStore>> Open(std::string_view) override { return store_; }

 private:
  const std::shared_ptr<BlobStore> store_ = std::make_shared<MemoryBlobStore>();
};

// Without a coordinator: nothing here comes so far.
class SqlServiceTest : public ::testing::Test {
 protected:
  SqlServiceTest()
      : connectors_(BuiltinConnectors({&clock_, nullptr, &stores_, &metrics_})),
        control_({nullptr, &connectors_, &stores_, nullptr, "file:///results"}) {
    server_ = *PipelineServer::Listen({.port = 0, .reflection = true}, &control_, &metrics_, &clock_);
    channel_ = grpc::CreateChannel(Cat("127.0.0.1:", server_->port()), grpc::InsecureChannelCredentials());
    stub_ = v1::PipelineService::NewStub(channel_);
  }

  absl::StatusOr<v1::ValidateResponse> Validate(const std::string& sql, const std::string& name = "") {
    v1::ValidateRequest request;
    request.set_sql(sql);
    request.set_name(name);
    return Call<v1::ValidateResponse>(&v1::PipelineService::Stub::Validate, request);
  }
  absl::Status Create(const std::string& sql) {
    v1::CreateRequest request;
    request.set_sql(sql);
    return Call<v1::CreateResponse>(&v1::PipelineService::Stub::Create, request).status();
  }
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(grpc::Status (v1::PipelineService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request) {
    grpc::ClientContext context;
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response;
  }

  Metrics metrics_;
  SystemClock clock_;
  OneStore stores_;
  ConnectorRegistry connectors_;
  CoordinatorControl control_;
  std::unique_ptr<PipelineServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::PipelineService::Stub> stub_;
};

void ExpectRefused(const absl::Status& status, std::string_view message) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), AbslView(message));
  EXPECT_EQ(ReasonOf(status), "INVALID_ARGUMENT");
}

TEST_F(SqlServiceTest, ARequestHasAPlanOrAScript) {
  v1::ValidateRequest validate;
  ExpectRefused(Call<v1::ValidateResponse>(&v1::PipelineService::Stub::Validate, validate).status(),
                "a request has either `plan` or `sql`, and this one has neither; an empty `sql` counts as none");
  v1::CreateRequest create;
  ExpectRefused(Call<v1::CreateResponse>(&v1::PipelineService::Stub::Create, create).status(),
                "a request has either `plan` or `sql`, and this one has neither; an empty `sql` counts as none");
  for (const bool is_create : {false, true}) {
    v1::CreateRequest both;
    both.mutable_plan()->set_name("p");
    both.set_sql("SELECT 1");
    v1::ValidateRequest same;
    *same.mutable_plan() = both.plan();
    same.set_sql("SELECT 1");
    const absl::Status status = is_create ? Call<v1::CreateResponse>(&v1::PipelineService::Stub::Create, both).status()
                                          : Call<v1::ValidateResponse>(&v1::PipelineService::Stub::Validate, same).status();
    ExpectRefused(status, "a request has either `plan` or `sql`, and this one has both; leave one out");
  }
  validate.mutable_plan()->set_name("p");
  validate.set_name("q");
  ExpectRefused(Call<v1::ValidateResponse>(&v1::PipelineService::Stub::Validate, validate).status(),
                "`name` goes with `sql`; a plan has a name of its own");
}

TEST_F(SqlServiceTest, MistakesHaveTheirPlace) {
  const std::string script = Cat(kTables, "INSERT INTO nowhere SELECT usr_id FROM orders;\nINSERT INTO nowher SELECT user_id FROM orders;");
  const auto validated = Validate(script);
  ASSERT_TRUE(validated.ok()) << validated.status();
  ASSERT_THAT(validated->diagnostics(), SizeIs(2));
  const v1::Diagnostic& first = validated->diagnostics(0);
  EXPECT_EQ(first.field(), "sql");
  EXPECT_EQ(first.line(), 4);
  EXPECT_EQ(first.column(), 28);
  EXPECT_EQ(first.message(), "there is no column 'usr_id'; did you mean 'user_id' of 'orders'?");
  const std::string excerpt =
      "4:28: there is no column 'usr_id'; did you mean 'user_id' of 'orders'?\n"
      "  INSERT INTO nowhere SELECT usr_id FROM orders;\n"
      "                             ^^^^^^";
  EXPECT_EQ(first.excerpt(), excerpt);
  EXPECT_EQ(validated->diagnostics(1).line(), 5);
  EXPECT_THAT(validated->explanation(), IsEmpty());
  EXPECT_FALSE(validated->script().has_plan());

  const absl::Status refused = Create(script);
  ExpectRefused(refused,
                "the script is not valid: line 4, column 28: there is no column 'usr_id'; did you mean 'user_id' of 'orders'? "
                "(and 1 more)");
  const std::vector<v1::Diagnostic> violations = DiagnosticsOf(refused);
  ASSERT_THAT(violations, SizeIs(2));
  EXPECT_EQ(violations[0].field(), "sql");
  EXPECT_EQ(violations[0].message(), excerpt);
  EXPECT_THAT(violations[1].message(), StartsWith("5:13: there is no table 'nowher'; did you mean 'nowhere'?\n"));
}

TEST_F(SqlServiceTest, AScriptHasAMebibyteAtMost) {
  std::string script = "SELECT 1 --";
  script.resize(sql::kMaxScriptBytes, '-');
  auto longest = Validate(script);
  ASSERT_TRUE(longest.ok()) << longest.status();
  EXPECT_THAT(longest->diagnostics(), IsEmpty());
  script += "-";
  auto longer = Validate(script);
  ASSERT_TRUE(longer.ok()) << longer.status();
  ASSERT_THAT(longer->diagnostics(), SizeIs(1));
  EXPECT_EQ(longer->diagnostics(0).message(), "the script has 1048577 bytes; at most 1048576 are read");
  ExpectRefused(Create(script), "the script is not valid: line 1, column 1: the script has 1048577 bytes; at most 1048576 are read");
}

// Clients in other languages refuse to send it; C++ sends it and logs.
TEST_F(SqlServiceTest, TextThatIsNotUtf8IsRefused) {
  grpc::GenericStub stub(channel_);
  grpc::ClientContext context;
  // Field 2, sql: three bytes.
  grpc::Slice bytes(std::string("\x12\x03\xff\xfe\xff", 5));
  grpc::ByteBuffer request(&bytes, 1), response;
  std::promise<grpc::Status> answer;
  stub.UnaryCall(&context, "/millrace.v1.PipelineService/Validate", grpc::StubOptions(), &request, &response,
                 [&](grpc::Status status) { answer.set_value(std::move(status)); });
  ExpectRefused(FromGrpcStatus(answer.get_future().get()),
                "the request cannot be read: it is not of this call's type, or a text in it is not UTF-8; send it anew as UTF-8");
}

TEST_F(SqlServiceTest, AnEmptyScriptSaysSo) {
  for (const std::string script : {" ", "\n", ";", "-- nothing\n"}) {
    auto validated = Validate(script);
    ASSERT_TRUE(validated.ok()) << validated.status();
    ASSERT_THAT(validated->diagnostics(), SizeIs(1)) << script;
    EXPECT_EQ(validated->diagnostics(0).message(), "the script has no statement; write a SELECT or an INSERT");
    ExpectRefused(Create(script), "the script is not valid: line 1, column 1: the script has no statement; write a SELECT or an INSERT");
  }
}

TEST_F(SqlServiceTest, AScriptThatMakesNoPipelineIsValidAndCannotBeCreated) {
  for (const std::string& script : {std::string("SET 'parallelism.default' = '2';"), std::string(kTables), Cat(kTables, "SHOW TABLES;")}) {
    auto validated = Validate(script);
    ASSERT_TRUE(validated.ok()) << validated.status();
    EXPECT_THAT(validated->diagnostics(), IsEmpty()) << script;
    EXPECT_FALSE(validated->script().has_plan());
    EXPECT_THAT(validated->explanation(), IsEmpty());
    ExpectRefused(Create(script), "the script makes no pipeline: it has neither an INSERT nor a SELECT");
  }
}

TEST_F(SqlServiceTest, ASelectHasColumnsAndAnInsertHasNone) {
  auto select = Validate(Cat(kTables, "SELECT user_id, amount FROM orders;"), "Some Name");
  ASSERT_TRUE(select.ok()) << select.status();
  ASSERT_THAT(select->script().columns(), SizeIs(2));
  EXPECT_EQ(select->script().columns(0).name(), "user_id");
  EXPECT_EQ(select->script().columns(0).type(), "VARCHAR(2147483647)");
  EXPECT_FALSE(select->script().columns(0).nullable());
  EXPECT_TRUE(select->script().columns(1).nullable());
  EXPECT_TRUE(select->script().bounded());
  EXPECT_EQ(select->script().plan().name(), "some-name");
  EXPECT_THAT(select->explanation(), StartsWith("pipeline some-name: 1 stage, parallelism 1, checkpoint every 1 s\n"));
  auto set = Validate(Cat(kTables, "EXECUTE STATEMENT SET BEGIN INSERT INTO nowhere SELECT user_id FROM orders; "
                                   "INSERT INTO nowhere SELECT 'a'; END;"));
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_THAT(set->diagnostics(), IsEmpty());
  EXPECT_THAT(set->script().columns(), IsEmpty());
  EXPECT_TRUE(set->script().has_plan());
}

TEST_F(SqlServiceTest, ExplainAsAStatementSaysWhatValidateExplains) {
  const std::string query = "SELECT user_id, COUNT(*) AS n FROM orders GROUP BY user_id;";
  auto asked = Validate(Cat(kTables, "EXPLAIN ", query));
  auto run = Validate(Cat(kTables, query));
  ASSERT_TRUE(asked.ok() && run.ok());
  ASSERT_THAT(asked->script().results(), SizeIs(1));
  EXPECT_EQ(asked->script().results(0).rows(0).cells(0).text(), run->explanation());
  EXPECT_THAT(run->explanation(), HasSubstr("changelog: append-only (+I)"));
  EXPECT_FALSE(asked->script().has_plan()) << "EXPLAIN runs nothing";
}

TEST_F(SqlServiceTest, ReflectionKnowsTheService) {
  auto services = ListServices(channel_);
  ASSERT_TRUE(services.ok()) << services.status();
  EXPECT_THAT(*services, HasSubstr("millrace.v1.PipelineService"));
}

TEST(ReadResults, OnlyASelectHasRows) {
  OneStore stores;
  v1::Pipeline pipeline;
  pipeline.set_name("clicks");
  pipeline.set_lineage("first");
  pipeline.mutable_plan()->add_nodes()->set_uid("out");
  pipeline.mutable_plan()->mutable_nodes(0)->mutable_sink()->set_connector("delta");
  const auto refused = ReadResults(pipeline, "", &stores);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(refused.status().message(),
            "fetch results of clicks: it writes to tables; only a pipeline that a SELECT made has rows to fetch");
  pipeline.mutable_plan()->mutable_nodes(0)->mutable_sink()->set_connector("result");
  (*pipeline.mutable_plan()->mutable_nodes(0)->mutable_sink()->mutable_options())["path"] = "x";
  const auto nothing = ReadResults(pipeline, "", &stores);
  ASSERT_TRUE(nothing.ok()) << nothing.status();
  EXPECT_EQ(nothing->lines() + nothing->cursor(), "");
  for (const std::string cursor : {"x", "1", "1:", "-1:0", "1:2:3", "0:0"}) {
    EXPECT_EQ(ReadResults(pipeline, cursor, &stores).status().code(), absl::StatusCode::kInvalidArgument) << cursor;
  }
}

}  // namespace
}  // namespace millrace
