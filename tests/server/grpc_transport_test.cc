#include "server/grpc_transport.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/event_loop.h"
#include "base/mutex.h"

namespace millrace {
namespace {

// Collects what happens on one end of a stream.
class Recorder {
 public:
  StreamEvents Events() {
    return {.on_message =
                [this](std::string message) {
                  MutexLock lock(&mutex_);
                  if (closed_.has_value()) ++after_close_;
                  messages_.push_back(std::move(message));
                  changed_.NotifyAll();
                },
            .on_closed =
                [this](absl::Status why) {
                  MutexLock lock(&mutex_);
                  if (closed_.has_value()) ++after_close_;
                  closed_ = std::move(why);
                  changed_.NotifyAll();
                }};
  }
  bool WaitForMessages(size_t n) {
    return Wait([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return messages_.size() >= n; });
  }
  std::optional<absl::Status> WaitForClose() {
    Wait([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return closed_.has_value(); });
    MutexLock lock(&mutex_);
    return closed_;
  }
  bool IsClosed() {
    MutexLock lock(&mutex_);
    return closed_.has_value();
  }
  int events_after_close() {
    MutexLock lock(&mutex_);
    return after_close_;
  }
  std::vector<std::string> messages() {
    MutexLock lock(&mutex_);
    return messages_;
  }

 private:
  template <typename Predicate>
  bool Wait(Predicate done) {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    MutexLock lock(&mutex_);
    while (!done()) {
      auto left = deadline - std::chrono::steady_clock::now();
      if (left <= left.zero()) return false;
      changed_.WaitFor(&mutex_, left);
    }
    return true;
  }

  Mutex mutex_;
  CondVar changed_;
  std::vector<std::string> messages_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> closed_ ABSL_GUARDED_BY(mutex_);
  int after_close_ ABSL_GUARDED_BY(mutex_) = 0;
};

// A serving end that keeps the last accepted stream.
struct Server {
  explicit Server(Executor* executor, bool echo = false) : executor(executor) {
    transport = std::make_unique<GrpcTransport>();
    transport->Serve("/test.Service/Talk", executor, [this, echo](std::unique_ptr<Stream> accepted) {
      stream = std::move(accepted);
      StreamEvents events = recorder.Events();
      if (echo) {
        events.on_message = [this](std::string message) { stream->Send(std::move(message)); };
      }
      return events;
    });
    absl::Status listening = transport->Listen("127.0.0.1:0");
    EXPECT_TRUE(listening.ok()) << listening;
  }
  std::string address() const { return Cat("127.0.0.1:", transport->port()); }
  // Runs on the executor that owns the stream.
  void OnExecutor(absl::AnyInvocable<void()> closure) { executor->Post(std::move(closure)); }

