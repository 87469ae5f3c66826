// libvss through its C interface, against a server that does what the test says.
#include <gtest/gtest.h>
#include <poll.h>
#include <vss/writer.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include "testing/fake_server.h"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class Sdk : public testing::Test {
 protected:
  Sdk() : server_(fake_server_start()) {
    options_.name = "w";
    options_.socket = fake_server_socket(server_);
    EXPECT_EQ(vss_writer_create(&options_, &writer_), 0);
  }
  ~Sdk() override {
    vss_writer_destroy(writer_);
    fake_server_stop(server_);
  }

  void register_writer() {
    ASSERT_EQ(vss_writer_connect(writer_), 0) << vss_writer_error(writer_);
    fake_server_accept(server_);
    expect_event(VSS_EVENT_REGISTERED);
  }

  bool readable(std::chrono::milliseconds patience) {
    pollfd ready = {vss_writer_fd(writer_), POLLIN, 0};
    return ::poll(&ready, 1, static_cast<int>(patience.count())) == 1;
  }

  // Waits as an application does, through the descriptor.
  int next(std::chrono::milliseconds patience = 2s) {
    const auto until = Clock::now() + patience;
    int result = vss_writer_next(writer_, &event_);
    while (result == 0 && Clock::now() < until) {
      readable(10ms);
      result = vss_writer_next(writer_, &event_);
    }
    return result;
  }

  void expect_event(std::uint32_t kind) {
    ASSERT_EQ(next(), 1) << vss_writer_error(writer_);
    ASSERT_EQ(event_.kind, kind);
  }

  void prepare(std::uint64_t transaction, std::uint64_t id) {
    fake_server_tell(server_, VSS_EVENT_PREPARE, id, transaction, 1000, 0);
    expect_event(VSS_EVENT_PREPARE);
    ASSERT_EQ(vss_writer_reply(writer_, event_.id, 0, nullptr), 0);
    fake_server_take_reply(server_, &reply_);
  }

  void freeze(std::uint64_t transaction, std::uint64_t id, std::int64_t hold_ms) {
    fake_server_tell(server_, VSS_EVENT_FREEZE, id, transaction, 1000, hold_ms);
    expect_event(VSS_EVENT_FREEZE);
    ASSERT_EQ(vss_writer_reply(writer_, event_.id, 0, nullptr), 0);
    fake_server_take_reply(server_, &reply_);
  }

  fake_server* server_;
  vss_writer_options options_ = VSS_WRITER_OPTIONS_INIT;
  vss_writer* writer_ = nullptr;
  vss_event event_{};
  fake_reply reply_{};
};

