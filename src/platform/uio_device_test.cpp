// A file stands in for /dev/uioN: its first bytes are map 0, and what is read is a count.
#include "platform/uio_device.hpp"

#include <errno.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/unique_fd.hpp"

namespace vss::platform {
namespace {

using testing::HasSubstr;

class UioDeviceTest : public testing::Test {
 protected:
  UioDeviceTest() {
    file_.reset(::mkstemp(node_.path.data()));
    EXPECT_EQ(::ftruncate(file_.get(), static_cast<off_t>(node_.ring_bytes)), 0);
  }
  ~UioDeviceTest() override { ::unlink(node_.path.c_str()); }

  UioNode node_{.path = "/tmp/uio_device_test.XXXXXX", .ring_bytes = 32'768};
  base::UniqueFd file_;
};

TEST_F(UioDeviceTest, MapsBothRingsShared) {
  const auto device = open_uio_device(node_);
  ASSERT_TRUE(device) << device.error().message;
  ASSERT_EQ((*device)->rings().size(), node_.ring_bytes);
  EXPECT_EQ((*device)->header_bytes(), static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)));
  (*device)->rings()[20'000] = std::byte{7};
  char seen = 0;
  ASSERT_EQ(::pread(file_.get(), &seen, 1, 20'000), 1);
  EXPECT_EQ(seen, 7);
  EXPECT_EQ(::fcntl((*device)->fd(), F_GETFD), FD_CLOEXEC);
  EXPECT_NE(::fcntl((*device)->fd(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(UioDeviceTest, SignalIsAOneOfFourBytes) {
  const auto device = open_uio_device(node_);
  ASSERT_TRUE(device);
  EXPECT_TRUE((*device)->signal_host());
  std::int32_t written = 0;
  EXPECT_EQ(::lseek((*device)->fd(), 0, SEEK_CUR), 4);
  ASSERT_EQ(::pread(file_.get(), &written, 4, 0), 4);
  EXPECT_EQ(written, 1);
}

TEST_F(UioDeviceTest, CountThatCanBeReadIsASignalAndTheEndIsTheEnd) {
  const auto device = open_uio_device(node_);
  ASSERT_TRUE(device);
  EXPECT_EQ((*device)->take_signals(), UioDevice::Signals::kSome);
  EXPECT_EQ(::lseek((*device)->fd(), 0, SEEK_CUR), 4);
  ::lseek((*device)->fd(), 0, SEEK_END);
  EXPECT_EQ((*device)->take_signals(), UioDevice::Signals::kGone);
}

TEST_F(UioDeviceTest, IsHadByOneProgramAtATime) {
  auto first = open_uio_device(node_);
  ASSERT_TRUE(first);
  const auto second = open_uio_device(node_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().os_errno, EBUSY);
  EXPECT_THAT(second.error().message, HasSubstr("another program"));
  first->reset();
  EXPECT_TRUE(open_uio_device(node_));
}

TEST(OpeningAUioDevice, NamesTheNodeAndTheError) {
  const auto device = open_uio_device({.path = "/nonexistent/uio0", .ring_bytes = 4096});
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().os_errno, ENOENT);
  EXPECT_THAT(device.error().message, HasSubstr("/nonexistent/uio0"));
}

}  // namespace
}  // namespace vss::platform
