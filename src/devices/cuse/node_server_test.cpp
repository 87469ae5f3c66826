#include "devices/cuse/node_server.hpp"

#include <errno.h>
#include <poll.h>
#include <vss/hv_snapshot.h>

#include <variant>

#include "devices/cuse/node_interface.hpp"
#include "platform/clock.hpp"
#include "platform/cuse_for_test.hpp"

namespace vss::devices {
namespace {

using platform::CuseDevice;
using platform::CuseKernelForTest;

static_assert(kIoctlRead == IOCHVVSSREAD && kIoctlWrite == IOCHVVSSWRITE);

TEST(NodeNames, AreTheOriginals) {
  EXPECT_STREQ(node_name(Kind::kApplication), APP_VSS_DEV_NAME);
  EXPECT_STREQ(node_name(Kind::kFilesystem), FS_VSS_DEV_NAME);
}

TEST(Nodes, AreMadeOfWhatIsHandedIn) {
  CuseKernelForTest application, filesystem, lock;
  std::vector<base::UniqueFd> cuse;
  for (CuseKernelForTest* kernel : {&application, &filesystem, &lock})
    cuse.push_back(kernel->take_server());
  const auto nodes = make_nodes(std::move(cuse));
  ASSERT_TRUE(nodes) << nodes.error().message;
  EXPECT_TRUE(application.answer_to(2).came);
  EXPECT_TRUE(filesystem.answer_to(2).came);
  EXPECT_FALSE(lock.answer_to(2).came);
}

TEST(Nodes, AreNotMadeOfTooFewDescriptors) {
  CuseKernelForTest kernel;
  std::vector<base::UniqueFd> cuse;
  cuse.push_back(kernel.take_server());
  const auto nodes = make_nodes(std::move(cuse));
  ASSERT_FALSE(nodes);
  EXPECT_NE(nodes.error().message.find("hands in 1 descriptors"), std::string::npos);
}

// The driver, with a coordinator that has one place for a freezer and `places` for writers.
struct Host final : NodeHost {
  void on_participant_event(const coordinator::Event& event) override {
    if (const auto* joined = std::get_if<coordinator::WriterJoined>(&event)) {
      EXPECT_TRUE(joined->plain);
      last_name = joined->name;
      join(joined->connection, places-- > 0);
    } else if (const auto* freezer = std::get_if<coordinator::FreezerJoined>(&event)) {
      EXPECT_TRUE(freezer->plain);
      join(freezer->connection, !freezer_taken);
    } else if (const auto* answered = std::get_if<coordinator::Answered>(&event)) {
      answers.push_back(*answered);
    } else if (const auto* left = std::get_if<coordinator::ParticipantLeft>(&event)) {
      departures.emplace_back(left->reason.view());
    }
  }
  void join(std::uint64_t connection, bool welcome) {
    if (!welcome) return server->perform(coordinator::RefuseParticipant{connection, "no place"});
    last = {.index = ++participants, .use = 1};
    server->perform(
        coordinator::AcceptParticipant{.connection = connection, .id = last, .timeout = {}});
  }
  void on_freezer_news(const wire::FrameView&) override {}
  void on_thawed_page(int) override {}
  void on_connection_over(std::string_view, std::string_view) override {}
  bool may_open_devices() const override { return !frozen; }
  void log(base::LogSeverity, std::string_view text) override { lines.emplace_back(text); }
  void on_deadline_changed() override {}

  NodeServer* server = nullptr;
  int places = 3;
  bool freezer_taken = false;
  bool frozen = false;
  std::uint32_t participants = 0;
  coordinator::ParticipantId last;
  coordinator::Name last_name;
  std::vector<coordinator::Answered> answers;
  std::vector<std::string> departures;
  std::vector<std::string> lines;
};

struct NodeServerTest : testing::Test {
  using Open = std::uint64_t;

  NodeServerTest()
      : server(loop, host,
               {.application = made(application, kApplicationNode),
                .filesystem = made(filesystem, kFilesystemNode),
                .lock = {}},
               [this](Kind kind) { return make_again(kind); }) {
    host.server = &server;
  }

  static std::unique_ptr<CuseDevice> made(CuseKernelForTest& kernel, const char* name) {
    return *CuseDevice::make(kernel.take_server(), name);
  }
  base::Result<std::unique_ptr<CuseDevice>> make_again(Kind kind) {
    ++makings;
    if (!why_not.empty()) return base::fail(why_not);
    (kind == Kind::kApplication ? application : filesystem) = CuseKernelForTest();
    return made(kind == Kind::kApplication ? application : filesystem, node_name(kind));
  }

