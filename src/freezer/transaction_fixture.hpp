// For tests: a transaction with real helper, lanes, guardian and slots over a model of the kernel.
#pragma once

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "freezer/guardian_fixture.hpp"
#include "freezer/slot_fixture.hpp"
#include "freezer/transaction.hpp"
#include "platform/clock.hpp"
#include "platform/mount_identity.hpp"
#include "platform/poll.hpp"

namespace vss::freezer {

using base::milliseconds;
using base::seconds;
using wire::Operation;

struct Recorder final : TransactionListener {
  std::vector<wire::Reply> replies;
  std::vector<wire::MountDetail> details;
  std::vector<wire::FreezerStatus> statuses;
  const Transaction* transaction = nullptr;

  void reply(const wire::Reply& reply) override { replies.push_back(reply); }
  void detail(const wire::MountDetail& detail) override { details.push_back(detail); }
  void planned(std::shared_ptr<const Planning>, base::TransactionId) override {}
  void status_changed() override { statuses.push_back(transaction->status()); }
};

// Directories in memory stand for mounts; the model of the kernel for their superblocks. The mount
// table is a file; without /sys every filesystem is a layer of its own, the last mounted first.
class TransactionTest : public ::testing::Test {
 protected:
  TransactionTest()
      : directory(make_directory()),
        guardian(std::in_place, directory + "/guardian.sock", kernel),
        slots(anonymous_slots()),
        page(anonymous_page()) {
    for (std::size_t i = 0; i < 3; ++i)
      add_mount(i);
    plans.emplace(std::move(*PlanSource::open({directory + "/mountinfo", directory, {}}, {})));
    transaction.emplace(Transaction::Parts{slots, page, *plans, link, kernel, listener});
    listener.transaction = &*transaction;
  }
  ~TransactionTest() override {
    transaction->abandon("the test is over");
    pump([&] { return transaction->idle(); });
    guardian.reset();
    std::filesystem::remove_all(directory);
  }

  static std::string make_directory() {
    // On tmpfs where there is one: syncing it costs nothing.
    const std::string base = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
    std::string name = base + "/vss-transaction-XXXXXX";
    VSS_ASSERT(::mkdtemp(name.data()) != nullptr);
    return name;
  }
  void add_mount(std::size_t i) {
    const std::string path = directory + "/m" + std::to_string(i);
    std::filesystem::create_directory(path);
    kernel.adopt(i, path);
    const auto identity = platform::identify(path);
    VSS_ASSERT(identity);
    std::ofstream(directory + "/mountinfo", std::ios::app)
        << identity->mount_id << " 1 8:" << i << " / /m" << i << " rw - ext4 /dev/sd" << i
        << " rw\n";
  }

  void connect() {
    link.connect(guardian->path(), slots, page);
    ASSERT_TRUE(pump([&] { return link.ready(); }));
  }

  bool pump(const std::function<bool()>& done) {
    const base::Instant limit = platform::now() + seconds{3};
    while (!done() && platform::now() < limit) {
      std::array<platform::PollEntry, 3> entries;
      entries[0] = {link.descriptor(), link.wants_write(), false, false};
      entries[1].fd = transaction->helper_descriptor();
      entries[2].fd = transaction->lanes_descriptor();
      platform::wait_until(entries, base::earlier_of(platform::now() + milliseconds{10},
                                                     transaction->next_deadline(platform::now())));
      if (entries[2].readable) transaction->on_lanes();
      if (entries[0].writable) transaction->on_guardian(link.continue_sending());
      if (entries[0].readable) transaction->on_guardian(link.receive());
      if (entries[1].readable) transaction->on_helper();
      transaction->on_time(platform::now());
    }
    return done();
  }

  wire::Event event(Operation operation, std::uint64_t id = 7) {
    return {operation, ++message_, {id}, platform::now() + reply_within, platform::now() + hold};
  }
  // The answer to the event sent last.
  const wire::Reply* answer() {
    const bool answered = pump([&] {
      return !listener.replies.empty() && listener.replies.back().message_id == message_;
    });
    return answered ? &listener.replies.back() : nullptr;
  }
  void expect_yes() {
    const wire::Reply* reply = answer();
    ASSERT_NE(reply, nullptr);
    EXPECT_EQ(reply->status, wire::kStatusSuccess) << reply->reason.view();
  }
  std::string expect_no() {
    const wire::Reply* reply = answer();
    if (reply == nullptr) return "no answer";
    EXPECT_EQ(reply->status, wire::kStatusFail);
    return std::string(reply->reason.view());
  }
  void prepare(std::uint64_t id = 7) {
    transaction->prepare(event(Operation::kPrepare, id), request);
    expect_yes();
  }
  void hold_all() {
    connect();
    prepare();
    transaction->freeze(event(Operation::kFreeze));
    expect_yes();
  }
  void expect_thawed_once() {
    EXPECT_TRUE(pump([&] { return transaction->idle(); }));
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_FALSE(kernel[i].frozen) << i;
      EXPECT_EQ(kernel[i].thaws, kernel[i].freezes) << i;
    }
    EXPECT_TRUE(transaction->status().clean);
    EXPECT_FALSE(link.armed());
  }

  std::string directory;
  FakeKernel kernel;
  std::optional<GuardianThread> guardian;
  SlotTable slots;
  ThawedPage page;
  GuardianLink link;
  Recorder listener;
  std::optional<PlanSource> plans;
  std::optional<Transaction> transaction;
  wire::FilesystemRequest request;
  base::Duration reply_within = seconds{5};
  base::Duration hold = seconds{30};

 private:
  std::uint64_t message_ = 0;
};

}  // namespace vss::freezer
