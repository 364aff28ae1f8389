#include "server/select_results.h"

#include "base/error.h"
#include "base/macros.h"
#include "connectors/result/result_reader.h"

namespace millrace {

absl::StatusOr<v1::FetchResultsResponse> ReadResults(const v1::Pipeline& pipeline, const std::string& cursor,
                                                     BlobStoreFactory* stores) {
  const v1::Node* sink = nullptr;
  for (const v1::Node& node : pipeline.plan().nodes()) {
    if (node.has_sink() && node.sink().connector() == "result") sink = &node;
  }
  if (sink == nullptr) {
    return FailedPrecondition("fetch results of ", pipeline.name(),
                              ": it writes to tables; only a pipeline that a SELECT made has rows to fetch");
  }
  ASSIGN_OR_RETURN(ResultCursor at, ResultCursor::Parse(cursor));
  ASSIGN_OR_RETURN(std::shared_ptr<BlobStore> store, stores->Open(sink->sink().options().at("path")));
  ResultReader reader(std::move(store), {pipeline.name(), sink->uid(), pipeline.lineage()});
  RETURN_IF_ERROR(reader.Discard(at));
  ASSIGN_OR_RETURN(std::optional<ResultPart> part, reader.Next(at));
  v1::FetchResultsResponse response;
  response.set_cursor(cursor);
  if (!part) return response;
  response.set_lines(std::move(part->lines));
  response.set_epoch(part->epoch.value());
  response.set_cursor(part->next.ToString());
  return response;
}

}  // namespace millrace