  void run() {
    while (loop.run_ready()) {
    }
    server.reap();
  }
  CuseKernelForTest::Answer answer(std::uint64_t request, CuseKernelForTest& kernel) {
    run();
    return kernel.answer_to(request);
  }
  Open opened(int flags = O_RDWR) {
    return answer(application.open(flags), application).as<fuse_open_out>().fh;
  }
  void tell(coordinator::Operation operation, std::uint64_t message_id) {
    coordinator::Tell tell;
    tell.id = host.last;
    tell.operation = operation;
    tell.message_id = message_id;
    server.perform(tell);
    run();
  }
  wire::DeviceMessage read(Open open) {
    const auto got = answer(application.ioctl(open, kIoctlRead, {}, 64), application);
    EXPECT_EQ(got.error, 0);
    wire::DeviceMessage message;
    EXPECT_EQ(got.bytes.size(), sizeof(fuse_ioctl_out) + sizeof message);
    std::memcpy(&message, got.bytes.data() + sizeof(fuse_ioctl_out), sizeof message);
    return message;
  }
  int write(Open open, const wire::DeviceMessage& message) {
    return answer(application.ioctl(open, kIoctlWrite, std::as_bytes(std::span{&message, 1}), 0),
                  application)
        .error;
  }
  unsigned polled(Open open) {
    return answer(application.poll(open, true), application).as<fuse_poll_out>().revents;
  }

