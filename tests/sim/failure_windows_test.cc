// What I4 promises about deletions: who has been superseded ends at most the batch that it was allowed when it led.
#include "tests/sim/failure_windows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/record_codec.h"
#include "tests/sim/sim_storage.h"

namespace millrace::sim {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kMetadata[] = "sim://metadata";
constexpr char kRecord[] = "pipelines/clicks/1";

// Two coordinators, one after the other, and a collector's questions and deletions.
class DeletionsTest : public testing::Test {
 protected:
  DeletionsTest() { Lead(old_, 1); }
  void Lead(const Process& process, uint64_t term) {
    windows_.OnPutDone(process, kMetadata, "leadership/1", std::to_string(term), true);
    WriteRecord(process, term);
  }
  void WriteRecord(const Process& process, uint64_t term) {
    storage::v1::PipelineRecord record;
    record.set_term(term);
    windows_.OnPutDone(process, kMetadata, kRecord, EncodeRecord(std::move(record)), true);
  }
  void Ask(const Process& process) { windows_.OnQuestion(process, windows_.record()); }
  void Delete(const Process& process, int n) {
    for (int i = 0; i < n; ++i) windows_.OnDelete(process, "sim://checkpoints", "clicks/garbage");
  }

  Storage storage_;
  FailureWindows windows_{&storage_};
  const Process old_{.name = "old"};
  const Process new_{.name = "new"};
};

// Seed 1586: a collector's call stalled while its coordinator wrote the record, froze, was succeeded, and woke up. In
// seed 552 it also read the record meanwhile, for another reason: that is no question of the collector's.
TEST_F(DeletionsTest, ABatchThatWasAllowedMayEndHoweverLate) {
  Ask(old_);
  Delete(old_, 3);
  WriteRecord(old_, 1);
  Lead(new_, 2);
  Delete(old_, 13);
  EXPECT_THAT(windows_.problem(), IsEmpty());
  Delete(old_, 1);
  EXPECT_THAT(windows_.problem(), HasSubstr("old deletes clicks/garbage though term 2 leads"));
}

TEST_F(DeletionsTest, AQuestionOfWhoIsSupersededAllowsNothing) {
  Ask(old_);
  Lead(new_, 2);
  Ask(old_);
  Delete(old_, 1);
  EXPECT_THAT(windows_.problem(), HasSubstr("old deletes clicks/garbage though term 2 leads"));
}

TEST_F(DeletionsTest, WhatACollectionWasAllowedIsNotForTheNext) {
  windows_.OnCollection(old_);
  Ask(old_);
  windows_.OnCollection(old_);
  Lead(new_, 2);
  Delete(old_, 1);
  EXPECT_THAT(windows_.problem(), HasSubstr("old deletes clicks/garbage though term 2 leads"));
}

TEST_F(DeletionsTest, WhoNeverAskedMayDeleteNothingOnceItIsSuperseded) {
  Delete(old_, 100);
  EXPECT_THAT(windows_.problem(), IsEmpty());
  Lead(new_, 2);
  Delete(old_, 1);
  EXPECT_THAT(windows_.problem(), HasSubstr("I4 "));
}

TEST_F(DeletionsTest, WhoLeadsMayDelete) {
  Lead(new_, 2);
  Delete(new_, 40);
  EXPECT_THAT(windows_.problem(), IsEmpty());
}

}  // namespace
}  // namespace millrace::sim
