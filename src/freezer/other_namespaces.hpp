// The tables of the other mount namespaces (--all-namespaces), open from the planning of PREPARE
// until nothing is open any more: an open one keeps its namespace, and so its mounts, alive.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "plan/mount_table.hpp"
#include "platform/mount_namespaces.hpp"
#include "platform/mount_table.hpp"

namespace vss::freezer {

class OtherNamespaces {
 public:
  // Of those that are looked at: each has a descriptor, and is read again while all is frozen.
  static constexpr std::size_t kMax = 4096;

  // Tests bring a tree of their own, which cannot show who owns a namespace.
  struct Kernel {
    std::string proc = "/proc";
    base::Result<bool> (*shares_user_namespace)(const std::string&) =
        platform::shares_user_namespace;
    std::size_t most = kMax;
  };
  OtherNamespaces() = default;
  explicit OtherNamespaces(Kernel kernel) : kernel_(std::move(kernel)) {}

  // Opens the table of each there is now. Namespaces of other user namespaces are passed over: any
  // user can make them, in any number. Not freeze-safe.
  base::Status open();
  void close();

  // Adds what they mount to the table of the namespace that is planned. Freeze-safe after one call
  // has warmed the heap.
  base::Status append_to(plan::MountTable& table);

  // What open() passed over, as a sentence for the plan; empty: nothing.
  std::string passed_over() const;

 private:
  struct Other {
    std::uint64_t id = 0;
    platform::MountTableFile file;
    std::string root, seen_in;
  };
  enum class Found { kOpened, kPassedOver, kEnded };

  base::Result<bool> open_those_listed();
  base::Result<Found> open_one(const platform::MountNamespace& space);
  base::Result<Found> open_by(const platform::MountNamespace& space, const std::string& directory,
                              pid_t process);

  Kernel kernel_;
  std::vector<Other> others_;
  std::vector<char> buffer_;  // for one table at a time
  std::size_t of_users_ = 0, hidden_ = 0;
  base::Error why_ended_;
};

}  // namespace vss::freezer