  platform::EventLoop loop;
  CuseKernelForTest application, filesystem;
  Host host;
  std::string why_not;
  int makings = 0;
  NodeServer server;
};

TEST_F(NodeServerTest, OpenIsAPlainParticipantUntilItIsReleased) {
  const Open open = opened();
  EXPECT_EQ(host.last_name.view(), "plain:812");
  answer(application.release(open), application);
  ASSERT_EQ(host.departures.size(), 1U);
  EXPECT_EQ(host.departures[0], "it closed the device, or ended");
}

TEST_F(NodeServerTest, RefusedOpenIsBusy) {
  host.freezer_taken = true;
  EXPECT_EQ(answer(filesystem.open(), filesystem).error, EBUSY);
  host.places = 0;
  EXPECT_EQ(answer(application.open(), application).error, EBUSY);
  EXPECT_TRUE(host.departures.empty());
}

TEST_F(NodeServerTest, DaemonIsTheFreezerWhileItsNodeIsOpen) {
  const auto open = answer(filesystem.open(), filesystem).as<fuse_open_out>().fh;
  EXPECT_TRUE(server.daemon_connected());
  answer(filesystem.release(open), filesystem);
  EXPECT_FALSE(server.daemon_connected());
}

TEST_F(NodeServerTest, RequestIsPolledReadAndAnswered) {
  const Open open = opened();
  EXPECT_EQ(polled(open), 0U);
  EXPECT_EQ(read(open).status, wire::kStatusFail);
  tell(coordinator::Operation::kFreeze, 9);
  EXPECT_EQ(application.notified(), 1);
  EXPECT_NE(polled(open) & POLLIN, 0U);
  const wire::DeviceMessage request = read(open);
  EXPECT_EQ(request.message_id, 9U);
  EXPECT_EQ(polled(open), 0U);
  EXPECT_EQ(write(open, request), 0);
  ASSERT_EQ(host.answers.size(), 1U);
  EXPECT_EQ(host.answers[0].message_id, 9U);
  EXPECT_TRUE(host.answers[0].success);
}

TEST_F(NodeServerTest, WaitingReadGetsTheNextRequest) {
  const Open open = opened();
  const auto waiting = application.read(open);
  EXPECT_FALSE(answer(waiting, application).came);
  tell(coordinator::Operation::kThaw, 10);
  EXPECT_EQ(application.answer_to(waiting).as<wire::DeviceMessage>().message_id, 10U);
}

TEST_F(NodeServerTest, RequestThatReachedNobodyIsReadAgain) {
  const Open open = opened();
  application.read(open);
  run();
  application.while_nobody_takes_answers([&] { tell(coordinator::Operation::kFreeze, 9); });
  EXPECT_NE(polled(open) & POLLIN, 0U);
  const wire::DeviceMessage request = read(open);
  EXPECT_EQ(request.message_id, 9U);
  application.while_nobody_takes_answers([&] { write(open, request); });
  EXPECT_EQ(polled(open), 0U) << "what was answered is not read again";
  EXPECT_EQ(host.answers.size(), 1U);
}

TEST_F(NodeServerTest, ClientThatAsksTooMuchInASecondIsGivenUpAsAtASocket) {
  const Open open = opened();
  const Open other = opened();
  const auto waiting = application.read(open);
  const auto limit = default_limits(Kind::kApplication).frames_per_second;
  int error = 0;
  for (std::uint32_t count = 0; count < 2 * limit + 2 && error == 0; ++count)
    error = answer(application.ioctl(open, kIoctlRead, {}, 64), application).error;
  EXPECT_EQ(error, ENOTCONN);
  EXPECT_EQ(application.answer_to(waiting).error, ENOTCONN);
  ASSERT_EQ(host.departures.size(), 1U);
  EXPECT_EQ(host.departures[0], "it asked more in a second than any program of ours does");
  EXPECT_EQ(read(other).status, wire::kStatusFail);
}

TEST_F(NodeServerTest, ClientThatAsksHalfOfTooMuchInASecondIsWarnedOfOnce) {
  const Open open = opened();
  const auto limit = default_limits(Kind::kApplication).frames_per_second;
  for (std::uint32_t count = 0; count < limit; ++count)
    answer(application.ioctl(open, kIoctlRead, {}, 64), application);
  ASSERT_EQ(host.lines.size(), 1U);
  EXPECT_EQ(host.lines[0],
            "hv_appvss_dev: process 812 of user 0: asked more than 500 times in a second, and is "
            "given up at twice that: it should wait in read(2) or poll(2)");
}

TEST_F(NodeServerTest, WhatTheServerWakesIsNoRequestOfTheClients) {
  const Open open = opened();
  const auto limit = default_limits(Kind::kApplication).frames_per_second;
  for (std::uint32_t asked = 0; asked < limit; asked += 2) {
    const auto waiting = application.read(open);
    run();
    tell(coordinator::Operation::kThaw, asked + 1);
    const auto got = application.answer_to(waiting);
    ASSERT_EQ(got.error, 0) << "after " << asked << " reads and writes";
    ASSERT_EQ(write(open, got.as<wire::DeviceMessage>()), 0);
  }
  EXPECT_TRUE(host.departures.empty());
}

TEST_F(NodeServerTest, ReadNeedsRoomForOneMessage) {
  EXPECT_EQ(answer(application.read(opened(), O_RDWR, 63), application).error, EINVAL);
}

TEST_F(NodeServerTest, AnswerNeedsADescriptorThatIsOpenForWriting) {
  const Open open = opened(O_RDONLY);
  tell(coordinator::Operation::kFreeze, 9);
  EXPECT_EQ(write(open, read(open)), EBADF);
  EXPECT_TRUE(host.answers.empty());
}

TEST_F(NodeServerTest, OtherIoctlsSucceedAndDoNothing) {
  // As with the original, whose driver answers 0 to every ioctl.
  const auto got = answer(application.ioctl(opened(), _IO('v', 99), {}, 0), application);
  EXPECT_TRUE(got.came);
  EXPECT_EQ(got.error, 0);
  EXPECT_TRUE(host.answers.empty());
}

TEST_F(NodeServerTest, ClientThatLeavesTooMuchUnansweredIsGivenUp) {
  const Open open = opened();
  for (std::uint64_t id = 1; id <= 5; ++id)
    tell(coordinator::Operation::kThaw, id);
  ASSERT_EQ(host.departures.size(), 1U);
  EXPECT_EQ(host.departures[0], "it left too many requests unanswered");
  EXPECT_EQ(polled(open), unsigned{POLLERR});
  EXPECT_EQ(write(open, {}), ENOTCONN);
  EXPECT_EQ(answer(application.ioctl(open, _IO('v', 99), {}, 0), application).error, ENOTCONN);
  EXPECT_EQ(answer(application.read(open), application).error, ENOTCONN);
  answer(application.release(open), application);
  EXPECT_EQ(host.departures.size(), 1U);
}

TEST_F(NodeServerTest, NodeThatIsLostIsMadeAgainAndTheOtherIsNot) {
  opened();
  const auto daemon = answer(filesystem.open(), filesystem).as<fuse_open_out>().fh;
  application.abort();
  run();
  ASSERT_EQ(host.departures.size(), 1U);
  EXPECT_EQ(host.departures[0], "its device node was ended from outside");
  EXPECT_NE(server.standing().find("hv_appvss_dev: gone"), std::string::npos);
  server.on_time(platform::now() + base::seconds{1});
  EXPECT_EQ(makings, 1);
  EXPECT_EQ(server.standing(), "/dev/hv_appvss_dev: served, /dev/hv_fsvss_dev: served");
  EXPECT_TRUE(server.next_deadline().is_never());
  opened();
  answer(filesystem.release(daemon), filesystem);
  EXPECT_FALSE(server.daemon_connected());
}

TEST_F(NodeServerTest, NodeThatIsLostIsNotMadeAgainWhileAnythingMayBeFrozen) {
  host.frozen = true;
  application.abort();
  run();
  EXPECT_TRUE(server.next_deadline().is_never());
  server.on_time(platform::now() + base::seconds{1});
  EXPECT_EQ(makings, 0);
  host.frozen = false;
  EXPECT_FALSE(server.next_deadline().is_never());
}

TEST_F(NodeServerTest, NodeThatCannotBeMadeAgainIsTriedAndSaidOnce) {
  why_not = "no right to";
  application.abort();
  run();
  for (int second = 1; second <= 3; ++second)
    server.on_time(platform::now() + second * base::seconds{60});
  EXPECT_EQ(makings, 3);
  EXPECT_EQ(host.lines.size(), 2U);  // that it is gone, and that it cannot be made
  EXPECT_NE(server.standing().find("gone, to be made again"), std::string::npos);
  EXPECT_NE(server.standing().find("(no right to)"), std::string::npos);
}

}  // namespace
}  // namespace vss::devices
