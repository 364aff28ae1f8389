#include <optional>

#include "base/error.h"
#include "base/expression/evaluation_context.h"
#include "base/expression/function_table.h"
#include "base/expression/row_kernel.h"
#include "base/expression/type_rules.h"

namespace millrace {
namespace {

absl::StatusOr<int32_t> CheckedBound(int32_t bound) {
  if (bound > 0) return bound;
  return InvalidArgument("RAND_INTEGER takes a bound above 0, not ", bound);
}

// A kernel that is made anew for each batch, of what the batch is evaluated with: make(evaluation).
template <typename Make>
Kernel PerBatch(Make make, bool can_fail) {
  auto run = [make](const KernelInput& input) { return make(*input.evaluation).run(input); };
  return Kernel{.run = std::move(run), .can_fail = can_fail};
}

absl::StatusOr<Kernel> Rand(const KernelRequest& request) {
  return PerBatch(
      [result = request.result](const Evaluation& evaluation) {
        Random& random = evaluation.context->random();
        return RowKernel([&random] { return static_cast<double>(random.Next() >> 11) * 0x1.0p-53; }, result);
      },
      false);
}

absl::StatusOr<Kernel> RandInteger(const KernelRequest& request) {
  return PerBatch(
      [result = request.result](const Evaluation& evaluation) {
        Random& random = evaluation.context->random();
        auto row = [&random](int32_t bound) -> absl::StatusOr<int32_t> {
          ASSIGN_OR_RETURN(const int32_t checked, CheckedBound(bound));
          return static_cast<int32_t>(random.Below(static_cast<uint64_t>(checked)));
        };
        return RowKernel(row, result);
      },
      true);
}

absl::StatusOr<Kernel> Uuid(const KernelRequest& request) {
  return PerBatch(
      [result = request.result](const Evaluation& evaluation) {
        return RowKernel([context = evaluation.context] { return context->Uuid(); }, result);
      },
      false);
}

// With a seed: a constant one begins a generator that goes on from row to row, as in Flink; any other begins one for
// each row. draw(JavaRandom&, the other arguments…).
template <typename... Rest, typename Draw>
absl::StatusOr<Kernel> Seeded(const KernelRequest& request, bool can_fail, Draw draw) {
  const bool constant = request.constants[0] != nullptr;
  // An address of the call's own.
  auto call = std::make_shared<char>();
  return PerBatch(
      [=, result = request.result](const Evaluation& evaluation) {
        auto row = [=, context = evaluation.context](int32_t seed, Rest... rest) {
          if (constant) return draw(context->Seeded(call.get(), seed), rest...);
          JavaRandom random(seed);
          return draw(random, rest...);
        };
        return RowKernel(row, result);
      },
      can_fail);
}

absl::StatusOr<Kernel> SeededRand(const KernelRequest& request) {
  return Seeded<>(request, false, [](JavaRandom& random) { return random.NextDouble(); });
}

absl::StatusOr<Kernel> SeededRandInteger(const KernelRequest& request) {
  return Seeded<int32_t>(request, true, [](JavaRandom& random, int32_t bound) -> absl::StatusOr<int32_t> {
    ASSIGN_OR_RETURN(const int32_t checked, CheckedBound(bound));
    return random.NextInt(checked);
  });
}

}  // namespace

std::vector<Function> RandomFunctions() {
  using enum ArgumentKind;
  const std::string seeded = "; a constant seed begins a generator, which goes on from row to row of a subtask";
  return {
      {.name = "rand", .family = "arithmetic", .signature = "RAND()",
       .description = "a number from 0, and below 1, another for each row and call", .null_rule = "never NULL",
       .rule = Takes({}, "DOUBLE"), .kernel = Rand, .deterministic = false},
      {.name = "rand", .family = "arithmetic", .signature = "RAND(seed)",
       .description = "the same, by Java's algorithm" + seeded, .rule = Takes({kInt}, "DOUBLE"), .kernel = SeededRand,
       .deterministic = false},
      {.name = "rand_integer", .family = "arithmetic", .signature = "RAND_INTEGER(bound)",
       .description = "a number from 0, and below the bound, another for each row and call; a bound of 0 or less is an "
                      "error",
       .rule = Takes({kInt}, "INT"), .kernel = RandInteger, .deterministic = false},
      {.name = "rand_integer", .family = "arithmetic", .signature = "RAND_INTEGER(seed, bound)",
       .description = "the same, by Java's algorithm" + seeded, .rule = Takes({kInt, kInt}, "INT"),
       .kernel = SeededRandInteger, .deterministic = false},
      {.name = "uuid", .family = "string", .signature = "UUID()",
       .description = "a random UUID (version 4), another for each row and call", .null_rule = "never NULL",
       .rule = Takes({}, "CHAR(36)"), .kernel = Uuid, .deterministic = false},
  };
}

}  // namespace millrace
