#include "platform/cuse_device.hpp"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <set>

#include "platform/cuse_for_test.hpp"

namespace vss::platform {
namespace {

using Message = std::array<std::byte, 64>;
constexpr unsigned kGet = _IOR('v', 2, Message);
constexpr unsigned kPut = _IOW('v', 3, Message);

// A device of which every open has what `waiting` says to read.
struct Handler final : CuseHandler {
  std::expected<Open, int> on_open(const CuseOpener& opener) override {
    openers.push_back(opener);
    if (refuse != 0) return std::unexpected(refuse);
    opens.insert(++last);
    return last;
  }
  void on_release(Open open) override { EXPECT_EQ(opens.erase(open), 1U); }
  std::expected<std::size_t, int> on_read(Open open, std::span<std::byte> room) override {
    EXPECT_TRUE(opens.contains(open));
    if (waiting == 0) return std::unexpected(EAGAIN);
    --waiting;
    room[0] = std::byte{42};
    return 1;
  }
  std::expected<std::size_t, int> on_ioctl(Open, unsigned command,
                                           std::span<const std::byte> argument,
                                           std::span<std::byte> answer) override {
    commands.push_back(command);
    if (command == kPut) written.assign(argument.begin(), argument.end());
    std::ranges::fill(answer, std::byte{7});
    return answer.size();
  }
  void on_unanswered(Open open) override { unanswered.push_back(open); }
  short on_poll(Open) override { return waiting > 0 ? POLLIN : 0; }

  Open last = 100;
  std::set<Open> opens;
  std::vector<CuseOpener> openers;
  std::vector<unsigned> commands;
  std::vector<Open> unanswered;
  std::vector<std::byte> written;
  int waiting = 0;
  int refuse = 0;
};

struct CuseDeviceTest : testing::Test {
  CuseDeviceTest() : device(*CuseDevice::make(kernel.take_server(), "some_dev")) {}

  CuseDevice::Served serve() {
    auto served = CuseDevice::Served::kNothing;
    for (;;) {
      const auto next = device->serve_one(handler);
      if (next == CuseDevice::Served::kNothing) return served;
      served = next;
      if (next == CuseDevice::Served::kOver) return served;
    }
  }
  CuseKernelForTest::Answer answer(std::uint64_t request) {
    serve();
    return kernel.answer_to(request);
  }
  std::uint64_t opened(int flags = O_RDWR) {
    return answer(kernel.open(flags)).as<fuse_open_out>().fh;
  }

