// Which files, or devices, loop devices lie on, by number: a path says that only in the mount
// namespace that it belongs to.
#pragma once

#include <string>

#include "base/time.hpp"
#include "plan/block_stack.hpp"
#include "platform/helper_process.hpp"

namespace vss::freezer {

class LoopFiles {
 public:
  // Completes the loop devices in `blocks`; `root` stands before their paths. The server of such a
  // file may be asked (FUSE, NFS), so a helper does it, and what it has not found out after a
  // moment stays unknown. One that hangs is not followed by another until it has ended. Not
  // freeze-safe.
  void look_up(plan::BlockStack& blocks, const std::string& root);

 private:
  void end_helper();

  platform::HelperProcess helper_;
};

}  // namespace vss::freezer
