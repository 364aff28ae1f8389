#pragma once

namespace millrace {

// Keeps gRPC's callback threads for the life of the process. gRPC 1.51 stops them with the last channel or server that
// used them and starts them with the next one; a stop that meets a start aborts the process. Everything with callbacks
// calls this first.
//
// Thread:  any, any number of times.
// Blocks:  a millisecond, the first time.
void KeepGrpcCallbackThreads();

}  // namespace millrace