  CuseKernelForTest kernel;
  Handler handler;
  std::unique_ptr<CuseDevice> device;
};

TEST_F(CuseDeviceTest, IsMadeByItsNameWithoutUnrestrictedIoctls) {
  const auto answer = kernel.answer_to(2);
  ASSERT_TRUE(answer.came);
  const auto out = answer.as<cuse_init_out>();
  EXPECT_EQ(out.flags, 0U);
  EXPECT_EQ(out.dev_major, 0U);  // the kernel chooses
  const std::string text(reinterpret_cast<const char*>(answer.bytes.data()), answer.bytes.size());
  EXPECT_NE(text.find(std::string("DEVNAME=some_dev") + '\0'), std::string::npos);
}

TEST(CuseDeviceMade, IsAnErrorWhereTheKernelRefusesTheName) {
  CuseKernelForTest kernel;
  kernel.abort();
  const auto made = CuseDevice::make(kernel.take_server(), "some_dev");
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("another program serves one of this name"),
            std::string::npos);
}

TEST_F(CuseDeviceTest, TellsWhoOpensAndHow) {
  opened(O_RDONLY | O_NONBLOCK);
  opened(O_RDWR);
  ASSERT_EQ(handler.openers.size(), 2U);
  EXPECT_EQ(handler.openers[0].device, "some_dev");
  EXPECT_EQ(handler.openers[0].process_id, static_cast<pid_t>(CuseKernelForTest::kProcess));
  EXPECT_FALSE(handler.openers[0].for_writing);
  EXPECT_TRUE(handler.openers[1].for_writing);
}

TEST_F(CuseDeviceTest, RefusedOpenHasTheHandlersError) {
  handler.refuse = EBUSY;
  EXPECT_EQ(answer(kernel.open()).error, EBUSY);
}

TEST_F(CuseDeviceTest, ReleasesWhatIsClosed) {
  const auto open = opened();
  EXPECT_EQ(handler.opens.size(), 1U);
  EXPECT_EQ(answer(kernel.release(open)).error, 0);
  EXPECT_TRUE(handler.opens.empty());
}

TEST_F(CuseDeviceTest, ReleasesAtOnceWhereTheOpenerIsGone) {
  kernel.open();
  kernel.abort();  // the answer cannot be given, as to an opener that was killed
  serve();
  EXPECT_EQ(handler.openers.size(), 1U);
  EXPECT_TRUE(handler.opens.empty());
}

TEST_F(CuseDeviceTest, CarriesTheArgumentAndTheAnswerOfAnIoctl) {
  const auto open = opened();
  std::vector<std::byte> argument(64, std::byte{5});
  EXPECT_EQ(answer(kernel.ioctl(open, kPut, argument, 0)).error, 0);
  EXPECT_EQ(handler.written, argument);
  const auto get = answer(kernel.ioctl(open, kGet, {}, 64));
  EXPECT_EQ(get.bytes.size(), sizeof(fuse_ioctl_out) + 64);
  EXPECT_EQ(get.bytes.back(), std::byte{7});
  EXPECT_EQ(handler.commands, (std::vector<unsigned>{kPut, kGet}));
}

TEST_F(CuseDeviceTest, ReadWaitsUntilThereIsSomething) {
  const auto open = opened();
  const auto request = kernel.read(open);
  EXPECT_FALSE(answer(request).came);
  handler.waiting = 1;
  device->wake(open, handler);
  EXPECT_EQ(kernel.answer_to(request).bytes, std::vector{std::byte{42}});
}

TEST_F(CuseDeviceTest, ReadOfANonBlockingDescriptorDoesNotWait) {
  const auto open = opened();
  EXPECT_EQ(answer(kernel.read(open, O_RDWR | O_NONBLOCK)).error, EAGAIN);
  EXPECT_FALSE(answer(kernel.read(open)).came);  // the flags of the moment count
}

TEST_F(CuseDeviceTest, InterruptedReadEndsAndLeavesWhatComesLater) {
  const auto open = opened();
  const auto request = kernel.read(open);
  serve();
  kernel.interrupt(request);
  EXPECT_EQ(answer(request).error, EINTR);
  handler.waiting = 1;
  device->wake(open, handler);
  EXPECT_EQ(handler.waiting, 1);
  EXPECT_EQ(answer(kernel.read(open)).bytes.size(), 1U);
}

TEST_F(CuseDeviceTest, TellsWhichReadGotNoAnswer) {
  const auto open = opened();
  kernel.read(open);
  serve();
  handler.waiting = 1;
  kernel.while_nobody_takes_answers([&] { device->wake(open, handler); });
  EXPECT_EQ(handler.unanswered, std::vector{open});
}

TEST_F(CuseDeviceTest, TellsWhichIoctlGotNoAnswer) {
  const auto open = opened();
  kernel.ioctl(open, kGet, {}, 64);
  kernel.while_nobody_takes_answers([&] { serve(); });
  EXPECT_EQ(handler.unanswered, std::vector{open});
}

TEST_F(CuseDeviceTest, OneReadWaitsOnEachOpen) {
  const auto open = opened();
  const auto first = kernel.read(open);
  EXPECT_EQ(answer(kernel.read(open)).error, EBUSY);
  EXPECT_FALSE(kernel.answer_to(first).came);
  EXPECT_FALSE(answer(kernel.read(opened())).came);
}

TEST_F(CuseDeviceTest, WriteIsNotThere) {
  // As for the original's driver, which has neither.
  const auto open = opened();
  EXPECT_EQ(answer(kernel.write(open)).error, ENODEV);
}

TEST_F(CuseDeviceTest, PollSaysWhatIsSoAndHearsOfAChangeOnce) {
  const auto open = opened();
  EXPECT_EQ(answer(kernel.poll(open, true)).as<fuse_poll_out>().revents, 0U);
  handler.waiting = 1;
  device->wake(open, handler);
  device->wake(open, handler);
  EXPECT_EQ(kernel.notified(), 1);
  EXPECT_EQ(answer(kernel.poll(open, true)).as<fuse_poll_out>().revents, unsigned{POLLIN});
  device->wake(open, handler);  // an edge for who waits for edges
  EXPECT_EQ(kernel.notified(), 2);
}

TEST_F(CuseDeviceTest, IsOverWhenTheKernelEndsIt) {
  opened();
  kernel.abort();
  EXPECT_EQ(device->serve_one(handler), CuseDevice::Served::kOver);
}

TEST_F(CuseDeviceTest, ThatGoesAwayEndsWaitingReads) {
  const auto open = opened();
  const auto request = kernel.read(open);
  serve();
  device.reset();
  EXPECT_EQ(kernel.answer_to(request).error, ECONNABORTED);
}

}  // namespace
}  // namespace vss::platform
