#include "driver/open_transaction.hpp"

#include <gtest/gtest.h>

namespace vss::driver {
namespace {

constexpr base::TransactionId kId{(0x6a11f0c2ULL << 20) | 3};

wire::ControlRequest snapshot_of(const char* path) {
  wire::ControlRequest request;
  request.command = wire::ControlCommand::kSnapshot;
  request.filesystems.selection = wire::Selection::kPaths;
  request.filesystems.paths.push_back(path);
  request.note = "copy-disks";
  return request;
}

void keep(OpenTransaction& transaction, base::TransactionId id, const char* mount_point) {
  wire::MountDetail detail;
  detail.transaction = id;
  detail.mount_point = mount_point;
  auto frame = wire::make_frame(detail);
  transaction.keep(*wire::decode_frame(frame.bytes()));
}

coordinator::Record record_of(base::TransactionId id) {
  coordinator::Record record(0);
  record.id = id;
  record.sentence = "done";
  return record;
}

TEST(RequestDetails, PutTheRequestersChoiceUnderTheAdministratorsPolicy) {
  config::Configuration configuration;
  configuration.filesystems.exclude.push_back("/scratch*");
  configuration.filesystems.unfreezable = wire::UnfreezablePolicy::kFail;
  wire::ControlRequest request = snapshot_of("/srv");
  request.filesystems.exclude.push_back("/srv*");  // not a requester's to choose
  const auto details = details_of(request, configuration);
  EXPECT_EQ(details->filesystems.paths[0].view(), "/srv");
  EXPECT_EQ(details->filesystems.exclude.size(), 1U);
  EXPECT_EQ(details->filesystems.exclude[0].view(), "/scratch*");
  EXPECT_EQ(details->filesystems.unfreezable, wire::UnfreezablePolicy::kFail);
  EXPECT_EQ(details->filesystems.require, wire::Grade::kFilesystem);  // configured
  request.require_given = true;
  request.filesystems.require = wire::Grade::kApplication;
  EXPECT_EQ(details_of(request, configuration)->filesystems.require, wire::Grade::kApplication);
}

TEST(OpenTransaction, PutsTheRequestAndTheFreezersReportsIntoTheRecord) {
  OpenTransaction transaction;
  transaction.begin(kId, details_of(snapshot_of("/srv"), {}), 1234);
  keep(transaction, kId, "/srv");
  keep(transaction, {kId.value + 1}, "/elsewhere");  // of another transaction
  const auto record = transaction.make_record(record_of(kId));
  EXPECT_EQ(record.began_wall, 1234);
  EXPECT_EQ(record.note, "copy-disks");
  EXPECT_EQ(record.paths, std::vector<std::string>{"/srv"});
  ASSERT_EQ(record.filesystems.size(), 1U);
  EXPECT_EQ(record.filesystems[0].mount_point, "/srv");
}

TEST(OpenTransaction, ForgetsTheReportsOfTheOneBefore) {
  OpenTransaction transaction;
  transaction.begin(kId, details_of(snapshot_of("/srv"), {}), 1234);
  keep(transaction, kId, "/srv");
  transaction.begin(kId, details_of(snapshot_of("/srv"), {}), 1235);
  EXPECT_TRUE(transaction.make_record(record_of(kId)).filesystems.empty());
}

TEST(OpenTransaction, SaysHowManyReportsItCouldNotKeep) {
  OpenTransaction transaction;
  transaction.begin(kId, details_of(snapshot_of("/srv"), {}), 1234);
  const std::string name(1000, 'x');
  for (int i = 0; i < 5000; ++i)
    keep(transaction, kId, name.c_str());
  const auto record = transaction.make_record(record_of(kId));
  ASSERT_EQ(record.warnings.size(), 1U);
  EXPECT_NE(record.warnings[0].find("too many to keep"), std::string::npos);
}

TEST(LostTransaction, IsTornWhereACopyHadBeenPromisedElseAborted) {
  const coordinator::OpenNote held{.transaction = kId, .requester = "vssctl:8", .answered = true};
  EXPECT_EQ(record_of_lost(held, 0).result, coordinator::Result::kTorn);
  const coordinator::OpenNote open{.transaction = kId, .requester = "vssctl:8", .answered = false};
  EXPECT_EQ(record_of_lost(open, 0).result, coordinator::Result::kAborted);
}

TEST(LostTransaction, OfADaemonThatOwesAThawIsNotSaidToBeThawed) {
  coordinator::OpenNote note{.transaction = kId,
                             .requester = "vssctl:8",
                             .answered = true,
                             .freezer_owes = true,
                             .freezer_plain = true};
  EXPECT_EQ(record_of_lost(note, 0).sentence,
            "vssd was restarted while this transaction was held: what its daemon had frozen was "
            "left to another daemon, or an administrator, to thaw, and the copy may be torn; take "
            "it again.");
  note.freezer_owes = false;
  EXPECT_EQ(record_of_lost(note, 0).sentence,
            "vssd was restarted while this transaction was held: its filesystems were thawed, and "
            "the copy may be torn; take it again.");
}

}  // namespace
}  // namespace vss::driver
