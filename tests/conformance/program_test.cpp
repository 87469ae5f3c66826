// The program vssd: its options, its directories, its signals.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/exit_status.hpp"
#include "base/runtime_paths.hpp"
#include "peers.hpp"
#include "running_program.hpp"

namespace vss::conformance {
namespace {

TEST(Program, StopsWithSuccessOnSigtermAndIgnoresSighup) {
  RunningProgram vssd;
  ASSERT_TRUE(vssd.wait_until_serving()) << vssd.output();
  vssd.send_signal(SIGHUP);
  vssd.send_signal(SIGTERM);
  EXPECT_EQ(vssd.wait_for_exit(), base::kExitYes);
  EXPECT_NE(vssd.output().find("SIGHUP"), std::string::npos);
}

TEST(Program, ServesStatusToAnybody) {
  RunningProgram vssd;
  ASSERT_TRUE(vssd.wait_until_serving()) << vssd.output();
  ControlPeer control(vssd.socket(base::runtime::kControlSocket));
  EXPECT_EQ(control.ask_and_wait(request_for(wire::ControlCommand::kStatus))->status,
            wire::kStatusSuccess);
}

TEST(Program, RefusesASecondInstanceInTheSameRuntimeDirectory) {
  RunningProgram first;
  ASSERT_TRUE(first.wait_until_serving()) << first.output();
  RunningProgram second({.runtime_directory = first.directory()});
  EXPECT_EQ(second.wait_for_exit(), base::kExitNo);
  EXPECT_NE(second.output().find("another vssd runs with " + first.directory()), std::string::npos)
      << second.output();
  ControlPeer control(first.socket(base::runtime::kControlSocket));
  EXPECT_TRUE(control.ask_and_wait(request_for(wire::ControlCommand::kStatus)));
}

TEST(Program, StartsAgainWhereAKilledOneLeftItsSockets) {
  RunningProgram killed;
  ASSERT_TRUE(killed.wait_until_serving()) << killed.output();
  killed.send_signal(SIGKILL);
  EXPECT_EQ(killed.wait_for_exit(), -1);
  RunningProgram next({.runtime_directory = killed.directory()});
  EXPECT_TRUE(next.wait_until_serving()) << next.output();
}

TEST(Program, WithoutFreeDescriptorsTurnsConnectionsAwayAndGoesOn) {
#ifdef OPENVSS_SANITIZED
  GTEST_SKIP() << "UndefinedBehaviorSanitizer looks at memory through pipes, and none is to be had";
#endif
  RunningProgram vssd({.configuration = "[writers]\nmax = 1\n", .descriptors_max = 24});
  ASSERT_TRUE(vssd.wait_until_serving()) << vssd.output();
  std::vector<std::unique_ptr<Peer>> kept;
  kept.reserve(100);
  for (int i = 0; i < 100; ++i) {
    kept.push_back(std::make_unique<Peer>(vssd.socket(base::runtime::kAppSocket)));
  }
  // Root may have raised the limit: then it is the number of connections that is limited.
  EXPECT_TRUE(kept.back()->is_disconnected() || kept.front()->is_disconnected());
  kept.clear();
  ControlPeer control(vssd.socket(base::runtime::kControlSocket));
  EXPECT_TRUE(control.ask_and_wait(request_for(wire::ControlCommand::kStatus)));
  const std::string output = vssd.output();
  EXPECT_TRUE(output.find("no file descriptor left") != std::string::npos ||
              output.find("its place is needed") != std::string::npos)
      << output;
}

TEST(Program, ConnectionsWithoutEndDoNotFillTheLog) {
  RunningProgram vssd;
  ASSERT_TRUE(vssd.wait_until_serving()) << vssd.output();
  for (int i = 0; i < 900; ++i)
    Peer(vssd.socket(base::runtime::kAppSocket));
  ControlPeer control(vssd.socket(base::runtime::kControlSocket));
  EXPECT_TRUE(control.ask_and_wait(request_for(wire::ControlCommand::kStatus)));
  const auto lines = [&] { return std::ranges::count(vssd.output(), '\n'); };
  for (int tries = 0; tries < 500 && lines() < 300; ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  EXPECT_EQ(lines() / 100, 3) << vssd.output();  // 300, and what it says itself
}

TEST(Program, ServesWithoutTheUioDoorAndSaysWhyItIsClosed) {
  RunningProgram vssd({.configuration = "[hyperv]\ndoor = \"uio\"\n"});
  ASSERT_TRUE(vssd.wait_until_serving()) << vssd.output();
  for (int tries = 0; tries < 500 && !vssd.output().contains("hyperv:uio: "); ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  EXPECT_TRUE(vssd.output().contains("hyperv:uio: ")) << vssd.output();
  EXPECT_FALSE(vssd.output().contains("/dev/vmbus/hv_vss is not there")) << vssd.output();
}

TEST(Program, CaptureOfTwoDoorsIsRefused) {
  RunningProgram vssd({.configuration = "[hyperv]\ndoor = \"uio\"\n",
                       .arguments = {"--vmbus-shm", "--capture", "/tmp/never-made"}});
  EXPECT_EQ(vssd.wait_for_exit(), base::kExitUsage);
  EXPECT_TRUE(vssd.output().contains("two are open")) << vssd.output();
}

TEST(Program, RefusesARuntimeDirectoryOnADisk) {
  RunningProgram vssd({.runtime_directory = "/usr/lib"});
  EXPECT_NE(vssd.wait_for_exit(), base::kExitYes);
  EXPECT_NE(vssd.output().find("tmpfs"), std::string::npos) << vssd.output();
}

TEST(Program, RefusesABadConfigurationBeforeItMakesAnything) {
  RunningProgram vssd({.configuration = "[writers]\nmaximum = 3\n"});
  EXPECT_EQ(vssd.wait_for_exit(), base::kExitUsage);
  EXPECT_NE(vssd.output().find("openvss.toml:2"), std::string::npos) << vssd.output();
}

// What a service manager listens at.
struct NotifySocket {
  NotifySocket() : socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)), 0);
    socklen_t size = sizeof address;
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    name = "@" + std::string(address.sun_path + 1, size - sizeof(sa_family_t) - 1);
  }
  bool was_told(std::string_view what) const {
    std::array<char, 1024> text{};
    for (;;) {
      const ssize_t size = ::recv(socket.get(), text.data(), text.size(), 0);
      if (size < 0) return false;
      if (std::string_view(text.data(), static_cast<std::size_t>(size)).contains(what)) return true;
    }
  }
  base::UniqueFd socket;
  std::string name;
};

