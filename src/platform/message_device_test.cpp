#include "platform/message_device.hpp"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <array>

#include "base/unique_fd.hpp"
#include "platform/clock.hpp"
#include "platform/sleep.hpp"

namespace vss::platform {
namespace {

using Message = std::array<std::byte, 12>;

// A terminal as the kernel makes it, not raw: its other side is in the test's hand.
class MessageDeviceTest : public testing::Test {
 protected:
  MessageDeviceTest() {
    EXPECT_TRUE(master_ && ::grantpt(master_.get()) == 0 && ::unlockpt(master_.get()) == 0);
    std::array<char, 64> name{};
    EXPECT_EQ(::ptsname_r(master_.get(), name.data(), name.size()), 0);
    path_ = name.data();
    keeper_.reset(::open(path_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  }

  std::unique_ptr<MessageDevice> opened() {
    auto device = open_message_device(path_);
    EXPECT_TRUE(device) << device.error().message;
    return device ? std::move(*device) : nullptr;
  }

  static bool wait_readable(const MessageDevice& device) {
    const base::Instant until = now() + base::seconds{5};
    while (!device.is_readable() && now() < until)
      sleep_for(base::milliseconds{1});
    return device.is_readable();
  }

  base::UniqueFd master_{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  std::string path_;
  base::UniqueFd keeper_;  // a terminal that nobody has open looks as if its other side were gone
};

TEST_F(MessageDeviceTest, CarriesEveryByteOfAMessageBothWays) {
  const auto device = opened();
  // What a terminal that is not raw would change, echo, or take for an end or a signal.
  constexpr std::array<unsigned char, 12> kSpecial{'\r', '\n', 3, 4,    17,   19,
                                                   26,   127,  0, 0xff, 0x81, 28};
  const auto special = std::as_bytes(std::span{kSpecial});
  ASSERT_TRUE(device->write(special));
  Message got{};
  ASSERT_EQ(::read(master_.get(), got.data(), got.size()), 12);
  EXPECT_TRUE(std::ranges::equal(got, special));
  ASSERT_EQ(::write(master_.get(), kSpecial.data(), kSpecial.size()), 12);
  ASSERT_TRUE(wait_readable(*device));
  got = {};
  EXPECT_EQ(device->read(got), 12U);
  EXPECT_TRUE(std::ranges::equal(got, special));
}

TEST_F(MessageDeviceTest, ReadsNoMoreThanItIsAskedFor) {
  const auto device = opened();
  ASSERT_EQ(::write(master_.get(), "abcdefghijklmnop", 16), 16);
  ASSERT_TRUE(wait_readable(*device));
  Message got{};
  EXPECT_EQ(device->read(std::span{got}.first(4)), 4U);
  EXPECT_EQ(device->read(got), 12U);
  EXPECT_FALSE(device->is_readable());
}

TEST_F(MessageDeviceTest, NeverWaitsForAMessage) {
  const auto device = opened();
  // As hv_utils, which does not look at the flag.
  ASSERT_EQ(::fcntl(device->fd(), F_SETFL, O_RDWR), 0);
  Message got{};
  EXPECT_FALSE(device->is_readable());
  EXPECT_EQ(device->read(got), std::unexpected(EAGAIN));
}

TEST_F(MessageDeviceTest, TellsThatTheOtherEndIsGone) {
  const auto device = opened();
  keeper_.reset();
  master_.reset();
  ASSERT_TRUE(wait_readable(*device));
  Message got{};
  const auto read = device->read(got);
  EXPECT_TRUE(read == 0U || read == std::unexpected(EIO));
  EXPECT_EQ(device->write(got), std::unexpected(EIO));
}

TEST(OpeningAMessageDevice, SaysWhatIsMissing) {
  const auto device = open_message_device("/nonexistent/hv_vss");
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().os_errno, ENOENT);
}

TEST(OpeningAMessageDevice, RefusesWhatCarriesNoMessages) {
  for (const char* path : {"/dev/null", "/proc/self/comm", "/proc/self/ctty-is-none"}) {
    EXPECT_FALSE(open_message_device(path)) << path;
  }
  EXPECT_EQ(open_message_device("/dev/null").error().os_errno, ENODEV);
}

}  // namespace
}  // namespace vss::platform
