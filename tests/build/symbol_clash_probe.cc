// Uses every library that Arrow's wheel carries a private copy of, in one process: with clashing symbols RE2 rejects a
// valid pattern and librdkafka crashes. check_bindings.py runs it and reads what the loader bound.
#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <grpcpp/grpcpp.h>
#include <librdkafka/rdkafka.h>
#include <parquet/properties.h>
#include <re2/re2.h>
#include <rocksdb/version.h>
#include <simdjson.h>

#include <cstdio>
#include <string>

namespace {

int Fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  return 1;
}

int Run() {
  re2::RE2 letter("caf\\pL");
  if (!letter.ok() || !re2::RE2::FullMatch("café", letter)) return Fail("RE2 rejects a valid pattern");

  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  if (rd_kafka_conf_set(conf, "security.protocol", "ssl", error, sizeof error) != RD_KAFKA_CONF_OK) return Fail(error);
  rd_kafka_t* kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  if (kafka == nullptr) return Fail(error);
  rd_kafka_destroy(kafka);

  auto credentials = grpc::SslCredentials({});
  if (credentials == nullptr) return Fail("gRPC makes no TLS credentials");

  simdjson::dom::parser parser;
  int64_t value = 0;
  if (parser.parse(std::string(R"({"a": 42})"))["a"].get(value) != simdjson::SUCCESS || value != 42) return Fail("simdjson misreads");

  arrow::Int64Builder builder;
  if (!builder.AppendValues({1, 2, 3}).ok()) return Fail("Arrow builds no array");
  auto array = builder.Finish();
  if (!array.ok() || !arrow::compute::Initialize().ok()) return Fail("Arrow compute does not start");
  auto sum = arrow::compute::CallFunction("sum", {*array});
  if (!sum.ok() || sum->scalar_as<arrow::Int64Scalar>().value != 6) return Fail("Arrow misadds");
  auto properties = parquet::WriterProperties::Builder().compression(parquet::Compression::ZSTD)->build();
  return properties == nullptr ? Fail("no Parquet properties") : 0;
}

}  // namespace

int main() { return Run(); }