TEST(Program, UnderAServiceManagerABadConfigurationRefusesEveryTransaction) {
  const NotifySocket manager;
  RunningProgram vssd(
      {.configuration = "[writers]\nmaximum = 3\nmin = 4\n", .notify_socket = manager.name});
  ASSERT_TRUE(vssd.wait_until_serving()) << vssd.output();
  EXPECT_TRUE(vssd.output().contains("openvss.toml:2")) << vssd.output();
  EXPECT_TRUE(vssd.output().contains("openvss.toml:3")) << vssd.output();
  ControlPeer control(vssd.socket(base::runtime::kControlSocket));
  const auto refused = control.ask_and_wait(request_for(wire::ControlCommand::kCheck));
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->status, wire::kStatusSuccess);
  const std::string why(refused->reason.view());
  EXPECT_TRUE(why.contains("openvss.toml:2")) << why;
  EXPECT_TRUE(why.contains("(and 1 more); correct it, then systemctl restart vssd")) << why;
  EXPECT_TRUE(manager.was_told("STATUS=the configuration is wrong: "));
}

TEST(Program, RefusesAnUnknownOption) {
  RunningProgram vssd({.arguments = {"--no-such-option"}});
  EXPECT_EQ(vssd.wait_for_exit(), base::kExitUsage);
}

}  // namespace
}  // namespace vss::conformance
