#include "base/secret_reference.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace millrace {
namespace {

TEST(SecretReference, TakesVariablesAndAbsolutePathsOnly) {
  EXPECT_TRUE(CheckSecretReference("${env:KAFKA_PASSWORD}").ok());
  EXPECT_TRUE(CheckSecretReference("${file:/run/secrets/kafka}").ok());
  for (const char* text : {"", "hunter2", "$KAFKA", "${env:}", "${env:A B}", "${env:A", "${file:}", "${file:relative}",
                           "${vault:x}", "x${env:A}", "${env:A}x"}) {
    absl::Status refused = CheckSecretReference(text);
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << text;
    EXPECT_EQ(refused.message().find("hunter2"), std::string::npos);
  }
}

TEST(SecretReference, ReadsTheVariableOrTheFileWithoutItsLastLineEnd) {
  setenv("MILLRACE_TEST_SECRET", "hunter2", 1);
  EXPECT_EQ(*ResolveSecret("${env:MILLRACE_TEST_SECRET}"), "hunter2");
  std::string path = testing::TempDir() + "/millrace_secret";
  std::ofstream(path) << "two\nlines\r\n";
  EXPECT_EQ(*ResolveSecret(Cat("${file:", path, "}")), "two\nlines");
  std::filesystem::remove(path);
}

TEST(SecretReference, WhatIsNotThereIsNamed) {
  unsetenv("MILLRACE_TEST_SECRET");
  absl::Status missing = ResolveSecret("${env:MILLRACE_TEST_SECRET}").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(missing));
  EXPECT_NE(missing.message().find("${env:MILLRACE_TEST_SECRET}: this process has no such"), std::string::npos)
      << missing;
  EXPECT_TRUE(absl::IsFailedPrecondition(ResolveSecret("${file:/nowhere/at/all}").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ResolveSecret("hunter2").status()));
}

}  // namespace
}  // namespace millrace
