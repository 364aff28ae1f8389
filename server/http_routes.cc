#include "server/http_routes.h"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/mutex.h"
#include "server/proto_json.h"

namespace millrace {
namespace {

constexpr auto kAnswerTimeout = std::chrono::seconds(5);

// Turns an answer that comes on another thread into one that is waited for.
template <typename Response, typename Ask>
absl::StatusOr<Response> Await(Ask ask) {
  struct Answer {
    Mutex mutex;
    CondVar changed;
    std::optional<absl::StatusOr<Response>> value ABSL_GUARDED_BY(mutex);
  };
  auto answer = std::make_shared<Answer>();  // the control may answer after we gave up
  ask([answer](absl::StatusOr<Response> value) {
    MutexLock lock(&answer->mutex);
    answer->value = std::move(value);
    answer->changed.NotifyAll();
  });
  auto deadline = std::chrono::steady_clock::now() + kAnswerTimeout;
  MutexLock lock(&answer->mutex);
  while (!answer->value.has_value()) {
    auto left = deadline - std::chrono::steady_clock::now();
    if (left <= left.zero()) return absl::DeadlineExceededError("the coordinator did not answer within 5 s; it is busy or recovering");
    answer->changed.WaitFor(&answer->mutex, left);
  }
  return *std::move(answer->value);
}

int HttpCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kNotFound: return 404;
    case absl::StatusCode::kInvalidArgument: return 400;
    case absl::StatusCode::kFailedPrecondition: return 409;
    case absl::StatusCode::kUnavailable: return 503;
    case absl::StatusCode::kDeadlineExceeded: return 504;
    default: return 500;
  }
}

HttpResponse Json(const absl::Status& status, const google::protobuf::Message& message) {
  if (!status.ok()) return {.status = HttpCode(status.code()), .content_type = "application/json", .body = ErrorJson(status) + "\n"};
  return {.content_type = "application/json", .body = ToJson(message) + "\n"};
}

}  // namespace

HttpServer::Routes ProcessRoutes(Metrics* metrics, std::function<absl::Status()> ready) {
  HttpServer::Routes routes;
  routes["/metrics"] = [metrics](const HttpRequest&) {
    return HttpResponse{.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics->Text()};
  };
  routes["/healthz"] = [](const HttpRequest&) { return HttpResponse{.body = "ok\n"}; };
  routes["/readyz"] = [ready = std::move(ready)](const HttpRequest&) {
    absl::Status status = ready();
    if (status.ok()) return HttpResponse{.body = "ok\n"};
    return HttpResponse{.status = 503, .body = std::string(status.message()) + "\n"};
  };
  return routes;
}

void AddPipelineRoutes(PipelineControl* control, HttpServer::Routes* routes) {
  (*routes)["/api/v1/pipelines"] = [control](const HttpRequest&) {
    // Every page: a console shows all pipelines, and there are few.
    v1::ListResponse all;
    v1::ListRequest request;
    do {
      auto page = Await<v1::ListResponse>([&](auto done) { control->List(request, std::move(done)); });
      if (!page.ok()) return Json(page.status(), all);
      request.set_page_token(page->next_page_token());
      page->clear_next_page_token();
      all.MergeFrom(*page);
    } while (!request.page_token().empty());
    return Json(absl::OkStatus(), all);
  };
  (*routes)["/api/v1/pipelines/"] = [control](const HttpRequest& http) {
    v1::GetRequest request;
    request.set_name(http.rest);
    auto answer = Await<v1::GetResponse>([&](auto done) { control->Get(std::move(request), std::move(done)); });
    return Json(answer.status(), answer.ok() ? answer->pipeline() : v1::Pipeline());
  };
}

}  // namespace millrace
