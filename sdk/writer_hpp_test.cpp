// vss::Writer against a server that does what the test says. Compiled as C++20.
#include <gtest/gtest.h>
#include <vss/writer.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "testing/fake_server.h"

namespace {

using namespace std::chrono_literals;

class Recorder : public vss::Writer {
 public:
  using Writer::Writer;

  std::vector<std::string> calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  // Until `count` calls were made.
  std::vector<std::string> wait_for(std::size_t count) {
    for (int i = 0; i < 400 && calls().size() < count; ++i)
      std::this_thread::sleep_for(5ms);
    return calls();
  }

  std::string freeze_refusal;
  bool freeze_throws = false;
  std::chrono::nanoseconds ask_for{0};
  std::atomic<std::chrono::nanoseconds> gained{0ns};
  std::atomic<bool> overtaken = false;
  bool wait_until_overtaken = false;

 protected:
  vss::Answer check(const vss::Request&) override { return note("check"); }
  vss::Answer prepare(const vss::Request&) override { return note("prepare"); }
  vss::Answer freeze(const vss::Request& request) override {
    note("freeze");
    if (freeze_throws) throw std::runtime_error("thrown");
    if (ask_for > 0ns) gained = more_time(request, ask_for) - request.reply_deadline;
    for (int i = 0; wait_until_overtaken && !overtaken && i < 400; ++i) {
      std::this_thread::sleep_for(5ms);
      overtaken = is_overtaken();
    }
    return freeze_refusal.empty() ? vss::yes() : vss::no(freeze_refusal);
  }
  vss::Answer thaw(const vss::Request&) override { return note("thaw"); }
  vss::Answer abort(const vss::Request&) override { return note("abort"); }
  void connected(std::chrono::nanoseconds) override { note("connected"); }
  void disconnected(const std::string&) override { note("disconnected"); }

 private:
  vss::Answer note(const char* what) {
    const std::lock_guard lock(mutex_);
    calls_.emplace_back(what);
    return vss::yes();
  }
  std::mutex mutex_;
  std::vector<std::string> calls_;
};

using Calls = std::vector<std::string>;

class WriterHpp : public testing::Test {
 protected:
  WriterHpp()
      : server_(fake_server_start()),
        writer_({.name = "recorder", .socket = fake_server_socket(server_), .required = false}) {}
  ~WriterHpp() override {
    writer_.stop();
    if (thread_.joinable()) thread_.join();
    fake_server_stop(server_);
  }

  void start() {
    thread_ = std::thread([this] { writer_.run(); });
    fake_server_accept(server_);
  }
  fake_reply ask(std::uint32_t operation, std::uint64_t id, std::int64_t hold_ms = 60'000) {
    fake_server_tell(server_, operation, id, 5, 1000, hold_ms);
    return answer();
  }
  fake_reply answer() {
    fake_reply reply{};
    fake_server_take_reply(server_, &reply);
    return reply;
  }

