// Readiness and watchdog for a service manager, by its documented datagrams (sd_notify(3)), without
// its library.
#pragma once

#include <string>
#include <string_view>

#include "base/time.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

// Connected at construction from NOTIFY_SOCKET and WATCHDOG_USEC, which are taken out of the
// environment. Without a service manager everything does nothing. Sending never blocks: what the
// manager does not take is dropped. Freeze-safe after construction.
class ServiceNotifier {
 public:
  ServiceNotifier();

  void ready() { send("READY=1"); }
  void stopping() { send("STOPPING=1"); }
  void alive() { send("WATCHDOG=1"); }

  // How often alive() is to be called: half of what the manager allows. Zero: it does not watch.
  base::Duration alive_interval() const { return alive_interval_; }

 private:
  void send(std::string_view state);

  base::UniqueFd socket_;
  base::Duration alive_interval_{0};
};

}  // namespace vss::platform
