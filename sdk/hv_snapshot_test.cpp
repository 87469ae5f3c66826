// The FreeBSD device header as C++, against the message that our own channel carries.
#include <gtest/gtest.h>
#include <vss/hv_snapshot.h>

#include <bit>

#include "wire/device_message.hpp"

namespace {

static_assert(sizeof(hv_vss_opt_msg) == sizeof(vss::wire::DeviceMessage));
static_assert(HV_VSS_CHECK == static_cast<hv_vss_op_t>(vss::wire::Operation::kCheck));
static_assert(HV_VSS_FREEZE == static_cast<hv_vss_op_t>(vss::wire::Operation::kFreeze));
static_assert(HV_VSS_THAW == static_cast<hv_vss_op_t>(vss::wire::Operation::kThaw));
static_assert(VSS_SUCCESS == vss::wire::kStatusSuccess && VSS_FAIL == vss::wire::kStatusFail);

TEST(HvSnapshotHeader, HasTheLayoutOfTheChannelsMessage) {
  hv_vss_opt_msg message{};
  message.opt = HV_VSS_FREEZE;
  message.status = VSS_FAIL;
  message.msgid = 0x17a1b2c3d4e5f607;
  EXPECT_EQ(std::bit_cast<vss::wire::DeviceMessage>(message),
            (vss::wire::DeviceMessage{
                .operation = 2, .status = 1, .message_id = 0x17a1b2c3d4e5f607, .reserved = {}}));
}

}  // namespace
