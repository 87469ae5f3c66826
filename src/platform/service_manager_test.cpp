// What a service manager hands to a service, and is told by it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "platform/inherited_descriptors.hpp"
#include "platform/service_notifier.hpp"
#include "platform/socket.hpp"

namespace vss::platform {
namespace {

// A manager's notify socket in the abstract namespace.
struct Manager {
  Manager() : socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // An address of the family alone lets the kernel choose an abstract name.
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)), 0);
    socklen_t size = sizeof address;
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    const std::size_t length = size - sizeof(sa_family_t);
    name = "@" + std::string(address.sun_path + 1, length - 1);
  }
  std::string told() const {
    std::array<char, 256> text{};
    const ssize_t size = ::recv(socket.get(), text.data(), text.size(), 0);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }
  base::UniqueFd socket;
  std::string name;
};

TEST(ServiceNotifier, TellsTheManagerAndTakesItsAddressOutOfTheEnvironment) {
  const Manager manager;
  ::setenv("NOTIFY_SOCKET", manager.name.c_str(), 1);
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  ServiceNotifier notifier;
  EXPECT_EQ(::getenv("NOTIFY_SOCKET"), nullptr);
  EXPECT_EQ(notifier.alive_interval(), base::milliseconds{1500});
  notifier.ready();
  EXPECT_EQ(manager.told(), "READY=1");
  notifier.alive();
  EXPECT_EQ(manager.told(), "WATCHDOG=1");
}

TEST(ServiceNotifier, NeverBlocksOnAManagerThatDoesNotRead) {
  const Manager manager;
  ::setenv("NOTIFY_SOCKET", manager.name.c_str(), 1);
  ServiceNotifier notifier;
  ::alarm(20);  // it would sleep in sendto(2)
  for (int i = 0; i < 100'000; ++i)
    notifier.alive();
  EXPECT_GT(::alarm(0), 0U);
}

TEST(ServiceNotifier, IsSilentWithoutAManager) {
  ::unsetenv("NOTIFY_SOCKET");
  ::unsetenv("WATCHDOG_USEC");
  ServiceNotifier notifier;
  notifier.ready();
  EXPECT_EQ(notifier.alive_interval(), base::Duration{0});
}

// A manager that takes what is sent to it, in order, until a barrier has come.
struct ReadingManager : Manager {
  ReadingManager() : thread([this] { read(); }) {}
  ~ReadingManager() { thread.join(); }

  void read() {
    for (;;) {
      pollfd entry{socket.get(), POLLIN, 0};
      if (::poll(&entry, 1, 20'000) != 1) return;
      std::array<char, 256> text{};
      iovec part{text.data(), text.size()};
      alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
      msghdr message{};
      message.msg_iov = &part;
      message.msg_iovlen = 1;
      message.msg_control = room.data();
      message.msg_controllen = room.size();
      const ssize_t size = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
      if (size < 0) return;
      lines.emplace_back(text.data(), static_cast<std::size_t>(size));
      base::UniqueFd came;
      if (const cmsghdr* header = CMSG_FIRSTHDR(&message)) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
        came.reset(fd);
      }
      if (lines.back() == "BARRIER=1") return;
      if (came) kept.push_back(std::move(came));
    }
  }
  std::vector<std::string> lines;
  std::vector<base::UniqueFd> kept;
  std::thread thread;
};

TEST(ServiceNotifier, DescriptorsAreKeptWhenKeepReturns) {
  ReadingManager manager;
  ::setenv("NOTIFY_SOCKET", manager.name.c_str(), 1);
  ServiceNotifier notifier;
  const base::UniqueFd device{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  const std::array descriptors{device.get(), device.get()};
  ASSERT_TRUE(notifier.keep("cuse", descriptors));
  const std::string one = "FDSTORE=1\nFDPOLL=0\nFDNAME=cuse";
  EXPECT_EQ(manager.lines, (std::vector<std::string>{one, one, "BARRIER=1"}));
  EXPECT_EQ(manager.kept.size(), 2U);
}

TEST(ServiceNotifier, DescriptorsAreForgottenWhenForgetReturns) {
  ReadingManager manager;
  ::setenv("NOTIFY_SOCKET", manager.name.c_str(), 1);
  ServiceNotifier notifier;
  ASSERT_TRUE(notifier.forget("cuse"));
  EXPECT_EQ(manager.lines, (std::vector<std::string>{"FDSTOREREMOVE=1\nFDNAME=cuse", "BARRIER=1"}));
}

TEST(ServiceNotifier, DescriptorsAreNotForgottenByAManagerThatIsGone) {
  auto manager = std::make_unique<Manager>();
  ::setenv("NOTIFY_SOCKET", manager->name.c_str(), 1);
  ServiceNotifier notifier;
  manager.reset();
  EXPECT_FALSE(notifier.forget("cuse"));
}

TEST(ServiceNotifier, WithoutAManagerNothingIsKept) {
  ::unsetenv("NOTIFY_SOCKET");
  ServiceNotifier notifier;
  EXPECT_FALSE(notifier.keep("cuse", {}));
  EXPECT_TRUE(notifier.forget("cuse"));
}

// inherited_descriptors() looks at descriptor 3 and up: in a process of its own.
template <typename Body>
void in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

void announce(const char* names, const char* count) {
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDS", count, 1);
  ::setenv("LISTEN_FDNAMES", names, 1);
}

TEST(InheritedDescriptors, SocketsAreFoundByTheirNames) {
  in_child([] {
    const int listener = ::socket(AF_UNIX, SOCK_SEQPACKET, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    EXPECT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)), 0);
    EXPECT_EQ(::listen(listener, 1), 0);
    ::dup2(listener, 4);
    ::dup2(4, 3);
    announce("app:control", "2");
    const auto inherited = inherited_descriptors();
    ASSERT_TRUE(inherited);
    EXPECT_EQ(inherited->sockets.at("app").get(), 3);
    EXPECT_EQ(inherited->sockets.at("control").get(), 4);
    EXPECT_NE(::fcntl(3, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(3, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(::getenv("LISTEN_FDS"), nullptr);
  });
}

TEST(InheritedDescriptors, DevicesOfOneNameAreFoundTogether) {
  in_child([] {
    const int device = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(device, 4);
    ::dup2(4, 3);
    announce("cuse:cuse", "2");
    const auto inherited = inherited_descriptors();
    ASSERT_TRUE(inherited);
    EXPECT_TRUE(inherited->sockets.empty());
    EXPECT_EQ(inherited->devices.at("cuse").size(), 2U);
    EXPECT_NE(::fcntl(3, F_GETFD) & FD_CLOEXEC, 0);
  });
}

TEST(InheritedDescriptors, OfAWrongTypeAreRefusedByName) {
  in_child([] {
    ::dup2(::socket(AF_UNIX, SOCK_STREAM, 0), 3);
    announce("freezer", "1");
    const auto inherited = inherited_descriptors();
    ASSERT_FALSE(inherited);
    EXPECT_NE(inherited.error().message.find("'freezer'"), std::string::npos);
  });
}

TEST(InheritedDescriptors, OfAnotherProcessAreNotTaken) {
  ::setenv("LISTEN_PID", "1", 1);
  ::setenv("LISTEN_FDS", "3", 1);
  const auto inherited = inherited_descriptors();
  ASSERT_TRUE(inherited);
  EXPECT_TRUE(inherited->sockets.empty());
  EXPECT_TRUE(inherited->devices.empty());
}

}  // namespace
}  // namespace vss::platform
