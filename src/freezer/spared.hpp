// What must not freeze unless --allow-root: what the service itself needs to thaw again.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"
#include "plan/mount_table.hpp"
#include "plan/plan.hpp"
#include "platform/mount_identity.hpp"

namespace vss::freezer {

class Spared {
 public:
  // What runs as `process` (vssd, guardian: known only once they are connected). Reads /proc.
  void add_executable_of(pid_t process);

  // The superblocks of `table` that hold /, / of process 1, the executables and the runtime
  // directory. Fails where nobody could tell. Not freeze-safe: looks by path.
  base::Result<std::vector<plan::Forbidden>> of_this_machine(
      const plan::MountTable& table, const std::string& runtime_directory) const;

 private:
  // With its superblock by the mount table of who runs it.
  struct Executable {
    platform::PathIdentity file;
    std::vector<plan::DeviceNumber> numbers;
  };
  std::vector<Executable> executables_;
};

// Of a table that was recorded on another machine, as far as the table alone tells: / and the
// runtime directory.
std::vector<plan::Forbidden> spared_in_recording(const plan::MountTable& table,
                                                 const std::string& runtime_directory);

// The numbers under which the superblock that holds `found` may stand in the table that is planned:
// its number by that table, or by `own`, the table of the process that looked (mount ids are
// unique, but each namespace lists only its own), and st_dev, which is another one on btrfs.
std::vector<plan::DeviceNumber> numbers_of(const platform::PathIdentity& found,
                                           const plan::MountTable& planned,
                                           const plan::MountTable& own);

}  // namespace vss::freezer
