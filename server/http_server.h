#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace millrace {

struct HttpRequest {
  std::string path;   // decoded, without the query
  std::string query;  // as it came
  std::string rest;   // what follows the route's prefix, for a route that ends in "/"
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// Answers a GET. Runs on a thread of the connection and may block it, not the others.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

// A small HTTP/1.1 server for metrics, health and reading: GET and HEAD only, one request a connection.
// A slow or hostile client costs one of max_connections for at most header_timeout + write_timeout.
//
// Owns:    its listening socket, an accepting thread, and a thread per connection.
// Thread:  any.
// Blocks:  only the destructor, until handlers that are running have returned.
class HttpServer {
 public:
  // A path, or a prefix that ends in "/". The longest match wins.
  using Routes = std::map<std::string, HttpHandler>;
  struct Options {
    std::string bind = "127.0.0.1";
    int port = 7071;  // 0: a free one
    std::string port_flag = "--http-port";
    bool insecure = false;  // allows a public address
    int max_connections = 64;
    size_t max_header_bytes = 16 << 10;
    absl::Duration header_timeout = absl::Seconds(5);
    absl::Duration write_timeout = absl::Seconds(10);
  };
  // Fails with InvalidArgument for a public address, FailedPrecondition if the port is taken; both say which flag to
  // change.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Listen(Options options, Routes routes);
  ~HttpServer();

  int port() const;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace millrace
