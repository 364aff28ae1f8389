#pragma once

#include <memory>

namespace grpc {
class ServerBuilderOption;
}

namespace millrace {

// Says whether the server that is built offers gRPC reflection. gRPC's reflection library, once linked, adds itself to
// every server of the process, so each of our builders takes one of these: only the public server of `millrace dev`
// offers it.
std::unique_ptr<grpc::ServerBuilderOption> Reflection(bool offered);

}  // namespace millrace
