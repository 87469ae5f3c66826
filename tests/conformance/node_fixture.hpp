// A driver that serves the device nodes, and what is asked of it beside them. Runs in the guest.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "base/runtime_paths.hpp"
#include "node_client.hpp"
#include "peers.hpp"
#include "running_driver.hpp"

namespace vss::conformance {

class NodeTest : public testing::Test {
 protected:
  NodeTest() {
    driver.serve_nodes = true;
    driver.configuration.policy.timeout_default = base::seconds{20};
    driver.start();
    control = std::make_unique<ControlPeer>(driver.socket(base::runtime::kControlSocket));
  }

  std::string document(wire::ControlCommand command) {
    control->document.clear();
    control->ask_and_wait(request_for(command));
    return control->document;
  }
  // How many plain writers take part.
  int clients() {
    const std::string writers = document(wire::ControlCommand::kWriters);
    int count = 0;
    for (auto at = writers.find("plain:"); at != std::string::npos;
         at = writers.find("plain:", at + 1))
      ++count;
    return count;
  }
  // The kernel releases a descriptor in its own time.
  bool clients_become(int wanted) {
    return eventually([&] { return clients() == wanted; });
  }
  template <typename Condition>
  static bool eventually(const Condition& condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return false;
  }

  // As a request comes to this client: asks for a CHECK, which waits for the answer.
  void ask() { control->ask(request_for(wire::ControlCommand::kCheck)); }
  static int answer(const NodeClient& client, hv_vss_opt_msg message) {
    message.status = VSS_SUCCESS;
    return client.ioctl_write(message);
  }
  void expect_success() {
    const auto reply = control->reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, wire::kStatusSuccess) << reply->reason.view();
  }

  RunningDriver driver;
  std::unique_ptr<ControlPeer> control;
};

inline constexpr std::chrono::milliseconds kSoon{5000};

}  // namespace vss::conformance
