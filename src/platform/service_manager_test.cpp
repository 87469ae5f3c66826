// What a service manager hands to a service, and is told by it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "platform/inherited_sockets.hpp"
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

// inherited_sockets() looks at descriptor 3 and up: in a process of its own.
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

TEST(InheritedSockets, AreFoundByTheirNames) {
  in_child([] {
    const int listener = ::socket(AF_UNIX, SOCK_SEQPACKET, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    EXPECT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)), 0);
    EXPECT_EQ(::listen(listener, 1), 0);
    ::dup2(listener, 4);
    ::dup2(4, 3);
    announce("app:control", "2");
    const auto sockets = inherited_sockets();
    ASSERT_TRUE(sockets);
    EXPECT_EQ(sockets->at("app").get(), 3);
    EXPECT_EQ(sockets->at("control").get(), 4);
    EXPECT_NE(::fcntl(3, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(3, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(::getenv("LISTEN_FDS"), nullptr);
  });
}

TEST(InheritedSockets, OfAWrongTypeAreRefusedByName) {
  in_child([] {
    ::dup2(::socket(AF_UNIX, SOCK_STREAM, 0), 3);
    announce("freezer", "1");
    const auto sockets = inherited_sockets();
    ASSERT_FALSE(sockets);
    EXPECT_NE(sockets.error().message.find("'freezer'"), std::string::npos);
  });
}

TEST(InheritedSockets, OfAnotherProcessAreNotTaken) {
  ::setenv("LISTEN_PID", "1", 1);
  ::setenv("LISTEN_FDS", "3", 1);
  const auto sockets = inherited_sockets();
  ASSERT_TRUE(sockets);
  EXPECT_TRUE(sockets->empty());
}

}  // namespace
}  // namespace vss::platform
