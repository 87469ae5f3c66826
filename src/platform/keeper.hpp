// Starting the privileged helpers of `vssd --spawn`, and stopping them when vssd has ended, however
// it ended.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "base/unique_fd.hpp"

namespace vss::platform {

struct KeptProgram {
  std::string name;  // for messages, and of its cgroup
  std::string executable;
  std::vector<std::string> arguments;             // without the program's name
  std::string ready_socket;                       // started when it listens there; empty: at once
  base::Duration end_within = base::seconds{20};  // after SIGTERM; thawing may wait for slow disks
};

// A small process that stays root, in a session of its own: it starts the programs in order, each
// in a cgroup of its own where it may, and waits. When vssd says so, or has died in any way, it
// stops them in the reverse order: SIGTERM, and SIGKILL to one that does not end. The first one
// (the guardian) is never killed, however long it takes: it is who thaws what the others leave
// behind, and a freeze in flight is over only when the kernel says so. Nothing here is freeze-safe;
// in the keeper that harms nobody, as nobody waits for it without limit.
class Keeper {
 public:
  // Call it while root, before threads, locked memory and listening for work. Returns when all
  // programs are ready; an error says which one was not, and none is left behind.
  static base::Result<Keeper> start(const std::vector<KeptProgram>& programs);

  Keeper(Keeper&&) = default;
  Keeper& operator=(Keeper&&) = default;

  // Tells it to stop the programs, and waits until it has. False: not within `at_most`; it goes on
  // by itself.
  bool stop(base::Duration at_most);

 private:
  Keeper(pid_t process, base::UniqueFd life) : process_(process), life_(std::move(life)) {}

  pid_t process_ = -1;
  base::UniqueFd life_;  // the keeper reads its end
};

}  // namespace vss::platform
