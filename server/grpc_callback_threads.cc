#include "server/grpc_callback_threads.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <memory>

#include "base/check.h"
#include "base/mutex.h"

namespace millrace {

void KeepGrpcCallbackThreads() {
  static std::shared_ptr<grpc::Channel>* const kept = [] {
    auto* channel = new std::shared_ptr<grpc::Channel>(
        grpc::CreateChannel("ipv4:127.0.0.1:1", grpc::InsecureChannelCredentials()));
    grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(*channel);
    grpc::ClientContext context;
    context.TryCancel();
    grpc::Slice nothing;
    grpc::ByteBuffer request(&nothing, 1), response;
    Mutex mutex;
    CondVar changed;
    bool done = false;
    stub.UnaryCall(&context, "/millrace/Nothing", grpc::StubOptions(), &request, &response, [&](grpc::Status) {
      MutexLock lock(&mutex);
      done = true;
      changed.NotifyAll();
    });
    MutexLock lock(&mutex);
    while (!done) changed.Wait(&mutex);
    return channel;
  }();
  Check(kept != nullptr, "a channel was made");
}

}  // namespace millrace
