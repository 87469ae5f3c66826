// What only the device nodes have: names and modes, opens, reads that wait, poll. In the guest.
#include <signal.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>

#include "node_fixture.hpp"
#include "willing_freezer.hpp"

namespace vss::conformance {
namespace {

using wire::ControlCommand;

// What they are until vssd, or a rule, gives the applications' node to its group.
TEST_F(NodeTest, NamesAreTheOriginalsAndOnlyRootHasAccess) {
  for (const char* path : {"/dev/hv_fsvss_dev", "/dev/hv_appvss_dev"}) {
    struct stat info{};
    ASSERT_EQ(::stat(path, &info), 0) << path;
    EXPECT_TRUE(S_ISCHR(info.st_mode)) << path;
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << path;
    EXPECT_EQ(info.st_uid, 0U) << path;
  }
}

TEST_F(NodeTest, FilesystemDeviceIsOpenedOnce) {
  NodeClient first(kFilesystemPath);
  ASSERT_TRUE(first.is_open());
  NodeClient second;
  EXPECT_EQ(second.open(kFilesystemPath), EBUSY);
  first.close();
  EXPECT_EQ(second.open(kFilesystemPath), 0);
}

TEST_F(NodeTest, FilesystemDeviceIsBusyWhileOurFreezerIsConnected) {
  {
    const WillingFreezer freezer(driver.socket(base::runtime::kFreezerSocket));
    NodeClient daemon;
    EXPECT_EQ(daemon.open(kFilesystemPath), EBUSY);
  }
  EXPECT_TRUE(eventually([] { return NodeClient(kFilesystemPath).is_open(); }));
}

TEST_F(NodeTest, OurFreezerIsRefusedInWordsWhileADaemonHasTheDeviceOpen) {
  const NodeClient daemon(kFilesystemPath);
  ASSERT_TRUE(daemon.is_open());
  RegisteredPeer freezer(driver.socket(base::runtime::kFreezerSocket));
  wire::Registration registration;
  registration.role = wire::Role::kFreezer;
  registration.name = "freezer";
  registration.freezer_status.emplace();
  const auto reply = freezer.register_as(registration);
  EXPECT_EQ(reply.status, wire::kStatusFail);
  EXPECT_NE(reply.reason.view().find("hv_fsvss_dev"), std::string_view::npos)
      << reply.reason.view();
}

TEST_F(NodeTest, ApplicationDeviceIsOpenedByManyAndEachIsReleased) {
  constexpr int kMany = 100;
  std::array<NodeClient, kMany> clients_of_one_process;
  for (NodeClient& client : clients_of_one_process)
    ASSERT_EQ(client.open(kApplicationPath), 0);
  EXPECT_EQ(clients(), kMany);
  for (NodeClient& client : clients_of_one_process)
    client.close();
  EXPECT_TRUE(clients_become(0));
}

TEST_F(NodeTest, DupKeepsItOpen) {
  NodeClient client(kApplicationPath);
  const int copy = ::dup(client.fd());
  client.close();
  EXPECT_EQ(clients(), 1);
  ::close(copy);
  EXPECT_TRUE(clients_become(0));
}

TEST_F(NodeTest, ForkKeepsItOpenAndTheChildsEndClosesIt) {
  NodeClient client(kApplicationPath);
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  client.close();
  EXPECT_EQ(clients(), 1);
  ::kill(child, SIGKILL);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(clients_become(0));
}

TEST_F(NodeTest, ReadWaitsForARequest) {
  const NodeClient client(kApplicationPath);
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    ask();
  });
  hv_vss_opt_msg message{};
  EXPECT_EQ(client.read(message), 0);
  later.join();
  EXPECT_EQ(message.opt, std::uint32_t{HV_VSS_CHECK});
  EXPECT_EQ(message.status, std::uint32_t{VSS_SUCCESS});
  EXPECT_EQ(answer(client, message), 0);
  expect_success();
}

TEST_F(NodeTest, ReadDoesNotWaitWhereItMustNot) {
  hv_vss_opt_msg message{};
  const NodeClient opened_so(kApplicationPath, O_RDWR | O_NONBLOCK);
  EXPECT_EQ(opened_so.read(message), EAGAIN);
  const NodeClient changed(kApplicationPath);
  ASSERT_EQ(::fcntl(changed.fd(), F_SETFL, O_NONBLOCK), 0);
  EXPECT_EQ(changed.read(message), EAGAIN);
}

