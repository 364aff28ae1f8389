// Benchmarks of single parts, in one process: micro [NAME…]; without names, all of them.
#include <cstdio>
#include <cstring>

#include "tests/bench/measurement.h"

int main(int argc, char** argv) {
  struct Workload {
    const char* name;
    void (*run)();
  };
  constexpr Workload kWorkloads[] = {{"decoder", millrace::BenchDecoder},
                                     {"decoder_filtered", millrace::BenchDecoderFiltered},
                                     {"decoder_hostile", millrace::BenchDecoderHostile},
                                     {"decoder_wide", millrace::BenchDecoderWide},
                                     {"expressions", millrace::BenchExpressions},
                                     {"hash_aggregate", millrace::BenchHashAggregate},
                                     {"shuffle", millrace::BenchShuffle},
                                     {"snapshot", millrace::BenchSnapshot},
                                     {"sql_parser", millrace::BenchSqlParser}};
  for (int i = 1; i < argc; ++i) {
    bool known = false;
    for (const Workload& workload : kWorkloads) known |= std::strcmp(argv[i], workload.name) == 0;
    if (known) continue;
    std::fprintf(stderr,
                 "there is no micro benchmark '%s'; there are decoder, decoder_filtered, decoder_hostile, "
                 "decoder_wide, expressions, hash_aggregate, shuffle, snapshot, sql_parser\n",
                 argv[i]);
    return 2;
  }
  for (const Workload& workload : kWorkloads) {
    bool wanted = argc == 1;
    for (int i = 1; i < argc; ++i) wanted |= std::strcmp(argv[i], workload.name) == 0;
    if (wanted) workload.run();
  }
  return 0;
}
