#include "server/http_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <list>
#include <optional>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/macros.h"
#include "base/mutex.h"
#include "server/listen_address.h"

namespace millrace {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

SteadyTime After(absl::Duration timeout) { return std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(timeout); }

// Waits for `events` on the socket; false at the deadline.
bool WaitFor(int fd, short events, SteadyTime deadline) {
  while (true) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd waited{fd, events, 0};
    int ready = poll(&waited, 1, static_cast<int>(left) + 1);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool WriteAll(int fd, std::string_view bytes, SteadyTime deadline) {
  while (!bytes.empty()) {
    ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!WaitFor(fd, POLLOUT, deadline)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

const char* ReasonPhrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return status < 500 ? "Error" : "Internal Server Error";
  }
}

HttpResponse Plain(int status, std::string body) { return {.status = status, .body = std::move(body) + "\n"}; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Nothing for a broken escape or a NUL.
std::optional<std::string> DecodePath(std::string_view path) {
  std::string decoded;
  for (size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    if (c == '%') {
      if (i + 2 >= path.size() || HexDigit(path[i + 1]) < 0 || HexDigit(path[i + 2]) < 0) return std::nullopt;
      c = static_cast<char>(HexDigit(path[i + 1]) * 16 + HexDigit(path[i + 2]));
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    decoded += c;
  }
  return decoded;
}

HttpResponse Dispatch(const HttpServer::Routes& routes, HttpRequest request) {
  const HttpHandler* found = nullptr;
  size_t best = 0;
  for (const auto& [route, handler] : routes) {
    bool prefix = route.size() > 1 && route.back() == '/';
    bool matches = prefix ? request.path.size() > route.size() && request.path.compare(0, route.size(), route) == 0
                          : request.path == route;
    if (!matches || route.size() < best) continue;
    best = route.size();
    found = &handler;
    request.rest = prefix ? request.path.substr(route.size()) : "";
  }
  if (found != nullptr) return (*found)(request);
  std::string known;
  for (const auto& [route, handler] : routes) known += " " + route;
  return Plain(404, Cat("no such path: ", request.path, "; there are:", known));
}

// Answers the head of a request, up to its empty line.
HttpResponse Answer(const HttpServer::Routes& routes, std::string_view head, bool* head_only) {
  std::string_view line = head.substr(0, head.find("\r\n"));
  size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Plain(400, "malformed request line");
  std::string_view method = line.substr(0, first), target = line.substr(first + 1, last - first - 1);
  if (line.substr(last + 1).substr(0, 7) != "HTTP/1.") return Plain(400, "only HTTP/1.x is spoken here");
  *head_only = method == "HEAD";
  if (method != "GET" && method != "HEAD") return Plain(405, "only GET and HEAD; changes go through gRPC or the command line");
  size_t question = target.find('?');
  HttpRequest request;
  if (question != std::string_view::npos) request.query = std::string(target.substr(question + 1));
  auto path = DecodePath(target.substr(0, question));
  if (!path.has_value() || path->empty() || path->front() != '/') return Plain(400, "malformed path");
  request.path = *std::move(path);
  return Dispatch(routes, std::move(request));
}

struct Socket {
  explicit Socket(int descriptor) : fd(descriptor) {}
  ~Socket() {
    if (fd >= 0) close(fd);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd;
};

}  // namespace

struct HttpServer::State {
  struct Connection {
    explicit Connection(int fd) : socket(fd) {}
    Socket socket;
    std::thread thread;
    bool done = false;  // under the mutex: its thread may be joined without waiting
  };

  State(Options o, Routes r, int listen_fd, int wake_fd)
      : options(std::move(o)), routes(std::move(r)), listening(listen_fd), wake(wake_fd) {}

  void Accept();
  void Serve(int fd);
  void JoinFinished();
  void Reply(int fd, const HttpResponse& response, bool head_only);

  const Options options;
  const Routes routes;
  Socket listening;
  Socket wake;
  int port = 0;
  std::thread accepting;

  Mutex mutex;
  std::list<Connection> connections ABSL_GUARDED_BY(mutex);
};

void HttpServer::State::Accept() {
  while (true) {
    pollfd waited[2] = {{listening.fd, POLLIN, 0}, {wake.fd, POLLIN, 0}};
    if (poll(waited, 2, -1) < 0 && errno != EINTR) return;
    if (waited[1].revents != 0) return;
    JoinFinished();
    int fd = accept4(listening.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      // Out of descriptors: the waiting client stays readable, so do not spin on it.
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) poll(&waited[1], 1, 100);
      continue;
    }
    MutexLock lock(&mutex);
    if (connections.size() >= static_cast<size_t>(options.max_connections)) {
      constexpr char kBusy[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
      (void)!send(fd, kBusy, sizeof(kBusy) - 1, MSG_NOSIGNAL);
      close(fd);
      continue;
    }
    auto& connection = connections.emplace_back(fd);
    connection.thread = std::thread([this, fd, &connection] {
      Serve(fd);
      shutdown(fd, SHUT_RDWR);
      MutexLock done(&mutex);
      connection.done = true;
    });
  }
}

void HttpServer::State::JoinFinished() {
  std::list<Connection> finished;
  {
    MutexLock lock(&mutex);
    for (auto it = connections.begin(); it != connections.end();) {
      auto next = std::next(it);
      if (it->done) finished.splice(finished.end(), connections, it);
      it = next;
    }
  }
  for (auto& connection : finished) connection.thread.join();
}

void HttpServer::State::Serve(int fd) {
  auto deadline = After(options.header_timeout);
  std::string received;
  char buffer[4096];
  size_t end;
  while ((end = received.find("\r\n\r\n")) == std::string::npos) {
    if (received.size() > options.max_header_bytes) {
      return Reply(fd, Plain(431, Cat("the head of a request has at most ", options.max_header_bytes, " bytes")), false);
    }
    if (!WaitFor(fd, POLLIN, deadline)) return Reply(fd, Plain(408, "the request did not arrive in time"), false);
    ssize_t size = recv(fd, buffer, sizeof(buffer), 0);
    if (size > 0) {
      received.append(buffer, size);
    } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
      return;
    }
  }
  bool head_only = false;
  HttpResponse response = Answer(routes, std::string_view(received).substr(0, end + 2), &head_only);
  Reply(fd, response, head_only);
}

void HttpServer::State::Reply(int fd, const HttpResponse& response, bool head_only) {
  std::string bytes = Cat("HTTP/1.1 ", response.status, " ", ReasonPhrase(response.status), "\r\nContent-Type: ", response.content_type,
                          "\r\nContent-Length: ", response.body.size(),
                          "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n");
  if (!head_only) bytes += response.body;
  auto deadline = After(options.write_timeout);
  if (!WriteAll(fd, bytes, deadline)) return;
  // Takes what the client still sends, for a moment: closing over unread bytes would reset the answer away.
  shutdown(fd, SHUT_WR);
  auto linger = After(absl::Milliseconds(500));
  char rest[4096];
  size_t taken = 0;
  while (taken < (1u << 20) && WaitFor(fd, POLLIN, linger)) {
    ssize_t size = recv(fd, rest, sizeof(rest), 0);
    if (size <= 0) return;
    taken += size;
  }
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Listen(Options options, Routes routes) {
  RETURN_IF_ERROR(CheckBindAddress(options.bind, options.insecure));
  sockaddr_storage address{};
  socklen_t size;
  std::string bind_to = options.bind == "localhost" ? "127.0.0.1" : options.bind;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
  if (inet_pton(AF_INET, bind_to.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<uint16_t>(options.port));
    size = sizeof(sockaddr_in);
  } else {
    inet_pton(AF_INET6, bind_to.c_str(), &v6->sin6_addr);  // CheckBindAddress has parsed it
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<uint16_t>(options.port));
    size = sizeof(sockaddr_in6);
  }
  int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  auto state = std::make_unique<State>(options, std::move(routes), fd, wake);
  if (fd < 0 || wake < 0) return Unavailable("open socket for ", options.bind, ": ", strerror(errno));
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 128) != 0) {
    return CannotListen(options.bind, options.port, options.port_flag);
  }
  size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  state->port = ntohs(address.ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
  auto* started = state.get();
  auto server = std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
  started->accepting = std::thread([started] { started->Accept(); });
  return server;
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  uint64_t one = 1;
  (void)!write(state_->wake.fd, &one, sizeof(one));
  if (state_->accepting.joinable()) state_->accepting.join();
  std::list<State::Connection> left;
  {
    MutexLock lock(&state_->mutex);
    for (auto& connection : state_->connections) shutdown(connection.socket.fd, SHUT_RDWR);
  }
  // Threads mark their connection under the lock, so the list must stay where it is until they are joined.
  while (true) {
    std::thread* next = nullptr;
    {
      MutexLock lock(&state_->mutex);
      if (!state_->connections.empty()) next = &state_->connections.front().thread;
    }
    if (next == nullptr) break;
    next->join();
    MutexLock lock(&state_->mutex);
    left.splice(left.end(), state_->connections, state_->connections.begin());
  }
}

int HttpServer::port() const { return state_->port; }

}  // namespace millrace
