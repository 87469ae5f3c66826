#include "freezer/session.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "freezer/guardian_fixture.hpp"
#include "freezer/slot_fixture.hpp"
#include "platform/clock.hpp"
#include "platform/mount_identity.hpp"
#include "platform/poll.hpp"

namespace vss::freezer {
namespace {

using base::seconds;
using wire::FrameKind;

// The freezer's end against a vssd that the test plays by hand.
class SessionTest : public ::testing::Test {
 protected:
  SessionTest() : slots(anonymous_slots()) {
    std::string name = ::testing::TempDir() + "/session-XXXXXX";
    directory = ::mkdtemp(name.data());
    std::ofstream table(directory + "/mountinfo");
    for (int i = 0; i < 300; ++i) {
      table << 100 + i << " 1 0:" << i << " / /p" << i << " rw - tmpfs tmpfs rw\n";
    }
    table.close();
    page.emplace(std::move(*ThawedPage::open(directory + "/thawed")));
    plans.emplace(std::move(*PlanSource::open({directory + "/mountinfo", "", {}}, {})));
    session.emplace(directory + "/freezer.sock", *plans, *page, false);
    transaction.emplace(Transaction::Parts{slots, *page, *plans, link, kernel, *session});
    session->set_transaction(*transaction);
    listener = std::move(*platform::listen_at(directory + "/freezer.sock", 0600));
  }
  ~SessionTest() override { std::filesystem::remove_all(directory); }

  void pump(int rounds = 1) {
    for (int i = 0; i < rounds; ++i) {
      std::array<platform::PollEntry, 1> entries{
          platform::PollEntry{session->descriptor(), session->wants_write(), false, false}};
      platform::wait_until(entries, platform::now() + base::milliseconds{2});
      if (entries[0].readable) session->on_readable();
      if (entries[0].writable && session->connected()) session->on_writable();
      session->on_time(platform::now());
    }
  }
  void accept() {
    ASSERT_TRUE(eventually([&] {
      pump();
      if (auto got = platform::accept_one(listener.get())) vssd = std::move(*got);
      return vssd.valid();
    }));
  }
  // The next frame that vssd gets; its descriptors are in `received`.
  std::optional<wire::FrameView> next() {
    std::optional<wire::FrameView> frame;
    eventually([&] {
      if (platform::receive_packet(vssd.get(), buffer, received) != platform::IoOutcome::kDone) {
        pump();
        return false;
      }
      if (auto view = wire::decode_frame(received.bytes)) frame = *view;
      return true;
    });
    return frame;
  }
  void send(wire::FrameWriter frame, std::span<const int> descriptors = {}) {
    ASSERT_EQ(platform::send_packet(vssd.get(), frame.bytes(), descriptors),
              platform::IoOutcome::kDone);
  }
  void registered() {
    accept();
    ASSERT_TRUE(next());
    send(wire::make_frame(wire::RegistrationReply{}));
    pump(3);
  }

