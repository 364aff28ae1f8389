#include "server/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/metrics.h"
#include "google/protobuf/util/json_util.h"
#include "server/http_routes.h"
#include "server/listen_address.h"
#include "tests/server/fake_pipeline_control.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

int ConnectTo(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

std::string ReadAll(int fd) {
  std::string answer;
  char buffer[4096];
  for (ssize_t n; (n = recv(fd, buffer, sizeof(buffer), 0)) > 0;) answer.append(buffer, n);
  close(fd);
  return answer;
}

std::string Exchange(int port, const std::string& request) {
  int fd = ConnectTo(port);
  send(fd, request.data(), request.size(), MSG_NOSIGNAL);
  return ReadAll(fd);
}

std::string Fetch(int port, const std::string& path) { return Exchange(port, Cat("GET ", path, " HTTP/1.1\r\nHost: x\r\n\r\n")); }
std::string BodyOf(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

class HttpServerTest : public ::testing::Test {
 protected:
  void Listen(HttpServer::Options options = {}) {
    options.port = 0;
    auto routes = ProcessRoutes(&metrics_, [this] { return ready_; });
    AddPipelineRoutes(&control_, &routes);
    routes["/large"] = [](const HttpRequest&) { return HttpResponse{.body = std::string(8 << 20, 'x')}; };
    auto server = HttpServer::Listen(options, routes);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    port_ = server_->port();
  }

  Metrics metrics_;
  FakePipelineControl control_;
  absl::Status ready_;
  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
};

TEST_F(HttpServerTest, ServesMetricsAndHealth) {
  Listen();
  metrics_.AddCounter("millrace_test_total", "A test.")->Add(3);
  EXPECT_THAT(Fetch(port_, "/metrics"), HasSubstr("millrace_test_total 3"));
  EXPECT_THAT(Fetch(port_, "/healthz?verbose"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(Fetch(port_, "/readyz"), StartsWith("HTTP/1.1 200 OK\r\n"));
  ready_ = Unavailable("no worker has registered");
  EXPECT_THAT(Fetch(port_, "/readyz"), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(Fetch(port_, "/readyz"), HasSubstr("no worker has registered"));
  EXPECT_THAT(Fetch(port_, "/nothing"), StartsWith("HTTP/1.1 404"));
}

TEST_F(HttpServerTest, ServesPipelinesAsProtoJson) {
  Listen();
  for (const char* name : {"a", "b", "c"}) {
    control_.pipelines[name].set_name(name);
    control_.pipelines[name].set_state(v1::PIPELINE_STATE_FAILED);
  }
  v1::ListResponse list;
  std::string body = BodyOf(Fetch(port_, "/api/v1/pipelines"));
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(body, &list).ok()) << body;
  EXPECT_EQ(list.pipelines_size(), 3);
  v1::Pipeline pipeline;
  body = BodyOf(Fetch(port_, "/api/v1/pipelines/%62"));
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(body, &pipeline).ok()) << body;
  EXPECT_EQ(pipeline.name(), "b");
  std::string missing = Fetch(port_, "/api/v1/pipelines/nothing");
  EXPECT_THAT(missing, StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(missing, HasSubstr("NOT_FOUND"));
}

TEST_F(HttpServerTest, HeadAnswersWithoutABodyAndOtherMethodsAreRefused) {
  Listen();
  std::string head = Exchange(port_, "HEAD /large HTTP/1.1\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Length: 8388608"));
  EXPECT_EQ(BodyOf(head), "");
  EXPECT_EQ(BodyOf(Fetch(port_, "/large")).size(), 8u << 20);
  EXPECT_THAT(Exchange(port_, "POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"), StartsWith("HTTP/1.1 405"));
}

TEST_F(HttpServerTest, HostileRequestsAreRefusedAndTheServerLives) {
  Listen();
  EXPECT_THAT(Exchange(port_, "\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Exchange(port_, "GET /metrics\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Exchange(port_, "GET /%00 HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Exchange(port_, "GET /% HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Exchange(port_, "GET metrics HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Exchange(port_, "\x16\x03\x01 tls? /\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Exchange(port_, "GET / HTTP/1.1\r\nX: " + std::string(100000, 'x')), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(Fetch(port_, "/api/v1/pipelines/../../etc/passwd"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Fetch(port_, "/healthz"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, SlowClientsAreDroppedAndOthersServedMeanwhile) {
  HttpServer::Options options;
  options.max_connections = 3;
  options.header_timeout = absl::Milliseconds(200);
  Listen(options);
  int slow1 = ConnectTo(port_), slow2 = ConnectTo(port_);
  send(slow1, "GET /hea", 8, MSG_NOSIGNAL);
  EXPECT_THAT(Fetch(port_, "/healthz"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ReadAll(slow1), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(ReadAll(slow2), StartsWith("HTTP/1.1 408"));
}

TEST_F(HttpServerTest, OneConnectionTooManyIsToldSo) {
  HttpServer::Options options;
  options.max_connections = 2;
  Listen(options);
  int first = ConnectTo(port_), second = ConnectTo(port_);
  EXPECT_THAT(ReadAll(ConnectTo(port_)), StartsWith("HTTP/1.1 503"));
  close(first);
  close(second);
}

TEST_F(HttpServerTest, DestructionDoesNotWaitForIdleClients) {
  Listen();
  int idle = ConnectTo(port_);
  Fetch(port_, "/healthz");
  server_.reset();
  EXPECT_EQ(recv(idle, &port_, 1, 0), 0);
  close(idle);
}

TEST_F(HttpServerTest, APortInUseNamesTheFlagAndTheProcessThatHoldsIt) {
  Listen();
  HttpServer::Options options;
  options.port = port_;
  auto second = HttpServer::Listen(options, {});
  ASSERT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  std::string message(second.status().message());
  EXPECT_THAT(message, HasSubstr("--http-port"));
  EXPECT_THAT(message, HasSubstr(Cat("pid ", getpid(), " (")));
}

TEST(ListenAddress, APublicAddressNeedsInsecure) {
  for (const char* address : {"127.0.0.1", "127.9.9.9", "::1", "localhost"}) {
    EXPECT_TRUE(CheckBindAddress(address, false).ok()) << address;
  }
  for (const char* address : {"0.0.0.0", "::", "10.0.0.1", "8.8.8.8"}) {
    EXPECT_EQ(CheckBindAddress(address, false).code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_TRUE(CheckBindAddress(address, true).ok()) << address;
  }
  EXPECT_FALSE(CheckBindAddress("example.org", true).ok());
}

}  // namespace
}  // namespace millrace