TEST_F(Sdk, GoesThroughATransaction) {
  register_writer();
  EXPECT_EQ(event_.duration, 2'000'000'000u);
  prepare(5, 1);
  EXPECT_EQ(event_.transaction, 5u);
  EXPECT_EQ(event_.hold_deadline, VSS_NO_DEADLINE);
  freeze(5, 2, 5000);
  EXPECT_NE(event_.hold_deadline, VSS_NO_DEADLINE);
  EXPECT_EQ(reply_.operation, static_cast<std::uint32_t>(VSS_EVENT_FREEZE));
  EXPECT_EQ(reply_.id, 2u);
  EXPECT_EQ(reply_.status, 0u);
  fake_server_tell(server_, VSS_EVENT_THAW, 3, 5, 1000, 5000);
  expect_event(VSS_EVENT_THAW);
  EXPECT_EQ(vss_writer_reply(writer_, 3, 1, "cannot"), 0);
  fake_server_take_reply(server_, &reply_);
  EXPECT_EQ(reply_.status, 1u);
  EXPECT_STREQ(reply_.reason, "cannot");
  EXPECT_EQ(vss_writer_next(writer_, &event_), 0);
}

TEST_F(Sdk, SaysWhyThereIsNoConnection) {
  EXPECT_EQ(vss_writer_next(writer_, &event_), -ENOTCONN);
  EXPECT_EQ(vss_writer_is_connected(writer_), 0);
  vss_writer_options options = options_;
  options.socket = nullptr;
  options.runtime_dir = "/nonexistent";
  vss_writer* lonely = nullptr;
  ASSERT_EQ(vss_writer_create(&options, &lonely), 0);
  EXPECT_EQ(vss_writer_connect(lonely), -ENOENT);
  EXPECT_NE(std::string(vss_writer_error(lonely)).find("/nonexistent/app.sock"), std::string::npos);
  vss_writer_destroy(lonely);
}

TEST_F(Sdk, RefusesOptionsOfAnUnknownSize) {
  vss_writer* none = nullptr;
  options_.size -= 1;
  EXPECT_EQ(vss_writer_create(&options_, &none), -EINVAL);
  EXPECT_EQ(vss_writer_create(nullptr, &none), -EINVAL);
  EXPECT_EQ(none, nullptr);
}

TEST_F(Sdk, RefusesBadValuesWithAReason) {
  const auto refused = [this](auto change) {
    vss_writer_options options = options_;
    change(options);
    vss_writer* writer = nullptr;
    EXPECT_EQ(vss_writer_create(&options, &writer), 0);
    EXPECT_EQ(vss_writer_connect(writer), -EINVAL);
    std::string text = vss_writer_error(writer);
    vss_writer_destroy(writer);
    return text;
  };
  EXPECT_NE(refused([](auto& o) { o.name = nullptr; }).find("name"), std::string::npos);
  EXPECT_NE(refused([](auto& o) { o.name = "a/b"; }).find("name"), std::string::npos);
  EXPECT_NE(refused([](auto& o) { o.level = 1000; }).find("level"), std::string::npos);
  EXPECT_NE(refused([](auto& o) { o.criticality = 2; }).find("criticality"), std::string::npos);
  EXPECT_NE(refused([](auto& o) { o.timeout = UINT64_MAX; }).find("timeout"), std::string::npos);
  EXPECT_NE(refused([](auto& o) { o.version = "\n"; }).find("version"), std::string::npos);
}

TEST_F(Sdk, ObeysOnlyTheUserWhoMayServe) {
  vss_writer_options options = options_;
  options.server_uid = 4'000'000'000;
  vss_writer* writer = nullptr;
  ASSERT_EQ(vss_writer_create(&options, &writer), 0);
  EXPECT_EQ(vss_writer_connect(writer), -EPERM);
  vss_writer_destroy(writer);
}

TEST_F(Sdk, ReportsARefusedRegistration) {
  ASSERT_EQ(vss_writer_connect(writer_), 0);
  fake_server_refuse(server_, "too many writers");
  EXPECT_EQ(next(), -ECONNREFUSED);
  EXPECT_NE(std::string(vss_writer_error(writer_)).find("too many writers"), std::string::npos);
  EXPECT_EQ(vss_writer_next(writer_, &event_), -ENOTCONN);
}

TEST_F(Sdk, ConnectsAgainThroughTheSameDescriptor) {
  const int descriptor = vss_writer_fd(writer_);
  register_writer();
  EXPECT_EQ(vss_writer_connect(writer_), -EISCONN);
  fake_server_hang_up(server_);
  EXPECT_TRUE(readable(1s));
  EXPECT_EQ(next(), -ENOTCONN);
  register_writer();
  EXPECT_EQ(vss_writer_fd(writer_), descriptor);
}

TEST_F(Sdk, SendsNoAnswerTwice) {
  register_writer();
  prepare(5, 1);
  EXPECT_EQ(vss_writer_reply(writer_, 1, 0, nullptr), -EALREADY);
  EXPECT_EQ(vss_writer_reply(writer_, 9, 0, nullptr), -ESTALE);
  EXPECT_EQ(vss_writer_reply(writer_, 0, 0, nullptr), 0);
  EXPECT_EQ(fake_server_has_packet(server_), 0);
}

TEST_F(Sdk, AbortsAtOnceWhenTheConnectionIsLostAfterPrepare) {
  register_writer();
  prepare(5, 1);
  fake_server_hang_up(server_);
  EXPECT_TRUE(readable(1s));
  expect_event(VSS_EVENT_ABORT);
  EXPECT_EQ(event_.id, 0u);
  EXPECT_EQ(event_.transaction, 5u);
  EXPECT_EQ(vss_writer_reply(writer_, event_.id, 0, nullptr), 0);
  EXPECT_EQ(vss_writer_next(writer_, &event_), -ENOTCONN);
}

TEST_F(Sdk, WaitsForTheThawedMarkWhenTheConnectionIsLostWhileHolding) {
  register_writer();
  fake_server_send_page(server_);
  prepare(5, 1);
  freeze(5, 2, 60'000);
  fake_server_publish_thawed(server_, 4);
  fake_server_hang_up(server_);
  EXPECT_EQ(next(150ms), 0);
  EXPECT_EQ(vss_writer_connect(writer_), -EBUSY);
  fake_server_publish_thawed(server_, 5);
  const auto published = Clock::now();
  EXPECT_TRUE(readable(500ms));
  expect_event(VSS_EVENT_ABORT);
  EXPECT_LT(Clock::now() - published, 500ms);
  EXPECT_EQ(vss_writer_next(writer_, &event_), -ENOTCONN);
  EXPECT_FALSE(readable(100ms));
}

TEST_F(Sdk, WaitsForTheMarkNoLongerThanTheHoldDeadline) {
  register_writer();
  fake_server_send_page(server_);
  prepare(5, 1);
  freeze(5, 2, 300);
  const auto began = Clock::now();
  fake_server_hang_up(server_);
  expect_event(VSS_EVENT_ABORT);
  EXPECT_GT(Clock::now() - began, 150ms);
}

TEST_F(Sdk, WithoutAPageWaitsForTheHoldDeadline) {
  register_writer();
  prepare(5, 1);
  freeze(5, 2, 300);
  fake_server_hang_up(server_);
  EXPECT_EQ(next(100ms), 0);
  expect_event(VSS_EVENT_ABORT);
}

TEST_F(Sdk, TakesVssdForLostWhenItIsSilentTenSecondsAfterTheHoldDeadline) {
  register_writer();
  prepare(5, 1);
  freeze(5, 2, -9'700);
  EXPECT_EQ(next(100ms), 0);
  EXPECT_TRUE(readable(1s));
  expect_event(VSS_EVENT_ABORT);
  EXPECT_EQ(vss_writer_next(writer_, &event_), -ENOTCONN);
}

TEST_F(Sdk, DeliversTheThawThatWasSentBeforeTheConnectionWasLost) {
  register_writer();
  prepare(5, 1);
  freeze(5, 2, 60'000);
  fake_server_tell(server_, VSS_EVENT_THAW, 3, 5, 1000, 0);
  fake_server_hang_up(server_);
  expect_event(VSS_EVENT_THAW);
  EXPECT_EQ(vss_writer_reply(writer_, 3, 0, nullptr), -ENOTCONN);
  EXPECT_EQ(next(), -ENOTCONN);
}

TEST_F(Sdk, TurnsLateIntoOneAbort) {
  register_writer();
  prepare(5, 1);
  freeze(5, 2, 60'000);
  fake_server_late(server_, VSS_EVENT_FREEZE, 2);
  expect_event(VSS_EVENT_ABORT);
  EXPECT_EQ(event_.id, 0u);
  fake_server_tell(server_, VSS_EVENT_ABORT, 3, 5, 1000, 0);
  EXPECT_EQ(next(100ms), 0);
  fake_server_take_reply(server_, &reply_);
  EXPECT_EQ(reply_.id, 3u);
  EXPECT_EQ(reply_.status, 0u);
}

TEST_F(Sdk, RefusesForTheApplicationWhatWasRolledBack) {
  register_writer();
  prepare(5, 1);
  fake_server_late(server_, VSS_EVENT_PREPARE, 1);
  expect_event(VSS_EVENT_ABORT);
  fake_server_tell(server_, VSS_EVENT_FREEZE, 2, 5, 1000, 5000);
  EXPECT_EQ(next(100ms), 0);
  fake_server_take_reply(server_, &reply_);
  EXPECT_EQ(reply_.status, 1u);
  prepare(6, 3);
}

TEST_F(Sdk, AsksForMoreTime) {
  register_writer();
  fake_server_tell(server_, VSS_EVENT_PREPARE, 1, 5, 1000, 0);
  expect_event(VSS_EVENT_PREPARE);
  const std::int64_t old_deadline = event_.reply_deadline;
  ASSERT_EQ(vss_writer_more_time(writer_, 1, 9'000'000'000), 0);
  EXPECT_EQ(fake_server_grant(server_, 4000), 9'000'000'000u);
  expect_event(VSS_EVENT_MORE_TIME);
  EXPECT_EQ(event_.id, 0u);
  EXPECT_EQ(event_.duration, 4'000'000'000u);
  EXPECT_GT(event_.reply_deadline, old_deadline);
  const std::int64_t granted_deadline = event_.reply_deadline;
  ASSERT_EQ(vss_writer_more_time(writer_, 1, 1), 0);
  fake_server_grant(server_, 0);
  expect_event(VSS_EVENT_MORE_TIME);
  EXPECT_EQ(event_.reply_deadline, granted_deadline);
  EXPECT_EQ(vss_writer_more_time(writer_, 1, 0), -EINVAL);
  EXPECT_EQ(vss_writer_more_time(writer_, 8, 1), -ESTALE);
}

TEST_F(Sdk, TreatsWhatIsNoFrameAsALoss) {
  register_writer();
  prepare(5, 1);
  fake_server_send(server_, "nonsense", 8);
  EXPECT_EQ(next(), -EPROTO);
  expect_event(VSS_EVENT_ABORT);
  EXPECT_EQ(next(), -ENOTCONN);
}

TEST_F(Sdk, NoticesAnotherVersionOfTheProtocol) {
  register_writer();
  const unsigned char header[80] = {'V', 'S', 'S', 'F', 2, 0};
  fake_server_send(server_, header, sizeof header);
  EXPECT_EQ(next(), -EPROTONOSUPPORT);
}

TEST_F(Sdk, NeverBlocksOnAServerThatDoesNotRead) {
  register_writer();
  prepare(5, 1);
  int result = 0;
  for (int i = 0; i < 100'000 && result == 0; ++i) {
    fake_server_tell(server_, VSS_EVENT_CHECK, 100 + static_cast<std::uint64_t>(i), 9, 1000, 0);
    if (next() != 1 || event_.kind != VSS_EVENT_CHECK) break;
    result = vss_writer_reply(writer_, event_.id, 0, nullptr);
  }
  EXPECT_EQ(result, -ENOTCONN);
  expect_event(VSS_EVENT_ABORT);
}

}  // namespace
