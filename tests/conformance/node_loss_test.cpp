// Nodes that are taken, lost and made again. In the guest.
#include <fstream>

#include "devices/cuse/node_server.hpp"
#include "node_fixture.hpp"

namespace vss::conformance {
namespace {

using wire::ControlCommand;

class NodeLossTest : public NodeTest {
 protected:
  static void abort(const char* name) {
    std::ofstream(std::string("/sys/class/cuse/") + name + "/abort") << 1;
  }
  bool standing_becomes(std::string_view wanted) {
    return eventually(
        [&] { return document(ControlCommand::kStatus).find(wanted) != std::string::npos; });
  }
  static constexpr std::string_view kServed =
      "/dev/hv_appvss_dev: served, /dev/hv_fsvss_dev: served";
  static constexpr std::string_view kGone = "/dev/hv_appvss_dev: gone";
};

TEST_F(NodeLossTest, SecondServerIsRefusedByTheLock) {
  const auto second = devices::make_nodes();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().os_errno, EWOULDBLOCK) << second.error().message;
  EXPECT_EQ(NodeClient(kApplicationPath).is_open(), true);
}

TEST_F(NodeLossTest, ServerWithoutTheLockIsRefusedByTheKernelAndHarmsNobody) {
  const NodeClient client(kApplicationPath);
  const auto second = devices::make_node(devices::Kind::kApplication);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().os_errno, EEXIST) << second.error().message;
  hv_vss_opt_msg message{};
  EXPECT_EQ(client.ioctl_read(message), 0);
  EXPECT_EQ(clients(), 1);
}

TEST_F(NodeLossTest, NodeThatIsAbortedIsMadeAgain) {
  const NodeClient old(kApplicationPath);
  const NodeClient daemon(kFilesystemPath);
  abort("hv_appvss_dev");
  EXPECT_TRUE(clients_become(0));
  EXPECT_TRUE(standing_becomes(kServed));
  hv_vss_opt_msg message{};
  EXPECT_EQ(old.ioctl_read(message), ENOTCONN);
  EXPECT_NE(old.poll() & POLLERR, 0);
  const NodeClient anew(kApplicationPath);
  ASSERT_TRUE(anew.is_open());
  EXPECT_EQ(anew.ioctl_read(message), 0);
  EXPECT_EQ(daemon.ioctl_read(message), 0);  // the other node never went
  EXPECT_EQ(clients(), 1);
}

TEST_F(NodeLossTest, ReadThatWaitsAtAnAbortEnds) {
  const NodeClient client(kApplicationPath);
  std::thread aborting([] {
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    abort("hv_appvss_dev");
  });
  hv_vss_opt_msg message{};
  EXPECT_EQ(client.read(message), ECONNABORTED);
  aborting.join();
}

TEST_F(NodeLossTest, NodeThatIsAbortedInAHoldIsMadeAgainAfterIt) {
  const NodeClient daemon(kFilesystemPath);
  control->ask(request_for(ControlCommand::kHold, wire::Selection::kAll));
  hv_vss_opt_msg message{};
  ASSERT_EQ(daemon.poll(kSoon), POLLIN);
  ASSERT_EQ(daemon.ioctl_read(message), 0);
  EXPECT_EQ(message.opt, std::uint32_t{HV_VSS_FREEZE});
  ASSERT_EQ(answer(daemon, message), 0);
  expect_success();
  abort("hv_appvss_dev");
  ASSERT_TRUE(standing_becomes(kGone));
  std::this_thread::sleep_for(std::chrono::milliseconds{500});
  EXPECT_TRUE(standing_becomes(kGone));
  control->ask(request_for(ControlCommand::kRelease));
  ASSERT_EQ(daemon.poll(kSoon), POLLIN);
  ASSERT_EQ(daemon.ioctl_read(message), 0);
  EXPECT_EQ(message.opt, std::uint32_t{HV_VSS_THAW});
  ASSERT_EQ(answer(daemon, message), 0);
  expect_success();
  EXPECT_TRUE(standing_becomes(kServed));
}

TEST_F(NodeLossTest, DriverThatEndsLeavesNoNodes) {
  const NodeClient client(kApplicationPath);
  control.reset();
  driver.shut_down();
  EXPECT_EQ(NodeClient().open(kApplicationPath), ENOENT);
  hv_vss_opt_msg message{};
  EXPECT_EQ(client.ioctl_read(message), ENOTCONN);
  driver.start();
  EXPECT_TRUE(NodeClient(kApplicationPath).is_open());
}

}  // namespace
}  // namespace vss::conformance