  fake_server* server_;
  Recorder writer_;
  std::thread thread_;
};

TEST_F(WriterHpp, AnswersEachCall) {
  start();
  EXPECT_EQ(ask(VSS_EVENT_CHECK, 1).status, 0u);
  EXPECT_EQ(ask(VSS_EVENT_PREPARE, 2).status, 0u);
  EXPECT_EQ(ask(VSS_EVENT_FREEZE, 3).id, 3u);
  EXPECT_EQ(ask(VSS_EVENT_THAW, 4).status, 0u);
  EXPECT_EQ(writer_.calls(), (Calls{"connected", "check", "prepare", "freeze", "thaw"}));
}

TEST_F(WriterHpp, AnswersNoWithTheReason) {
  writer_.freeze_refusal = "the books are locked";
  start();
  ask(VSS_EVENT_PREPARE, 1);
  const fake_reply reply = ask(VSS_EVENT_FREEZE, 2);
  EXPECT_EQ(reply.status, 1u);
  EXPECT_STREQ(reply.reason, "the books are locked");
}

TEST_F(WriterHpp, TakesAnExceptionForNo) {
  writer_.freeze_throws = true;
  start();
  ask(VSS_EVENT_PREPARE, 1);
  const fake_reply reply = ask(VSS_EVENT_FREEZE, 2);
  EXPECT_EQ(reply.status, 1u);
  EXPECT_STREQ(reply.reason, "thrown");
}

TEST_F(WriterHpp, GivesUpTheOpenTransactionWhenStopped) {
  start();
  ask(VSS_EVENT_PREPARE, 1);
  ask(VSS_EVENT_FREEZE, 2);
  writer_.stop();
  thread_.join();
  EXPECT_EQ(writer_.calls().back(), "abort");
}

TEST_F(WriterHpp, StoppedAfterTheThawCallsNothing) {
  start();
  ask(VSS_EVENT_PREPARE, 1);
  ask(VSS_EVENT_THAW, 2);
  writer_.stop();
  thread_.join();
  EXPECT_EQ(writer_.calls().back(), "thaw");
}

TEST_F(WriterHpp, AbortsAndConnectsAgainAfterALoss) {
  start();
  ask(VSS_EVENT_PREPARE, 1);
  fake_server_hang_up(server_);
  fake_server_accept(server_);
  EXPECT_EQ(writer_.wait_for(5),
            (Calls{"connected", "prepare", "abort", "disconnected", "connected"}));
}

TEST_F(WriterHpp, WaitsInFreezeForMoreTime) {
  writer_.ask_for = 3s;
  start();
  ask(VSS_EVENT_PREPARE, 1);
  fake_server_tell(server_, VSS_EVENT_FREEZE, 2, 5, 1000, 60'000);
  EXPECT_EQ(fake_server_grant(server_, 3000), 3'000'000'000u);
  EXPECT_EQ(answer().status, 0u);
  EXPECT_GT(writer_.gained.load(), 1s);
}

TEST_F(WriterHpp, KeepsForLaterWhatComesWhileItWaitsForMoreTime) {
  writer_.ask_for = 3s;
  start();
  ask(VSS_EVENT_PREPARE, 1);
  fake_server_tell(server_, VSS_EVENT_FREEZE, 2, 5, 1000, 60'000);
  fake_server_tell(server_, VSS_EVENT_ABORT, 3, 5, 1000, 60'000);
  fake_server_grant(server_, 0);
  EXPECT_EQ(answer().id, 2u);
  EXPECT_EQ(answer().id, 3u);
  EXPECT_EQ(writer_.gained.load(), 0s);
  EXPECT_EQ(writer_.calls(), (Calls{"connected", "prepare", "freeze", "abort"}));
}

TEST_F(WriterHpp, SeesInFreezeThatItWasOvertaken) {
  writer_.wait_until_overtaken = true;
  start();
  ask(VSS_EVENT_PREPARE, 1);
  fake_server_tell(server_, VSS_EVENT_FREEZE, 2, 5, 1000, 60'000);
  fake_server_tell(server_, VSS_EVENT_ABORT, 3, 5, 1000, 60'000);
  answer();
  EXPECT_TRUE(writer_.overtaken);
}

TEST_F(WriterHpp, SeesInFreezeThatTheConnectionIsLost) {
  writer_.wait_until_overtaken = true;
  start();
  ask(VSS_EVENT_PREPARE, 1);
  fake_server_tell(server_, VSS_EVENT_FREEZE, 2, 5, 1000, 200);
  fake_server_hang_up(server_);
  EXPECT_EQ(writer_.wait_for(5),
            (Calls{"connected", "prepare", "freeze", "abort", "disconnected"}));
  EXPECT_TRUE(writer_.overtaken);
}

TEST_F(WriterHpp, TellsOnceThatVssdIsMissing) {
  Recorder lonely({.name = "lonely", .socket = "/nonexistent/app.sock"});
  EXPECT_FALSE(lonely.connect());
  EXPECT_FALSE(lonely.connect());
  EXPECT_EQ(lonely.calls(), Calls{"disconnected"});
}

TEST_F(WriterHpp, ThrowsForABadName) {
  Recorder bad({.name = "a/b"});
  EXPECT_THROW(bad.connect(), vss::Error);
}

TEST_F(WriterHpp, IsDispatchedFromALoopOfTheApplication) {
  ASSERT_TRUE(writer_.connect());
  fake_server_accept(server_);
  while (!writer_.is_connected())
    ASSERT_TRUE(writer_.dispatch());
  fake_server_tell(server_, VSS_EVENT_CHECK, 1, 5, 1000, 0);
  pollfd ready = {writer_.descriptor(), POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 1000), 1);
  EXPECT_TRUE(writer_.dispatch());
  EXPECT_EQ(answer().status, 0u);
}

}  // namespace
