#include "worker/operators/registry.h"

#include <gtest/gtest.h>

#include "base/state_fingerprint.h"

namespace millrace {
namespace {

TEST(StateFingerprintOf, IsTheOneThatThePlannerWrites) {
  internal::v1::ChainNode node;
  node.set_uid("per_k");
  v1::WindowAggregate& window = *node.mutable_window_aggregate();
  window.set_size_ms(1000);
  window.add_keys("k");
  EXPECT_EQ(StateFingerprintOf(node).status().code(), absl::StatusCode::kInvalidArgument);
  v1::Column& column = *node.add_input_schemas()->add_columns();
  column.set_name("k");
  column.set_type("STRING NOT NULL");
  EXPECT_EQ(*StateFingerprintOf(node), *WindowStateFingerprint(window, node.input_schemas(0).columns()));
  node.mutable_filter();
  EXPECT_EQ(*StateFingerprintOf(node), "");
}

}  // namespace
}  // namespace millrace