TEST_F(NodeTest, ReadNeedsRoomAndWriteIsNotThere) {
  const NodeClient client(kApplicationPath);
  std::array<char, 63> small{};
  EXPECT_EQ(::read(client.fd(), small.data(), small.size()), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(::write(client.fd(), small.data(), small.size()), -1);
  EXPECT_EQ(errno, ENODEV);
}

TEST_F(NodeTest, IoctlReadNeverWaits) {
  const NodeClient client(kApplicationPath);
  hv_vss_opt_msg message{};
  message.msgid = 1;
  EXPECT_EQ(client.ioctl_read(message), 0);
  EXPECT_EQ(message.status, std::uint32_t{VSS_FAIL});
  EXPECT_EQ(message.opt, std::uint32_t{HV_VSS_NONE});
  EXPECT_EQ(message.msgid, 0U);
}

TEST_F(NodeTest, OtherIoctlsSucceedAndDoNothing) {
  const NodeClient client(kApplicationPath);
  EXPECT_EQ(::ioctl(client.fd(), _IO('v', 99)), 0);
  EXPECT_EQ(::isatty(client.fd()), 1);  // which asks by an ioctl
}

TEST_F(NodeTest, SignalInterruptsAReadThatWaits) {
  struct sigaction quiet{};
  quiet.sa_handler = [](int) {};
  quiet.sa_flags = SA_RESTART;  // makes no difference
  ::sigaction(SIGUSR1, &quiet, nullptr);
  const NodeClient client(kApplicationPath);
  const pthread_t reader = ::pthread_self();
  std::atomic<bool> over = false;
  std::thread signaller([&] {
    while (!over) {  // one may come before the read does
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
      ::pthread_kill(reader, SIGUSR1);
    }
  });
  hv_vss_opt_msg message{};
  EXPECT_EQ(client.read(message), EINTR);
  over = true;
  signaller.join();
  ask();
  EXPECT_EQ(client.poll(kSoon), POLLIN);  // nothing was lost
}

TEST_F(NodeTest, ClientThatIsKilledWithinAReadIsReleased) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int fd = ::open(kApplicationPath, O_RDWR);
    hv_vss_opt_msg message;
    const ssize_t count = ::read(fd, &message, sizeof message);
    ::_exit(count < 0 ? 1 : 0);
  }
  ASSERT_TRUE(clients_become(1));
  std::this_thread::sleep_for(std::chrono::milliseconds{200});  // it reads
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_TRUE(eventually([&] { return ::waitpid(child, &status, WNOHANG) == child; }));
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(clients_become(0));
}

TEST_F(NodeTest, AnswerNeedsADescriptorThatIsOpenForWriting) {
  const NodeClient client(kApplicationPath, O_RDONLY);
  ask();
  ASSERT_EQ(client.poll(kSoon), POLLIN);
  hv_vss_opt_msg message{};
  EXPECT_EQ(client.ioctl_read(message), 0);
  EXPECT_EQ(answer(client, message), EBADF);
}

TEST_F(NodeTest, PollIsALevel) {
  const NodeClient client(kApplicationPath);
  EXPECT_EQ(client.poll(), 0);
  ask();
  EXPECT_EQ(client.poll(kSoon), POLLIN);
  EXPECT_EQ(client.poll(), POLLIN);
  hv_vss_opt_msg message{};
  EXPECT_EQ(client.ioctl_read(message), 0);
  EXPECT_EQ(client.poll(), 0);
  EXPECT_EQ(answer(client, message), 0);
  expect_success();
}

TEST_F(NodeTest, EpollReportsAnEdgeForEachRequest) {
  const NodeClient client(kApplicationPath);
  const base::UniqueFd epoll{::epoll_create1(EPOLL_CLOEXEC)};
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  ASSERT_EQ(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, client.fd(), &event), 0);
  const auto wait = [&](int milliseconds) {
    epoll_event happened{};
    return ::epoll_wait(epoll.get(), &happened, 1, milliseconds);
  };
  EXPECT_EQ(wait(0), 0);
  for (int round = 0; round < 2; ++round) {
    ask();
    EXPECT_EQ(wait(5000), 1);
    EXPECT_EQ(wait(100), 0);  // the level is still there, the edge is not
    hv_vss_opt_msg message{};
    EXPECT_EQ(client.ioctl_read(message), 0);
    EXPECT_EQ(answer(client, message), 0);
    expect_success();
  }
}

}  // namespace
}  // namespace vss::conformance
