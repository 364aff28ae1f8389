#include <gtest/gtest.h>

#include "base/error.h"
#include "worker/deployment.h"

namespace millrace {
namespace {

// A coordinator that cannot parse a worker's message drops the worker.
TEST(ToError, AMessageWithAnyBytesCanBeParsedAgain) {
  internal::v1::Error error;
  EXPECT_TRUE(error.ParseFromString(ToError(InvalidArgument("value: \xff\xc3")).SerializeAsString()));
  EXPECT_EQ(error.message(), "value: \xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_TRUE(error.permanent());
}

}  // namespace
}  // namespace millrace
