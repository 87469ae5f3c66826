// PREPARE's flushing, as part of a transaction.
#include "freezer/fake_disk.hpp"
#include "freezer/transaction_fixture.hpp"

namespace vss::freezer {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TransactionFlushTest : public TransactionTest {
 protected:
  TransactionFlushTest() {
    transaction.emplace(
        Transaction::Parts{slots, page, *plans, link, kernel, listener, FakeDisk::kernel()});
    listener.transaction = &*transaction;
  }
  ~TransactionFlushTest() override { disk->hold = false; }

  void try_to_prepare(std::uint64_t id) {
    transaction->prepare(event(Operation::kPrepare, id), request);
  }

  FakeDisk disk;
};

TEST_F(TransactionFlushTest, IsToldWithTheFirstFilesystem) {
  disk->pending = 300 * FakeDisk::kMB;
  disk->writes = 100 * FakeDisk::kMB;
  connect();
  prepare();
  ASSERT_FALSE(listener.details.empty());
  const wire::MountDetail& told = listener.details.front();
  EXPECT_EQ(told.result, wire::MountResult::kOpened);
  ASSERT_TRUE(told.flush);
  EXPECT_EQ(told.flush->rounds, 1U);
  EXPECT_EQ(told.flush->written, 300 * FakeDisk::kMB);
  EXPECT_EQ(disk->syncs, 3);
}

TEST_F(TransactionFlushTest, AStallAboveTheBudgetIsRefusedWithTheNumbers) {
  disk->pending = 3000 * FakeDisk::kMB;
  disk->dirties = 1000 * FakeDisk::kMB;  // in each of three: as much as is flushed
  request.stall_budget = seconds{2};
  connect();
  try_to_prepare(7);
  EXPECT_THAT(expect_no(), AllOf(HasSubstr("predicted stall 30."), HasSubstr("3.0 GB dirty"),
                                 HasSubstr("stall_budget = 2.00 s")));
  EXPECT_TRUE(transaction->idle());
  EXPECT_TRUE(transaction->status().clean);
  EXPECT_EQ(kernel[0].freezes, 0);
  request.stall_budget = base::Duration{0};
  prepare(8);
}

TEST_F(TransactionFlushTest, AFailureNamesTheFilesystem) {
  request.pre_sync = wire::PreSync::kAlways;
  disk->error = EIO;
  connect();
  try_to_prepare(7);
  EXPECT_THAT(expect_no(), HasSubstr("cannot sync /m"));
  EXPECT_TRUE(transaction->idle());
}

TEST_F(TransactionFlushTest, AnAbortMeanwhileEndsIt) {
  request.pre_sync = wire::PreSync::kAlways;
  disk->hold = true;
  connect();
  try_to_prepare(7);
  ASSERT_TRUE(pump([&] { return disk->syncs == 3; }));
  transaction->thaw(event(Operation::kAbort));
  expect_yes();
  EXPECT_TRUE(transaction->idle());
  disk->hold = false;
  prepare(8);
}

TEST_F(TransactionFlushTest, OneThatTakesTooLongIsGivenUpAndTheFreezeGoesOn) {
  disk->pending = 600 * FakeDisk::kMB;
  disk->hold = true;
  reply_within = milliseconds{800};
  connect();
  const base::Instant began = platform::now();
  prepare();
  EXPECT_LT(platform::now() - began, milliseconds{700});
  ASSERT_TRUE(listener.details.front().flush);
  EXPECT_EQ(listener.details.front().flush->given_up, 1U);
  transaction->freeze(event(Operation::kFreeze));
  expect_yes();
}

// Of policy `sync`: it is owed, so that it is waited for, until the answer is due.
TEST_F(TransactionFlushTest, OneThatDoesNotAnswerIsNamedInTime) {
  const std::string path = directory + "/usb";
  std::filesystem::create_directory(path);
  std::ofstream(directory + "/mountinfo", std::ios::app)
      << platform::identify(path)->mount_id << " 1 8:9 / /usb rw - vfat /dev/sdx rw\n";
  request.require = wire::Grade::kCrash;
  disk->hold = true;
  reply_within = milliseconds{500};
  connect();
  const base::Instant began = platform::now();
  try_to_prepare(7);
  EXPECT_THAT(expect_no(), HasSubstr("/usb (/dev/sdx) does not answer to sync"));
  EXPECT_LT(platform::now() - began, reply_within);
  EXPECT_TRUE(transaction->idle());
}

}  // namespace
}  // namespace vss::freezer