  std::string directory;
  FakeKernel kernel;
  SlotTable slots;
  std::optional<ThawedPage> page;
  GuardianLink link;
  std::optional<PlanSource> plans;
  std::optional<Session> session;
  std::optional<Transaction> transaction;
  base::UniqueFd listener, vssd;
  std::vector<std::byte> buffer = std::vector<std::byte>(wire::kFrameBytesMax);
  platform::ReceivedPacket received;
};

TEST_F(SessionTest, RegistersAsFreezerWithStandingAndThawedPage) {
  page->publish({5});
  accept();
  const auto frame = next();
  ASSERT_TRUE(frame);
  const auto registration = wire::decode_registration(*frame);
  ASSERT_TRUE(registration);
  EXPECT_EQ(registration->role, wire::Role::kFreezer);
  ASSERT_TRUE(registration->freezer_status);
  EXPECT_TRUE(registration->freezer_status->clean);
  EXPECT_FALSE(registration->freezer_status->guardian_alive);
  EXPECT_EQ(registration->freezer_status->last_thawed.value, 5U);
  ASSERT_EQ(received.descriptors.size(), 1U);
  const base::UniqueFd shown{received.descriptors[0]};
  EXPECT_TRUE(platform::map_shared(shown.get(), 8, false));
  EXPECT_FALSE(platform::map_shared(shown.get(), 8, true));  // for reading only
}

TEST_F(SessionTest, ComesBackWhenVssdWentAway) {
  registered();
  vssd.reset();
  pump(3);
  EXPECT_FALSE(session->connected());
  registered();
  EXPECT_TRUE(session->connected());
}

TEST_F(SessionTest, AnswersAPlanMountByMountAndThenItsEnd) {
  registered();
  send(wire::make_plan_request({}, 77));
  for (int i = 0; i < 300; ++i) {
    const auto frame = next();
    ASSERT_TRUE(frame) << i;
    ASSERT_EQ(frame->kind, FrameKind::kDetail) << i;
    EXPECT_EQ(frame->tag, 77U);
    EXPECT_EQ(wire::decode_mount_detail(*frame)->mount_point.view(), "/p" + std::to_string(i));
  }
  const auto end = next();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->kind, FrameKind::kPlanEnd);
  EXPECT_EQ(end->tag, 77U);
  EXPECT_EQ(wire::decode_plan_end(*end)->status, wire::kStatusSuccess);
}

TEST_F(SessionTest, APathThatIsNoMountRootFailsThePlan) {
  registered();
  wire::FilesystemRequest request;
  request.selection = wire::Selection::kPaths;
  request.paths.push_back("/nowhere");
  send(wire::make_plan_request(request, 1));
  const auto end = next();
  ASSERT_TRUE(end);
  ASSERT_EQ(end->kind, FrameKind::kPlanEnd);
  EXPECT_EQ(wire::decode_plan_end(*end)->status, wire::kStatusFail);
}

TEST_F(SessionTest, NoiseEndsTheConnectionAndNothingElse) {
  registered();
  const std::array<std::byte, 100> noise{};
  platform::send_packet(vssd.get(), noise);
  pump(3);
  EXPECT_FALSE(session->connected());
  vssd.reset();
  registered();
}

TEST_F(SessionTest, EveryEventGetsItsAnswer) {
  registered();
  for (const auto operation : {wire::Operation::kCheck, wire::Operation::kPrepare,
                               wire::Operation::kFreeze, wire::Operation::kThaw}) {
    const wire::Event event{operation,
                            100 + static_cast<std::uint64_t>(operation),
                            {7},
                            platform::now() + seconds{2},
                            platform::now() + seconds{9}};
    const bool asks =
        operation == wire::Operation::kCheck || operation == wire::Operation::kPrepare;
    send(asks ? wire::make_frame(event, wire::FilesystemRequest{}) : wire::make_frame(event));
    std::optional<wire::FrameView> frame;
    do {
      frame = next();
      ASSERT_TRUE(frame);
    } while (frame->kind != FrameKind::kReply);
    const auto reply = wire::decode_reply(*frame);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->message_id, event.message_id);
    EXPECT_EQ(reply->operation, static_cast<std::uint32_t>(operation));
    EXPECT_EQ(reply->status, wire::kStatusSuccess) << reply->reason.view();
  }
}

TEST_F(SessionTest, AReaderThatDoesNotReadLosesDetailsOnly) {
  registered();
  for (int i = 0; i < 20'000; ++i)
    session->detail({});
  EXPECT_TRUE(session->connected());
  session->reply({1, 99, wire::kStatusSuccess, {}, {}});
  bool answered = false;
  for (int i = 0; i < 20'000 && !answered; ++i) {
    const auto frame = next();
    ASSERT_TRUE(frame);
    answered = frame->kind == FrameKind::kReply;
  }
  EXPECT_TRUE(answered);
}

}  // namespace
}  // namespace vss::freezer
