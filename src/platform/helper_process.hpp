// A disposable process for what may hang: opening and syncing. Not freeze-safe: forks.
#pragma once

#include <sys/types.h>

#include <functional>
#include <span>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

// A forked child at the other end of a socket (SEQPACKET). It has no other descriptors than that
// socket and 0–2, dies with its parent, and must not allocate (its parent may have had threads).
class HelperProcess {
 public:
  // `body` runs in the child, with its end of the socket, blocking; then the child ends.
  static base::Result<HelperProcess> start(const std::function<void(int)>& body);
  // One of several at the same end of a pair that the caller has made: it keeps `descriptors` too,
  // has them under the same numbers, and socket() is not valid.
  static base::Result<HelperProcess> start_beside(int socket, std::span<const int> descriptors,
                                                  const std::function<void()>& body);

  HelperProcess() = default;
  HelperProcess(HelperProcess&& other) noexcept;
  HelperProcess& operator=(HelperProcess&& other) noexcept;
  // Kills it when it has not ended; does not wait for one that hangs in the kernel.
  ~HelperProcess();

  int socket() const { return socket_.get(); }
  bool running() const { return process_ > 0; }
  void kill();
  // True once it has ended (and is reaped). Never blocks.
  bool ended();

 private:
  pid_t process_ = 0;
  base::UniqueFd socket_;
};

// Going to the background without losing the reasons why a start fails. Threads and locked memory
// do not survive a fork, so the fork comes first, and the process that was started waits for word.
class Background {
 public:
  // Returns in the child, which has a session of its own and still the caller's terminal. The
  // caller's process ends with status 0 after ready(), else with the child's own status.
  static base::Result<Background> enter();
  // The start has succeeded: 0–2 lead to /dev/null from now on. Not freeze-safe.
  void ready();

 private:
  explicit Background(base::UniqueFd report) : report_(std::move(report)) {}
  base::UniqueFd report_;
};

}  // namespace vss::platform
