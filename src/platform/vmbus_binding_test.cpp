#include "platform/vmbus_binding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/vmbus_for_test.hpp"

namespace vss::platform {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kOverride = std::string("devices/") + VmbusForTest::kInstance +  //
                              "/driver_override";

class VmbusBinding : public testing::Test {
 protected:
  VmbusBinding() { vmbus_.offer(); }

  std::string driver() { return find_vss_device(vmbus_.root())->driver; }
  std::string refusal(const base::Result<std::string>& result) {
    return result ? "" : result.error().message;
  }
  void expect_as_it_was() {
    EXPECT_EQ(driver(), "hv_utils");
    EXPECT_EQ(vmbus_.override_text(), "(null)");
  }
  VmbusForTest vmbus_;
};

TEST_F(VmbusBinding, BindMovesTheDeviceToUio) {
  const auto done = bind_vss_to_uio(vmbus_.sysfs());
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(*done, AllOf(HasSubstr(VmbusForTest::kInstance), HasSubstr("/dev/uio7")));
  EXPECT_EQ(driver(), "uio_hv_generic");
  EXPECT_EQ(vmbus_.override_text(), "uio_hv_generic");
  EXPECT_THAT(vmbus_.written,
              ElementsAre(kOverride, "drivers/hv_utils/unbind", "drivers/uio_hv_generic/bind"));
}

TEST_F(VmbusBinding, BindOfADeviceWithoutDriverUnbindsNothing) {
  vmbus_.sysfs().write(vmbus_.drivers() / "hv_utils/unbind", VmbusForTest::kInstance);
  vmbus_.written.clear();
  ASSERT_TRUE(bind_vss_to_uio(vmbus_.sysfs()));
  EXPECT_THAT(vmbus_.written, ElementsAre(kOverride, "drivers/uio_hv_generic/bind"));
}

TEST_F(VmbusBinding, BindASecondTimeWritesNothing) {
  ASSERT_TRUE(bind_vss_to_uio(vmbus_.sysfs()));
  vmbus_.written.clear();
  const auto again = bind_vss_to_uio(vmbus_.sysfs());
  ASSERT_TRUE(again);
  EXPECT_THAT(*again, HasSubstr("as before"));
  EXPECT_THAT(vmbus_.written, IsEmpty());
}

TEST_F(VmbusBinding, RestoreGivesTheDeviceBackToTheKernel) {
  ASSERT_TRUE(bind_vss_to_uio(vmbus_.sysfs()));
  vmbus_.written.clear();
  const auto done = restore_vss_to_kernel(vmbus_.sysfs());
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(*done, HasSubstr("bound to hv_utils"));
  expect_as_it_was();
  EXPECT_THAT(vmbus_.written,
              ElementsAre(kOverride, "drivers/uio_hv_generic/unbind", "drivers/hv_utils/bind"));
}

TEST_F(VmbusBinding, RestoreWarnsOfWhatUnbindingLeavesBehindAndOnlyThen) {
  ASSERT_TRUE(bind_vss_to_uio(vmbus_.sysfs()));
  EXPECT_THAT(restore_vss_to_kernel(vmbus_.sysfs()).value_or(""), HasSubstr("\nwarning: "));
  EXPECT_THAT(restore_vss_to_kernel(vmbus_.sysfs()).value_or("warning"), Not(HasSubstr("warning")));
}

TEST_F(VmbusBinding, RestoreClearsAnOverrideThatWasLeftBehind) {
  vmbus_.sysfs().write(vmbus_.device() / "driver_override", kUioDriver);
  ASSERT_TRUE(restore_vss_to_kernel(vmbus_.sysfs()));
  expect_as_it_was();
}

TEST_F(VmbusBinding, OverrideThatCannotBeClearedIsSaid) {
  vmbus_.errors[kOverride] = EROFS;
  EXPECT_THAT(refusal(restore_vss_to_kernel(vmbus_.sysfs())), HasSubstr("driver_override"));
}

TEST_F(VmbusBinding, OlderKernelIsRefusedBeforeAnythingIsWritten) {
  const auto refused = bind_vss_to_uio(vmbus_.sysfs("6.1.0-28-amd64"));
  EXPECT_THAT(refusal(refused), HasSubstr("/dev/vmbus/hv_vss"));
  EXPECT_THAT(vmbus_.written, IsEmpty());
}

TEST_F(VmbusBinding, MissingDriverIsNamedWithItsModuleBeforeAnythingIsWritten) {
  std::filesystem::remove(vmbus_.drivers() / kUioDriver);
  const auto refused = bind_vss_to_uio(vmbus_.sysfs());
  EXPECT_THAT(refusal(refused), HasSubstr("modprobe uio_hv_generic"));
  EXPECT_EQ(refused.error().kind, base::ErrorKind::kPrerequisite);
  EXPECT_THAT(vmbus_.written, IsEmpty());
}

TEST_F(VmbusBinding, MonitoredChannelStaysWithTheKernel) {
  vmbus_.make_monitored();
  EXPECT_THAT(refusal(bind_vss_to_uio(vmbus_.sysfs())), HasSubstr("monitor page"));
  EXPECT_THAT(vmbus_.written, IsEmpty());
}

TEST_F(VmbusBinding, DeviceOfAThirdDriverIsNotTouched) {
  vmbus_.offer("vfio_other");
  EXPECT_THAT(refusal(bind_vss_to_uio(vmbus_.sysfs())), HasSubstr("bound to vfio_other"));
  EXPECT_THAT(refusal(restore_vss_to_kernel(vmbus_.sysfs())), HasSubstr("bound to vfio_other"));
  EXPECT_THAT(vmbus_.written, IsEmpty());
}

TEST_F(VmbusBinding, RefusalOfAnUnmonitoredChannelNamesTheKernelAndUndoesAll) {
  vmbus_.errors["drivers/uio_hv_generic/bind"] = 524;
  const auto refused = bind_vss_to_uio(vmbus_.sysfs());
  EXPECT_THAT(refusal(refused),
              AllOf(HasSubstr(vmbus_.root() + "/bus/vmbus/drivers/uio_hv_generic/bind"),
                    HasSubstr("ENOTSUPP"), HasSubstr("older than 6.10")));
  expect_as_it_was();
}

TEST_F(VmbusBinding, LackOfContiguousMemoryIsNamedAndUndoesAll) {
  vmbus_.errors["drivers/uio_hv_generic/bind"] = ENOMEM;
  EXPECT_THAT(refusal(bind_vss_to_uio(vmbus_.sysfs())),
              AllOf(HasSubstr("Cannot allocate memory"), HasSubstr("4 MiB of contiguous memory")));
  expect_as_it_was();
}

TEST_F(VmbusBinding, UnbindThatFailsTakesTheOverrideBack) {
  vmbus_.errors["drivers/hv_utils/unbind"] = EACCES;
  const auto refused = bind_vss_to_uio(vmbus_.sysfs());
  EXPECT_THAT(refusal(refused), AllOf(HasSubstr("hv_utils/unbind"), HasSubstr("root")));
  EXPECT_EQ(refused.error().kind, base::ErrorKind::kPrerequisite);
  expect_as_it_was();
}

TEST_F(VmbusBinding, OverrideThatFailsLeavesAllAsItWas) {
  vmbus_.errors[kOverride] = EROFS;
  EXPECT_THAT(refusal(bind_vss_to_uio(vmbus_.sysfs())), HasSubstr("driver_override"));
  expect_as_it_was();
}

TEST_F(VmbusBinding, BindThatMakesNoUioDeviceIsUndone) {
  vmbus_.makes_uio = false;
  EXPECT_THAT(refusal(bind_vss_to_uio(vmbus_.sysfs())), HasSubstr("made no UIO device"));
  expect_as_it_was();
}

TEST_F(VmbusBinding, UndoThatFailsTooIsSaid) {
  vmbus_.errors["drivers/uio_hv_generic/bind"] = ENOMEM;
  vmbus_.errors["drivers/hv_utils/bind"] = ENODEV;
  EXPECT_THAT(refusal(bind_vss_to_uio(vmbus_.sysfs())),
              AllOf(HasSubstr("contiguous memory"), HasSubstr("could not be put back"),
                    HasSubstr("drivers/hv_utils/bind")));
  EXPECT_EQ(driver(), "");
}

TEST_F(VmbusBinding, RestoreThatFailsLeavesTheDeviceWithUio) {
  ASSERT_TRUE(bind_vss_to_uio(vmbus_.sysfs()));
  vmbus_.errors["drivers/hv_utils/bind"] = ENODEV;
  EXPECT_THAT(refusal(restore_vss_to_kernel(vmbus_.sysfs())), HasSubstr("drivers/hv_utils/bind"));
  EXPECT_EQ(driver(), "uio_hv_generic");
  EXPECT_EQ(vmbus_.override_text(), "uio_hv_generic");
}

TEST(VmbusBindingWithoutADevice, IsRefused) {
  VmbusForTest vmbus;
  for (const auto& result :
       {bind_vss_to_uio(vmbus.sysfs()), restore_vss_to_kernel(vmbus.sysfs())}) {
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("no VSS device"));
    EXPECT_EQ(result.error().kind, base::ErrorKind::kPrerequisite);
  }
}

TEST(WritingAnAttribute, ReportsErrno) {
  EXPECT_EQ(write_attribute("/nonexistent/bind", "x"), ENOENT);
  EXPECT_EQ(write_attribute("/dev/full", "x"), ENOSPC);
  EXPECT_EQ(write_attribute("/dev/null", "x"), 0);
}

}  // namespace
}  // namespace vss::platform
