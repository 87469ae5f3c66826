// A whole driver in this process, with a runtime directory of its own on tmpfs, served by a thread.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "config/configuration.hpp"
#include "driver/driver.hpp"

namespace vss::conformance {

class RunningDriver {
 public:
  // The directories are made and removed here.
  RunningDriver();
  ~RunningDriver();

  config::Configuration configuration;  // change it before start()
  driver::HostDoors doors;              // as well; given to every driver that is started
  bool serve_nodes = false;             // the device nodes too; needs CUSE
  int log_descriptor = -1;              // -1: the log goes nowhere
  int kernel_log = -1;                  // what stands for /dev/kmsg
  bool user_is_administrator = true;    // the user of the test, when it is not root

  void start();
  void kill();       // ends at once, as if by SIGKILL; start() may follow
  void shut_down();  // as SIGTERM does; returns when it has stopped

  const std::string& directory() const { return directory_; }
  const std::string& state_directory() const { return state_directory_; }
  std::string socket(const char* name) const { return directory_ + "/" + name; }

 private:
  void end();

  std::string directory_;
  std::string state_directory_;
  base::UniqueFd null_;
  std::unique_ptr<platform::EventLoop> loop_;
  platform::ServiceNotifier notifier_;
  std::unique_ptr<driver::Log> log_;
  std::unique_ptr<driver::Driver> driver_;
  base::UniqueFd wake_read_, wake_write_;  // shut_down() reaches the loop's thread through it
  platform::EventLoop::Watch wake_watch_;
  std::thread thread_;
};

}  // namespace vss::conformance
