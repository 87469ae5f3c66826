// The few things libvss asks of the operating system that differ between systems; one source per
// system behind this header.
#pragma once

#include <sys/types.h>

#include "base/time.hpp"
#include "base/unique_fd.hpp"

namespace vss::sdk {

base::Instant now();

// Who listens at the other end of a local socket. 0, or a negative errno.
int peer_user(int socket, uid_t& user);

// The descriptor that the application polls: readable when the watched socket is, or a timer has
// run out. All functions are quick and none blocks.
class Wakeup {
 public:
  int open();  // 0, or a negative errno
  int descriptor() const { return set_.get(); }

  int watch(int socket);     // 0, or a negative errno; one at a time
  void unwatch(int socket);  // before it is closed

  void at(base::Instant instant);       // once; never(): no more
  void every(base::Duration interval);  // from now on, and at once
  void take();                          // the timer's being readable was noticed

 private:
  base::UniqueFd set_;
  base::UniqueFd timer_;
};

}  // namespace vss::sdk
