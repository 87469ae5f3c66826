// Readiness, watchdog and kept descriptors with a service manager, by its documented datagrams
// (sd_notify(3)), without its library.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

// Connected at construction from NOTIFY_SOCKET and WATCHDOG_USEC, which are taken out of the
// environment. Without a service manager everything does nothing. Telling never blocks: what the
// manager does not take is dropped. Freeze-safe after construction, but for the store.
class ServiceNotifier {
 public:
  ServiceNotifier();

  // There is one.
  bool connected() const { return socket_.valid(); }

  void ready() { send("READY=1"); }
  // One line, for `systemctl status`.
  void say(std::string_view line) { send("STATUS=" + std::string(line)); }
  void stopping() { send("STOPPING=1"); }
  void alive() { send("WATCHDOG=1"); }

  // The store in which the manager keeps descriptors for a service, to hand them to each process
  // that it starts for it (FDSTORE=), also one that poll(2) finds an error on, as on /dev/kmsg that
  // is open for writing only. Both wait until the manager has done it, kStorePatience at
  // most: not freeze-safe. Without a manager there is no store: keep() fails, and nothing is in it.
  base::Status keep(const std::string& name, std::span<const int> descriptors);
  base::Status forget(const std::string& name);
  static constexpr base::Duration kStorePatience = base::seconds{10};

  // How often alive() is to be called: half of what the manager allows. Zero: it does not watch.
  base::Duration alive_interval() const { return alive_interval_; }

 private:
  void send(std::string_view state);
  bool send_surely(const std::string& state, std::span<const int> descriptors, base::Instant by);
  base::Status wait_until_done(base::Instant by);

  base::UniqueFd socket_;
  base::Duration alive_interval_{0};
};

}  // namespace vss::platform