  Executor* executor;
  Recorder recorder;
  std::unique_ptr<Stream> stream;
  std::unique_ptr<GrpcTransport> transport;
};

absl::Duration Since(std::chrono::steady_clock::time_point start) {
  return absl::FromChrono(std::chrono::steady_clock::now() - start);
}

TEST(GrpcTransport, TenThousandMessagesArriveInOrderBothWays) {
  EventLoop server_loop("server"), client_loop("client");
  Server server(&server_loop, /*echo=*/true);
  GrpcTransport client;
  Recorder recorder;
  auto stream = client.Connect(server.address(), "/test.Service/Talk", &client_loop, recorder.Events());
  for (int i = 0; i < 10000; ++i) stream->Send(Cat("message ", i));
  ASSERT_TRUE(recorder.WaitForMessages(10000));
  auto messages = recorder.messages();
  for (int i = 0; i < 10000; ++i) ASSERT_EQ(messages[i], Cat("message ", i));
  EXPECT_FALSE(recorder.IsClosed());
}

TEST(GrpcTransport, MessagesOfThirtyTwoMebibytesAndOfNothingTravel) {
  EventLoop loop("loop");
  Server server(&loop, /*echo=*/true);
  GrpcTransport client;
  Recorder recorder;
  auto stream = client.Connect(server.address(), "/test.Service/Talk", &loop, recorder.Events());
  std::string large(32 << 20, 'x');
  stream->Send(large);
  stream->Send("");
  ASSERT_TRUE(recorder.WaitForMessages(2));
  EXPECT_TRUE(recorder.messages()[0] == large);
  EXPECT_EQ(recorder.messages()[1], "");
}

TEST(GrpcTransport, ACloseByTheClientComesAfterItsLastMessage) {
  EventLoop loop("loop");
  Server server(&loop);
  GrpcTransport client;
  Recorder recorder;
  auto stream = client.Connect(server.address(), "/test.Service/Talk", &loop, recorder.Events());
  for (int i = 0; i < 500; ++i) stream->Send(Cat(i));
  stream->Close(absl::OkStatus());
  stream->Send("never");
  auto there = server.recorder.WaitForClose();
  ASSERT_TRUE(there.has_value());
  EXPECT_TRUE(there->ok()) << *there;
  EXPECT_EQ(server.recorder.messages().size(), 500u);
  auto here = recorder.WaitForClose();
  ASSERT_TRUE(here.has_value());
  EXPECT_TRUE(here->ok());
}

TEST(GrpcTransport, AnErrorOfTheServerReachesTheClientWithItsCodeAndMessage) {
  EventLoop loop("loop");
  Server server(&loop);
  GrpcTransport client;
  Recorder recorder;
  auto stream = client.Connect(server.address(), "/test.Service/Talk", &loop, recorder.Events());
  stream->Send("hello");
  ASSERT_TRUE(server.recorder.WaitForMessages(1));
  server.OnExecutor([&] { server.stream->Close(Aborted("register worker: a newer one has id: 7")); });
  auto why = recorder.WaitForClose();
  ASSERT_TRUE(why.has_value());
  EXPECT_EQ(why->code(), absl::StatusCode::kAborted);
  EXPECT_NE(why->message().find("a newer one has id: 7"), absl::string_view::npos) << *why;
  EXPECT_EQ(server.recorder.WaitForClose()->code(), absl::StatusCode::kAborted);
}

TEST(GrpcTransport, AnErrorOfTheClientBreaksTheStreamForTheServer) {
  EventLoop loop("loop");
  Server server(&loop);
  GrpcTransport client;
  Recorder recorder;
  auto stream = client.Connect(server.address(), "/test.Service/Talk", &loop, recorder.Events());
  stream->Send("hello");
  ASSERT_TRUE(server.recorder.WaitForMessages(1));
  stream->Close(Internal("a bug"));
  EXPECT_EQ(server.recorder.WaitForClose()->code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(recorder.WaitForClose()->code(), absl::StatusCode::kInternal);
}

TEST(GrpcTransport, ADestroyedStreamClosesThePeerAndIsSilentItself) {
  EventLoop loop("loop");
  Server server(&loop);
  GrpcTransport client;
  Recorder recorder;
  auto stream = client.Connect(server.address(), "/test.Service/Talk", &loop, recorder.Events());
  stream->Send("last words");
  loop.Post([&] { stream.reset(); });
  ASSERT_TRUE(server.recorder.WaitForClose().has_value());
  EXPECT_EQ(server.recorder.messages().size(), 1u);
  EXPECT_FALSE(recorder.IsClosed());
}

TEST(GrpcTransport, AStreamMayBeDestroyedInItsOwnCallback) {
  EventLoop loop("loop");
  Server server(&loop);
  GrpcTransport client;
  Recorder recorder;
  std::unique_ptr<Stream> stream;
  bool closed = false;
  StreamEvents events = recorder.Events();
  auto record = std::make_shared<absl::AnyInvocable<void(absl::Status)>>(std::move(events.on_closed));
  events.on_closed = [&, record](absl::Status why) {
    stream.reset();
    closed = true;
    (*record)(std::move(why));
  };
  loop.Post([&, events = std::move(events)]() mutable {
    stream = client.Connect(server.address(), "/test.Service/Talk", &loop, std::move(events));
    stream->Send("hello");
  });
  ASSERT_TRUE(server.recorder.WaitForMessages(1));
  server.OnExecutor([&] { server.stream.reset(); });
  ASSERT_TRUE(recorder.WaitForClose().has_value());
  EXPECT_TRUE(closed);
}

TEST(GrpcTransport, AServerThatShutsDownIsNoticedWithinASecond) {
  EventLoop loop("loop");
  auto server = std::make_unique<Server>(&loop);
  GrpcTransport client;
  Recorder recorder;
  auto stream = client.Connect(server->address(), "/test.Service/Talk", &loop, recorder.Events());
  stream->Send("hello");
  ASSERT_TRUE(server->recorder.WaitForMessages(1));
  auto start = std::chrono::steady_clock::now();
  server->transport.reset();
  auto why = recorder.WaitForClose();
  EXPECT_LT(Since(start), absl::Seconds(1));
  ASSERT_TRUE(why.has_value());
  EXPECT_EQ(why->code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(server->recorder.WaitForClose()->code(), absl::StatusCode::kUnavailable);
  server->stream->Send("to nobody");
}

// The body of a child process of the next test: serves until it is killed.
TEST(GrpcTransportChild, DISABLED_ServesUntilKilled) {
  EventLoop loop("loop");
  Server server(&loop, /*echo=*/true);
  std::string port = Cat(server.transport->port(), "\n");
  const char* out = getenv("MILLRACE_TEST_PORT_FD");
  ASSERT_NE(out, nullptr);
  ASSERT_EQ(write(atoi(out), port.data(), port.size()), static_cast<ssize_t>(port.size()));
  pause();
}

// A process of its own that runs the test above.
struct Child {
  Child() {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    std::string fd = Cat("MILLRACE_TEST_PORT_FD=", ends[1]);
    const char* argv[] = {"/proc/self/exe", "--gtest_also_run_disabled_tests",
                          "--gtest_filter=GrpcTransportChild.DISABLED_ServesUntilKilled", nullptr};
    const char* environment[] = {fd.c_str(), nullptr};
    pid = vfork();
    if (pid == 0) {
      execve(argv[0], const_cast<char**>(argv), const_cast<char**>(environment));
      _exit(127);
    }
    close(ends[1]);
    for (char c; read(ends[0], &c, 1) == 1 && c != '\n';) port += c;
    close(ends[0]);
  }
  ~Child() {
    if (pid <= 0) return;
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  std::string address() const { return Cat("127.0.0.1:", port); }

  pid_t pid;
  std::string port;
};

// Talks with a process, sends it `signal`, and expects the stream to close as Unavailable within `limit`.
void ExpectNoticed(int signal, absl::Duration limit) {
  Child child;
  ASSERT_GT(child.pid, 0);
  EventLoop loop("loop");
  GrpcTransport client;
  Recorder recorder;
  auto stream = client.Connect(child.address(), "/test.Service/Talk", &loop, recorder.Events());
  stream->Send("hello");
  EXPECT_TRUE(recorder.WaitForMessages(1));
  auto start = std::chrono::steady_clock::now();
  kill(child.pid, signal);
  auto why = recorder.WaitForClose();
  EXPECT_LT(Since(start), limit);
  ASSERT_TRUE(why.has_value());
  EXPECT_EQ(why->code(), absl::StatusCode::kUnavailable) << *why;
}

TEST(GrpcTransport, APeerProcessThatIsKilledIsNoticedWithinASecond) { ExpectNoticed(SIGKILL, absl::Seconds(1)); }

TEST(GrpcTransport, APeerProcessThatHangsIsNoticedByKeepalive) { ExpectNoticed(SIGSTOP, absl::Seconds(5)); }

TEST(GrpcTransport, ADeadAddressClosesTheStreamAsUnavailableAndNamesTheAddress) {
  // A port that was bound and never listened on: nobody else takes it, and connecting is refused.
  int taken = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(taken, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size), 0);
  std::string dead = Cat("127.0.0.1:", ntohs(address.sin_port));

  EventLoop loop("loop");
  GrpcTransport client;
  Recorder recorder;
  auto stream = client.Connect(dead, "/test.Service/Talk", &loop, recorder.Events());
  for (int i = 0; i < 10; ++i) stream->Send("hello");
  auto why = recorder.WaitForClose();
  ASSERT_TRUE(why.has_value());
  EXPECT_EQ(why->code(), absl::StatusCode::kUnavailable) << *why;
  EXPECT_NE(why->message().find(absl::string_view(dead)), absl::string_view::npos) << *why;
  EXPECT_EQ(recorder.events_after_close(), 0);
  close(taken);
}

TEST(GrpcTransport, AMethodThatNobodyServesIsUnimplemented) {
  EventLoop loop("loop");
  Server server(&loop);
  GrpcTransport client;
  Recorder recorder;
  auto stream = client.Connect(server.address(), "/test.Service/Unknown", &loop, recorder.Events());
  EXPECT_EQ(recorder.WaitForClose()->code(), absl::StatusCode::kUnimplemented);
}

TEST(GrpcTransport, ATakenPortIsRefused) {
  EventLoop loop("loop");
  Server server(&loop);
  GrpcTransport second;
  EXPECT_EQ(second.Listen(server.address()).code(), absl::StatusCode::kUnavailable);
}

TEST(GrpcTransport, StreamsThatAreClosedAndDestroyedAtRandomMomentsLeaveNothingBehind) {
  EventLoop server_loop("server"), client_loop("client");
  Server server(&server_loop, /*echo=*/true);
  for (int round = 0; round < 200; ++round) {
    GrpcTransport client;
    Recorder recorder;
    auto stream = client.Connect(server.address(), "/test.Service/Talk", &client_loop, recorder.Events());
    for (int i = 0; i < round % 7; ++i) stream->Send(std::string(round * 10, 'x'));
    if (round % 3 == 0) {
      ASSERT_TRUE(recorder.WaitForMessages(round % 7));
    }
    if (round % 4 == 1) stream->Close(absl::OkStatus());
    if (round % 4 == 2) stream->Close(Internal("no reason"));
    if (round % 4 == 3) server.OnExecutor([&] { server.stream.reset(); });
    if (round % 5 == 0 && (round % 4 == 1 || round % 4 == 2)) {
      ASSERT_TRUE(recorder.WaitForClose().has_value());
    }
    // On the stream's executor, so that nothing runs after it.
    Recorder flushed;
    client_loop.Post([&stream, events = std::make_shared<StreamEvents>(flushed.Events())] {
      stream.reset();
      events->on_closed(absl::OkStatus());
    });
    ASSERT_TRUE(flushed.WaitForClose().has_value());
    EXPECT_EQ(recorder.events_after_close(), 0);
  }
}

}  // namespace
}  // namespace millrace
