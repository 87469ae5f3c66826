#include "platform/vmbus_devices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/vmbus_for_test.hpp"

namespace vss::platform {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class VmbusDevices : public testing::Test {
 protected:
  std::string why_not(const std::string& release = "6.12.0") {
    const auto node = find_vss_uio(vmbus_.root(), release);
    return node ? "" : node.error().message;
  }
  VmbusForTest vmbus_;
};

TEST_F(VmbusDevices, VssIsFoundByItsClassAmongOthers) {
  EXPECT_FALSE(find_vss_device(vmbus_.root()));
  vmbus_.offer();
  const auto device = find_vss_device(vmbus_.root());
  ASSERT_TRUE(device);
  EXPECT_EQ(device->instance, VmbusForTest::kInstance);
  EXPECT_EQ(device->driver, "hv_utils");
  EXPECT_EQ(device->uio, "");
  EXPECT_EQ(device->ring_bytes, 0U);
  EXPECT_FALSE(device->monitored);
}

TEST_F(VmbusDevices, WithoutABusThereIsNone) {
  EXPECT_FALSE(find_vss_device("/nonexistent"));
}

TEST_F(VmbusDevices, DeviceWithoutADriverIsFoundToo) {
  vmbus_.offer(nullptr);
  const auto device = find_vss_device(vmbus_.root());
  ASSERT_TRUE(device);
  EXPECT_EQ(device->driver, "");
  EXPECT_THAT(why_not(), HasSubstr("bound to no driver"));
}

TEST_F(VmbusDevices, NodeAndSizeOfBothRingsAreReadWhereUioHasIt) {
  vmbus_.offer(kUioDriver);
  const auto node = find_vss_uio(vmbus_.root(), "6.12.0");
  ASSERT_TRUE(node) << node.error().message;
  EXPECT_EQ(node->path, "/dev/uio7");
  EXPECT_EQ(node->ring_bytes, std::size_t{4} << 20);
}

TEST_F(VmbusDevices, WhatKeepsFromOpeningIsSaidWithItsRemedy) {
  EXPECT_THAT(why_not(), HasSubstr("no guest of Hyper-V"));
  vmbus_.offer();
  EXPECT_THAT(why_not(), AllOf(HasSubstr("bound to hv_utils"), HasSubstr("run vss-uio-bind bind")));
  EXPECT_EQ(find_vss_uio(vmbus_.root(), "6.12.0").error().kind, base::ErrorKind::kPrerequisite);
}

TEST_F(VmbusDevices, SizeThatIsNoNumberIsRefused) {
  vmbus_.map_size = "0x4000x";
  vmbus_.offer(kUioDriver);
  EXPECT_THAT(why_not(), HasSubstr("uio7/maps/map0/size"));
}

TEST_F(VmbusDevices, MonitoredChannelIsRefused) {
  vmbus_.offer(kUioDriver);
  vmbus_.make_monitored();
  EXPECT_TRUE(find_vss_device(vmbus_.root())->monitored);
  EXPECT_THAT(why_not(), AllOf(HasSubstr("monitor page"), HasSubstr("hyperv.door")));
}

TEST_F(VmbusDevices, OlderKernelIsRefusedWithTheDoorToUse) {
  vmbus_.offer(kUioDriver);
  EXPECT_THAT(why_not("6.9.12"), AllOf(HasSubstr("(6.9.12)"), HasSubstr("older than 6.10"),
                                       HasSubstr("/dev/vmbus/hv_vss")));
}

TEST(UioRelease, IsComparedByNumbersNotByText) {
  for (const char* old : {"2.6.32", "5.15.0-91-generic", "6.1.0-28-amd64", "6.9.12", "6.9"}) {
    EXPECT_FALSE(check_uio_release(old)) << old;
  }
  for (const char* good : {"6.10.0", "6.10-rc1", "6.12.38+deb13", "7.0.1", "10.2"}) {
    EXPECT_TRUE(check_uio_release(good)) << good;
  }
}

TEST(UioRelease, ThatCannotBeReadIsNotRefused) {
  for (const char* odd : {"", "6", "six.ten", "6.x", "."}) {
    EXPECT_TRUE(check_uio_release(odd)) << odd;
  }
}

TEST(UioRelease, OfThisKernelIsRead) {
  EXPECT_FALSE(kernel_release().empty());
}

}  // namespace
}  // namespace vss::platform
